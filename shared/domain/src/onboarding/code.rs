//! The code from a registration mail: 6 to 8 ASCII digits; spaces and hyphens between them do not matter.

/// How many wrong codes a registration survives less one.
pub const MAX_ATTEMPTS: i32 = 3;

/// The digits of the code that the whole text is.
pub fn parse(text: &str) -> Option<String> {
    let digits: String = text.trim().chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let is_code = (6..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_code.then_some(digits)
}

/// How many tries are left after so many wrong ones; none when the registration has to start over.
pub fn tries_left(attempts: i32) -> Option<i32> {
    Some(MAX_ATTEMPTS - attempts).filter(|left| *left > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 13-16
    #[test]
    fn a_code_is_six_to_eight_digits() {
        for code in ["123456", "1234567", "12345678"] {
            assert_eq!(parse(code).as_deref(), Some(code));
        }
        assert_eq!(parse(" 123 456 ").as_deref(), Some("123456"));
        assert_eq!(parse("123-45678").as_deref(), Some("12345678"));
        for text in ["12345", "123456789", "12a456", "١٢٣٤٥٦", "123\u{a0}456", ""] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_third_wrong_code_is_the_last() {
        assert_eq!([1, 2, 3, 4].map(tries_left), [Some(2), Some(1), None, None]);
    }
}

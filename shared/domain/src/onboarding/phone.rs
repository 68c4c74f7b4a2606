//! A phone number, stored in the form of ITU-T E.164: `+`, country code, number, 7 to 15 digits in all.
//!
//! Spaces, hyphens, parentheses and dots do not matter; a leading `00` is a `+`. Without a country code, 10 digits that
//! begin with 2 to 9 are North American, and 11 to 15 that do not begin with 0 are taken to begin with one.

/// A number in E.164 form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads a number; none for one that needs a country code, or is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|letter| !matches!(letter, '-' | '(' | ')' | '.') && !letter.is_whitespace())
            .collect();
        let plain = match plain.strip_prefix("00") {
            Some(rest) => format!("+{rest}"),
            None => plain,
        };
        let digits = plain.strip_prefix('+').unwrap_or(&plain);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let first = digits.bytes().next()?;
        let number = match (plain.starts_with('+'), digits.len()) {
            (false, 10) if first >= b'2' => format!("+1{digits}"),
            (true, 7..=15) | (false, 11..=15) if first != b'0' => format!("+{digits}"),
            _ => return None,
        };
        Some(Self(number))
    }

    /// The number, beginning with `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // case: telegram 74-76
    // case: voice 54
    #[test]
    fn a_number_is_read_however_it_is_written() {
        for (text, number) in [
            ("+41 79 123 45 67", "+41791234567"),
            ("(415) 555-2671", "+14155552671"),
            ("+1 (415) 555-2671", "+14155552671"),
            ("4155552671", "+14155552671"),
            ("14155552671", "+14155552671"),
            ("0041791234567", "+41791234567"),
            ("41791234567", "+41791234567"),
            ("0044 20 7946 0018", "+442079460018"),
        ] {
            assert_eq!(Phone::parse(text).as_ref().map(Phone::as_str), Some(number), "{text}");
        }
        for text in ["0791234567", "1234567", "12345", "+0791234567", "+41", "call me", "++41791234567", ""] {
            assert_eq!(Phone::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_read_again_is_the_same(text in "[+0-9 ().-]{0,24}") {
            if let Some(phone) = Phone::parse(&text) {
                prop_assert!((8..=16).contains(&phone.as_str().len()));
                prop_assert_eq!(Phone::parse(phone.as_str()), Some(phone));
            }
        }
    }
}

//! The last resort of the log: e-mail addresses and phone numbers become a word.
//!
//! A phone number is `+` and 7 to 15 digits with separators between them, or one of the US forms `(555) 123-4567`, `555-123-4567`, `555.123.4567`.
//! Ids, instants and bare runs of digits are left as they are: a number is only taken where no letter, digit or hyphen touches it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex_lite::Regex;

#[expect(clippy::expect_used, reason = "a constant pattern, tried by the tests")]
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+").expect("a valid pattern")
});

#[expect(clippy::expect_used, reason = "a constant pattern, tried by the tests")]
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\+[0-9](?:[ .()-]{0,2}[0-9]){6,14}|\([0-9]{3}\) ?[0-9]{3}[-.][0-9]{4}|[0-9]{3}([-.])[0-9]{3}[-.][0-9]{4}",
    )
    .expect("a valid pattern")
});

/// `text` without addresses and numbers.
pub(crate) fn redact(text: &str) -> Cow<'_, str> {
    let without_emails =
        if text.contains('@') { EMAIL.replace_all(text, "[EMAIL_REDACTED]") } else { Cow::Borrowed(text) };
    match without_phones(&without_emails) {
        Some(clean) => Cow::Owned(clean),
        None => without_emails,
    }
}

/// The text without phone numbers, if there was one.
fn without_phones(text: &str) -> Option<String> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut clean = String::new();
    let (mut copied, mut from) = (0, 0);
    while let Some(found) = PHONE.find_at(text, from) {
        let before = text[..found.start()].chars().next_back();
        let after = text[found.end()..].chars().next();
        if touches(before) || touches(after) {
            // The first character of a match is one byte long.
            from = found.start() + 1;
            continue;
        }
        clean.push_str(&text[copied..found.start()]);
        clean.push_str("[PHONE_REDACTED]");
        copied = found.end();
        from = copied;
    }
    (copied > 0).then(|| clean + &text[copied..])
}

fn touches(neighbour: Option<char>) -> bool {
    neighbour.is_some_and(|character| character.is_alphanumeric() || character == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: api 55
    #[test]
    fn addresses_and_numbers_go_and_everything_else_stays() {
        for (text, clean) in [
            ("call +1-555-123-4567 for user@example.com", "call [PHONE_REDACTED] for [EMAIL_REDACTED]"),
            ("id 7f3b1c2e-1234-4a5b-8c9d-123456789012", "id 7f3b1c2e-1234-4a5b-8c9d-123456789012"),
            ("t=1771286400", "t=1771286400"),
            (
                "(555) 123-4567, 555-123-4567; 555.123.4567",
                "[PHONE_REDACTED], [PHONE_REDACTED]; [PHONE_REDACTED]",
            ),
            ("+49 (30) 1234 567", "[PHONE_REDACTED]"),
            ("+4915112345678", "[PHONE_REDACTED]"),
            ("+491511 and +12345678901234567", "+491511 and +12345678901234567"),
            ("5551234567", "5551234567"),
            ("2026-02-17T10:00:00+01:00 2026-02-17", "2026-02-17T10:00:00+01:00 2026-02-17"),
            ("a555-123-4567 x-555-123-4567", "a555-123-4567 x-555-123-4567"),
            ("first.last+tag@mail.example.co.uk!", "[EMAIL_REDACTED]!"),
            ("no@host, @all", "no@host, @all"),
            ("é+4915112345678 ü", "é+4915112345678 ü"),
            ("ä +4915112345678 ü", "ä [PHONE_REDACTED] ü"),
        ] {
            assert_eq!(redact(text), clean, "{text}");
        }
    }
}

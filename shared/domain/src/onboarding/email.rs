//! A mail address: what a player may register with. Text that holds an address among other words is not one.

use std::sync::LazyLock;

use regex::Regex;

/// The longest address, in characters.
pub const MAX_CHARS: usize = 254;

#[expect(clippy::expect_used, reason = "the pattern is a literal that the tests compile")]
static SHAPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$").expect("a valid pattern")
});

/// A mail address in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// The address that the whole text is; spaces around it do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.trim();
        let (local, host) = address.split_once('@')?;
        let well_formed = SHAPE.is_match(address)
            && address.len() <= MAX_CHARS
            && !address.contains("..")
            && !local.starts_with('.')
            && !local.ends_with('.')
            && host.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'));
        well_formed.then(|| Self(address.to_ascii_lowercase()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address as replies and logs show it.
    pub fn masked(&self) -> String {
        let (local, host) = self.0.split_once('@').unwrap_or_default();
        let first: String = local.chars().take(1).collect();
        format!("{first}***@{host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 17-19
    #[test]
    fn an_address_stands_alone_and_is_well_formed() {
        let email = Email::parse(" User.Name+tag@Example.com ").expect("an address");
        assert_eq!(email.as_str(), "user.name+tag@example.com");
        assert_eq!(email.masked(), "u***@example.com");
        for text in [
            "a@b.c",
            "my mail is a@b.de",
            "a@b..de",
            "x@-y.de",
            "x@y-.de",
            ".a@b.de",
            "a.@b.de",
            "a@b@c.de",
            "ä@b.de",
            "",
        ] {
            assert_eq!(Email::parse(text), None, "{text}");
        }
        assert_eq!(Email::parse(&format!("{}@example.com", "a".repeat(243))), None);
    }
}

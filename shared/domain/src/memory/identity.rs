//! What counts as the same words: two facts with one hash are one fact.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// A fact without what does not matter: Unicode NFKC, lower case, single spaces, no `.`, `!` or `?` at the end.
pub fn normalise(fact: &str) -> String {
    let folded: String = fact.nfkc().collect::<String>().to_lowercase();
    let spaced = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    spaced.trim_end_matches(['.', '!', '?', ' ']).to_owned()
}

/// The SHA-256 of the normalised fact in hexadecimal: `memory_facts.metadata.content_hash`.
pub fn content_hash(fact: &str) -> String {
    Sha256::digest(normalise(fact).as_bytes()).iter().fold(String::with_capacity(64), |mut hash, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // case: pipeline 20
    #[test]
    fn spelling_and_spacing_do_not_make_another_fact() {
        assert_eq!(content_hash("User likes Coffee."), content_hash("user  likes coffee"));
        assert_ne!(content_hash("User likes coffee"), content_hash("User likes tea"));
        assert_eq!(content_hash("x").len(), 64);
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(fact in "[a-zA-Z .!?\t\n]{0,60}") {
            let once = normalise(&fact);
            prop_assert_eq!(normalise(&once), once);
        }
    }
}

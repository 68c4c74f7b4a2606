//! Keyed draws: chance that survives retries.
//!
//! Every chance decision takes its number from the SHA-256 of a key that names the purpose, the player and the time
//! slot or event decided about. A repeated run, a redelivered update or a crashed worker decides the same again.
//! Key parts are joined by `:`; ids in lower case with hyphens; dates `YYYY-MM-DD`.

use sha2::{Digest, Sha256};

/// The source of chance: an optional seed that is put before every key.
#[derive(Debug, Clone, Default)]
pub struct Draws {
    seed: String,
}

impl Draws {
    /// Draws with `DRAW_SEED`; an empty seed leaves the keys as they are.
    pub fn new(seed: impl Into<String>) -> Self {
        Self { seed: seed.into() }
    }

    /// A number in [0, 1): the first 8 bytes of the hash, big endian, shifted right by 11 and divided by 2^53.
    pub fn draw(&self, key: &str) -> f64 {
        let (first, _) = self.halves(key);
        (first >> 11) as f64 / TWO_POW_53
    }

    /// A position in a list of `len` items, from the second 8 bytes of the hash that [`Self::draw`] begins: a second
    /// number of the same key.
    #[expect(clippy::cast_possible_truncation, reason = "a remainder of a usize")]
    pub fn second_index(&self, key: &str, len: usize) -> usize {
        let (_, second) = self.halves(key);
        (second % (len as u64)) as usize
    }

    /// The first and the second 8 bytes of the key's hash, big endian.
    fn halves(&self, key: &str) -> (u64, u64) {
        let mut hash = Sha256::new();
        if !self.seed.is_empty() {
            hash.update(self.seed.as_bytes());
            hash.update(b":");
        }
        hash.update(key.as_bytes());
        let digest = hash.finalize();
        let half = |from: usize| {
            digest[from..from + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        (half(0), half(8))
    }

    /// A number in [`from`, `to`).
    pub fn uniform(&self, key: &str, from: f64, to: f64) -> f64 {
        from + self.draw(key) * (to - from)
    }

    /// A whole number from `from` to `to`, both included.
    #[expect(clippy::cast_possible_truncation, reason = "the floor of a number within two i64 bounds")]
    pub fn int(&self, key: &str, from: i64, to: i64) -> i64 {
        from + (self.draw(key) * ((to - from + 1) as f64)).floor() as i64
    }

    /// A position in a list of `len` items.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the floor of a number from 0 to less than len"
    )]
    pub fn index(&self, key: &str, len: usize) -> usize {
        (self.draw(key) * len as f64).floor() as usize
    }

    /// Whether something of this probability happens.
    pub fn happens(&self, key: &str, probability: f64) -> bool {
        self.draw(key) < probability
    }

    /// A normal deviate from two draws (Box-Muller).
    pub fn normal(&self, first: &str, second: &str) -> f64 {
        let (u1, u2) = (self.draw(first), self.draw(second));
        (-2.0 * (1.0 - u1).ln()).sqrt() * (std::f64::consts::TAU * u2).cos()
    }
}

const TWO_POW_53: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // case: life 1
    #[test]
    fn a_key_always_draws_the_same() {
        for (key, drawn) in [("a", 0.791_374), ("nikita", 0.516_978)] {
            assert!((Draws::default().draw(key) - drawn).abs() < 1e-6, "{key}");
        }
    }

    #[test]
    fn the_seed_is_a_prefix_of_the_key() {
        assert_eq!(Draws::new("a").draw("b").to_bits(), Draws::default().draw("a:b").to_bits());
    }

    proptest! {
        #[test]
        fn draws_stay_in_range(key in ".*", len in 1_usize..50) {
            let draws = Draws::default();
            prop_assert!((0.0..1.0).contains(&draws.draw(&key)));
            prop_assert!(draws.index(&key, len) < len);
            prop_assert!((-3..=7).contains(&draws.int(&key, -3, 7)));
            prop_assert!(draws.normal(&key, "other").is_finite());
        }
    }
}

//! How long, and how often, the model is asked where a request names no figures of its own.

use std::time::Duration;

/// Before the second try; each further pause is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The patience of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a single try may take.
    pub timeout: Duration,
    /// How often is asked at most, the first time included.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_mins(1), tries: 3 }
    }
}

impl Patience {
    /// The pause before each further try.
    pub(super) fn pauses(self) -> Vec<Duration> {
        (1..self.tries).map(|earlier| FIRST_PAUSE * 2_u32.saturating_pow(earlier - 1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_are_one_fewer_than_the_tries() {
        let pauses = |tries| Patience { tries, ..Patience::default() }.pauses();
        assert!(pauses(0).is_empty() && pauses(1).is_empty());
        assert_eq!(pauses(4), [1, 2, 4].map(Duration::from_secs));
    }
}

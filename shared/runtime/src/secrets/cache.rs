//! When the store is asked: the rule alone, without a clock.

use std::collections::HashMap;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::Instant;

/// How long values are believed.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// Values are kept for so long.
    pub keep: Duration,
    /// After a failure, of the store or of a credential, the store is asked at most once in this span.
    pub pause: Duration,
}

impl Default for Freshness {
    fn default() -> Self {
        Self { keep: Duration::from_mins(15), pause: Duration::from_mins(1) }
    }
}

/// What was fetched, and when.
pub(super) struct Cache {
    freshness: Freshness,
    values: HashMap<String, SecretString>,
    fetched_at: Option<Instant>,
    failed_at: Option<Instant>,
}

impl Cache {
    pub(super) fn new(freshness: Freshness) -> Self {
        Self { freshness, values: HashMap::new(), fetched_at: None, failed_at: None }
    }

    /// Whether to ask the store before a value is given out; `refused` when a credential was turned down.
    pub(super) fn is_due(&self, refused: bool, now: Instant) -> bool {
        let old = self.fetched_at.is_none_or(|at| now.duration_since(at) >= self.freshness.keep);
        let may = self.failed_at.is_none_or(|at| now.duration_since(at) >= self.freshness.pause);
        (old || refused) && may
    }

    /// Takes in new values. One that was asked for because of a refusal delays the next of that kind.
    pub(super) fn take(&mut self, values: HashMap<String, SecretString>, refused: bool, now: Instant) {
        self.values = values;
        self.fetched_at = Some(now);
        self.failed_at = refused.then_some(now);
    }

    /// Notes that the store did not answer. What is known stays.
    pub(super) fn fail(&mut self, now: Instant) {
        self.failed_at = Some(now);
    }

    pub(super) fn get(&self, name: &str) -> Option<SecretString> {
        self.values.get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn values_are_kept_a_quarter_of_an_hour() {
        let start = Instant::now();
        let mut cache = Cache::new(Freshness::default());
        assert!(cache.is_due(false, start));
        cache.take(HashMap::new(), false, start);
        assert!(!cache.is_due(false, after(start, 899)));
        assert!(cache.is_due(false, after(start, 900)));
    }

    #[test]
    fn a_refusal_asks_the_store_at_once_and_then_once_a_minute() {
        let start = Instant::now();
        let mut cache = Cache::new(Freshness::default());
        cache.take(HashMap::new(), false, start);

        assert!(cache.is_due(true, after(start, 1)));
        cache.take(HashMap::new(), true, after(start, 1));
        assert!(!cache.is_due(true, after(start, 60)));
        assert!(cache.is_due(true, after(start, 61)));
    }

    #[test]
    fn a_store_that_fails_is_asked_once_a_minute_and_what_is_known_stays() {
        let start = Instant::now();
        let mut cache = Cache::new(Freshness::default());
        cache.take(HashMap::from([("NAME".to_owned(), SecretString::from("value"))]), false, start);

        cache.fail(after(start, 900));
        assert!(!cache.is_due(false, after(start, 959)));
        assert!(cache.is_due(false, after(start, 960)));
        assert!(cache.get("NAME").is_some());
    }
}

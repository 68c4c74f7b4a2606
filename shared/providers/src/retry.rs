//! Trying again: how long to wait first, and how often it may be done at all.
//!
//! Pauses grow and get up to a fifth longer by chance, so that many callers do not come back at the same moment. A
//! wait that a service asked for is kept as it is, never shortened. Each client holds a budget of retries: every call
//! adds a tenth of a retry, so in the long run a dead service is asked at most 1.1 times as often as a living one.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What one call adds to the budget, in hundredths of a retry.
const EARNED_PER_CALL: u32 = 10;
/// What one retry costs, in hundredths.
const COST: u32 = 100;
/// The most that is saved up, and what a client starts with: ten retries.
const SAVINGS: u32 = 1_000;

/// The retries that a client may still make. Clones share it.
#[derive(Debug, Clone)]
pub struct RetryBudget(Arc<Mutex<u32>>);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(SAVINGS)))
    }
}

impl RetryBudget {
    /// Counts a first try.
    pub(crate) fn earn(&self) {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *saved = (*saved + EARNED_PER_CALL).min(SAVINGS);
    }

    /// Takes one retry, if there is one.
    pub(crate) fn spend(&self) -> bool {
        let mut saved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = saved.checked_sub(COST) else { return false };
        *saved = left;
        true
    }
}

/// How a client waits: really, or only in the notes of a test.
#[derive(Debug, Clone, Default)]
pub struct Pauses(Option<Arc<Mutex<Vec<Duration>>>>);

impl Pauses {
    /// Notes each wait, without its chance part, and does not wait.
    pub fn noted() -> Self {
        Self(Some(Arc::default()))
    }

    /// The waits noted so far; none when waiting is real.
    pub fn notes(&self) -> Vec<Duration> {
        self.0
            .as_ref()
            .map_or_else(Vec::new, |notes| notes.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// Waits `pause` and up to a fifth longer.
    pub(crate) async fn about(&self, pause: Duration) {
        self.wait(pause, pause.mul_f64(MAX_JITTER * chance())).await;
    }

    /// Waits `pause`.
    pub async fn exactly(&self, pause: Duration) {
        self.wait(pause, Duration::ZERO).await;
    }

    async fn wait(&self, pause: Duration, jitter: Duration) {
        match &self.0 {
            Some(notes) => notes.lock().unwrap_or_else(PoisonError::into_inner).push(pause),
            None => tokio::time::sleep(pause + jitter).await,
        }
    }
}

/// How much longer a pause may get by chance, as a part of it.
const MAX_JITTER: f64 = 0.2;

/// A number in [0, 1). It need not be good: it only keeps callers from marching in step.
fn chance() -> f64 {
    f64::from(u32::try_from(RandomState::new().hash_one(0_u8) >> 32).unwrap_or_default()) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_service_is_asked_at_most_a_fifth_more_often() {
        let budget = RetryBudget::default();
        let mut calls = 0;
        for _ in 0..1_000 {
            budget.earn();
            calls += 1;
            while budget.spend() {
                calls += 1;
            }
        }
        assert!((1_100..=1_200).contains(&calls), "{calls}");
    }

    #[test]
    fn chance_is_a_part_of_one() {
        assert!((0..100).map(|_| chance()).all(|part| (0.0..1.0).contains(&part)));
    }
}

//! The clock that use cases are given. Real time, or a standing clock in tests, plus a shift that can be moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Clones share one shift: whoever moves the clock moves it for the whole bundle.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    stands_at: Option<Timestamp>,
    shift_millis: Arc<AtomicI64>,
}

impl Clock {
    /// The time of the world.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows `start` now and goes on from there.
    pub fn starting_at(start: Timestamp) -> Self {
        let clock = Self::default();
        clock.set(start);
        clock
    }

    /// A clock that stands at `instant` and only moves when it is moved: for tests.
    pub fn standing_at(instant: Timestamp) -> Self {
        Self { stands_at: Some(instant), ..Self::default() }
    }

    /// What time it is, to the microsecond, as the database stores it.
    pub fn now(&self) -> Timestamp {
        let shift = SignedDuration::from_millis(self.shift_millis.load(Ordering::SeqCst));
        let micros = self.unshifted().saturating_add(shift).map_or(0, Timestamp::as_microsecond);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves the clock by a span; a negative one moves it back.
    pub fn advance(&self, span: SignedDuration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(0);
        self.shift_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the clock to an instant.
    pub fn set(&self, instant: Timestamp) {
        let shift = instant.as_millisecond() - self.unshifted().as_millisecond();
        self.shift_millis.store(shift, Ordering::SeqCst);
    }

    fn unshifted(&self) -> Timestamp {
        self.stands_at.unwrap_or_else(real_now)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
fn real_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_only_when_moved() {
        let start: Timestamp = "2026-02-17T05:00:00Z".parse().expect("a time");
        let clock = Clock::standing_at(start);
        assert_eq!(clock.now(), start);
        clock.advance(SignedDuration::from_hours(3));
        assert_eq!(clock.now(), start + SignedDuration::from_hours(3));
        clock.set(start);
        assert_eq!(clock.now(), start);
    }

    #[test]
    fn clones_share_the_shift() {
        let start: Timestamp = "2026-02-17T05:00:00Z".parse().expect("a time");
        let clock = Clock::starting_at(start);
        let other = clock.clone();
        other.advance(SignedDuration::from_hours(3));
        let passed = clock.now().duration_since(start);
        assert!((SignedDuration::from_hours(3)..SignedDuration::from_secs(3 * 3_600 + 60)).contains(&passed));
    }
}

//! The clock that use cases are given. Real time, plus a shift that local play and tests can move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Clones share one shift: whoever moves the clock moves it for the whole bundle.
#[derive(Debug, Clone, Default)]
pub struct Clock {
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

    /// What time it is, to the microsecond, as the database stores it.
    pub fn now(&self) -> Timestamp {
        let shift = SignedDuration::from_millis(self.shift_millis.load(Ordering::SeqCst));
        let micros = real_now().saturating_add(shift).map_or(0, Timestamp::as_microsecond);
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves the clock by a span; a negative one moves it back.
    pub fn advance(&self, span: SignedDuration) {
        let millis = i64::try_from(span.as_millis()).unwrap_or(0);
        self.shift_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the clock to an instant.
    pub fn set(&self, instant: Timestamp) {
        let shift = instant.as_millisecond() - real_now().as_millisecond();
        self.shift_millis.store(shift, Ordering::SeqCst);
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
    fn clones_share_the_shift() {
        let start: Timestamp = "2026-02-17T05:00:00Z".parse().expect("a time");
        let clock = Clock::starting_at(start);
        let other = clock.clone();
        other.advance(SignedDuration::from_hours(3));
        let passed = clock.now().duration_since(start);
        assert!((SignedDuration::from_hours(3)..SignedDuration::from_secs(3 * 3_600 + 60)).contains(&passed));
    }
}

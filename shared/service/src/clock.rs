//! The clock that use cases are given: real time, or real time moved by play and tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Tells the time to the microsecond, as Postgres keeps it. Clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    runs: bool,
    micros: Arc<AtomicI64>,
}

impl Clock {
    /// Real time.
    pub fn system() -> Self {
        Self { runs: true, micros: Arc::default() }
    }

    /// A clock that stands still until it is moved.
    pub fn standing_at(instant: Timestamp) -> Self {
        Self { runs: false, micros: Arc::new(AtomicI64::new(instant.as_microsecond())) }
    }

    /// The present instant. A clock moved out of the calendar stays at its edge.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
    pub fn now(&self) -> Timestamp {
        let start = if self.runs { Timestamp::now().as_microsecond() } else { 0 };
        let micros = start.saturating_add(self.micros.load(Ordering::Relaxed));
        let edge = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_microsecond(micros).unwrap_or(edge)
    }

    /// Moves this clock and all its clones, forward or back.
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together() {
        let clock = Clock::standing_at(Timestamp::UNIX_EPOCH);
        clock.clone().advance(SignedDuration::from_hours(3));
        assert_eq!(clock.now(), Timestamp::from_second(3 * 3600).unwrap());
    }

    #[test]
    fn a_moved_system_clock_runs_on() {
        let clock = Clock::system();
        let before = clock.now();
        clock.advance(SignedDuration::from_hours(26));
        assert!(clock.now() >= before + SignedDuration::from_hours(26));
    }
}

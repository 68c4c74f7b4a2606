//! The daily batch: whose psyche is written anew in the morning, in which order, and what may be overwritten.
//!
//! Eligible is a player whose game is active, who began a conversation in the last 7 days, and whose state was not written since
//! today 05:00 UTC. Players without a state come first, then those with the oldest; equals by their id. One call takes at most 100, five
//! at a time, and begins with nobody in the last minute of its function's time. Calling again is safe: who is done is not eligible.
//!
//! A result never overwrites a state that was written after the work on it had begun.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ids::UserId;

/// The hour, in UTC, from which a state is today's.
pub const FROM_HOUR: i8 = 5;
/// Who began a conversation within this time is looked at.
pub const ACTIVE_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);
/// One call takes so many players.
pub const PLAYERS: usize = 100;
/// So many at a time.
pub const AT_ONCE: usize = 5;
/// Nobody is begun with when less than this is left of the function's time.
pub const KEPT_FREE: Duration = Duration::from_mins(1);

/// A state written since then is today's.
pub fn written_since(now: Timestamp) -> Timestamp {
    let from = now.to_zoned(TimeZone::UTC).date().at(FROM_HOUR, 0, 0, 0);
    from.to_zoned(TimeZone::UTC).map_or(now, |from| from.timestamp())
}

/// Whether a state written at `generated_at` is to be written anew.
pub fn is_due(generated_at: Option<Timestamp>, now: Timestamp) -> bool {
    generated_at.is_none_or(|at| at < written_since(now))
}

/// Keeps the players whose state is to be written anew, in order.
pub fn due(players: &mut Vec<(UserId, Option<Timestamp>)>, now: Timestamp) {
    players.retain(|(_, generated_at)| is_due(*generated_at, now));
    players.sort_by_key(|(user, generated_at)| (*generated_at, *user));
}

/// The players of one call in order, and how many remain.
pub fn page(players: &mut Vec<(UserId, Option<Timestamp>)>, now: Timestamp) -> usize {
    due(players, now);
    let remaining = players.len().saturating_sub(PLAYERS);
    players.truncate(PLAYERS);
    remaining
}

/// Whether a result of work begun at `began_at` may replace what was written at `generated_at`.
pub fn may_replace(generated_at: Option<Timestamp>, began_at: Timestamp) -> bool {
    generated_at.is_none_or(|at| at <= began_at)
}

/// What a run says of a player for whom it took too long.
pub fn timed_out() -> String {
    format!("timeout after {}s", super::calls::BATCH.timeout.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    #[test]
    fn todays_states_begin_at_five() {
        let now = at("2026-02-18T05:00:00Z");
        for (written, due) in
            [(None, true), (Some("2026-02-18T04:59:59Z"), true), (Some("2026-02-18T05:00:00Z"), false)]
        {
            assert_eq!(is_due(written.map(at), now), due, "{written:?}");
        }
    }

    #[test]
    fn a_list_is_worked_off_in_pages_and_then_it_is_done() {
        let now = at("2026-02-18T05:10:00Z");
        let user = |number: u32| UserId::from_uuid(crate::ids::derived(&number.to_string()));
        let mut states: Vec<(UserId, Option<Timestamp>)> = (0..150)
            .map(|number| (user(number), (number >= 60).then(|| at("2026-02-17T05:00:00Z"))))
            .collect();
        for (processed, remaining) in [(100, 50), (50, 0), (0, 0)] {
            let mut players = states.clone();
            assert_eq!((page(&mut players, now), players.len()), (remaining, processed));
            for (done, _) in players {
                let state = states.iter_mut().find(|(user, _)| *user == done).expect("a player");
                state.1 = Some(now);
            }
        }
        let mut mixed = vec![(user(1), Some(at("2026-02-16T05:00:00Z"))), (user(2), None)];
        page(&mut mixed, now);
        assert_eq!(mixed[0].0, user(2));
    }

    #[test]
    fn a_late_result_does_not_replace_a_newer_state() {
        let (began, later) = (at("2026-02-18T05:10:00Z"), at("2026-02-18T05:10:01Z"));
        assert!(may_replace(None, began) && may_replace(Some(began), began));
        assert!(!may_replace(Some(later), began));
        assert_eq!(timed_out(), "timeout after 30s");
    }
}

//! Interactions: the moments a player was there, and the local days they make.
//!
//! Every accepted text counts, also one that she leaves unanswered, and a call in which the player spoke; commands, visits to the portal and
//! refused messages do not. Days played are the distinct dates on the player's clock with an interaction; a change of the
//! time zone lowers them never.
//!
//! An interaction begins the grace of [decay](crate::decay) anew and forgets up to when silence was charged, unless it was
//! charged later than that: a call that is reported late is not charged twice. Instants only move forward, so the same
//! interactions in any order, and any of them twice, leave the same instants behind. The grace also begins anew when a boss
//! ends in PASS before the last chapter, PARTIAL or time-out, when the chapter changes and when onboarding is complete.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Since when a player is silent, and what of that silence has been charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Presence {
    /// `users.last_interaction_at`.
    pub last_interaction_at: Option<Timestamp>,
    /// `users.grace_started_at`.
    pub grace_started_at: Option<Timestamp>,
    /// `users.last_decay_at`.
    pub last_decay_at: Option<Timestamp>,
    /// `users.days_played`.
    pub days_played: i32,
}

impl Presence {
    /// After an interaction at `at`.
    #[must_use]
    pub fn after_interaction(self, at: Timestamp, zone: &TimeZone) -> Self {
        Self {
            last_interaction_at: self.last_interaction_at.max(Some(at)),
            grace_started_at: self.grace_started_at.max(Some(at)),
            last_decay_at: self.last_decay_at.filter(|charged| *charged > at),
            days_played: self.days_played + i32::from(is_first_of_day(self.last_interaction_at, at, zone)),
        }
    }

    /// With a grace that begins at `now`.
    #[must_use]
    pub fn with_new_grace(self, now: Timestamp) -> Self {
        Self { grace_started_at: Some(now), last_decay_at: None, ..self }
    }

    /// Since when the player counts as silent: the beginning of the grace, else the last interaction, else the end of
    /// onboarding, else the making of the account.
    pub fn silent_since(self, onboarded_at: Option<Timestamp>, created_at: Timestamp) -> Timestamp {
        self.grace_started_at.or(self.last_interaction_at).or(onboarded_at).unwrap_or(created_at)
    }
}

/// Whether an interaction at `now` is the first of the player's local day.
pub fn is_first_of_day(previous: Option<Timestamp>, now: Timestamp, zone: &TimeZone) -> bool {
    let date = |instant: Timestamp| instant.to_zoned(zone.clone()).date();
    previous.is_none_or(|previous| previous < now && date(previous) != date(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// case: game G-56
    #[test]
    fn days_played_are_local_dates() {
        let zurich = TimeZone::get("Europe/Zurich").expect("a zone");
        let mut presence = Presence::default();
        let days: Vec<i32> = ["2026-01-10T22:30:00Z", "2026-01-10T23:30:00Z", "2026-01-11T10:00:00Z"]
            .into_iter()
            .map(|at| {
                presence = presence.after_interaction(at.parse().expect("a time"), &zurich);
                presence.days_played
            })
            .collect();
        assert_eq!(days, [1, 2, 2]);
    }

    #[test]
    fn silence_counts_from_the_latest_beginning_that_is_known() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let nobody = Presence::default();
        assert_eq!(nobody.silent_since(None, at(1)), at(1));
        assert_eq!(nobody.silent_since(Some(at(2)), at(1)), at(2));
        let writer = nobody.after_interaction(at(3), &TimeZone::UTC);
        assert_eq!(Presence { grace_started_at: None, ..writer }.silent_since(Some(at(2)), at(1)), at(3));
        let charged = Presence { last_decay_at: Some(at(9)), ..writer };
        let forgiven = charged.with_new_grace(at(10));
        assert_eq!((forgiven.silent_since(None, at(1)), forgiven.last_decay_at), (at(10), None));
    }

    #[test]
    fn a_call_that_is_reported_late_is_not_charged_twice() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let charged = Presence { last_decay_at: Some(at(100)), ..Presence::default() };
        assert_eq!(charged.after_interaction(at(90), &TimeZone::UTC).last_decay_at, Some(at(100)));
        assert_eq!(charged.after_interaction(at(100), &TimeZone::UTC).last_decay_at, None);
    }

    proptest! {
        /// Interactions may be reported in any order and more than once.
        #[test]
        fn order_and_copies_change_no_instant(
            (seconds, shuffled) in prop::collection::vec(0_i64..1_000_000, 1..20).prop_flat_map(|seconds| {
                let copies: Vec<i64> = seconds.iter().chain(&seconds).copied().collect();
                (Just(seconds), Just(copies).prop_shuffle())
            }),
            charged in prop::option::of(0_i64..1_000_000),
        ) {
            let at = |second| Timestamp::from_second(second).expect("a time");
            let start = Presence { last_decay_at: charged.map(at), ..Presence::default() };
            let after = |seconds: &[i64]| {
                let played = |presence: Presence, second: &i64| presence.after_interaction(at(*second), &TimeZone::UTC);
                Presence { days_played: 0, ..seconds.iter().fold(start, played) }
            };
            prop_assert_eq!(after(&seconds), after(&shuffled));
        }
    }

    #[test]
    fn a_day_begins_at_midnight_on_the_players_clock() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let at = |time: &str| time.parse::<Timestamp>().expect("a time");
        for (previous, now, first) in [
            (None, "2026-02-17T12:00:00Z", true),
            (Some("2026-02-17T01:00:00Z"), "2026-02-17T22:59:59Z", false),
            (Some("2026-02-17T22:59:59Z"), "2026-02-17T23:00:00Z", true),
            (Some("2026-02-17T23:00:00Z"), "2026-02-18T22:00:00Z", false),
            // What is reported late does not begin an earlier day again.
            (Some("2026-02-18T12:00:00Z"), "2026-02-17T12:00:00Z", false),
        ] {
            assert_eq!(is_first_of_day(previous.map(at), at(now), &berlin), first, "{previous:?} {now}");
        }
    }
}

//! Decay: after a grace period every silent hour costs score, and nothing is charged twice.
//!
//! Silence counts from the anchor: the last accepted message or call, or whatever restarted the grace (a boss that ended
//! well enough, the end of onboarding); a player who never wrote counts from onboarding. Nothing is charged while the
//! grace of the chapter lasts, its last instant included. After it each hour costs the rate of the chapter, to the
//! second, for the time since the last charge only: running twice, or missing runs, changes nothing. One run takes at most
//! 20 points; the time beyond that is forgiven. A charge below [`SMALLEST_CHARGE`] waits until it has grown.
//!
//! The metrics shrink in the same proportion as the score, so that their composite stays with it. Only active players
//! past their onboarding decay: a boss encounter suspends it, and an account that never got that far is left alone. A score of 0 ends the game; a player who is active at 0 all the same is ended without a
//! charge. What the player hears of it before that is in [`decay_warning`](crate::decay_warning).

use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, dec};

use crate::chapter::Chapter;
use crate::config::in_force;
use crate::score::{Metrics, Score, round2};
use crate::status::{GameStatus, OnboardingStatus};

/// How patient she is in one chapter.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Silent hours that cost nothing.
    pub grace_hours: i32,
    /// Points that each silent hour after them costs.
    pub points_per_hour: Decimal,
}

/// By chapter, 1 to 5.
pub(crate) const PATIENCE: [Patience; 5] = [
    Patience { grace_hours: 8, points_per_hour: dec!(0.8) }, // Curiosity
    Patience { grace_hours: 16, points_per_hour: dec!(0.6) }, // Intrigue
    Patience { grace_hours: 24, points_per_hour: dec!(0.4) }, // Investment
    Patience { grace_hours: 48, points_per_hour: dec!(0.3) }, // Intimacy
    Patience { grace_hours: 72, points_per_hour: dec!(0.2) }, // Established
];

/// One run never takes more.
pub(crate) const MAX_CHARGE: Decimal = dec!(20.00);

/// Less than this is not worth a row; it is charged once it has grown.
pub const SMALLEST_CHARGE: Decimal = dec!(0.01);

/// The hours of silence that the score projected for the portal looks ahead.
pub const PROJECTION_HOURS: Decimal = dec!(24);

/// `hours_charged` and `hours_overdue` are told with so many decimals.
const HOURS_DECIMALS: u32 = 4;

/// What decay has to know about an eligible player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The player's chapter: it decides about grace and rate.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Score,
    /// The four metrics.
    pub metrics: Metrics,
    /// The anchor: since when the player has been silent.
    pub silent_since: Timestamp,
    /// Up to when silence has been paid for.
    pub settled_until: Option<Timestamp>,
}

/// What one run takes from a player, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// Points taken, 0.01 to 20.00.
    pub amount: Decimal,
    /// Points per hour.
    pub rate: Decimal,
    /// The hours paid for by this charge.
    pub hours_charged: Decimal,
    /// All hours since the grace ended.
    pub hours_overdue: Decimal,
    /// Whether [`max_charge`] cut the amount.
    pub capped: bool,
    /// The score after it.
    pub score: Score,
    /// The metrics after it.
    pub metrics: Metrics,
}

/// What silence does to a player in one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is due.
    Spared,
    /// The score falls and stays above 0.
    Charged(Charge),
    /// The score falls to 0: charge, then end the game.
    Drained(Charge),
    /// The score is 0 already: end the game without a charge.
    Ended {
        /// All hours since the grace ended.
        hours_overdue: Decimal,
    },
}

/// Whether silence costs such a player anything.
pub fn is_eligible(status: GameStatus, onboarding: OnboardingStatus) -> bool {
    status == GameStatus::Active && onboarding.is_onboarded()
}

/// What silence costs `standing` up to `now`. The charge settles everything up to `now`.
pub fn judge(standing: &Standing, now: Timestamp) -> Verdict {
    let grace_ends = grace_ends(standing.chapter, standing.silent_since);
    if now <= grace_ends {
        return Verdict::Spared;
    }
    let hours_overdue = hours_between(grace_ends, now);
    if standing.score.is_zero() {
        return Verdict::Ended { hours_overdue: hours_overdue.round_dp(HOURS_DECIMALS) };
    }

    let from = standing.settled_until.map_or(grace_ends, |settled| settled.max(grace_ends));
    match charge(standing, hours_between(from, now), hours_overdue) {
        None => Verdict::Spared,
        Some(charge) if charge.score.is_zero() => Verdict::Drained(charge),
        Some(charge) => Verdict::Charged(charge),
    }
}

fn charge(standing: &Standing, hours: Decimal, hours_overdue: Decimal) -> Option<Charge> {
    let rate = patience(standing.chapter).points_per_hour;
    let cost = round2(hours * rate);
    let amount = cost.min(max_charge()).min(standing.score.value());
    if amount < SMALLEST_CHARGE {
        return None;
    }

    let score = Score::clamped(standing.score.value() - amount);
    Some(Charge {
        amount,
        rate,
        hours_charged: hours.round_dp(HOURS_DECIMALS),
        hours_overdue: hours_overdue.round_dp(HOURS_DECIMALS),
        capped: cost > max_charge(),
        score,
        metrics: standing.metrics.rescaled(standing.score.value(), score),
    })
}

/// Grace and rate of a chapter.
pub fn patience(chapter: Chapter) -> Patience {
    let chapters = &in_force().chapters;
    Patience {
        grace_hours: *chapters.grace_hours.of(chapter),
        points_per_hour: *chapters.decay_per_hour.of(chapter),
    }
}

/// The most that one run takes.
pub fn max_charge() -> Decimal {
    in_force().decay.max_charge
}

/// When the grace of a silence ends; that instant still costs nothing.
pub fn grace_ends(chapter: Chapter, silent_since: Timestamp) -> Timestamp {
    let grace = SignedDuration::from_hours(i64::from(patience(chapter).grace_hours));
    silent_since.checked_add(grace).unwrap_or(Timestamp::MAX)
}

/// Grace hours by chapter as columns, for statements that select players: chapters and hours.
pub fn grace_by_chapter() -> (Vec<i32>, Vec<i32>) {
    Chapter::ALL.iter().map(|&chapter| (chapter.number(), patience(chapter).grace_hours)).unzip()
}

/// What the portal tells about decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// The whole grace of the chapter.
    pub grace_hours: i32,
    /// Grace that is left, not below 0.
    pub hours_remaining: Decimal,
    /// Whether silence costs score right now.
    pub is_decaying: bool,
    /// Points per hour once it does.
    pub rate: Decimal,
    /// The score after [`PROJECTION_HOURS`] more hours of silence.
    pub projected: Score,
}

/// How decay stands for an eligible player at `now`.
pub fn outlook(standing: &Standing, now: Timestamp) -> Outlook {
    let Patience { grace_hours, points_per_hour } = patience(standing.chapter);
    let remaining =
        hours_between(now, grace_ends(standing.chapter, standing.silent_since)).max(Decimal::ZERO);
    let silent = (PROJECTION_HOURS - remaining).max(Decimal::ZERO);
    Outlook {
        grace_hours,
        hours_remaining: remaining.round_dp(HOURS_DECIMALS),
        is_decaying: now > grace_ends(standing.chapter, standing.silent_since),
        rate: points_per_hour,
        projected: Score::clamped(standing.score.value() - points_per_hour * silent),
    }
}

/// The span in hours, exact to the microsecond; negative when `to` comes first.
fn hours_between(from: Timestamp, to: Timestamp) -> Decimal {
    const MICROSECONDS_PER_HOUR: Decimal = dec!(3_600_000_000);
    Decimal::from(to.as_microsecond() - from.as_microsecond()) / MICROSECONDS_PER_HOUR
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::interaction::Presence;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn after_minutes(minutes: i64) -> Timestamp {
        START + SignedDuration::from_mins(minutes)
    }

    fn after_hours(hours: Decimal) -> Timestamp {
        let minutes = hours * dec!(60);
        after_minutes(i64::try_from(minutes).unwrap())
    }

    fn player(chapter: i32, score: Decimal) -> Standing {
        let score = Score::new(score).unwrap();
        Standing {
            chapter: Chapter::new(chapter).unwrap(),
            score,
            metrics: Metrics::all(score),
            silent_since: START,
            settled_until: None,
        }
    }

    fn metrics(values: [Decimal; 4]) -> Metrics {
        let [intimacy, passion, trust, secureness] = values.map(|value| Score::new(value).unwrap());
        Metrics { intimacy, passion, trust, secureness }
    }

    /// The player after a run at `now`, as the job writes it.
    fn after_run(standing: Standing, now: Timestamp) -> Standing {
        match judge(&standing, now) {
            Verdict::Spared | Verdict::Ended { .. } => standing,
            Verdict::Charged(charge) | Verdict::Drained(charge) => Standing {
                score: charge.score,
                metrics: charge.metrics,
                settled_until: Some(now),
                ..standing
            },
        }
    }

    /// case: game G-31, G-36, G-37
    #[test]
    fn one_run_charges_the_hours_after_the_grace() {
        for (chapter, score, silent_hours, left) in [
            (1, dec!(50), dec!(6), dec!(50.00)),
            (1, dec!(50), dec!(8), dec!(50.00)),
            (1, dec!(50), dec!(10), dec!(48.40)),
            (1, dec!(50), dec!(18), dec!(42.00)),
            (3, dec!(65), dec!(34), dec!(61.00)),
            (4, dec!(70), dec!(60.5), dec!(66.25)),
            (5, dec!(80), dec!(70), dec!(80.00)),
            (5, dec!(80), dec!(100), dec!(74.40)),
            (1, dec!(50), dec!(48), dec!(30.00)), // capped
        ] {
            let after = after_run(player(chapter, score), after_hours(silent_hours));
            assert_eq!(after.score.value(), left, "chapter {chapter}, silent for {silent_hours} h");
        }
    }

    #[test]
    fn a_charge_says_whether_it_was_cut_and_whether_anything_is_left() {
        let charged = |score, silent_hours| judge(&player(1, score), after_hours(silent_hours));
        // 25 hours beyond the grace come to exactly the most that one run takes.
        for (silent_hours, capped) in [(dec!(32), false), (dec!(33), false), (dec!(33.1), true)] {
            let Verdict::Charged(charge) = charged(dec!(50), silent_hours) else {
                panic!("something is left after {silent_hours} h")
            };
            assert_eq!(charge.capped, capped, "{silent_hours} h");
        }
        assert!(matches!(charged(dec!(20), dec!(33)), Verdict::Drained(_)));
        assert!(matches!(charged(dec!(20.01), dec!(33)), Verdict::Charged(_)));
    }

    #[test]
    fn the_smallest_charge_is_charged_and_what_is_less_waits() {
        // In the fifth chapter a point takes five hours: 0.005 of one takes ninety seconds and rounds up.
        let after = |seconds| START + SignedDuration::from_hours(72) + SignedDuration::from_secs(seconds);
        let amount = |seconds| match judge(&player(5, dec!(80)), after(seconds)) {
            Verdict::Charged(charge) => Some(charge.amount),
            _ => None,
        };
        assert_eq!((amount(89), amount(90)), (None, Some(SMALLEST_CHARGE)));
    }

    #[test]
    fn statements_get_the_grace_of_every_chapter() {
        assert_eq!(grace_by_chapter(), (vec![1, 2, 3, 4, 5], vec![8, 16, 24, 48, 72]));
    }

    /// case: game G-32, G-36
    #[test]
    fn metrics_shrink_in_proportion() {
        for (chapter, score, before, silent_hours, left, after) in [
            (
                1,
                dec!(50.25),
                [dec!(55), dec!(45), dec!(50), dec!(50)],
                dec!(10),
                dec!(48.65),
                [dec!(53.25), dec!(43.57), dec!(48.41), dec!(48.41)],
            ),
            (
                4,
                dec!(70),
                [dec!(72), dec!(68), dec!(70), dec!(69.5)],
                dec!(60.5),
                dec!(66.25),
                [dec!(68.14), dec!(64.36), dec!(66.25), dec!(65.78)],
            ),
        ] {
            let standing = Standing { metrics: metrics(before), ..player(chapter, score) };
            let charged = after_run(standing, after_hours(silent_hours));
            assert_eq!((charged.score.value(), charged.metrics), (left, metrics(after)));
        }
    }

    /// case: game G-33, G-34, G-35, G-37
    #[test]
    fn repeated_runs_charge_unsettled_hours_only() {
        for (runs, scores) in [
            (vec![9, 10, 11], vec![dec!(49.20), dec!(48.40), dec!(47.60)]),
            (vec![11, 11], vec![dec!(47.60), dec!(47.60)]),
            (vec![8, 19], vec![dec!(50.00), dec!(41.20)]),
            (vec![48, 49], vec![dec!(30.00), dec!(29.20)]),
            (vec![11, 10], vec![dec!(47.60), dec!(47.60)]), // a slot that arrives late
        ] {
            let mut standing = player(1, dec!(50));
            for (hour, score) in runs.into_iter().zip(scores) {
                standing = after_run(standing, after_minutes(hour * 60));
                assert_eq!(standing.score.value(), score, "at hour {hour}");
            }
        }
        let settled = after_run(player(1, dec!(50)), after_minutes(11 * 60));
        let five_seconds_later = after_minutes(11 * 60) + SignedDuration::from_secs(5);
        assert_eq!(judge(&settled, five_seconds_later), Verdict::Spared);
    }

    /// case: game G-39
    #[test]
    fn only_players_who_play_are_charged() {
        for (status, onboarding, eligible) in [
            (GameStatus::Active, OnboardingStatus::Completed, true),
            (GameStatus::Active, OnboardingStatus::Skipped, true),
            (GameStatus::Active, OnboardingStatus::Pending, false),
            (GameStatus::Active, OnboardingStatus::InProgress, false),
            (GameStatus::BossFight, OnboardingStatus::Completed, false),
            (GameStatus::GameOver, OnboardingStatus::Completed, false),
            (GameStatus::Won, OnboardingStatus::Completed, false),
        ] {
            assert_eq!(is_eligible(status, onboarding), eligible, "{status:?} {onboarding:?}");
        }

        // Fought for 40 hours, then a truce: the grace begins anew.
        let fought = Presence { grace_started_at: Some(START), ..Presence::default() };
        let truce = fought.with_new_grace(after_minutes(40 * 60));
        let silent_since = truce.silent_since(None, START);
        let standing = Standing { silent_since, ..player(1, dec!(50)) };
        assert_eq!(judge(&standing, after_minutes(41 * 60)), Verdict::Spared);

        // Onboarded nine hours ago, never wrote.
        let silent_since = Presence::default().silent_since(Some(after_minutes(60)), START);
        let after = after_run(Standing { silent_since, ..player(1, dec!(50)) }, after_minutes(10 * 60));
        assert_eq!(after.score.value(), dec!(49.20));
    }

    #[test]
    fn the_last_points_end_the_game() {
        let Verdict::Drained(charge) = judge(&player(2, dec!(3)), after_minutes(26 * 60)) else {
            panic!("the score reaches 0")
        };
        assert_eq!(
            (charge.amount, charge.score, charge.metrics),
            (dec!(3), Score::ZERO, Metrics::all(Score::ZERO))
        );
        assert_eq!(
            judge(&player(2, dec!(0)), after_minutes(26 * 60)),
            Verdict::Ended { hours_overdue: dec!(10) }
        );
        assert_eq!(judge(&player(2, dec!(0)), after_minutes(60)), Verdict::Spared);
    }

    /// case: game G-60
    #[test]
    fn the_outlook_tells_grace_rate_and_projection() {
        for (silent_hours, remaining, decaying, projected) in
            [(10, dec!(6), false, dec!(50.60)), (17, dec!(0), true, dec!(47.00))]
        {
            let told = outlook(&player(2, dec!(61.40)), after_minutes(silent_hours * 60));
            assert_eq!(
                (told.grace_hours, told.hours_remaining, told.is_decaying, told.projected.value()),
                (16, remaining, decaying, projected)
            );
        }
    }

    /// case: api 17, 18
    #[test]
    fn in_the_first_chapter_eight_hours_are_free() {
        for (silent_minutes, remaining, decaying, projected) in [
            (6 * 60 + 30, dec!(1.5), false, dec!(32)),
            (8 * 60, dec!(0), false, dec!(30.8)),
            (10 * 60, dec!(0), true, dec!(30.8)),
        ] {
            let told = outlook(&player(1, dec!(50)), after_minutes(silent_minutes));
            assert_eq!(
                (told.grace_hours, told.hours_remaining, told.rate, told.is_decaying, told.projected.value()),
                (8, remaining, dec!(0.8), decaying, projected),
                "{silent_minutes}"
            );
        }
    }

    proptest! {
        /// However a span is cut into runs, it costs the same within a cent a run, where neither the cap nor the
        /// smallest charge nor the floor comes in.
        #[test]
        fn a_span_costs_the_same_in_any_number_of_runs(
            chapter in 1_i32..=5,
            // At most 24 hours after the grace: the cap is 25 hours away at the highest rate. At least 30 minutes a
            // run: ten cents at the lowest rate.
            steps in prop::collection::vec(30_i64..=120, 1..=12),
        ) {
            let start = player(chapter, dec!(90));
            let grace = i64::from(patience(start.chapter).grace_hours) * 60;
            let ends: Vec<i64> = steps.iter().scan(grace, |at, step| { *at += step; Some(*at) }).collect();

            let at_once = after_run(start, after_minutes(*ends.last().unwrap()));
            let in_steps = ends.iter().fold(start, |standing, &end| after_run(standing, after_minutes(end)));

            let apart = (at_once.score.value() - in_steps.score.value()).abs();
            prop_assert!(apart <= dec!(0.01) * Decimal::from(steps.len()));
        }

        /// Slots that come again, or late, change nothing.
        #[test]
        fn repeated_and_late_slots_change_nothing(
            chapter in 1_i32..=5, score in 1_i64..=10_000, mut hours in prop::collection::vec(0_i64..300, 1..15),
            repeats in prop::collection::vec(any::<prop::sample::Index>(), 15),
        ) {
            hours.sort_unstable();
            let start = player(chapter, Decimal::new(score, 2));
            let once = hours.iter().fold(start, |standing, hour| after_run(standing, after_minutes(hour * 60)));
            let again = hours.iter().enumerate().zip(&repeats).fold(start, |standing, ((at, hour), repeat)| {
                let standing = after_run(standing, after_minutes(hour * 60));
                after_run(standing, after_minutes(repeat.get(&hours[..=at]) * 60))
            });
            prop_assert_eq!(once, again);
        }

        #[test]
        fn no_run_takes_more_than_the_cap_or_leaves_the_range(
            chapter in 1_i32..=5, score in 1_i64..=10_000, minutes in 0_i64..100_000, settled in 0_i64..100_000,
        ) {
            let standing =
                Standing { settled_until: Some(after_minutes(settled)), ..player(chapter, Decimal::new(score, 2)) };
            let after = after_run(standing, after_minutes(minutes));
            prop_assert!(standing.score.value() - after.score.value() <= MAX_CHARGE);
            prop_assert!(after.score <= standing.score);
            prop_assert!((after.metrics.composite() - after.score.value()).abs() <= dec!(0.01));
        }
    }
}

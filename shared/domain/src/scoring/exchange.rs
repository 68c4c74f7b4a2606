//! The exchange: from a model's deltas to the new score, in this order.
//!
//! 1. [Warmth](super::warmth) adds to trust if both were vulnerable.
//! 2. In [care mode](crate::care) losses are dropped: it never costs anything.
//! 3. Gains are multiplied by what the engagement state before the exchange allows; losses are not.
//! 4. A designer may cap what one exchange moves in a chapter; nothing is capped unless an experiment says so.
//! 5. The metrics take what is left, and the score [follows](crate::score::change).
//!
//! What follows: a score of 0 ends the game; otherwise the boss may come. In care mode he does not: he comes at the
//! next exchange outside it. A score that falls below the critical line makes her warn. A worse engagement state never
//! raises a gain.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::analysis::Analysis;
use super::events::{Crossing, crossings};
use super::warmth::warmed;
use crate::boss::Attempts;
use crate::boss::trigger::Gate;
use crate::chapter::Chapter;
use crate::config::{ByChapter, in_force};
use crate::engagement::EngagementState;
use crate::score::{Balance, Delta, Deltas};
use crate::status::GameStatus;

/// The player, as the locked rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Player {
    /// Where the game stands.
    pub status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// Score and metrics.
    pub balance: Balance,
    /// The engagement state before the exchange.
    pub engagement: EngagementState,
    /// Lost boss attempts.
    pub attempts: Attempts,
    /// No boss before this instant.
    pub cool_down_until: Option<Timestamp>,
}

/// What the exchange stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setting {
    /// Earlier exchanges of this conversation in which both were vulnerable.
    pub earlier_vulnerability_exchanges: u32,
    /// Whether the conversation is in care mode.
    pub in_care: bool,
}

/// What becomes of the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// It goes on.
    GoesOn,
    /// The score is 0.
    GameOver,
    /// The boss comes.
    BossComes,
}

/// What an exchange did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scored {
    /// The player before it.
    pub before: Player,
    /// Score and metrics after it.
    pub after: Balance,
    /// What the metrics were given.
    pub applied: Deltas,
    /// What gains were multiplied by.
    pub multiplier: Decimal,
    /// The thresholds it reached.
    pub crossings: Vec<Crossing>,
    /// What becomes of the game.
    pub consequence: Consequence,
}

impl Scored {
    /// By how much the score moved.
    pub fn net(&self) -> Decimal {
        self.after.score.value() - self.before.balance.score.value()
    }

    /// Whether she warns because of it; whoever sends the warning keeps to one in 24 hours.
    pub fn makes_her_warn(&self) -> bool {
        self.consequence != Consequence::GameOver && self.crossings.contains(&Crossing::CriticalLow)
    }
}

/// Scores an exchange; none for a player who is not active any more.
pub fn score(analysis: &Analysis, player: &Player, setting: Setting, now: Timestamp) -> Option<Scored> {
    if player.status != GameStatus::Active {
        return None;
    }
    let applied = applied(analysis, player, setting);
    let mut after = player.balance.after(applied);
    if setting.in_care {
        // Metrics that had lost touch with the score must not pull it down either.
        after.score = after.score.max(player.balance.score);
    }

    let boss_comes = !setting.in_care && gate(player, after).is_open(now);
    let consequence = if after.score.is_zero() && !setting.in_care {
        Consequence::GameOver
    } else if boss_comes {
        Consequence::BossComes
    } else {
        Consequence::GoesOn
    };
    let crossings = crossings(player.balance.score, after.score, boss_comes);
    let multiplier = player.engagement.multiplier();
    Some(Scored { before: *player, after, applied, multiplier, crossings, consequence })
}

fn applied(analysis: &Analysis, player: &Player, setting: Setting) -> Deltas {
    let warm = if analysis.has_vulnerability_exchange() {
        warmed(analysis.deltas, setting.earlier_vulnerability_exchanges)
    } else {
        analysis.deltas
    };
    let cared = if setting.in_care { warm.map(Delta::without_loss) } else { warm };
    let damped = cared.map(|delta| delta.gain_times(player.engagement.multiplier()));
    capped(damped, player.chapter, in_force().scoring.delta_cap_by_chapter.as_ref())
}

fn capped(deltas: Deltas, chapter: Chapter, caps: Option<&ByChapter<Decimal>>) -> Deltas {
    caps.map_or(deltas, |caps| deltas.map(|delta| delta.within(*caps.of(chapter))))
}

fn gate(player: &Player, after: Balance) -> Gate {
    Gate {
        score: after.score,
        chapter: player.chapter,
        status: player.status,
        attempts: player.attempts,
        cool_down_until: player.cool_down_until,
    }
}

#[cfg(test)]
mod tests {
    use EngagementState::{Calibrating, Clingy, Distant, Drifting, InZone};
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use rust_decimal::dec;
    use serde_json::json;

    use super::super::analysis::VULNERABILITY_TAG;
    use super::*;
    use crate::score::{Metrics, Score};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn of(metrics: [Decimal; 4]) -> Metrics {
        Metrics::from_order(metrics.map(|metric| Score::new(metric).unwrap()))
    }

    fn player(chapter: i32, engagement: EngagementState, score: Decimal, metrics: [Decimal; 4]) -> Player {
        Player {
            status: GameStatus::Active,
            chapter: Chapter::new(chapter).unwrap(),
            balance: Balance { score: Score::new(score).unwrap(), metrics: of(metrics) },
            engagement,
            attempts: Attempts::NONE,
            cool_down_until: None,
        }
    }

    fn analysis(deltas: [Decimal; 4]) -> Analysis {
        Analysis { deltas: Deltas::clamped(deltas), error: None, ..Analysis::failed("") }
    }

    fn scored(player: &Player, deltas: [Decimal; 4]) -> Scored {
        score(&analysis(deltas), player, Setting::default(), NOW).unwrap()
    }

    /// case: game G-01, G-02, G-03, G-04, G-05, G-06, G-07, G-12
    #[test]
    fn gains_are_multiplied_and_the_score_follows_the_metrics() {
        for (player, deltas, metrics, net, after) in [
            (
                player(1, Calibrating, dec!(50), [dec!(50); 4]),
                [dec!(3), dec!(2), dec!(1), dec!(2)],
                [dec!(52.70), dec!(51.80), dec!(50.90), dec!(51.80)],
                dec!(1.85),
                dec!(51.85),
            ),
            (player(1, InZone, dec!(50), [dec!(50); 4]), [dec!(5); 4], [dec!(55); 4], dec!(5), dec!(55.00)),
            (
                player(1, Clingy, dec!(50), [dec!(50); 4]),
                [dec!(5); 4],
                [dec!(52.5); 4],
                dec!(2.5),
                dec!(52.50),
            ),
            (player(1, Clingy, dec!(50), [dec!(50); 4]), [dec!(-3); 4], [dec!(47); 4], dec!(-3), dec!(47.00)),
            (
                player(2, Distant, dec!(58.60), [dec!(55), dec!(60), dec!(62), dec!(58)]),
                [dec!(4), dec!(-2), dec!(3.5), dec!(1)],
                [dec!(57.40), dec!(58.00), dec!(64.10), dec!(58.60)],
                dec!(0.87),
                dec!(59.47),
            ),
            (
                player(3, InZone, dec!(60), [dec!(60); 4]),
                [dec!(0), dec!(3), dec!(-3), dec!(0)],
                [dec!(60), dec!(63), dec!(57), dec!(60)],
                dec!(0),
                dec!(60),
            ),
            (
                player(5, InZone, dec!(97.60), [dec!(98), dec!(99), dec!(97), dec!(96)]),
                [dec!(10); 4],
                [dec!(100); 4],
                dec!(2.40),
                dec!(100),
            ),
            (player(1, InZone, dec!(42), [dec!(50); 4]), [dec!(2); 4], [dec!(44); 4], dec!(2), dec!(44)),
        ] {
            let scored = scored(&player, deltas);
            assert_eq!(
                (scored.after.metrics, scored.net(), scored.after.score.value()),
                (of(metrics), net, after),
                "{player:?}"
            );
        }
    }

    /// case: game G-01, G-02, G-08, G-09, G-10, G-11, G-13
    #[test]
    fn thresholds_are_seen_on_the_rounded_score() {
        for (player, deltas, after, crossings, consequence) in [
            (
                player(1, Calibrating, dec!(50), [dec!(50); 4]),
                [dec!(3), dec!(2), dec!(1), dec!(2)],
                dec!(51.85),
                vec![],
                Consequence::GoesOn,
            ),
            (
                player(1, InZone, dec!(50), [dec!(50); 4]),
                [dec!(5); 4],
                dec!(55),
                vec![Crossing::BossReached],
                Consequence::BossComes,
            ),
            (
                player(1, InZone, dec!(2.60), [dec!(3), dec!(2), dec!(4), dec!(1)]),
                [dec!(-10); 4],
                dec!(0),
                vec![Crossing::GameOver],
                Consequence::GameOver,
            ),
            (
                player(1, Drifting, dec!(20.80), [dec!(21), dec!(20), dec!(22), dec!(20)]),
                [dec!(-4); 4],
                dec!(16.80),
                vec![Crossing::CriticalLow],
                Consequence::GoesOn,
            ),
            (
                player(1, Drifting, dec!(18.65), [dec!(18), dec!(19), dec!(18), dec!(20)]),
                [dec!(6); 4],
                dec!(23.45),
                vec![Crossing::RecoveryFromCritical],
                Consequence::GoesOn,
            ),
            (
                player(1, Calibrating, dec!(54.60), [dec!(54.60); 4]),
                [dec!(0.44); 4],
                dec!(55.00),
                vec![Crossing::BossReached],
                Consequence::BossComes,
            ),
            (
                player(3, Drifting, dec!(64.60), [dec!(64.5), dec!(66), dec!(63), dec!(65)]),
                [dec!(2), dec!(1.5), dec!(2.5), dec!(1)],
                dec!(66.04),
                vec![Crossing::BossReached],
                Consequence::BossComes,
            ),
        ] {
            let scored = scored(&player, deltas);
            assert_eq!(
                (scored.after.score.value(), &scored.crossings, scored.consequence),
                (after, &crossings, consequence),
                "{player:?}"
            );
            assert_eq!(scored.makes_her_warn(), crossings == [Crossing::CriticalLow]);
        }
        let scored = scored(&player(1, Calibrating, dec!(54.60), [dec!(54.60); 4]), [dec!(0.44); 4]);
        assert_eq!(scored.applied, Deltas::clamped([dec!(0.396); 4]));
    }

    /// A call is judged as a whole, by the rules of one exchange.
    /// case: voice 40-44
    #[test]
    fn a_call_moves_the_score_as_one_exchange() {
        let even = [dec!(50); 4];
        for (player, deltas, metrics, net, after) in [
            (
                player(1, InZone, dec!(50), even),
                [dec!(4), dec!(2), dec!(3), dec!(1)],
                [dec!(54), dec!(52), dec!(53), dec!(51)],
                dec!(2.65),
                dec!(52.65),
            ),
            (
                player(1, InZone, dec!(49.80), even),
                [dec!(4), dec!(2), dec!(3), dec!(1)],
                [dec!(54), dec!(52), dec!(53), dec!(51)],
                dec!(2.65),
                dec!(52.45),
            ),
            (
                player(1, Clingy, dec!(50), even),
                [dec!(4), dec!(2), dec!(3), dec!(1)],
                [dec!(52), dec!(51), dec!(51.5), dec!(50.5)],
                dec!(1.33),
                dec!(51.33),
            ),
            (
                player(1, Distant, dec!(50), even),
                [dec!(5), dec!(-4), dec!(3), dec!(-2)],
                [dec!(53), dec!(46), dec!(51.8), dec!(48)],
                dec!(-0.05),
                dec!(49.95),
            ),
            (
                player(1, InZone, dec!(52.40), [dec!(98), dec!(50), dec!(2), dec!(50)]),
                [dec!(5), dec!(0), dec!(-6), dec!(0)],
                [dec!(100), dec!(50), dec!(0), dec!(50)],
                dec!(0.10),
                dec!(52.50),
            ),
            (
                player(1, InZone, dec!(50), even),
                [dec!(14), dec!(0), dec!(0), dec!(-12)],
                [dec!(60), dec!(50), dec!(50), dec!(40)],
                dec!(1.00),
                dec!(51.00),
            ),
        ] {
            let scored = scored(&player, deltas);
            assert_eq!(
                (scored.after.metrics, scored.net(), scored.after.score.value()),
                (of(metrics), net, after),
                "{deltas:?}"
            );
        }
    }

    /// case: game G-15
    #[test]
    fn a_failed_analysis_changes_nothing() {
        let player = player(1, InZone, dec!(50.25), [dec!(55), dec!(45), dec!(50), dec!(51)]);
        let scored = score(&Analysis::failed("timeout"), &player, Setting::default(), NOW).unwrap();
        assert_eq!((scored.after, scored.net()), (player.balance, dec!(0)));
        assert_eq!((scored.crossings, scored.consequence), (vec![], Consequence::GoesOn));
    }

    /// case: game G-16
    #[test]
    fn warmth_comes_before_the_multiplier_and_anew_in_each_conversation() {
        let warm = Analysis {
            behaviors: vec![VULNERABILITY_TAG.to_owned()],
            ..analysis([dec!(0), dec!(0), dec!(3), dec!(0)])
        };
        let clingy = player(1, Clingy, dec!(50), [dec!(50); 4]);
        for (earlier, trust) in [(0, dec!(2.5)), (1, dec!(2.0)), (2, dec!(1.5)), (0, dec!(2.5))] {
            let setting = Setting { earlier_vulnerability_exchanges: earlier, ..Setting::default() };
            let scored = score(&warm, &clingy, setting, NOW).unwrap();
            assert_eq!(scored.applied.trust.value(), trust, "after {earlier}");
        }
    }

    /// case: game G-24
    #[test]
    fn the_next_boss_waits_for_the_cool_down() {
        let until = NOW + SignedDuration::from_hours(24);
        let passed = Player { cool_down_until: Some(until), ..player(2, InZone, dec!(62), [dec!(62); 4]) };
        let deltas = analysis([dec!(0.5); 4]);
        for (hours, consequence) in [(1, Consequence::GoesOn), (24, Consequence::BossComes)] {
            let now = NOW + SignedDuration::from_hours(hours);
            let scored = score(&deltas, &passed, Setting::default(), now).unwrap();
            assert_eq!((scored.after.score.value(), scored.consequence), (dec!(62.5), consequence));
        }
    }

    #[test]
    fn only_an_active_player_is_scored() {
        for status in [GameStatus::BossFight, GameStatus::GameOver, GameStatus::Won] {
            let player = Player { status, ..player(1, InZone, dec!(50), [dec!(50); 4]) };
            assert_eq!(score(&analysis([dec!(1); 4]), &player, Setting::default(), NOW), None);
        }
    }

    #[test]
    fn a_cap_holds_for_gains_and_losses() {
        let caps = ByChapter([dec!(3), dec!(2.5), dec!(2), dec!(1.5), dec!(1)]);
        let deltas = Deltas::clamped([dec!(2), dec!(5), dec!(-2), dec!(-10)]);
        let chapter = Chapter::new(2).unwrap();
        let within = Deltas::clamped([dec!(2), dec!(2.5), dec!(-2), dec!(-2.5)]);
        assert_eq!(capped(deltas, chapter, Some(&caps)), within);
        assert_eq!(capped(deltas, chapter, None), deltas);
    }

    #[test]
    fn care_mode_forgives_metrics_that_lost_touch() {
        let adrift = player(1, InZone, dec!(0.40), [dec!(0); 4]);
        let care = Setting { in_care: true, ..Setting::default() };
        let scored = score(&analysis([dec!(-5); 4]), &adrift, care, NOW).unwrap();
        assert_eq!((scored.net(), scored.consequence), (dec!(0), Consequence::GoesOn));
    }

    #[test]
    fn no_boss_comes_in_care_mode() {
        let player = player(1, InZone, dec!(60), [dec!(60); 4]);
        let care = Setting { in_care: true, ..Setting::default() };
        let scored = score(&analysis([dec!(1); 4]), &player, care, NOW).unwrap();
        assert_eq!((scored.crossings, scored.consequence), (vec![], Consequence::GoesOn));
    }

    fn any_player() -> impl Strategy<Value = Player> {
        let state = prop::sample::select(EngagementState::ALL.to_vec());
        (1_i32..=5, state, 0_i64..=10_000, prop::array::uniform4(0_i64..=10_000)).prop_map(
            |(chapter, state, score, metrics)| {
                let metrics = metrics.map(|metric| Decimal::new(metric, 2));
                player(chapter, state, Decimal::new(score, 2), metrics)
            },
        )
    }

    fn any_analysis() -> impl Strategy<Value = Analysis> {
        (prop::array::uniform4(-1_500_i64..=1_500), any::<bool>()).prop_map(|(deltas, open)| {
            let behaviors = if open { vec![VULNERABILITY_TAG.to_owned()] } else { Vec::new() };
            Analysis { behaviors, ..analysis(deltas.map(|delta| Decimal::new(delta, 2))) }
        })
    }

    proptest! {
        #[test]
        fn care_mode_never_costs_anything(player in any_player(), analysis in any_analysis(), earlier in 0_u32..4) {
            let setting = Setting { in_care: true, earlier_vulnerability_exchanges: earlier };
            let scored = score(&analysis, &player, setting, NOW).unwrap();
            prop_assert!(scored.net() >= Decimal::ZERO);
            prop_assert_eq!(scored.consequence, Consequence::GoesOn);
        }

        #[test]
        fn a_worse_state_never_raises_a_gain(player in any_player(), analysis in any_analysis()) {
            let mut states = EngagementState::ALL;
            states.sort_by_key(|state| state.multiplier());
            let outcomes = states.map(|engagement| {
                let player = Player { engagement, ..player };
                score(&analysis, &player, Setting::default(), NOW).unwrap().after.score
            });
            prop_assert!(outcomes.is_sorted(), "{outcomes:?}");
        }

        /// Any order of exchanges leaves score and metrics in range and together.
        #[test]
        fn scores_stay_in_range_and_with_their_metrics(
            state in prop::sample::select(EngagementState::ALL.to_vec()),
            analyses in prop::collection::vec(any_analysis(), 1..60),
        ) {
            let mut player = player(1, state, dec!(50), [dec!(50); 4]);
            for analysis in &analyses {
                let scored = score(analysis, &player, Setting::default(), NOW).unwrap();
                player.balance = scored.after;
                let drift = (player.balance.metrics.composite() - player.balance.score.value()).abs();
                prop_assert!(drift <= dec!(0.51), "{:?}", player.balance);
                prop_assert!(Score::new(player.balance.score.value()).is_some());
                prop_assert_eq!(scored.consequence == Consequence::GameOver, player.balance.score.is_zero());
            }
        }
    }

    #[test]
    fn what_a_model_says_is_what_is_scored() {
        let answer = json!({ "deltas": { "intimacy": 99, "passion": 99, "trust": 99, "secureness": 99 } });
        let player = player(1, InZone, dec!(50), [dec!(50); 4]);
        let scored = score(&Analysis::read(&answer).unwrap(), &player, Setting::default(), NOW).unwrap();
        assert_eq!(scored.after.score.value(), dec!(60), "never more than ten points");
    }
}

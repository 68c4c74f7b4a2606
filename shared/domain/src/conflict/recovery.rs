//! Recovery: how she comes out of what she shows. The first that holds:
//!
//! 1. The zone is calm: none.
//! 2. Recovery: progress grows by 0.2 · approach · factor; at the threshold she steps down.
//! 3. The mood allows it: explosive at valence 0.4 or a good conversation; cold at valence 0.4 and a good one; vulnerable at
//!    intimacy 0.5 and a good one; passive_aggressive when nothing was ignored and it was a good one. Good means a gain of score, or a
//!    repair that is excellent or good.
//! 4. Time: from 24 hours after the state was entered, progress grows by a rate per day; at the same threshold she steps down.
//!
//! | state | threshold | factor | rate per day |
//! |---|---|---|---|
//! | explosive | 0.3 | 0.5 | 0.05 |
//! | cold | 0.4 | 0.7 | 0.15 |
//! | vulnerable | 0.5 | 1.0 | 0.20 |
//! | passive_aggressive | 0.3 | 1.0 | 0.25 |
//!
//! | approach | multiplier | the conversation had |
//! |---|---|---|
//! | apologetic | 2.0 | an excellent or good repair |
//! | validating | 1.5 | else an adequate one |
//! | dismissive | 0 | else contempt, criticism or stonewalling |
//! | defensive | 0.1 | else defensiveness |
//! | neutral | 0.5 | else a gain of score |
//! | none | - | otherwise |
//!
//! Progress is capped at 1 and starts at 0 after every change of state.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::Value;

use super::expression::{Expression, Shown, Situation};
use super::temperature::Zone;
use crate::model_answer::number;
use crate::rounding::round4;
use crate::score::HIGHEST;
use crate::scoring::analysis::HORSEMAN_PREFIX;
use crate::scoring::tags::{Horseman, RepairQuality};

/// From this valence on she may calm down.
pub const CALMS_FROM: f64 = 0.4;
/// From this intimacy on a hurt may close.
pub const HEALS_FROM: f64 = 0.5;
/// What a conversation adds to the progress, before approach and state.
pub const RECOVERY_STEP: f64 = 0.2;
/// For so long after a state was entered time does not help.
pub const TIME_HELPS_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// A progress this close to its threshold has reached it.
const TOLERANCE: f64 = 1e-9;

/// How far she has come out of a state.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Recovery {
    /// 0 to 1.
    pub progress: f64,
    /// When a conversation last helped.
    pub last_recovery_at: Option<Timestamp>,
    /// Up to when time has helped.
    pub last_decay_check: Option<Timestamp>,
}

/// What a conversation had in it, from the score's history.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Talk {
    /// Change of the score over all its exchanges.
    pub score_delta: Decimal,
    /// Every repair, as it counts beside the horsemen of its exchange.
    pub repairs: Vec<RepairQuality>,
    /// Every horseman.
    pub horsemen: Vec<Horseman>,
}

/// How the player met her.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approach {
    /// Made up well.
    Apologetic,
    /// Made up a little.
    Validating,
    /// Attacked or shut down.
    Dismissive,
    /// Defended.
    Defensive,
    /// Was simply nice.
    Neutral,
}

impl Approach {
    /// How much of a step it makes.
    pub const fn multiplier(self) -> f64 {
        match self {
            Self::Apologetic => 2.0,
            Self::Validating => 1.5,
            Self::Dismissive => 0.0,
            Self::Defensive => 0.1,
            Self::Neutral => 0.5,
        }
    }
}

impl Talk {
    /// Reads the details of a conversation's rows in the score's history; a damaged key tells nothing.
    pub fn read<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut talk = Self::default();
        for details in rows {
            let tags = details["behaviors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let horsemen: Vec<Horseman> =
                tags.filter_map(|tag| Horseman::parse(tag.strip_prefix(HORSEMAN_PREFIX)?)).collect();
            let repair = details["repair_quality"].as_str().and_then(RepairQuality::parse);
            talk.repairs.extend(repair.and_then(|quality| quality.beside(&horsemen)));
            talk.horsemen.extend(horsemen);
            talk.score_delta += score_delta(details).unwrap_or_default();
        }
        talk
    }

    /// How the player met her, if at all.
    pub fn approach(&self) -> Option<Approach> {
        let repaired = |quality| self.repairs.contains(&quality);
        let rode = |horseman| self.horsemen.contains(&horseman);
        if self.made_up_well() {
            Some(Approach::Apologetic)
        } else if repaired(RepairQuality::Adequate) {
            Some(Approach::Validating)
        } else if [Horseman::Contempt, Horseman::Criticism, Horseman::Stonewalling].into_iter().any(rode) {
            Some(Approach::Dismissive)
        } else if rode(Horseman::Defensiveness) {
            Some(Approach::Defensive)
        } else {
            self.won_score().then_some(Approach::Neutral)
        }
    }

    /// Whether it did her good.
    pub fn was_good(&self) -> bool {
        self.won_score() || self.made_up_well()
    }

    fn made_up_well(&self) -> bool {
        self.repairs.iter().any(|quality| matches!(quality, RepairQuality::Excellent | RepairQuality::Good))
    }

    fn won_score(&self) -> bool {
        self.score_delta > Decimal::ZERO
    }
}

/// The change of score that the details of a history row tell; older rows hold it as text. No score moves further than a
/// score can go.
pub fn score_delta(details: &Value) -> Option<Decimal> {
    let stored = &details["composite_delta"];
    let delta = stored.as_str().map_or_else(|| number(Some(stored)), |text| text.parse().ok())?;
    Some(delta.clamp(-HIGHEST, HIGHEST))
}

/// The figures of a state.
struct Figures {
    threshold: f64,
    factor: f64,
    rate_per_day: f64,
}

const fn figures(state: Expression) -> Figures {
    let (threshold, factor, rate_per_day) = match state {
        Expression::Explosive => (0.3, 0.5, 0.05),
        Expression::Cold => (0.4, 0.7, 0.15),
        Expression::Vulnerable => (0.5, 1.0, 0.20),
        Expression::PassiveAggressive => (0.3, 1.0, 0.25),
    };
    Figures { threshold, factor, rate_per_day }
}

impl Recovery {
    fn advance(&mut self, by: f64) {
        self.progress = round4((self.progress + by).min(1.0));
    }

    fn is_complete(&self, from: Expression) -> bool {
        self.progress >= figures(from).threshold - TOLERANCE
    }
}

/// Whether she comes out of the present state; what was gained on the way is noted.
pub(super) fn leaves(
    present: Expression,
    shown: &mut Shown,
    situation: &Situation<'_>,
    now: Timestamp,
) -> bool {
    situation.temperature.zone() == Zone::Calm
        || recovers(present, shown, situation.talk, now)
        || mood_allows(present, situation)
        || time_helps(present, shown, now)
}

fn recovers(present: Expression, shown: &mut Shown, talk: &Talk, now: Timestamp) -> bool {
    let gain = talk
        .approach()
        .map_or(0.0, |approach| RECOVERY_STEP * approach.multiplier() * figures(present).factor);
    if gain > 0.0 {
        shown.recovery.advance(gain);
        shown.recovery.last_recovery_at = Some(now);
    }
    gain > 0.0 && shown.recovery.is_complete(present)
}

fn mood_allows(present: Expression, situation: &Situation<'_>) -> bool {
    let (mood, good) = (situation.mood, situation.talk.was_good());
    match present {
        Expression::Explosive => mood.valence() >= CALMS_FROM || good,
        Expression::Cold => mood.valence() >= CALMS_FROM && good,
        Expression::Vulnerable => mood.intimacy() >= HEALS_FROM && good,
        Expression::PassiveAggressive => situation.ignored == 0 && good,
    }
}

fn time_helps(present: Expression, shown: &mut Shown, now: Timestamp) -> bool {
    let Some(helps_from) = shown.started_at.and_then(|at| at.checked_add(TIME_HELPS_AFTER).ok()) else {
        return false;
    };
    let from = shown.recovery.last_decay_check.map_or(helps_from, |checked| checked.max(helps_from));
    if now <= from {
        return false;
    }
    let days = now.duration_since(from).as_secs_f64() / 86_400.0;
    shown.recovery.advance(figures(present).rate_per_day * days);
    shown.recovery.last_decay_check = Some(now);
    shown.recovery.is_complete(present)
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;
    use serde_json::json;

    use super::super::expression::{Change, step};
    use super::super::temperature::Temperature;
    use super::*;
    use crate::emotion::Dimensions;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn shows(state: Expression, hours_ago: i64) -> Shown {
        Shown {
            state: Some(state),
            started_at: Some(NOW - SignedDuration::from_hours(hours_ago)),
            trigger: Some("before".into()),
            recovery: Recovery::default(),
        }
    }

    fn situation(talk: &Talk, valence: f64, temperature: f64) -> Situation<'_> {
        Situation {
            mood: Dimensions::new(0.5, valence, 0.5, 0.4),
            intimacy_before: None,
            ignored: 1,
            talk,
            temperature: Temperature::new(temperature),
            in_care: false,
        }
    }

    fn repaired(quality: RepairQuality) -> Talk {
        Talk { repairs: vec![quality], ..Talk::default() }
    }

    #[test]
    fn the_history_tells_what_a_conversation_had_in_it() {
        let rows = [
            json!({ "composite_delta": 1.85, "behaviors": ["humour", "horseman:contempt"], "repair_quality": null }),
            json!({ "composite_delta": "-0.50", "behaviors": ["horseman:weather"], "repair_quality": "good" }),
            json!({ "composite_delta": [], "behaviors": "horseman:contempt", "repair_quality": 3 }),
            json!(null),
        ];
        let talk = Talk {
            score_delta: dec!(1.35),
            repairs: vec![RepairQuality::Good],
            horsemen: vec![Horseman::Contempt],
        };
        assert_eq!(Talk::read(&rows), talk);
    }

    /// Contempt voids the repair beside it, and no other.
    #[test]
    fn who_sneers_has_not_made_up() {
        let sorry = |behaviors: &[&str], quality: &str| json!({ "composite_delta": -2, "behaviors": behaviors, "repair_quality": quality });
        let sneered =
            Talk::read(&[sorry(&["horseman:contempt"], "excellent"), sorry(&["horseman:criticism"], "poor")]);
        assert_eq!((sneered.approach(), sneered.was_good()), (Some(Approach::Dismissive), false));
        let mut shown = shows(Expression::Explosive, 5);
        assert_eq!(step(&mut shown, &situation(&sneered, 0.2, 80.0), NOW), Change::Stayed);
        assert_eq!(shown.recovery, Recovery::default());

        let thought_better = Talk::read(&[sorry(&["horseman:contempt"], "good"), sorry(&[], "good")]);
        assert_eq!(thought_better.repairs, [RepairQuality::Good]);
        let harmful = Talk::read(&[sorry(&["horseman:contempt"], "harmful")]);
        assert_eq!(harmful.repairs, [RepairQuality::Harmful]);
    }

    /// case: psyche 29
    #[test]
    fn two_apologies_warm_the_cold_one() {
        let sorry = repaired(RepairQuality::Good);
        let mut shown = shows(Expression::Cold, 5);
        let hot = situation(&sorry, 0.3, 60.0);
        assert_eq!(step(&mut shown, &hot, NOW), Change::Stayed);
        assert_eq!((shown.recovery.progress, shown.recovery.last_recovery_at), (0.28, Some(NOW)));
        assert_eq!(step(&mut shown, &hot, NOW), Change::Left);
        assert_eq!(shown, Shown::default());
    }

    /// case: psyche 30
    #[test]
    fn an_outburst_ends_in_coldness() {
        let understood = repaired(RepairQuality::Adequate);
        let mut shown = shows(Expression::Explosive, 5);
        let hot = situation(&understood, 0.2, 80.0);
        assert_eq!(step(&mut shown, &hot, NOW), Change::Stayed);
        assert_eq!(
            shown.recovery,
            Recovery { progress: 0.15, last_recovery_at: Some(NOW), last_decay_check: None }
        );
        assert_eq!(step(&mut shown, &hot, NOW), Change::Left);
        assert_eq!((shown.state, shown.started_at), (Some(Expression::Cold), Some(NOW)));
        assert_eq!((shown.trigger.as_deref(), shown.recovery), (Some("before"), Recovery::default()));

        let sneered = Talk { horsemen: vec![Horseman::Criticism], ..Talk::default() };
        let mut shown = shows(Expression::Explosive, 5);
        assert_eq!(step(&mut shown, &situation(&sneered, 0.2, 80.0), NOW), Change::Stayed);
        assert_eq!(shown.recovery, Recovery::default());
        assert_eq!(step(&mut shown, &situation(&sneered, 0.4, 80.0), NOW), Change::Left);
        assert_eq!(shown.state, Some(Expression::Cold));
    }

    /// case: psyche 31
    #[test]
    fn time_heals_after_a_day() {
        let silence = Talk::default();
        let warm = situation(&silence, 0.5, 40.0);
        let mut shown = shows(Expression::Vulnerable, 60);
        assert_eq!(step(&mut shown, &warm, NOW), Change::Stayed);
        assert_eq!((shown.recovery.progress, shown.recovery.last_decay_check), (0.3, Some(NOW)));
        let later = NOW + SignedDuration::from_hours(24);
        assert_eq!(step(&mut shown.clone(), &warm, later), Change::Left);
        assert_eq!(step(&mut shows(Expression::Vulnerable, 84), &warm, NOW), Change::Left);

        let mut fresh = shows(Expression::Vulnerable, 24);
        step(&mut fresh, &warm, NOW);
        assert_eq!(fresh.recovery, Recovery::default());
    }

    /// case: psyche 32
    #[test]
    fn nothing_is_shown_in_the_calm() {
        for state in Expression::ALL {
            let mut shown = shows(state, 5);
            assert_eq!(step(&mut shown, &situation(&Talk::default(), 0.1, 20.0), NOW), Change::Left);
            assert_eq!(shown, Shown::default(), "{state:?}");
        }
    }

    #[test]
    fn the_gravest_thing_she_heard_is_the_approach() {
        use RepairQuality::{Adequate, Excellent, Poor};
        let talk = |repairs: &[RepairQuality], horsemen: &[Horseman], score_delta| Talk {
            score_delta,
            repairs: repairs.to_vec(),
            horsemen: horsemen.to_vec(),
        };
        for (talk, approach) in [
            (talk(&[Poor, Excellent], &[Horseman::Contempt], dec!(-1)), Some(Approach::Apologetic)),
            (talk(&[Adequate], &[Horseman::Contempt], dec!(0)), Some(Approach::Validating)),
            (
                talk(&[Poor], &[Horseman::Defensiveness, Horseman::Stonewalling], dec!(2)),
                Some(Approach::Dismissive),
            ),
            (talk(&[], &[Horseman::Defensiveness], dec!(2)), Some(Approach::Defensive)),
            (talk(&[], &[], dec!(0.01)), Some(Approach::Neutral)),
            (talk(&[Poor], &[], dec!(0)), None),
        ] {
            assert_eq!(talk.approach(), approach, "{talk:?}");
        }
    }

    #[test]
    fn each_state_has_its_own_way_out() {
        let nice = Talk { score_delta: dec!(0.5), ..Talk::default() };
        let at = |valence, intimacy, ignored| Situation {
            mood: Dimensions::new(0.5, valence, 0.5, intimacy),
            ignored,
            ..situation(&nice, 0.5, 60.0)
        };
        for (state, situation, out) in [
            (Expression::Explosive, at(0.1, 0.1, 3), true),
            (Expression::Cold, at(0.4, 0.1, 3), true),
            (Expression::Cold, at(0.39, 0.9, 3), false),
            (Expression::Vulnerable, at(0.1, 0.5, 3), true),
            (Expression::Vulnerable, at(0.9, 0.49, 3), false),
            (Expression::PassiveAggressive, at(0.1, 0.1, 0), true),
            (Expression::PassiveAggressive, at(0.9, 0.9, 1), false),
        ] {
            let left = step(&mut shows(state, 5), &situation, NOW) == Change::Left;
            assert_eq!(left, out, "{state:?} {situation:?}");
        }
    }
}

//! After a conversation: what the pipeline's conflict stage does, in one locked transaction.
//!
//! Time cools; what she shows moves by one step at most; entering a state warms; an open conflict ends by itself or escalates; then
//! the [breakup](super::breakup) rules are looked at. A relationship that ends closes its conflict as failed. Rising to 50 or
//! more counts as the beginning of a conflict. During a boss encounter nothing ends, escalates or breaks up; in [care
//! mode](crate::care) nothing gets worse, and while a later conversation is in it she neither warns nor ends anything: the next
//! one that is settled shows whether it comes to that. A game that is over is left alone.
//!
//! A document in which nothing has ever happened stays what it was.

use jiff::Timestamp;

use super::breakup::{Reason, Risk, risk};
use super::details::{ConflictType, Details};
use super::escalation::{self, Step};
use super::expression::{self, Change, Shown, Situation};
use super::recovery::Talk;
use super::turn::rises_to_conflict;
use crate::decay_warning::may_warn;
use crate::draw::Draws;
use crate::emotion::Dimensions;
use crate::score::Score;
use crate::status::GameStatus;

/// What the stage looks at, beside the document and what she shows.
#[derive(Debug, Clone)]
pub struct Ended<'a> {
    /// Where the game stands.
    pub status: GameStatus,
    /// The score.
    pub score: Score,
    /// Her mood after the conversation.
    pub mood: Dimensions,
    /// Her intimacy before it, if there was a row.
    pub intimacy_before: Option<f64>,
    /// How many of her messages were ignored before it.
    pub ignored: u32,
    /// What it had in it.
    pub talk: &'a Talk,
    /// Whether it was in care mode.
    pub in_care: bool,
    /// Whether the player's open conversation, a later one, is in care mode.
    pub in_care_now: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What it did to what she shows.
    pub change: Change,
    /// What time did to the open conflict.
    pub step: Option<Step>,
    /// `users.last_conflict_at` is to be set to this.
    pub conflict_began_at: Option<Timestamp>,
    /// Why it ends, if it does.
    pub breakup: Option<Breakup>,
    /// Whether she warns.
    pub warns: bool,
}

/// The end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakup {
    /// Why.
    pub reason: Reason,
    /// What the open conflict was about.
    pub about: Option<ConflictType>,
}

/// Settles a conversation; none when the game is over already.
pub fn settle(
    details: &mut Details,
    shown: &mut Shown,
    ended: &Ended<'_>,
    draws: &Draws,
    now: Timestamp,
) -> Option<Outcome> {
    if !ended.status.is_playable() {
        return None;
    }
    details.settle(now);
    details.cool(now);
    let before = details.temperature();
    let change = show(details, shown, ended, now);
    let conflict_began_at = rises_to_conflict(before, details.temperature()).then_some(now);
    let mut outcome = Outcome { change, step: None, conflict_began_at, breakup: None, warns: false };
    if ended.status == GameStatus::Active {
        let time = if ended.in_care { escalation::fade } else { escalation::step };
        outcome.step = time(details, draws, now);
        if !ended.in_care && !ended.in_care_now {
            end_or_warn(details, ended.score, &mut outcome, now);
        }
    }
    Some(outcome)
}

fn show(details: &mut Details, shown: &mut Shown, ended: &Ended<'_>, now: Timestamp) -> Change {
    let situation = Situation {
        mood: ended.mood,
        intimacy_before: ended.intimacy_before,
        ignored: ended.ignored,
        talk: ended.talk,
        temperature: details.temperature(),
        in_care: ended.in_care,
    };
    let change = expression::step(shown, &situation, now);
    if let Change::Entered(state) = change {
        details.set_temperature(details.temperature().lifted_to(state.warms_to()), now);
    }
    change
}

fn end_or_warn(details: &mut Details, score: Score, outcome: &mut Outcome, now: Timestamp) {
    let (risk, reason) = risk(details, score, now);
    match (risk, reason) {
        (Risk::Triggered, Some(reason)) => {
            outcome.breakup = Some(Breakup { reason, about: details.kind });
            details.close();
        }
        (Risk::Critical | Risk::Warning, _) if may_warn(details.last_warning_at, now) => {
            outcome.warns = true;
            details.last_warning_at = Some(now);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::{Decimal, dec};
    use serde_json::{Value, json};

    use super::super::expression::Expression;
    use super::super::recovery::Recovery;
    use super::*;

    fn now() -> Timestamp {
        "2026-02-18T12:00:00Z".parse().expect("a time")
    }

    fn ended(talk: &Talk) -> Ended<'_> {
        Ended {
            status: GameStatus::Active,
            score: Score::START,
            mood: Dimensions::NEUTRAL,
            intimacy_before: None,
            ignored: 0,
            talk,
            in_care: false,
            in_care_now: false,
        }
    }

    fn settled(stored: &Value, shown: &mut Shown, ended: &Ended<'_>) -> (Details, Option<Outcome>) {
        let mut details = Details::read(Some(stored)).details;
        let outcome = settle(&mut details, shown, ended, &Draws::default(), now());
        (details, outcome)
    }

    fn at(temperature: f64) -> Value {
        json!({ "temperature": temperature, "last_temp_update": now() })
    }

    /// case: psyche 25, 27, 32
    #[test]
    fn entering_a_state_warms_and_never_cools() {
        let talk = Talk::default();
        let cold = Shown {
            state: Some(Expression::Cold),
            started_at: Some(now()),
            trigger: Some("before".into()),
            recovery: Recovery::default(),
        };
        let moody =
            |arousal, valence| Ended { mood: Dimensions::new(arousal, valence, 0.5, 0.5), ..ended(&talk) };
        for (temperature, mut shown, ended, state, after) in [
            (0.0, Shown::default(), moody(0.5, 0.30), None, 0.0),
            (0.0, Shown::default(), moody(0.5, 0.29), Some(Expression::Cold), 50.0),
            (70.0, Shown::default(), moody(0.5, 0.29), Some(Expression::Cold), 70.0),
            (50.0, Shown::default(), moody(0.9, 0.1), Some(Expression::Cold), 50.0),
            (50.0, cold.clone(), moody(0.9, 0.1), Some(Expression::Explosive), 85.0),
            (60.0, Shown::default(), moody(0.5, 0.5), Some(Expression::Cold), 60.0),
            (20.0, cold, moody(0.5, 0.5), None, 20.0),
        ] {
            let (details, outcome) = settled(&at(temperature), &mut shown, &ended);
            assert_eq!(
                (shown.state, details.temperature().value()),
                (state, after),
                "{temperature} {ended:?}"
            );
            let began = (temperature < 50.0 && after >= 50.0).then(now);
            assert_eq!(outcome.expect("a game that goes on").conflict_began_at, began);
        }
    }

    /// case: pipeline 33
    #[test]
    fn nothing_that_never_happened_is_written() {
        let talk = Talk::default();
        let (details, outcome) = settled(&json!(null), &mut Shown::default(), &ended(&talk));
        assert!(details.is_default() && outcome.is_some());
    }

    /// case: psyche 43
    #[test]
    fn the_end_closes_the_conflict_and_comes_once() {
        let talk = Talk::default();
        let open = json!({
            "temperature": 60.0, "last_temp_update": now(), "type": "trust", "active": {
                "id": "11111111-1111-4111-8111-111111111111", "severity": 0.5, "level": 1, "started_at": now() },
        });
        let lost = Ended { score: Score::clamped(dec!(9.99)), ..ended(&talk) };
        let (details, outcome) = settled(&open, &mut Shown::default(), &lost);
        let breakup = Breakup { reason: Reason::LowestScore, about: Some(ConflictType::Trust) };
        assert_eq!(outcome.and_then(|outcome| outcome.breakup), Some(breakup));
        assert_eq!((details.active, details.recent_types), (None, vec![ConflictType::Trust]));

        for status in [GameStatus::GameOver, GameStatus::Won] {
            assert_eq!(settled(&open, &mut Shown::default(), &Ended { status, ..lost.clone() }).1, None);
        }
        for spared in [
            Ended { status: GameStatus::BossFight, ..lost.clone() },
            Ended { in_care: true, ..lost.clone() },
            Ended { in_care_now: true, ..lost },
        ] {
            let (details, outcome) = settled(&open, &mut Shown::default(), &spared);
            assert_eq!(outcome.map(|outcome| (outcome.breakup, outcome.warns)), Some((None, false)));
            assert!(details.active.is_some());
        }
    }

    #[test]
    fn she_warns_at_most_once_a_day() {
        let talk = Talk::default();
        let low = Ended { score: Score::clamped(dec!(12)), ..ended(&talk) };
        for (hours_ago, warns) in [(None, true), (Some(23), false), (Some(24), true)] {
            let last = hours_ago.map(|hours| now() - jiff::SignedDuration::from_hours(hours));
            let stored = json!({ "last_warning_at": last });
            let later = Ended { in_care_now: true, ..low.clone() };
            let (details, outcome) = settled(&stored, &mut Shown::default(), &later);
            assert_eq!(outcome.map(|outcome| outcome.warns), Some(false), "{hours_ago:?}");
            assert_eq!(details.last_warning_at, last);

            let (details, outcome) = settled(&stored, &mut Shown::default(), &low);
            assert_eq!(outcome.map(|outcome| outcome.warns), Some(warns), "{hours_ago:?}");
            assert_eq!(details.last_warning_at, if warns { Some(now()) } else { last });
        }
    }

    proptest! {
        #[test]
        fn in_care_nothing_gets_worse(
            temperature in 0.0..100.0, arousal in 0.0..1.0, valence in 0.0..1.0, ignored in 0..5_u32, score in 0_i64..10_000,
            state in prop::option::of(prop::sample::select(Expression::ALL.to_vec())),
        ) {
            let talk = Talk { score_delta: Decimal::new(-500, 2), ..Talk::default() };
            let mut shown = Shown {
                state, started_at: state.map(|_| now()), trigger: state.map(|_| "x".into()), recovery: Recovery::default(),
            };
            let ended = Ended {
                mood: Dimensions::new(arousal, valence, 0.5, 0.1), intimacy_before: Some(0.9), ignored,
                score: Score::clamped(Decimal::new(score, 2)), in_care: true, ..ended(&talk)
            };
            let (details, outcome) = settled(&at(temperature), &mut shown, &ended);
            prop_assert!(details.temperature().value() <= crate::rounding::round4(temperature));
            prop_assert!(shown.state <= state);
            prop_assert_eq!(outcome.map(|outcome| outcome.breakup), Some(None));
        }
    }
}

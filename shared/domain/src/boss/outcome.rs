//! What an outcome writes.
//!
//! | | PASS, ch 1-4 | PASS, ch 5 | PARTIAL | FAIL, attempts left | third FAIL | ERROR |
//! |---|---|---|---|---|---|---|
//! | attempts | 0 | 0 | same | +1 | 3 | same |
//! | chapter | +1 | 5 | same | same | same | same |
//! | status | active | won | active | boss_fight | game_over | boss_fight |
//! | score, metrics | same | same | same | same | same | same |
//! | phase | cleared | cleared | cleared | opening anew | cleared | same without the last message, its clock anew |
//! | cool-down | 24 h if the score is at the next threshold | none | 24 h | none | none | same |
//! | engagement | starts anew | | | | | |
//! | grace | starts anew | | starts anew | | | |
//! | history | `boss_pass`, `chapter_advance` | `boss_pass`, `game_won` | `boss_partial` | `boss_fail` | `boss_fail`, `game_over` | |
//!
//! After a FAIL the encounter begins again with what she says about it; the opening line is not sent again. The 24 hours
//! after a PASS stop two bosses in a row; a score that reaches the threshold within them waits too. Whenever the status
//! leaves `boss_fight`, the conversation of the boss is closed, so that the next text opens an ordinary one.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::attempts::MAX_ATTEMPTS;
use super::messages::Message;
use super::phase::Encounter;
use super::verdict::{Outcome, Verdict};
use super::{Attempts, Mode};
use crate::chapter::Chapter;
use crate::config::in_force;
use crate::endings::Reason;
use crate::history::EventType;
use crate::score::Score;
use crate::status::GameStatus;

/// After a truce no boss comes for so many hours.
pub(crate) const COOL_DOWN_HOURS: i32 = 24;
/// After a pass with a score at the next threshold no boss comes for so many hours.
pub(crate) const SETTLING_HOURS: i32 = 24;

/// An encounter as it stands, for a player in `boss_fight`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fight {
    /// The chapter that it decides about.
    pub chapter: Chapter,
    /// Lost attempts.
    pub attempts: Attempts,
    /// The score: an encounter does not move it.
    pub score: Score,
    /// When it began.
    pub started_at: Timestamp,
    /// Its phase, as it is stored: without the message that is being judged. None with one phase only.
    pub encounter: Option<Encounter>,
}

/// One row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its type.
    pub event: EventType,
    /// Its details.
    pub details: Value,
}

/// What becomes of the encounter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It is over: beginning and phase are cleared, its conversation is closed.
    Over,
    /// It goes on.
    GoesOn {
        /// `boss_fight_started_at`.
        started_at: Timestamp,
        /// The phase to be stored.
        encounter: Option<Encounter>,
    },
}

/// What is written after a ruling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aftermath {
    /// The status.
    pub status: GameStatus,
    /// The chapter. A change starts engagement anew and clears what was cached for calls.
    pub chapter: Chapter,
    /// Lost attempts.
    pub attempts: Attempts,
    /// No boss before this instant.
    pub cool_down_until: Option<Timestamp>,
    /// Whether the grace starts anew.
    pub renews_grace: bool,
    /// What becomes of the encounter.
    pub next: Next,
    /// Rows of the history, in this order; those of an ending are written by the ending.
    pub entries: Vec<Entry>,
    /// Why the game is lost, if it is; the ending sends the farewell.
    pub ends: Option<Reason>,
    /// What she says; none where the farewell is said.
    pub message: Option<Message>,
}

/// What is written after `verdict`, or where nobody could judge. `said` chooses her words after a failure, which the
/// encounter begins again with.
pub fn aftermath(
    fight: &Fight,
    verdict: Option<&Verdict>,
    mode: Mode,
    said: impl FnOnce(&Message) -> String,
    now: Timestamp,
) -> Aftermath {
    let Some(verdict) = verdict else { return unjudged(fight, now) };
    match verdict.outcome {
        Outcome::Pass => passed(fight, verdict, mode, now),
        Outcome::Partial => truce(fight, verdict, mode, now),
        Outcome::Fail => failed(fight, verdict, mode, said, now),
    }
}

fn passed(fight: &Fight, verdict: &Verdict, mode: Mode, now: Timestamp) -> Aftermath {
    let attempts = Attempts::NONE;
    let mut entries = vec![judged(EventType::BossPass, fight, attempts, verdict, mode)];
    let base = Aftermath { attempts, ..unchanged(fight, Next::Over) };
    let Some(next) = fight.chapter.next() else {
        // The row `game_won` needs what only the caller knows: see `won_details`.
        return Aftermath { status: GameStatus::Won, entries, message: Some(Message::Victory), ..base };
    };
    let details = json!({ "from_chapter": fight.chapter, "to_chapter": next });
    entries.push(Entry { event: EventType::ChapterAdvance, details });
    let settles = fight.score.value() >= next.boss_threshold();
    Aftermath {
        status: GameStatus::Active,
        chapter: next,
        cool_down_until: settles.then(|| later(now, in_force().boss.settling_hours)),
        renews_grace: true,
        entries,
        message: Some(Message::Passed(fight.chapter)),
        ..base
    }
}

fn truce(fight: &Fight, verdict: &Verdict, mode: Mode, now: Timestamp) -> Aftermath {
    Aftermath {
        status: GameStatus::Active,
        cool_down_until: Some(later(now, in_force().boss.cool_down_hours)),
        renews_grace: true,
        entries: vec![judged(EventType::BossPartial, fight, fight.attempts, verdict, mode)],
        message: Some(Message::Truce),
        ..unchanged(fight, Next::Over)
    }
}

fn failed(
    fight: &Fight,
    verdict: &Verdict,
    mode: Mode,
    said: impl FnOnce(&Message) -> String,
    now: Timestamp,
) -> Aftermath {
    let attempts = fight.attempts.one_more();
    let entries = vec![judged(EventType::BossFail, fight, attempts, verdict, mode)];
    if attempts.are_spent() {
        let ends = Some(Reason::BossFailures);
        return Aftermath {
            status: GameStatus::GameOver,
            attempts,
            entries,
            ends,
            ..unchanged(fight, Next::Over)
        };
    }
    let message = Message::Failed { left: attempts.left() };
    let encounter = (mode == Mode::Multi).then(|| Encounter::opened_with(fight.chapter, said(&message), now));
    Aftermath {
        attempts,
        entries,
        message: Some(message),
        ..unchanged(fight, Next::GoesOn { started_at: now, encounter })
    }
}

fn unjudged(fight: &Fight, now: Timestamp) -> Aftermath {
    let encounter = fight.encounter.clone().map(|encounter| encounter.held(now));
    // Without a phase the beginning of the encounter is its clock.
    let started_at = if encounter.is_some() { fight.started_at } else { now };
    let next = Next::GoesOn { started_at, encounter };
    Aftermath { message: Some(Message::NotUnderstood), ..unchanged(fight, next) }
}

fn unchanged(fight: &Fight, next: Next) -> Aftermath {
    Aftermath {
        status: GameStatus::BossFight,
        chapter: fight.chapter,
        attempts: fight.attempts,
        cool_down_until: None,
        renews_grace: false,
        next,
        entries: Vec::new(),
        ends: None,
        message: None,
    }
}

fn judged(event: EventType, fight: &Fight, attempts: Attempts, verdict: &Verdict, mode: Mode) -> Entry {
    let details = json!({
        "chapter": fight.chapter,
        "outcome": verdict.outcome.as_str(),
        "attempts": attempts.lost(),
        "max_attempts": MAX_ATTEMPTS,
        "confidence": verdict.confidence,
        "reasoning": verdict.reasoning,
        "phase_mode": mode.as_str(),
    });
    Entry { event, details }
}

fn later(now: Timestamp, hours: i32) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(hours.into())).unwrap_or(Timestamp::MAX)
}

/// The row `game_won`, which follows a pass of the last chapter.
pub fn game_won(score: Score, days_played: i32, conversations: i64) -> Entry {
    let details = json!({ "score": score, "days_played": days_played, "conversations": conversations });
    Entry { event: EventType::GameWon, details }
}

#[cfg(test)]
mod tests {
    use rust_decimal::{Decimal, dec};

    use super::super::phase::{Line, Phase};
    use super::*;
    use crate::status::Cause;

    const A_DAY: SignedDuration = SignedDuration::from_hours(24);
    const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;
    const NOW: Timestamp = Timestamp::constant(7_200, 0);

    fn fight(chapter: i32, attempts: i32, score: Decimal) -> Fight {
        let chapter = Chapter::new(chapter).unwrap();
        let encounter =
            Encounter { phase: Phase::Resolution, turn_count: 1, ..Encounter::begin(chapter, BEGAN) };
        Fight {
            chapter,
            attempts: Attempts::new(attempts).unwrap(),
            score: Score::clamped(score),
            started_at: BEGAN,
            encounter: Some(encounter),
        }
    }

    fn verdict(outcome: Outcome) -> Verdict {
        Verdict { outcome, reasoning: "Because.".to_owned(), confidence: dec!(0.9) }
    }

    fn after(fight: &Fight, outcome: Outcome) -> Aftermath {
        aftermath(fight, Some(&verdict(outcome)), Mode::Multi, |_| "not yet".to_owned(), NOW)
    }

    fn events(aftermath: &Aftermath) -> Vec<EventType> {
        aftermath.entries.iter().map(|entry| entry.event).collect()
    }

    /// case: game G-23
    #[test]
    fn a_pass_leads_to_the_next_chapter() {
        let passed = after(&fight(4, 2, dec!(71)), Outcome::Pass);
        assert_eq!(
            (passed.chapter, passed.attempts, passed.status, passed.cool_down_until),
            (Chapter::LAST, Attempts::NONE, GameStatus::Active, None)
        );
        assert_eq!(events(&passed), [EventType::BossPass, EventType::ChapterAdvance]);
        assert_eq!(passed.entries[1].details, json!({ "from_chapter": 4, "to_chapter": 5 }));
        assert_eq!(
            passed.entries[0].details,
            json!({
                "chapter": 4, "outcome": "PASS", "attempts": 0, "max_attempts": 3, "confidence": 0.9,
                "reasoning": "Because.", "phase_mode": "multi",
            })
        );
        assert_eq!((passed.next, passed.renews_grace, passed.ends), (Next::Over, true, None));
        assert_eq!(passed.message, Some(Message::Passed(Chapter::new(4).unwrap())));
    }

    /// case: game G-24
    #[test]
    fn a_pass_with_a_high_score_settles_for_a_day() {
        for (score, cool_down_until) in
            [(dec!(62), Some(NOW + A_DAY)), (dec!(60), Some(NOW + A_DAY)), (dec!(59.99), None)]
        {
            let passed = after(&fight(1, 0, score), Outcome::Pass);
            assert_eq!((passed.chapter.number(), passed.cool_down_until), (2, cool_down_until), "{score}");
        }
    }

    /// case: game G-25
    #[test]
    fn the_last_pass_wins() {
        let won = after(&fight(5, 1, dec!(80)), Outcome::Pass);
        assert_eq!(
            (won.status, won.chapter, won.attempts, &won.next, won.message),
            (GameStatus::Won, Chapter::LAST, Attempts::NONE, &Next::Over, Some(Message::Victory))
        );
        assert_eq!(events(&won), [EventType::BossPass]);
        let row = game_won(Score::clamped(dec!(80)), 21, 60);
        assert_eq!(row.event, EventType::GameWon);
        assert_eq!(row.details, json!({ "score": 80.0, "days_played": 21, "conversations": 60 }));
    }

    /// case: game G-26
    #[test]
    fn a_failure_begins_again_and_the_third_ends_the_game() {
        let failed = after(&fight(2, 0, dec!(61)), Outcome::Fail);
        assert_eq!((failed.attempts.lost(), failed.status), (1, GameStatus::BossFight));
        assert_eq!(failed.message, Some(Message::Failed { left: 2 }));
        assert_eq!(events(&failed), [EventType::BossFail]);
        let Next::GoesOn { started_at, encounter: Some(encounter) } = failed.next else {
            panic!("it goes on")
        };
        assert_eq!((started_at, encounter.phase, encounter.turn_count), (NOW, Phase::Opening, 0));
        assert_eq!(encounter.history, [Line::hers("not yet")]);

        let lost = after(&fight(2, 2, dec!(61)), Outcome::Fail);
        assert_eq!(
            (lost.attempts.lost(), lost.status, lost.ends, lost.message),
            (3, GameStatus::GameOver, Some(Reason::BossFailures), None)
        );
        assert_eq!((events(&lost), lost.next), (vec![EventType::BossFail], Next::Over));
    }

    /// case: game G-27
    #[test]
    fn a_truce_keeps_everything_and_waits_a_day() {
        let truce = after(&fight(3, 1, dec!(66)), Outcome::Partial);
        assert_eq!(
            (truce.attempts.lost(), truce.chapter.number(), truce.status, truce.cool_down_until),
            (1, 3, GameStatus::Active, Some(NOW + A_DAY))
        );
        assert_eq!(events(&truce), [EventType::BossPartial]);
        assert_eq!((truce.renews_grace, truce.next, truce.message), (true, Next::Over, Some(Message::Truce)));
    }

    /// case: game G-29
    #[test]
    fn without_a_judge_nothing_is_lost() {
        let fight = fight(3, 1, dec!(66));
        let unjudged = aftermath(&fight, None, Mode::Multi, |_| String::new(), NOW);
        assert_eq!((unjudged.attempts, unjudged.status), (fight.attempts, GameStatus::BossFight));
        assert_eq!((&unjudged.entries, &unjudged.message), (&vec![], &Some(Message::NotUnderstood)));
        let stored = fight.encounter.map(|encounter| encounter.held(NOW));
        assert_eq!(unjudged.next, Next::GoesOn { started_at: BEGAN, encounter: stored });
    }

    #[test]
    fn one_phase_has_the_beginning_for_its_clock() {
        let single = Fight { encounter: None, ..fight(1, 0, dec!(55)) };
        let again = Next::GoesOn { started_at: NOW, encounter: None };
        let failed = aftermath(&single, Some(&verdict(Outcome::Fail)), Mode::Single, |_| String::new(), NOW);
        assert_eq!(failed.next, again);
        assert_eq!(aftermath(&single, None, Mode::Single, |_| String::new(), NOW).next, again);
    }

    /// Whatever the verdict, a status follows that the game draws, and the chapter never falls.
    #[test]
    fn outcomes_move_along_the_edges_of_the_game() {
        for chapter in 1..=5 {
            for attempts in 0..=2 {
                for outcome in [Outcome::Pass, Outcome::Partial, Outcome::Fail] {
                    let fight = fight(chapter, attempts, dec!(80));
                    let after = after(&fight, outcome);
                    let cause = match outcome {
                        Outcome::Pass => Cause::Passed(fight.chapter),
                        Outcome::Partial => Cause::Truce,
                        Outcome::Fail => Cause::Failed(fight.attempts.one_more()),
                    };
                    assert_eq!(GameStatus::BossFight.after(cause), Some(after.status));
                    assert_eq!(after.status == GameStatus::BossFight, after.next != Next::Over);
                    assert!(after.chapter >= fight.chapter);
                    assert_eq!(after.attempts.are_spent(), after.status == GameStatus::GameOver);
                    assert!(after.status != GameStatus::Won || after.chapter == Chapter::LAST);
                }
            }
        }
    }
}

//! The check of a game after a conversation: it tells what it sees and changes nothing.
//!
//! | event | when |
//! |---|---|
//! | `boss_threshold_near` | the score is below the chapter's threshold by at most 5 |
//! | `boss_threshold_reached` | the score is at it or above |
//! | `invalid_chapter` | there is no such chapter; the threshold of the last one stands in |
//! | `score_metric_drift` | composite and score are more than 0.50 apart |
//! | `status_invariant` | one of the sentences below is false |
//!
//! - In `boss_fight`, and only there, the beginning of the encounter is noted, and with two phases the phase as well.
//! - Three lost attempts are a game over.
//! - Only chapter 5 is won.
//!
//! A row of the history tells it when the conversation moved the score or something was seen, once for each conversation;
//! graphs and statistics leave it out.

use rust_decimal::{Decimal, dec};
use serde_json::{Value, json};

use crate::boss::{Attempts, Mode};
use crate::chapter::Chapter;
use crate::ids::ConversationId;
use crate::score::Balance;
use crate::status::GameStatus;

/// A boss is near when the threshold is at most so many points away.
pub const NEAR: Decimal = dec!(5);

/// What the check sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The boss is near.
    BossNear,
    /// The boss awaits.
    BossReached,
    /// There is no such chapter.
    InvalidChapter,
    /// Composite and score have lost touch.
    MetricDrift,
    /// A sentence about statuses is false.
    StatusInvariant,
}

impl Finding {
    /// Its name in the history.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BossNear => "boss_threshold_near",
            Self::BossReached => "boss_threshold_reached",
            Self::InvalidChapter => "invalid_chapter",
            Self::MetricDrift => "score_metric_drift",
            Self::StatusInvariant => "status_invariant",
        }
    }
}

/// A game as its rows say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Game {
    /// The number of the chapter, which may be none.
    pub chapter: i32,
    /// Score and metrics.
    pub balance: Balance,
    /// The status.
    pub status: GameStatus,
    /// Lost attempts.
    pub attempts: Attempts,
    /// Whether the beginning of an encounter is noted.
    pub is_fight_noted: bool,
    /// Whether a phase of an encounter is stored.
    pub has_phase: bool,
}

/// What is to be seen in a game.
pub fn findings(game: &Game, mode: Mode) -> Vec<Finding> {
    let chapter = Chapter::new(game.chapter);
    let distance = chapter.unwrap_or(Chapter::LAST).boss_threshold() - game.balance.score.value();
    [
        (distance > Decimal::ZERO && distance <= NEAR, Finding::BossNear),
        (distance <= Decimal::ZERO, Finding::BossReached),
        (chapter.is_none(), Finding::InvalidChapter),
        (game.balance.has_drifted(), Finding::MetricDrift),
        (!is_sound(game, mode), Finding::StatusInvariant),
    ]
    .into_iter()
    .filter_map(|(holds, finding)| holds.then_some(finding))
    .collect()
}

fn is_sound(game: &Game, mode: Mode) -> bool {
    let fighting = game.status == GameStatus::BossFight;
    let phase_fits = mode == Mode::Single || fighting == game.has_phase;
    let attempts_fit = !game.attempts.are_spent() || game.status == GameStatus::GameOver;
    let victory_fits = game.status != GameStatus::Won || game.chapter == Chapter::LAST.number();
    fighting == game.is_fight_noted && phase_fits && attempts_fit && victory_fits
}

/// The details of the history row; none where there is nothing to tell.
pub fn details(conversation: ConversationId, score_delta: Decimal, findings: &[Finding]) -> Option<Value> {
    let tells = !score_delta.is_zero() || !findings.is_empty();
    tells.then(|| {
        json!({
            "conversation_id": conversation,
            "score_delta": score_delta,
            "events": findings.iter().map(|finding| finding.as_str()).collect::<Vec<_>>(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::{Metrics, Score};

    fn game(chapter: i32, score: Decimal) -> Game {
        let score = Score::clamped(score);
        Game {
            chapter,
            balance: Balance { score, metrics: Metrics::all(score) },
            status: GameStatus::Active,
            attempts: Attempts::NONE,
            is_fight_noted: false,
            has_phase: false,
        }
    }

    // case: pipeline 31
    #[test]
    fn nearness_and_chapters_are_told() {
        use Finding::{BossNear, BossReached, InvalidChapter};
        for (chapter, score, seen) in [
            (2, dec!(55.00), vec![BossNear]),
            (2, dec!(54.99), vec![]),
            (2, dec!(59.99), vec![BossNear]),
            (2, dec!(60.00), vec![BossReached]),
            (7, dec!(50), vec![InvalidChapter]),
            (7, dec!(74), vec![BossNear, InvalidChapter]),
        ] {
            assert_eq!(findings(&game(chapter, score), Mode::Multi), seen, "{score} in chapter {chapter}");
        }
    }

    #[test]
    fn metrics_that_lost_touch_are_told() {
        let far = Balance { metrics: Metrics::all(Score::clamped(dec!(50.51))), ..Balance::START };
        let drifted = Game { balance: far, ..game(1, dec!(40)) };
        assert_eq!(findings(&drifted, Mode::Multi), [Finding::BossNear, Finding::MetricDrift]);
        let near = Balance { metrics: Metrics::all(Score::clamped(dec!(50.50))), ..Balance::START };
        assert!(!near.has_drifted());
    }

    #[test]
    fn statuses_that_do_not_fit_are_told() {
        let plain = game(1, dec!(40));
        let fighting = Game { status: GameStatus::BossFight, is_fight_noted: true, has_phase: true, ..plain };
        let spent = Attempts::new(3).unwrap();
        for (game, mode, sound) in [
            (plain, Mode::Multi, true),
            (fighting, Mode::Multi, true),
            (Game { has_phase: false, ..fighting }, Mode::Multi, false),
            (Game { has_phase: false, ..fighting }, Mode::Single, true),
            (Game { is_fight_noted: false, ..fighting }, Mode::Multi, false),
            (Game { has_phase: true, ..plain }, Mode::Multi, false),
            (Game { is_fight_noted: true, ..plain }, Mode::Single, false),
            (Game { attempts: spent, ..plain }, Mode::Multi, false),
            (Game { attempts: spent, status: GameStatus::GameOver, ..plain }, Mode::Multi, true),
            (Game { status: GameStatus::Won, ..plain }, Mode::Multi, false),
            (Game { status: GameStatus::Won, chapter: 5, ..plain }, Mode::Multi, true),
        ] {
            let seen = findings(&game, mode);
            assert_eq!(!seen.contains(&Finding::StatusInvariant), sound, "{game:?} {mode:?}");
        }
    }

    #[test]
    fn the_history_tells_only_what_there_is() {
        let talk = ConversationId::nil();
        assert_eq!(details(talk, dec!(0), &[]), None);
        let told = details(talk, dec!(1.25), &[Finding::BossNear]).unwrap();
        assert_eq!(
            told,
            json!({
                "conversation_id": "00000000-0000-0000-0000-000000000000", "score_delta": 1.25,
                "events": ["boss_threshold_near"],
            })
        );
        assert!(details(talk, dec!(0), &[Finding::MetricDrift]).is_some());
    }
}

//! The phases of an encounter: what is asked, what was said, and what the next message does.
//!
//! | phase | a message of the player |
//! |---|---|
//! | any, its clock older than 24 hours | is kept, not judged: the encounter has [run out](super::timeout) |
//! | opening | is the first answer: the resolution line follows, the clock starts anew |
//! | resolution | is the second answer: the whole is judged |
//! | missing or unreadable | counts as the first answer of an opening without history |
//!
//! The state is the key `boss_phase` of the player's conflict document: `phase` (`opening`, `resolution`), `chapter`,
//! `started_at` (of the current phase), `turn_count` (answers of the player so far) and `conversation_history` (a list
//! of `role` - `user` or `assistant` - and `content`). At the start that is an opening without a turn and one line.
//!
//! With one phase only (a flag), the first answer is judged at once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Mode;
use super::content::content;
use super::timeout::has_run_out;
use crate::chapter::Chapter;

/// One of the two halves of an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// She asks.
    Opening,
    /// She presses.
    Resolution,
}

/// Who said something in an encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The player.
    User,
    /// Nikita.
    Assistant,
}

/// One thing said in an encounter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// By whom.
    pub role: Speaker,
    /// What.
    pub content: String,
}

impl Line {
    /// Something the player said.
    pub fn players(content: impl Into<String>) -> Self {
        Self { role: Speaker::User, content: content.into() }
    }

    /// Something she said.
    pub fn hers(content: impl Into<String>) -> Self {
        Self { role: Speaker::Assistant, content: content.into() }
    }
}

/// An encounter under way: `conflict_details.boss_phase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encounter {
    /// The phase it is in.
    pub phase: Phase,
    /// The chapter it decides about.
    pub chapter: Chapter,
    /// When the phase began.
    pub started_at: Timestamp,
    /// Answers of the player so far.
    pub turn_count: u32,
    /// What was said.
    #[serde(rename = "conversation_history")]
    pub history: Vec<Line>,
}

impl Encounter {
    /// A new one, beginning with a line of hers.
    pub fn opened_with(chapter: Chapter, line: impl Into<String>, now: Timestamp) -> Self {
        Self { history: vec![Line::hers(line)], ..Self::without_history(chapter, now) }
    }

    /// One that begins with the opening line of its chapter.
    pub fn begin(chapter: Chapter, now: Timestamp) -> Self {
        Self::opened_with(chapter, content(chapter, Phase::Opening).line, now)
    }

    /// One whose history was lost.
    pub fn without_history(chapter: Chapter, now: Timestamp) -> Self {
        Self { phase: Phase::Opening, chapter, started_at: now, turn_count: 0, history: Vec::new() }
    }

    /// Reads what stands in the conflict document; none for what is missing or unreadable.
    pub fn read(stored: &Value) -> Option<Self> {
        Self::deserialize(stored).ok()
    }

    /// As it stands in the conflict document.
    pub fn to_value(&self) -> Value {
        json!(self)
    }

    /// The same with a clock that starts at `now`: after a message that was not judged.
    #[must_use]
    pub fn held(self, now: Timestamp) -> Self {
        Self { started_at: now, ..self }
    }

    /// After the player's answer, before anything of hers.
    fn answered(mut self, words: &str) -> Self {
        self.history.push(Line::players(words));
        self.turn_count = self.turn_count.saturating_add(1);
        self
    }
}

/// What a message of the player does in an encounter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It comes too late.
    RunOut,
    /// It is the first answer: the encounter goes on, and she says this.
    Pressed {
        /// The encounter after it.
        encounter: Encounter,
        /// The resolution line.
        line: &'static str,
    },
    /// It is the last answer: the encounter is complete and is judged.
    Complete(Encounter),
}

/// What a message does at `now`, for an encounter as it is stored, whose clock started at `clock`.
///
/// `stored` is none where the phase is missing or unreadable; the encounter is then taken for an opening of `chapter`.
pub fn step(
    mode: Mode,
    stored: Option<Encounter>,
    chapter: Chapter,
    clock: Timestamp,
    words: &str,
    now: Timestamp,
) -> Step {
    if has_run_out(clock, now) {
        return Step::RunOut;
    }
    let encounter = stored.unwrap_or_else(|| Encounter::without_history(chapter, now)).answered(words);
    match (mode, encounter.phase) {
        (Mode::Multi, Phase::Opening) => pressed(encounter, now),
        (Mode::Single, _) | (_, Phase::Resolution) => Step::Complete(encounter),
    }
}

fn pressed(mut encounter: Encounter, now: Timestamp) -> Step {
    let line = content(encounter.chapter, Phase::Resolution).line;
    encounter.history.push(Line::hers(line));
    encounter.phase = Phase::Resolution;
    encounter.started_at = now;
    Step::Pressed { encounter, line }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;
    use crate::conflict::details::{BOSS_PHASE, Details};
    use crate::conflict::turn::{Player, Turn, apply};
    use crate::draw::Draws;
    use crate::ids::UserId;
    use crate::score::Score;
    use crate::scoring::tags::Horseman;
    use crate::status::GameStatus;

    const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;

    fn chapter(number: i32) -> Chapter {
        Chapter::new(number).unwrap()
    }

    fn after(seconds: i64) -> Timestamp {
        BEGAN + SignedDuration::from_secs(seconds)
    }

    fn step_of(encounter: &Encounter, words: &str, now: Timestamp) -> Step {
        step(Mode::Multi, Some(encounter.clone()), encounter.chapter, encounter.started_at, words, now)
    }

    /// case: game G-20
    #[test]
    fn two_answers_complete_an_encounter() {
        let opened = Encounter::begin(chapter(2), BEGAN);
        assert_eq!((opened.phase, opened.turn_count, opened.history.len()), (Phase::Opening, 0, 1));

        let Step::Pressed { encounter, line } = step_of(&opened, "I fear being ordinary", after(60)) else {
            panic!("the first answer leads on")
        };
        assert_eq!(
            (encounter.phase, encounter.turn_count, encounter.history.len(), encounter.started_at),
            (Phase::Resolution, 1, 3, after(60))
        );
        assert_eq!(encounter.history.last(), Some(&Line::hers(line)));

        let Step::Complete(complete) = step_of(&encounter, "I heard that you are scared", after(120)) else {
            panic!("the second answer is judged")
        };
        assert_eq!((complete.turn_count, complete.history.len()), (2, 4));
        assert_eq!(complete.history.last(), Some(&Line::players("I heard that you are scared")));
    }

    /// case: game G-21
    #[test]
    fn a_message_after_a_day_comes_too_late() {
        let opened = Encounter::begin(chapter(1), BEGAN);
        assert!(matches!(step_of(&opened, "hey", after(24 * 3600)), Step::Pressed { .. }));
        assert_eq!(step_of(&opened, "hey", after(24 * 3600 + 1)), Step::RunOut);
    }

    #[test]
    fn a_lost_phase_is_an_opening_without_history() {
        let Step::Pressed { encounter, .. } = step(Mode::Multi, None, chapter(3), BEGAN, "hm", after(5))
        else {
            panic!("it counts as the first answer")
        };
        assert_eq!((encounter.chapter, encounter.turn_count), (chapter(3), 1));
        assert_eq!(encounter.history[0], Line::players("hm"));
    }

    #[test]
    fn the_state_is_stored_as_the_document_has_it() {
        let stored = Encounter::opened_with(chapter(4), "hey", BEGAN).to_value();
        assert_eq!(
            stored,
            json!({
                "phase": "opening", "chapter": 4, "started_at": "1970-01-01T00:00:00Z", "turn_count": 0,
                "conversation_history": [{ "role": "assistant", "content": "hey" }],
            })
        );
        assert_eq!(Encounter::read(&stored), Some(Encounter::opened_with(chapter(4), "hey", BEGAN)));
        for (key, value) in
            [("phase", json!("intermission")), ("chapter", json!(6)), ("turn_count", json!(-1))]
        {
            let mut odd = stored.clone();
            odd[key] = value;
            assert_eq!(Encounter::read(&odd), None, "{key}");
        }
        assert_eq!(Encounter::read(&json!(null)), None);
    }

    /// case: game G-30
    #[test]
    fn the_temperature_leaves_the_phase_alone() {
        let opened = Encounter::begin(chapter(3), BEGAN);
        let stored = json!({ "temperature": 60.0, BOSS_PHASE: opened.to_value() });
        let mut details = Details::read(Some(&stored)).details;
        let turn = Turn {
            id: "voice:1",
            conversation: uuid::Uuid::nil(),
            score_delta: dec!(-4),
            analysed: true,
            horsemen: vec![Horseman::Contempt],
            repair: None,
            triggers: vec![],
            vulnerability_exchange: false,
            in_care: false,
        };
        let player = Player {
            user: UserId::nil(),
            status: GameStatus::BossFight,
            score: Score::START,
            chapter: chapter(3),
            last_conflict_at: None,
        };
        assert!(apply(&mut details, &turn, &player, &Draws::default(), after(60)).is_some());
        let written = details.write();
        assert_ne!(written["temperature"], stored["temperature"]);
        assert_eq!(Encounter::read(&written[BOSS_PHASE]), Some(opened));
    }

    #[test]
    fn a_message_that_is_not_judged_only_restarts_the_clock() {
        let opened = Encounter::begin(chapter(1), BEGAN);
        let held = opened.clone().held(after(90));
        assert_eq!(held, Encounter { started_at: after(90), ..opened });
    }

    proptest! {
        /// Whatever is written, whenever it comes, an encounter is complete after the second answer.
        #[test]
        fn no_encounter_takes_more_than_two_answers(
            number in 1_i32..=5, words in prop::collection::vec(".{0,40}", 2..5), pauses in prop::collection::vec(0_i64..200_000, 5),
        ) {
            let mut encounter = Encounter::begin(chapter(number), BEGAN);
            let mut now = BEGAN;
            for (at, (words, pause)) in words.iter().zip(&pauses).enumerate() {
                now += SignedDuration::from_secs(*pause);
                match step_of(&encounter, words, now) {
                    Step::RunOut => { prop_assert!(*pause > 24 * 3600); break }
                    Step::Pressed { encounter: pressed, .. } => { prop_assert_eq!(at, 0); encounter = pressed; }
                    Step::Complete(complete) => { prop_assert_eq!((at, complete.turn_count), (1, 2)); break }
                }
            }
        }
    }
}

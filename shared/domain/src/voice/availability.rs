//! Availability: whether she picks up. One gate for every way to call her.
//!
//! First match wins:
//!
//! | condition | picks up | code |
//! |---|---|---|
//! | game over | no | `game_over` |
//! | game won | no | `game_won` |
//! | not onboarded | no | `not_onboarded` |
//! | boss encounter | yes, always | `boss` |
//! | less than 300 s since the last call ended | no | `cooldown` |
//! | the half hour's roll is below the chapter's rate | yes | `ok` |
//! | otherwise | no, with an excuse | `busy` |
//!
//! | chapter | 1 | 2 | 3 | 4 | 5 |
//! |---|---|---|---|---|---|
//! | rate | 0.10 | 0.40 | 0.80 | 0.90 | 0.95 |
//!
//! The roll is drawn once per player and half hour: calling again and again does not help.

use jiff::{SignedDuration, Timestamp};

use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::ids::UserId;
use crate::status::{GameStatus, OnboardingStatus};

/// By chapter: how likely she picks up.
pub const RATES: [f64; 5] = [0.10, 0.40, 0.80, 0.90, 0.95];
/// So long after a call she takes no other.
pub const COOLDOWN: SignedDuration = SignedDuration::from_mins(5);
/// The length of a slot, in seconds: within it she stays available or busy.
pub const SLOT_SECONDS: i64 = 1_800;

/// Why she is busy, in her world; the position is part of the rule, the words are not.
pub const EXCUSES: [&str; 8] = [
    "She is at work.",
    "She is in a meeting.",
    "She is asleep.",
    "Her phone is on mute.",
    "She is out with friends.",
    "She wants some time to herself.",
    "She is working out.",
    "She is in the middle of something.",
];

/// What the gate looks at.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// The player.
    pub user: UserId,
    /// Where the game stands.
    pub status: GameStatus,
    /// How far the player's onboarding has come.
    pub onboarding: OnboardingStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// When the last call ended; none for no call yet.
    pub last_call_ended_at: Option<Timestamp>,
}

/// Why she picks up or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The game is over.
    GameOver,
    /// The game is won.
    GameWon,
    /// The player has not been introduced yet.
    NotOnboarded,
    /// A boss encounter: she wants to talk.
    Boss,
    /// The last call has only just ended.
    Cooldown,
    /// She can talk.
    Ok,
    /// She cannot talk now.
    Busy,
}

impl Code {
    /// The code as answers have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GameOver => "game_over",
            Self::GameWon => "game_won",
            Self::NotOnboarded => "not_onboarded",
            Self::Boss => "boss",
            Self::Cooldown => "cooldown",
            Self::Ok => "ok",
            Self::Busy => "busy",
        }
    }
}

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gate {
    /// Whether she picks up.
    pub available: bool,
    /// Why.
    pub code: Code,
    /// The same in words that a player may read.
    pub reason: &'static str,
    /// With a cool-down: whole seconds until it is over.
    pub retry_after_seconds: Option<i64>,
    /// The chapter's rate, whatever decided.
    pub rate: f64,
}

/// Whether she picks up at `now`.
pub fn gate(draws: &Draws, standing: &Standing, now: Timestamp) -> Gate {
    let rate = *standing.chapter.of(&RATES);
    let answer = |available, code, reason| Gate { available, code, reason, retry_after_seconds: None, rate };
    match standing.status {
        GameStatus::GameOver => {
            return answer(false, Code::GameOver, "The story has ended. She has moved on.");
        }
        GameStatus::Won => return answer(false, Code::GameWon, "The game is complete."),
        _ if !standing.onboarding.is_onboarded() => {
            return answer(false, Code::NotOnboarded, "You have not been introduced yet.");
        }
        GameStatus::BossFight => return answer(true, Code::Boss, "She wants to talk. It matters."),
        GameStatus::Active => {}
    }
    if let Some(seconds) = cooldown_left(standing.last_call_ended_at, now) {
        let gate = answer(false, Code::Cooldown, "You only just hung up. Give her a moment.");
        return Gate { retry_after_seconds: Some(seconds), ..gate };
    }

    let key = slot_key(standing.user, now);
    if draws.draw(&key) < rate {
        answer(true, Code::Ok, "She can talk.")
    } else {
        answer(false, Code::Busy, EXCUSES[draws.second_index(&key, EXCUSES.len())])
    }
}

/// Whole seconds until the cool-down is over; none when it is.
fn cooldown_left(last_call_ended_at: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    let elapsed = now.duration_since(last_call_ended_at?);
    let left = (COOLDOWN - elapsed).as_secs();
    (left > 0).then_some(left)
}

fn slot_key(user: UserId, now: Timestamp) -> String {
    format!("availability:{user}:{}", now.as_second().div_euclid(SLOT_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_771_934_400, 0);

    fn standing(chapter: i32) -> Standing {
        Standing {
            user: UserId::from_uuid("6f1c2a5e-3b7d-4c11-9a52-0d7e5b1f8a01".parse().expect("an id")),
            status: GameStatus::Active,
            onboarding: OnboardingStatus::Completed,
            chapter: Chapter::new(chapter).expect("a chapter"),
            last_call_ended_at: None,
        }
    }

    fn at(minutes: i64) -> Timestamp {
        NOON + SignedDuration::from_mins(minutes)
    }

    // case: voice 14-17
    #[test]
    fn she_picks_up_when_the_half_hour_is_right() {
        let draws = Draws::default();
        for (chapter, minutes, available, reason) in [
            (1, 0, false, EXCUSES[4]),
            (1, 29, false, EXCUSES[4]),
            (2, 0, true, "She can talk."),
            (3, 30, true, "She can talk."),
            (3, 60, false, EXCUSES[6]),
            (5, 60, false, EXCUSES[6]),
        ] {
            let gate = gate(&draws, &standing(chapter), at(minutes));
            assert_eq!((gate.available, gate.reason), (available, reason), "chapter {chapter} at +{minutes}");
        }
    }

    // case: voice 18-20
    #[test]
    fn a_boss_outranks_the_pause_after_a_call() {
        let draws = Draws::default();
        let ended = |seconds| Some(NOON - SignedDuration::from_secs(seconds));
        let boss = Standing { status: GameStatus::BossFight, last_call_ended_at: ended(10), ..standing(1) };
        let answer = gate(&draws, &boss, NOON);
        assert_eq!((answer.available, answer.code, answer.rate), (true, Code::Boss, 0.1));

        let soon = gate(&draws, &Standing { last_call_ended_at: ended(120), ..standing(2) }, NOON);
        assert_eq!((soon.code, soon.retry_after_seconds), (Code::Cooldown, Some(180)));
        let later = gate(&draws, &Standing { last_call_ended_at: ended(300), ..standing(2) }, NOON);
        assert_eq!(later.code, Code::Ok);
    }

    // case: voice 21
    #[test]
    fn nobody_picks_up_when_the_story_is_over_or_has_not_begun() {
        let draws = Draws::default();
        let over = gate(&draws, &Standing { status: GameStatus::GameOver, ..standing(5) }, NOON);
        assert_eq!((over.available, over.code, over.rate), (false, Code::GameOver, 0.95));
        let won = gate(&draws, &Standing { status: GameStatus::Won, ..standing(5) }, NOON);
        assert_eq!(won.code, Code::GameWon);
        let new = Standing {
            onboarding: OnboardingStatus::InProgress,
            status: GameStatus::BossFight,
            ..standing(5)
        };
        assert_eq!(gate(&draws, &new, NOON).code, Code::NotOnboarded);
    }
}

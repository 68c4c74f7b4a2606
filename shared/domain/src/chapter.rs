//! Chapters: five, from curiosity to being established. They rise only through a passed boss and never fall, except by a
//! restart.
//!
//! | chapter | name | boss at | meant for days | what it is about |
//! |---|---|---|---|---|
//! | 1 | Curiosity | 55.00 | 1-3 | high-energy start |
//! | 2 | Intrigue | 60.00 | 4-7 | testing phase |
//! | 3 | Investment | 65.00 | 8-11 | deeper connection |
//! | 4 | Intimacy | 70.00 | 12-16 | real feelings |
//! | 5 | Established | 75.00 | 17-21 | mature and stable |
//!
//! The days describe the story as it is meant, 21 days long. They gate nothing: nobody has to stay, nobody is pushed on.
//! Grace and rate of decay by chapter are in [`decay`](crate::decay).
//!
//! Whenever the chapter changes, boss attempts are 0 again, engagement starts to
//! [calibrate](crate::engagement::machine), the grace starts anew and what was cached for calls is thrown away.

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

use crate::config::in_force;
use crate::score::{Score, round2};

/// By chapter: its name.
pub const NAMES: [&str; 5] = ["Curiosity", "Intrigue", "Investment", "Intimacy", "Established"];

/// By chapter: the score at which a boss awaits the player.
pub(crate) const BOSS_THRESHOLDS: [Decimal; 5] =
    [dec!(55.00), dec!(60.00), dec!(65.00), dec!(70.00), dec!(75.00)];

/// By chapter: the days of the story that it is meant to take, first and last.
pub(crate) const EXPECTED_DAYS: [(i32, i32); 5] = [(1, 3), (4, 7), (8, 11), (12, 16), (17, 21)];

/// By chapter: what it is about.
pub const DESCRIPTIONS: [&str; 5] =
    ["high-energy start", "testing phase", "deeper connection", "real feelings", "mature and stable"];

/// How she is in one chapter: colour for the text agent and for the analyst of an exchange, no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The part of the messages that she likes to answer, in percent.
    pub response_rate: u8,
    /// How quick she is.
    pub timing: &'static str,
    /// What she is like.
    pub behaviour: &'static str,
}

/// By chapter.
pub const PROFILES: [Profile; 5] = [
    Profile {
        response_rate: 95,
        timing: "quick, keen",
        behaviour: "Warm, open and curious about this new person. She is eager, and knows it: she watches that neither \
                    of them crowds the other.",
    },
    Profile {
        response_rate: 92,
        timing: "mostly prompt",
        behaviour: "Her curiosity goes deeper. She tells stories of her own, tests limits gently, lets a little \
                    vulnerability show and keeps some mystery.",
    },
    Profile {
        response_rate: 88,
        timing: "variable, needs room",
        behaviour: "Real feelings are at stake now. She shows fears and hopes and wants depth, without leaning on them \
                    for everything.",
    },
    Profile {
        response_rate: 85,
        timing: "steady, at ease with silence",
        behaviour: "Fully open. She says directly what she needs, feels safe in the bond, and stays a person of her own.",
    },
    Profile {
        response_rate: 82,
        timing: "steady",
        behaviour: "Completely herself. Grounded, with healthy limits, and still doing something to keep the bond fresh.",
    },
];

/// A chapter, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Chapter(u8);

impl Chapter {
    /// Where every game starts.
    pub const FIRST: Self = Self(1);

    /// Where a game is won.
    pub const LAST: Self = Self(5);

    /// All five, in order.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The chapter of that number; `None` outside 1 to 5.
    pub fn new(number: i32) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=5).contains(number)).map(Self)
    }

    /// Its number, 1 to 5.
    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    /// What a table of five figures holds for this chapter.
    pub fn of<T>(self, table: &[T; 5]) -> &T {
        &table[usize::from(self.0 - 1)]
    }

    /// The chapter after it; none after the last.
    pub fn next(self) -> Option<Self> {
        Self::new(self.number() + 1)
    }

    /// The score at which its boss awaits the player.
    pub fn boss_threshold(self) -> Decimal {
        *in_force().chapters.boss_threshold.of(self)
    }

    /// The first and the last day that it is meant to take.
    pub fn expected_days(self) -> (i32, i32) {
        *in_force().chapters.days.of(self)
    }

    /// How she is in it.
    pub fn profile(self) -> &'static Profile {
        self.of(&PROFILES)
    }

    /// How far a score has come on the way to this chapter's boss, in percent, 0.00 to 100.00.
    pub fn progress_to_boss(self, score: Score) -> Decimal {
        let percent = score.value() / self.boss_threshold() * dec!(100);
        round2(percent).min(dec!(100))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.of::<&str>(&NAMES)
    }
}

impl std::fmt::Display for Chapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i32> for Chapter {
    type Error = NoSuchChapter;

    fn try_from(number: i32) -> Result<Self, NoSuchChapter> {
        Self::new(number).ok_or(NoSuchChapter)
    }
}

impl From<Chapter> for i32 {
    fn from(chapter: Chapter) -> Self {
        chapter.number()
    }
}

/// A number that is no chapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a chapter is a number from 1 to 5")]
pub struct NoSuchChapter;

#[cfg(test)]
mod tests {
    use super::*;

    /// case: game G-60
    /// case: api 15
    #[test]
    fn progress_to_the_boss_ends_at_a_hundred() {
        assert_eq!((Chapter::ALL[0].boss_threshold(), Chapter::ALL[0].name()), (dec!(55), "Curiosity"));
        for (chapter, score, percent) in [
            (1, dec!(50.00), dec!(90.91)),
            (3, dec!(48.75), dec!(75)),
            (5, dec!(80), dec!(100)),
            (2, dec!(48), dec!(80)),
            (1, dec!(55), dec!(100)),
            (1, dec!(90), dec!(100)),
            (3, dec!(0), dec!(0)),
        ] {
            let progress =
                Chapter::new(chapter).map(|chapter| chapter.progress_to_boss(Score::clamped(score)));
            assert_eq!(progress, Some(percent), "{score} in chapter {chapter}");
        }
    }

    #[test]
    fn a_chapter_exists_only_from_1_to_5() {
        assert_eq!([0, 6, -1, 300].map(Chapter::new), [None; 4]);
        assert_eq!(Chapter::ALL.map(Chapter::number), [1, 2, 3, 4, 5]);
        assert_eq!(Chapter::new(5), Some(Chapter::LAST));
        assert_eq!(Chapter::ALL.map(Chapter::name), NAMES);
    }

    #[test]
    fn thresholds_and_days_rise_from_chapter_to_chapter() {
        for (chapter, next) in Chapter::ALL.into_iter().filter_map(|chapter| Some((chapter, chapter.next()?)))
        {
            assert!(next.boss_threshold() > chapter.boss_threshold());
            assert_eq!(next.expected_days().0, chapter.expected_days().1 + 1);
            assert!(next.profile().response_rate < chapter.profile().response_rate);
        }
        assert_eq!(Chapter::LAST.next(), None);
    }
}

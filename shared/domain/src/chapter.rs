//! Chapters: five, from curiosity to being established. They rise only through a passed boss and never fall.

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

use crate::score::{Score, round2};

/// By chapter: its name.
pub const NAMES: [&str; 5] = ["Curiosity", "Intrigue", "Investment", "Intimacy", "Established"];

/// By chapter: the score at which a boss awaits the player.
pub const BOSS_THRESHOLDS: [Decimal; 5] = [dec!(55.00), dec!(60.00), dec!(65.00), dec!(70.00), dec!(75.00)];

/// A chapter, 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i32", into = "i32")]
pub struct Chapter(u8);

impl Chapter {
    /// Where every game starts.
    pub const FIRST: Self = Self(1);

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

    /// How far a score has come on the way to this chapter's boss, in percent, 0.00 to 100.00.
    pub fn progress_to_boss(self, score: Score) -> Decimal {
        let percent = score.value() / *self.of(&BOSS_THRESHOLDS) * dec!(100);
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
    #[test]
    fn progress_to_the_boss_ends_at_a_hundred() {
        for (chapter, score, percent) in [
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
        assert_eq!(Chapter::new(5).map(Chapter::name), Some("Established"));
    }
}

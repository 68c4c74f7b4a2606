//! Chapters: the five steps of the relationship, and the score at which each one's boss waits.
//!
//! A chapter rises only through a passed boss and falls only by a restart. Its days are what the story intends; they
//! gate nothing.

use rust_decimal::{Decimal, dec};

/// A chapter from 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chapter(u8);

/// What a chapter is called and where it ends.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// The name, as shown to players.
    pub name: &'static str,
    /// From this score on the boss may begin.
    pub boss_threshold: Decimal,
    /// The days of play it is meant for, first and last.
    pub expected_days: (i32, i32),
}

/// By chapter, 1 to 5.
pub const PROFILES: [Profile; 5] = [
    Profile { name: "Curiosity", boss_threshold: dec!(55.00), expected_days: (1, 3) },
    Profile { name: "Intrigue", boss_threshold: dec!(60.00), expected_days: (4, 7) },
    Profile { name: "Investment", boss_threshold: dec!(65.00), expected_days: (8, 11) },
    Profile { name: "Intimacy", boss_threshold: dec!(70.00), expected_days: (12, 16) },
    Profile { name: "Established", boss_threshold: dec!(75.00), expected_days: (17, 21) },
];

impl Chapter {
    /// The five, in order.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];
    /// Where every player begins.
    pub const FIRST: Self = Self(1);
    /// The one whose boss decides about victory.
    pub const LAST: Self = Self(5);

    /// The chapter of this number, or nothing outside 1 to 5.
    pub fn new(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|chapter| chapter.number() == number)
    }

    /// The number, 1 to 5.
    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    /// The entry of this chapter in a table by chapter.
    pub fn of<T>(self, table: &[T; 5]) -> &T {
        &table[usize::from(self.0 - 1)]
    }

    /// The chapter after this one; nothing follows the last.
    pub fn next(self) -> Option<Self> {
        Self::new(self.number() + 1)
    }

    /// The name, as shown to players.
    pub fn name(self) -> &'static str {
        self.of(&PROFILES).name
    }

    /// From this score on the boss may begin.
    pub fn boss_threshold(self) -> Decimal {
        self.of(&PROFILES).boss_threshold
    }
}

impl std::fmt::Display for Chapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exists_from_one_to_five() {
        let numbers: Vec<i32> = (-1..=7).filter(|&number| Chapter::new(number).is_some()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn finds_its_place_in_a_table() {
        assert_eq!(Chapter::ALL.map(|chapter| *chapter.of(&[10, 20, 30, 40, 50])), [10, 20, 30, 40, 50]);
        assert_eq!(Chapter::LAST.name(), "Established");
        assert_eq!(Chapter::LAST.next(), None);
    }

    #[test]
    fn thresholds_rise() {
        assert!(Chapter::ALL.windows(2).all(|pair| pair[0].boss_threshold() < pair[1].boss_threshold()));
    }
}

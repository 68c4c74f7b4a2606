//! How things stand between the two, as `/status` tells it: in words, never as a number.
//!
//! | score | word |
//! |---|---|
//! | 80 and more | very good |
//! | 60 and more | solid |
//! | 40 and more | complicated |
//! | 20 and more | not great |
//! | less | bad |

use rust_decimal::{Decimal, dec};

use crate::score::Score;

/// From which score on things stand like this, best first.
const FROM: [(Decimal, Standing); 4] = [
    (dec!(80), Standing::VeryGood),
    (dec!(60), Standing::Solid),
    (dec!(40), Standing::Complicated),
    (dec!(20), Standing::NotGreat),
];

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It could hardly be better.
    VeryGood,
    /// It holds.
    Solid,
    /// It is not easy.
    Complicated,
    /// It does not look good.
    NotGreat,
    /// It is nearly over.
    Bad,
}

impl Standing {
    /// How things stand at this score.
    pub fn at(score: Score) -> Self {
        FROM.iter().find(|(from, _)| score.value() >= *from).map_or(Self::Bad, |(_, standing)| *standing)
    }

    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryGood => "very good",
            Self::Solid => "solid",
            Self::Complicated => "complicated",
            Self::NotGreat => "not great",
            Self::Bad => "bad",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: telegram 48
    #[test]
    fn a_standing_begins_at_its_bound() {
        for (score, word) in [
            (dec!(100), "very good"),
            (dec!(80), "very good"),
            (dec!(79.99), "solid"),
            (dec!(60), "solid"),
            (dec!(40), "complicated"),
            (dec!(39.99), "not great"),
            (dec!(20), "not great"),
            (dec!(19.99), "bad"),
            (dec!(0), "bad"),
        ] {
            assert_eq!(Standing::at(Score::new(score).unwrap()).as_str(), word, "{score}");
        }
    }
}

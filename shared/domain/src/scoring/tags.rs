//! What an exchange was, besides its numbers: the tags that the analyst puts on the player's words.
//!
//! | kind | values | meaning |
//! |---|---|---|
//! | horseman | criticism, contempt, defensiveness, stonewalling | attacks character; mocks; counter-attacks; shuts down |
//! | trigger | dismissive, neglect, jealousy, boundary, trust | gives cause for a conflict of that kind |
//! | repair | excellent, good, adequate, poor, harmful | how well an attempt to make up was made |
//!
//! Only the player's own words count, and only genuine cases: short replies and mild disagreement are no horsemen, a
//! sarcastic, manipulative or conditional apology is no repair. A name that is not in the table means nothing.

use serde::{Deserialize, Serialize};

/// One of the four ways of talking that break couples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Horseman {
    /// Attacks her character.
    Criticism,
    /// Mocks her, looks down on her.
    Contempt,
    /// Counter-attacks, plays the victim.
    Defensiveness,
    /// Shuts down.
    Stonewalling,
}

impl Horseman {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Criticism, Self::Contempt, Self::Defensiveness, Self::Stonewalling];

    /// Its name in tags and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Criticism => "criticism",
            Self::Contempt => "contempt",
            Self::Defensiveness => "defensiveness",
            Self::Stonewalling => "stonewalling",
        }
    }

    /// The horseman of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|horseman| horseman.as_str() == name)
    }
}

/// A kind of cause for a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TriggerKind {
    /// Brushes her off.
    Dismissive,
    /// Leaves her alone.
    Neglect,
    /// Somebody else comes between them.
    Jealousy,
    /// Goes too far.
    Boundary,
    /// Breaks a confidence.
    Trust,
}

impl TriggerKind {
    /// All five.
    pub const ALL: [Self; 5] = [Self::Dismissive, Self::Neglect, Self::Jealousy, Self::Boundary, Self::Trust];

    /// Its name in tags and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dismissive => "dismissive",
            Self::Neglect => "neglect",
            Self::Jealousy => "jealousy",
            Self::Boundary => "boundary",
            Self::Trust => "trust",
        }
    }

    /// The trigger of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// How well an attempt to make up was made, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RepairQuality {
    /// Accountability, vulnerability and a specific acknowledgement.
    Excellent,
    /// A clear apology, or openness with some detail.
    Good,
    /// A basic or vague attempt to reconnect.
    Adequate,
    /// Half-hearted, qualified.
    Poor,
    /// Blames or belittles while making up.
    Harmful,
}

impl RepairQuality {
    /// All five, best first.
    pub const ALL: [Self; 5] = [Self::Excellent, Self::Good, Self::Adequate, Self::Poor, Self::Harmful];

    /// Its name in the analyst's answer and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Adequate => "adequate",
            Self::Poor => "poor",
            Self::Harmful => "harmful",
        }
    }

    /// The quality of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.as_str() == name)
    }

    /// What it counts as beside these horsemen: contempt in the same message voids what would mend.
    pub fn beside(self, horsemen: &[Horseman]) -> Option<Self> {
        (!self.mends() || !horsemen.contains(&Horseman::Contempt)).then_some(self)
    }

    /// Whether it mends anything: adequate or better.
    pub const fn mends(self) -> bool {
        matches!(self, Self::Excellent | Self::Good | Self::Adequate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for horseman in Horseman::ALL {
            assert_eq!(Horseman::parse(horseman.as_str()), Some(horseman));
        }
        for kind in TriggerKind::ALL {
            assert_eq!(TriggerKind::parse(kind.as_str()), Some(kind));
        }
        for quality in RepairQuality::ALL {
            assert_eq!(RepairQuality::parse(quality.as_str()), Some(quality));
        }
        assert_eq!(Horseman::parse("pestilence"), None);
    }

    #[test]
    fn an_adequate_attempt_mends_and_a_poor_one_does_not() {
        assert_eq!(RepairQuality::ALL.map(RepairQuality::mends), [true, true, true, false, false]);
    }
}

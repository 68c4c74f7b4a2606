//! Vices: eight tastes of the player that colour her talk, found in conversations and never asked for.
//!
//! | taste | what it is | capped by chapter 1 to 5 |
//! |---|---|---|
//! | intellectual_dominance | debate, expertise | |
//! | risk_taking | adrenaline, unconventional choices | |
//! | substances | drinking and party culture, without judgement | 0.30, 0.45, 0.60, 0.70, 0.80 |
//! | sexuality | flirtation, attraction | 0.35, 0.45, 0.60, 0.75, 0.85 |
//! | emotional_intensity | deep, dramatic feeling | |
//! | rule_breaking | against authority | 0.40, 0.55, 0.70, 0.80, 0.90 |
//! | dark_humor | morbid, edgy jokes | |
//! | vulnerability | openness about fears | |
//!
//! Their order is fixed, and ties follow it. After a conversation a model looks for [signals](detection); they move the
//! player's [liking] for a taste; and what is strong enough is [shown] in her prompt, capped by the chapter.
//!
//! Three tastes have limits that hold in every chapter and win over any profile and any way of expression:
//!
//! | taste | allowed | never |
//! |---|---|---|
//! | sexuality | light flirting, tension, admitted attraction, mild innuendo | explicit or graphic material, anything non-consensual |
//! | substances | easy talk without moralising, party anecdotes | urging use, romanticising addiction, how-to advice, promoting crime |
//! | rule_breaking | defiance, doubt of authority, playful rule-bending | violence, promoting crime, harm to others |
//!
//! Everyone depicted is an adult.

pub mod detection;
pub mod liking;
pub mod shown;

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

use crate::chapter::Chapter;
use crate::config::in_force;

/// By chapter: how strong each may be at most.
pub(crate) const CAPS: [(Vice, [Decimal; 5]); 8] = [
    (Vice::Sexuality, [dec!(0.35), dec!(0.45), dec!(0.60), dec!(0.75), dec!(0.85)]),
    (Vice::Substances, [dec!(0.30), dec!(0.45), dec!(0.60), dec!(0.70), dec!(0.80)]),
    (Vice::RuleBreaking, [dec!(0.40), dec!(0.55), dec!(0.70), dec!(0.80), dec!(0.90)]),
    (Vice::IntellectualDominance, UNCAPPED),
    (Vice::RiskTaking, UNCAPPED),
    (Vice::EmotionalIntensity, UNCAPPED),
    (Vice::DarkHumor, UNCAPPED),
    (Vice::Vulnerability, UNCAPPED),
];

const UNCAPPED: [Decimal; 5] = [Decimal::ONE; 5];

/// One of the eight tastes, in their fixed order; ties follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vice {
    /// Debate and expertise.
    IntellectualDominance,
    /// Adrenaline, unconventional choices.
    RiskTaking,
    /// Drinking and party culture.
    Substances,
    /// Flirtation and attraction.
    Sexuality,
    /// Deep, dramatic feeling.
    EmotionalIntensity,
    /// Against authority.
    RuleBreaking,
    /// Morbid, edgy jokes.
    DarkHumor,
    /// Openness about fears.
    Vulnerability,
}

/// What a taste allows her to say, and what it never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fine.
    pub allowed: &'static str,
    /// Never.
    pub never: &'static str,
}

impl Vice {
    /// All eight, in order.
    pub const ALL: [Self; 8] = [
        Self::IntellectualDominance,
        Self::RiskTaking,
        Self::Substances,
        Self::Sexuality,
        Self::EmotionalIntensity,
        Self::RuleBreaking,
        Self::DarkHumor,
        Self::Vulnerability,
    ];

    /// As it stands in `user_vice_preferences.category`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntellectualDominance => "intellectual_dominance",
            Self::RiskTaking => "risk_taking",
            Self::Substances => "substances",
            Self::Sexuality => "sexuality",
            Self::EmotionalIntensity => "emotional_intensity",
            Self::RuleBreaking => "rule_breaking",
            Self::DarkHumor => "dark_humor",
            Self::Vulnerability => "vulnerability",
        }
    }

    /// The vice of that name; none for an unknown one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vice| vice.as_str() == name)
    }

    /// What it is, for the model that looks for it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::IntellectualDominance => "enjoys debate, being challenged and showing expertise",
            Self::RiskTaking => "drawn to adrenaline, dares and unconventional choices",
            Self::Substances => "at home in drinking and party culture",
            Self::Sexuality => "enjoys flirtation, tension and being found attractive",
            Self::EmotionalIntensity => "seeks deep, dramatic feeling",
            Self::RuleBreaking => "against authority, likes bending rules",
            Self::DarkHumor => "likes morbid, edgy jokes",
            Self::Vulnerability => "open about fears and weak spots, and wants the same back",
        }
    }

    /// The limits of the three tastes that have them.
    pub const fn limits(self) -> Option<Limits> {
        Some(match self {
            Self::Sexuality => Limits {
                allowed: "light flirting, tension, admitted attraction, mild innuendo",
                never: "explicit or graphic material, anything non-consensual",
            },
            Self::Substances => Limits {
                allowed: "easy talk without moralising, party anecdotes",
                never: "urging use, romanticising addiction, how-to advice, promoting crime",
            },
            Self::RuleBreaking => Limits {
                allowed: "defiance, doubt of authority, playful rule-bending",
                never: "violence, promoting crime, harm to others",
            },
            _ => return None,
        })
    }

    /// How strong it may be in a chapter at most.
    pub fn cap(self, chapter: Chapter) -> Decimal {
        in_force().vices.caps.get(&self).map_or(Decimal::ONE, |caps| *caps.of(chapter))
    }
}

impl std::fmt::Display for Vice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_database() {
        for vice in Vice::ALL {
            assert_eq!(Vice::parse(vice.as_str()), Some(vice));
        }
        assert_eq!(Vice::parse("sarcasm"), None);
    }

    #[test]
    fn what_is_capped_has_limits_and_loosens_from_chapter_to_chapter() {
        for vice in Vice::ALL {
            let caps = Chapter::ALL.map(|chapter| vice.cap(chapter));
            assert_eq!(vice.limits().is_some(), caps[4] < Decimal::ONE, "{vice}");
            assert!(caps.is_sorted(), "{vice}");
        }
    }
}

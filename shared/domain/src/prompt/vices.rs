//! Vices in a prompt: which of the player's eight tastes colour her talk, and how strongly.
//!
//! A taste's intensity is its engagement score over five, at most 1, and capped by the chapter. Those of 0.30 and more
//! are shown, the strongest three. While fewer than three tastes are known at all, she may probe the first three
//! unknown ones, in their fixed order. Whatever the chapter: everyone depicted is an adult, and the limits of the
//! immersion section win.

use serde::Serialize;

use super::limits::VICES;
use crate::chapter::Chapter;

/// A taste weaker than this is not shown.
pub const SHOWN_FROM: f64 = 0.30;
/// With fewer known tastes than this she probes for more.
pub const DISCOVERY_BELOW: usize = 3;
/// The engagement score at which a taste is at its strongest.
pub const FULL_ENGAGEMENT: f64 = 5.0;

/// One of the eight tastes, in their fixed order; ties follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

    /// How it colours her talk, within its limits.
    pub const fn guidance(self) -> &'static str {
        match self {
            Self::IntellectualDominance => {
                "A good argument excites them: take the other side, know your stuff, concede only to a better point."
            }
            Self::RiskTaking => {
                "They like a leap: dares, odd hours, the unconventional choice told with a grin. The risk stays theirs to judge."
            }
            Self::Substances => {
                "Drinking and party stories may be told, easily and without moralising. You urge nothing, you glorify no \
                 addiction, and you explain nothing."
            }
            Self::Sexuality => {
                "Flirtation and tension are welcome: admitted attraction, mild innuendo, a sentence left unfinished. Never \
                 explicit, never without the other's wanting."
            }
            Self::EmotionalIntensity => {
                "They want depth and drama of feeling: say the large thing now and then, and mean it."
            }
            Self::RuleBreaking => {
                "Defiance amuses both of you: doubt authority, bend a rule in play. No violence, no crime made attractive, \
                 nobody harmed."
            }
            Self::DarkHumor => {
                "Morbid and edgy jokes land with them: dry, quick, upwards, never at somebody's open wound."
            }
            Self::Vulnerability => {
                "Openness about fears moves them: give a small true one of your own, and do not joke it away at once."
            }
        }
    }

    /// A remark that shows whether somebody has the taste.
    pub const fn probe(self) -> &'static str {
        match self {
            Self::IntellectualDominance => "an opinion that begs to be contradicted",
            Self::RiskTaking => "something reckless that you once did and do not regret",
            Self::Substances => "a night out that ended later than planned",
            Self::Sexuality => "a flirtation that could also be read as a joke",
            Self::EmotionalIntensity => "a feeling named a size larger than usual",
            Self::RuleBreaking => "a rule that you broke on principle",
            Self::DarkHumor => "a joke that one should not make",
            Self::Vulnerability => "a small fear, said in passing",
        }
    }

    /// The vice of that name; none for an unknown one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vice| vice.as_str() == name)
    }

    /// By chapter: how strong it may be at most.
    const fn caps(self) -> [f64; 5] {
        match self {
            Self::Sexuality => [0.35, 0.45, 0.60, 0.75, 0.85],
            Self::Substances => [0.30, 0.45, 0.60, 0.70, 0.80],
            Self::RuleBreaking => [0.40, 0.55, 0.70, 0.80, 0.90],
            _ => [1.0; 5],
        }
    }
}

/// By chapter: how openly she shows a taste. "Explicit" means openly stated preferences, within the limits.
const EXPRESSION: [&str; 5] = ["subtle", "subtle", "moderate", "direct", "explicit"];

/// What the prompt says of the player's tastes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The tastes that colour her talk, strongest first, each with how strong it is in a word.
    pub active: Vec<(Vice, &'static str)>,
    /// Tastes to probe for.
    pub probes: Vec<Vice>,
    /// How openly.
    pub expression: &'static str,
}

impl Shown {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.active.is_empty() && self.probes.is_empty()
    }
}

/// Chooses from the engagement scores (0 to 5) of the known categories.
pub fn choose(engagement: &[(Vice, f64)], chapter: Chapter) -> Shown {
    let known: Vec<(Vice, f64)> = engagement
        .iter()
        .map(|(vice, score)| (*vice, (score / FULL_ENGAGEMENT).clamp(0.0, 1.0)))
        .filter(|(_, intensity)| *intensity > 0.0)
        .collect();
    let mut active: Vec<(Vice, f64)> = known
        .iter()
        .map(|(vice, intensity)| (*vice, intensity.min(*chapter.of(&vice.caps()))))
        .filter(|(_, intensity)| *intensity >= SHOWN_FROM)
        .collect();
    active.sort_by(|(vice, intensity), (other, than)| than.total_cmp(intensity).then(vice.cmp(other)));
    active.truncate(VICES);

    let is_known = |vice: &Vice| known.iter().any(|(other, _)| other == vice);
    let probes = if known.len() < DISCOVERY_BELOW {
        Vice::ALL.into_iter().filter(|vice| !is_known(vice)).take(VICES).collect()
    } else {
        Vec::new()
    };
    Shown {
        active: active.into_iter().map(|(vice, intensity)| (vice, label(intensity))).collect(),
        probes,
        expression: chapter.of::<&str>(&EXPRESSION),
    }
}

fn label(intensity: f64) -> &'static str {
    if intensity >= 0.80 {
        "strong"
    } else if intensity >= 0.60 {
        "moderate"
    } else if intensity >= 0.40 {
        "mild"
    } else {
        "subtle"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(number: i32) -> Chapter {
        Chapter::new(number).expect("a chapter")
    }

    #[test]
    fn tastes_are_capped_by_the_chapter_and_the_strongest_three_shown() {
        let engagement = [
            (Vice::Sexuality, 5.0),
            (Vice::DarkHumor, 4.0),
            (Vice::RiskTaking, 4.0),
            (Vice::Substances, 5.0),
            (Vice::Vulnerability, 1.0),
        ];
        let first = choose(&engagement, chapter(1));
        assert_eq!(
            first.active,
            [(Vice::RiskTaking, "strong"), (Vice::DarkHumor, "strong"), (Vice::Sexuality, "subtle")]
        );
        assert_eq!((first.expression, first.probes.len()), ("subtle", 0));

        let fifth = choose(&engagement, chapter(5));
        assert_eq!(fifth.active[0], (Vice::Sexuality, "strong"));
        assert_eq!(fifth.expression, "explicit");
    }

    #[test]
    fn a_new_player_is_probed_in_order() {
        let nothing = choose(&[(Vice::IntellectualDominance, 0.0)], chapter(1));
        assert_eq!(nothing.probes, [Vice::IntellectualDominance, Vice::RiskTaking, Vice::Substances]);
        assert!(nothing.active.is_empty() && !nothing.is_empty());

        let some = choose(&[(Vice::RiskTaking, 1.0)], chapter(1));
        assert_eq!(some.probes, [Vice::IntellectualDominance, Vice::Substances, Vice::Sexuality]);
    }

    #[test]
    fn names_are_those_of_the_database() {
        for vice in Vice::ALL {
            assert_eq!(Vice::parse(vice.as_str()), Some(vice));
        }
        assert_eq!(Vice::parse("sarcasm"), None);
    }
}

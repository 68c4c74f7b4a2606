//! Signs: what the analysis of an exchange says about a conflict.
//!
//! | sign | tag | heat |
//! |---|---|---|
//! | criticism: attacks her character | `horseman:criticism` | +4 |
//! | contempt: mockery, superiority | `horseman:contempt` | +8 |
//! | defensiveness: counter-attack, playing the victim | `horseman:defensiveness` | +3 |
//! | stonewalling: shutting down | `horseman:stonewalling` | +5 |
//! | dismissive, only as a run of short answers | `trigger:dismissive` | +3 |
//! | jealousy | `trigger:jealousy` | +4 |
//! | neglect | `trigger:neglect` | +5 |
//! | trust | `trigger:trust` | +6 |
//! | boundary | `trigger:boundary` | +8 |
//!
//! A horseman counts once a turn, a trigger heats once a conversation. Tags that nobody knows are ignored.
//!
//! | repair | heat |
//! |---|---|
//! | excellent | -25 |
//! | good | -15 |
//! | adequate, or detected without a quality | -5 |
//! | poor | +2 |
//! | harmful | +5 |

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal, $heat:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$item])* $variant,)+ }

        impl $name {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Reads what is stored.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == text)
            }

            /// By how much it changes the temperature.
            pub const fn heat(self) -> f64 {
                match self { $(Self::$variant => $heat,)+ }
            }
        }
    };
}

words! {
    /// One of the four ways of talking that end relationships, in the player's words.
    Horseman {
        /// Attacks her character.
        Criticism = "criticism", 4.0;
        /// Mockery, superiority.
        Contempt = "contempt", 8.0;
        /// Counter-attack, playing the victim.
        Defensiveness = "defensiveness", 3.0;
        /// Shutting down.
        Stonewalling = "stonewalling", 5.0;
    }
}

words! {
    /// What gives her cause for a conflict.
    TriggerKind {
        /// Short, uninterested answers.
        Dismissive = "dismissive", 3.0;
        /// Left alone for long.
        Neglect = "neglect", 5.0;
        /// Somebody else.
        Jealousy = "jealousy", 4.0;
        /// A limit that was pushed.
        Boundary = "boundary", 8.0;
        /// A breach of trust.
        Trust = "trust", 6.0;
    }
}

words! {
    /// How well an attempt to make up was made.
    RepairQuality {
        /// Takes responsibility, opens up, names what happened.
        Excellent = "excellent", -25.0;
        /// A clear apology, or openness with some detail.
        Good = "good", -15.0;
        /// A basic or vague attempt.
        Adequate = "adequate", -5.0;
        /// Half-hearted, qualified.
        Poor = "poor", 2.0;
        /// Blames or belittles while making up.
        Harmful = "harmful", 5.0;
    }
}

impl RepairQuality {
    /// Whether it makes things better.
    pub const fn is_positive(self) -> bool {
        matches!(self, Self::Excellent | Self::Good | Self::Adequate)
    }

    /// What the analysis says: a quality that nobody knows is none, and an attempt without one is adequate.
    pub fn judged(attempt: bool, quality: Option<&str>) -> Option<Self> {
        quality.and_then(Self::parse).or_else(|| attempt.then_some(Self::Adequate))
    }
}

/// The tag of an exchange in which both were vulnerable.
pub const VULNERABILITY_TAG: &str = "vulnerability_exchange";

/// What the tags of one exchange say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signs {
    /// Each horseman once, in the order of the table.
    pub horsemen: Vec<Horseman>,
    /// Each kind of trigger once, in the order of the table.
    pub triggers: Vec<TriggerKind>,
    /// Whether both were vulnerable.
    pub vulnerability_exchange: bool,
}

impl Signs {
    /// Reads `behaviors_identified`.
    pub fn read<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let mut signs = Self::default();
        for tag in tags {
            match tag.trim().split_once(':') {
                Some(("horseman", name)) => signs.horsemen.extend(Horseman::parse(name)),
                Some(("trigger", name)) => signs.triggers.extend(TriggerKind::parse(name)),
                _ => signs.vulnerability_exchange |= tag.trim() == VULNERABILITY_TAG,
            }
        }
        signs.horsemen.sort_unstable();
        signs.horsemen.dedup();
        signs.triggers.sort_unstable();
        signs.triggers.dedup();
        signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_once_and_unknown_ones_not_at_all() {
        let signs = Signs::read([
            "horseman:contempt",
            "horseman:criticism",
            "horseman:contempt",
            "horseman:sulking",
            "trigger:jealousy",
            "humour",
            "vulnerability_exchange",
        ]);
        assert_eq!(signs.horsemen, [Horseman::Criticism, Horseman::Contempt]);
        assert_eq!(signs.triggers, [TriggerKind::Jealousy]);
        assert!(signs.vulnerability_exchange);
        assert_eq!(Signs::read(["vulnerability", ":", ""]), Signs::default());
    }

    #[test]
    fn an_attempt_without_a_quality_is_adequate() {
        for (attempt, quality, judged) in [
            (true, None, Some(RepairQuality::Adequate)),
            (true, Some("excellent"), Some(RepairQuality::Excellent)),
            (false, Some("good"), Some(RepairQuality::Good)),
            (true, Some("splendid"), Some(RepairQuality::Adequate)),
            (false, Some("splendid"), None),
            (false, None, None),
        ] {
            assert_eq!(RepairQuality::judged(attempt, quality), judged, "{attempt} {quality:?}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for &quality in RepairQuality::ALL {
            assert_eq!(RepairQuality::parse(quality.as_str()), Some(quality));
            assert_eq!(quality.is_positive(), quality.heat() < 0.0);
        }
        assert_eq!(Horseman::parse("Contempt"), None);
    }
}

//! Shown: which of the player's tastes colour her talk, and how strongly.
//!
//! Each intensity is capped by the chapter; of those of 0.30 and more the strongest three are shown, with a word for
//! their strength: strong from 0.80, moderate from 0.60, mild from 0.40, else subtle. While fewer than three tastes are
//! known at all, she may probe the first three unknown ones, in their fixed order. She shows a trait naturally and only
//! where it fits the moment; a player without a taste shown gets none mentioned.
//!
//! How openly goes by chapter: subtle, subtle, moderate, direct, explicit. "Explicit" means openly stated preferences,
//! within the [limits](super::Limits).

use rust_decimal::{Decimal, dec};

use super::Vice;
use super::liking::{Liking, TOP};
use crate::chapter::Chapter;

/// A taste weaker than this is not shown.
pub const SHOWN_FROM: Decimal = dec!(0.30);
/// With fewer known tastes than this she probes for more.
pub const DISCOVERY_BELOW: usize = 3;
/// By chapter: how openly she shows a taste.
pub const EXPRESSION: [&str; 5] = ["subtle", "subtle", "moderate", "direct", "explicit"];

/// One taste that colours her talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shade {
    /// The taste.
    pub vice: Vice,
    /// How strong it is, capped by the chapter.
    pub intensity: Decimal,
}

impl Shade {
    /// How strong it is, in a word.
    pub fn strength(self) -> &'static str {
        if self.intensity >= dec!(0.80) {
            "strong"
        } else if self.intensity >= dec!(0.60) {
            "moderate"
        } else if self.intensity >= dec!(0.40) {
            "mild"
        } else {
            "subtle"
        }
    }
}

/// What the prompt says of the player's tastes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The tastes that colour her talk, strongest first.
    pub active: Vec<Shade>,
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

/// Chooses from the player's likings.
pub fn choose(likings: &[(Vice, Liking)], chapter: Chapter) -> Shown {
    let known: Vec<(Vice, Liking)> =
        likings.iter().copied().filter(|(_, liking)| liking.is_known()).collect();
    let mut active: Vec<Shade> = known
        .iter()
        .map(|&(vice, liking)| Shade { vice, intensity: liking.intensity().min(vice.cap(chapter)) })
        .filter(|shade| shade.intensity >= SHOWN_FROM)
        .collect();
    active.sort_by(|shade, than| than.intensity.cmp(&shade.intensity).then(shade.vice.cmp(&than.vice)));
    active.truncate(TOP);
    Shown { active, probes: probes(&known), expression: chapter.of::<&str>(&EXPRESSION) }
}

fn probes(known: &[(Vice, Liking)]) -> Vec<Vice> {
    if known.len() >= DISCOVERY_BELOW {
        return Vec::new();
    }
    let is_known = |vice: &Vice| known.iter().any(|(other, _)| other == vice);
    Vice::ALL.into_iter().filter(|vice| !is_known(vice)).take(TOP).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(intensities: &[(Vice, Decimal)], chapter: i32) -> Shown {
        let likings: Vec<(Vice, Liking)> = intensities
            .iter()
            .map(|&(vice, intensity)| (vice, Liking::clamped(intensity * dec!(5))))
            .collect();
        choose(&likings, Chapter::new(chapter).expect("a chapter"))
    }

    fn shades(shown: &Shown) -> Vec<(Vice, Decimal)> {
        shown.active.iter().map(|shade| (shade.vice, shade.intensity)).collect()
    }

    /// case: game G-53
    #[test]
    fn few_known_tastes_are_shown_and_more_are_probed_for() {
        let first = shown(&[(Vice::Sexuality, dec!(0.9)), (Vice::DarkHumor, dec!(0.5))], 1);
        assert_eq!(shades(&first), [(Vice::DarkHumor, dec!(0.50)), (Vice::Sexuality, dec!(0.35))]);
        assert_eq!(first.expression, "subtle");
        assert_eq!(first.probes, [Vice::IntellectualDominance, Vice::RiskTaking, Vice::Substances]);
    }

    /// case: game G-54
    #[test]
    fn enough_known_tastes_end_the_probing() {
        let tastes = [
            (Vice::Sexuality, dec!(0.9)),
            (Vice::DarkHumor, dec!(0.5)),
            (Vice::Substances, dec!(1.0)),
            (Vice::Vulnerability, dec!(0.2)),
        ];
        let first = shown(&tastes, 1);
        assert_eq!(
            shades(&first),
            [(Vice::DarkHumor, dec!(0.50)), (Vice::Sexuality, dec!(0.35)), (Vice::Substances, dec!(0.30))]
        );
        assert_eq!(first.probes, []);
    }

    /// case: game G-55
    #[test]
    fn caps_loosen_and_ties_keep_the_fixed_order() {
        let tastes = [Vice::Sexuality, Vice::Substances, Vice::RuleBreaking, Vice::DarkHumor];
        let last = shown(&tastes.map(|vice| (vice, dec!(0.9))), 5);
        assert_eq!(
            shades(&last),
            [(Vice::RuleBreaking, dec!(0.90)), (Vice::DarkHumor, dec!(0.90)), (Vice::Sexuality, dec!(0.85))]
        );
        assert_eq!(last.expression, "explicit");
    }

    #[test]
    fn a_player_without_tastes_is_only_probed() {
        let nothing = shown(&[(Vice::IntellectualDominance, dec!(0))], 1);
        assert_eq!(nothing.probes, [Vice::IntellectualDominance, Vice::RiskTaking, Vice::Substances]);
        assert!(nothing.active.is_empty() && !nothing.is_empty());
        let weak = [Vice::RiskTaking, Vice::DarkHumor, Vice::Vulnerability].map(|vice| (vice, dec!(0.29)));
        assert!(shown(&weak, 5).is_empty());
    }

    #[test]
    fn strength_has_a_word() {
        let words = [dec!(0.8), dec!(0.79), dec!(0.6), dec!(0.4), dec!(0.39)]
            .map(|intensity| Shade { vice: Vice::RiskTaking, intensity }.strength());
        assert_eq!(words, ["strong", "moderate", "moderate", "mild", "subtle"]);
    }
}

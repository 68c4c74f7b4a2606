//! What a player's answers change about her: her work, a hobby, how far she goes; and the vices the player starts with.

use crate::vices::Vice;

/// The level of a player who chose none.
const DEFAULT_LEVEL: i32 = 3;

/// What is different about her for one player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overrides {
    /// What she works as.
    pub occupation: &'static str,
    /// What she does beside it.
    pub hobby: &'static str,
    /// What she is into.
    pub interests: &'static str,
    /// How strong vices are, 1 to 5.
    pub vice_intensity: i32,
    /// How daring she is: subtle, light, moderate, bold, explicit.
    pub edge_level: &'static str,
    /// How she speaks of substances: avoid, minimal, casual, open, embrace.
    pub substance_references: &'static str,
}

/// From the life stage, the scene and the edge level (0 or missing: 3; otherwise taken into 1 to 5).
pub fn overrides(life_stage: &str, scene: &str, level: i32) -> Overrides {
    let level = if level == 0 { DEFAULT_LEVEL } else { level.clamp(1, 5) };
    let (hobby, interests) = hobby(&scene.to_lowercase());
    let (edge_level, substance_references) = edge(level);
    Overrides {
        occupation: occupation(&life_stage.to_lowercase()),
        hobby,
        interests,
        vice_intensity: level,
        edge_level,
        substance_references,
    }
}

fn occupation(life_stage: &str) -> &'static str {
    match life_stage {
        "creative" | "artist" => "digital artist and security researcher",
        "finance" => "fintech security analyst",
        "student" => "security researcher (grad student)",
        "entrepreneur" => "startup security advisor",
        _ => "cybersecurity consultant",
    }
}

fn hobby(scene: &str) -> (&'static str, &'static str) {
    match scene {
        "techno" => ("underground DJ", "electronic music"),
        "art" => ("gallery hopping", "contemporary art"),
        "food" | "fine_dining" => ("restaurant hopping", "food and wine"),
        "cocktails" => ("speakeasy hunting", "mixology"),
        "nature" | "outdoor" => ("urban exploration", "urban exploration"),
        "music" => ("live music hunting", "live music"),
        "gaming" => ("competitive gaming", "gaming culture"),
        "fitness" => ("underground boxing", "fitness and martial arts"),
        _ => ("club culture explorer", "nightlife"),
    }
}

fn edge(level: i32) -> (&'static str, &'static str) {
    match level {
        1 => ("subtle", "avoid"),
        2 => ("light", "minimal"),
        4 => ("bold", "open"),
        5 => ("explicit", "embrace"),
        _ => ("moderate", "casual"),
    }
}

/// The intensity, 1 to 5, that each vice starts with at an edge level (taken into 1 to 5).
pub fn first_vices(level: i32) -> [(Vice, i32); 8] {
    let of_level = |intensities: [i32; 5]| match level {
        ..=1 => intensities[0],
        2 => intensities[1],
        3 => intensities[2],
        4 => intensities[3],
        5.. => intensities[4],
    };
    [
        (Vice::IntellectualDominance, of_level([3, 3, 3, 4, 5])),
        (Vice::RiskTaking, of_level([1, 2, 3, 4, 5])),
        (Vice::Substances, of_level([1, 1, 2, 3, 4])),
        (Vice::Sexuality, of_level([1, 2, 3, 4, 5])),
        (Vice::EmotionalIntensity, of_level([2, 3, 3, 4, 5])),
        (Vice::RuleBreaking, of_level([1, 2, 3, 4, 5])),
        (Vice::DarkHumor, of_level([1, 2, 3, 4, 5])),
        (Vice::Vulnerability, of_level([2, 3, 3, 4, 5])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: telegram 71-72
    #[test]
    fn answers_change_her_work_and_her_hobby() {
        let banker = overrides("finance", "art", 1);
        assert_eq!(banker.occupation, "fintech security analyst");
        assert_eq!((banker.hobby, banker.interests), ("gallery hopping", "contemporary art"));
        assert_eq!(
            (banker.vice_intensity, banker.edge_level, banker.substance_references),
            (1, "subtle", "avoid")
        );
        let student = overrides("Student", "food", 3);
        assert_eq!(student.occupation, "security researcher (grad student)");
        assert_eq!((student.hobby, student.interests), ("restaurant hopping", "food and wine"));
        assert_eq!((student.edge_level, student.substance_references), ("moderate", "casual"));
        assert_eq!(overrides("", "", 0).vice_intensity, 3);
        assert_eq!(overrides("", "", 9).edge_level, "explicit");
    }

    /// The rest of the case, that it happens once, belongs to where it is stored.
    #[test]
    fn vices_begin_by_the_edge_level() {
        for (vice, intensity) in first_vices(4) {
            assert_eq!(intensity, if vice == Vice::Substances { 3 } else { 4 }, "{vice:?}");
        }
        assert_eq!(first_vices(1).map(|(_, intensity)| intensity), [3, 1, 1, 1, 2, 1, 1, 2]);
    }
}

//! The situation of a reply: which of five stands at the head of the guidance for it.
//!
//! The first that holds: an open conflict, a gap of six hours or more, the player's morning (6 to 11), the player's
//! evening (18 to 22), the middle of a conversation. The hour is the player's.

/// After this many hours a pause is a gap.
pub const GAP_HOURS: f64 = 6.0;
/// After this many it is a long one.
pub const LONG_GAP_HOURS: f64 = 24.0;

/// What kind of moment it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// She shows a conflict.
    Conflict,
    /// They have not talked for a while.
    AfterGap,
    /// It is the player's morning.
    Morning,
    /// It is the player's evening.
    Evening,
    /// None of these.
    MidConversation,
}

impl Situation {
    /// The situation at the player's `hour`, `gap_hours` after the last contact; no contact yet counts as no gap.
    pub fn at(in_conflict: bool, gap_hours: f64, hour: i8) -> Self {
        if in_conflict {
            Self::Conflict
        } else if gap_hours >= GAP_HOURS {
            Self::AfterGap
        } else if (6..=11).contains(&hour) {
            Self::Morning
        } else if (18..=22).contains(&hour) {
            Self::Evening
        } else {
            Self::MidConversation
        }
    }

    /// Its heading.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conflict => "in a conflict",
            Self::AfterGap => "after a gap",
            Self::Morning => "their morning",
            Self::Evening => "their evening",
            Self::MidConversation => "in the middle of it",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: psyche 52
    #[test]
    fn the_first_that_holds_is_the_situation() {
        for (conflict, gap, hour, situation) in [
            (true, 30.0, 8, Situation::Conflict),
            (true, 30.0, 13, Situation::Conflict),
            (false, 6.0, 9, Situation::AfterGap),
            (false, 5.9, 6, Situation::Morning),
            (false, 0.0, 11, Situation::Morning),
            (false, 0.0, 12, Situation::MidConversation),
            (false, 0.0, 18, Situation::Evening),
            (false, 0.0, 22, Situation::Evening),
            (false, 0.0, 23, Situation::MidConversation),
        ] {
            assert_eq!(Situation::at(conflict, gap, hour), situation, "{conflict} {gap} {hour}");
        }
    }
}

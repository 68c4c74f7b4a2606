//! Engagement: whether a player is there in the measure that suits her, neither crowding her nor forgetting her.
//!
//! | state | meaning | healthy | gains are multiplied by | way back | takes |
//! |---|---|---|---|---|---|
//! | calibrating | she is learning the player's rhythm; where everybody starts | yes | 0.9 | | |
//! | in_zone | the sweet spot | yes | 1.0 | | |
//! | drifting | off, easily mended | no | 0.8 | a few good exchanges | 6 h |
//! | clingy | too much | no | 0.5 | give her space | 24 h |
//! | distant | too little | no | 0.6 | be there, meaningfully | 12 h |
//! | out_of_zone | a crisis | no | 0.2 | sustained good contact | 48 h |
//!
//! Twice the player is looked at: after each scored exchange or call over the last 24 hours, and when a local day is over
//! over that day, which is how silence is noticed ([`days`]). From what was [measured](measures) three numbers from 0 to 1
//! are made: how well the player is [calibrated](calibration) to her, how clingy and how neglecting
//! ([`detectors`]). They move the [machine] between the states. Some states have a [point of no return](no_return), and
//! the worst one has a [way back](recovery) of its own. Losses are never multiplied.

pub mod calibration;
pub mod close;
pub mod days;
pub mod detectors;
pub mod frequency;
pub mod language;
pub mod look;
pub mod machine;
pub mod measures;
pub mod no_return;
pub mod record;
pub mod recovery;

use rust_decimal::{Decimal, dec};
use serde::{Deserialize, Serialize};

use crate::config::in_force;

/// What every gain is multiplied by in each state.
pub(crate) const MULTIPLIERS: [(EngagementState, Decimal); 6] = [
    (EngagementState::InZone, dec!(1.0)),
    (EngagementState::Calibrating, dec!(0.9)),
    (EngagementState::Drifting, dec!(0.8)),
    (EngagementState::Distant, dec!(0.6)),
    (EngagementState::Clingy, dec!(0.5)),
    (EngagementState::OutOfZone, dec!(0.2)),
];

/// A state of engagement: `engagement_state.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngagementState {
    /// She is learning the player's rhythm.
    Calibrating,
    /// The sweet spot.
    InZone,
    /// Off, easily mended.
    Drifting,
    /// Too much.
    Clingy,
    /// Too little.
    Distant,
    /// A crisis.
    OutOfZone,
}

impl EngagementState {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Calibrating, Self::InZone, Self::Drifting, Self::Clingy, Self::Distant, Self::OutOfZone];

    /// As it stands in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calibrating => "calibrating",
            Self::InZone => "in_zone",
            Self::Drifting => "drifting",
            Self::Clingy => "clingy",
            Self::Distant => "distant",
            Self::OutOfZone => "out_of_zone",
        }
    }

    /// Reads what stands in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// What every gain is multiplied by: `engagement_state.multiplier`.
    pub fn multiplier(self) -> Decimal {
        in_force().engagement.multipliers.get(&self).copied().unwrap_or(Decimal::ONE)
    }

    /// Whether nothing has to be mended.
    pub const fn is_healthy(self) -> bool {
        matches!(self, Self::Calibrating | Self::InZone)
    }
}

impl std::fmt::Display for EngagementState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A number brought into 0 to 1.
pub(crate) fn share(value: Decimal) -> Decimal {
    value.clamp(Decimal::ZERO, Decimal::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for state in EngagementState::ALL {
            assert_eq!(EngagementState::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
        assert_eq!(EngagementState::parse("recovery"), None);
    }

    #[test]
    fn no_state_takes_a_whole_gain_or_adds_to_it() {
        for state in EngagementState::ALL {
            assert!(state.multiplier() > Decimal::ZERO && state.multiplier() <= Decimal::ONE, "{state}");
            assert_eq!(state.is_healthy(), state.multiplier() >= dec!(0.9), "{state}");
        }
    }
}

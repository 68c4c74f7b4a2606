//! Residue: how a mood carries over from one conversation to the next, and how it recovers.
//!
//! A conversation moves her by the sum of its tones, each axis within ±0.4. What stays is
//! `residue = previous · 0.5^(hours/24) + this conversation`, again within ±0.4; without an earlier state the previous
//! is nothing. All of the residue moves her, not only what is new. A conversation that is gone through again starts from
//! what was there before it.

use jiff::Timestamp;

use super::Shift;
use super::tones::shift;
use crate::extraction::ConversationTone;

/// What conversations move an axis by, at most.
pub const LIMIT: f64 = 0.4;
/// Half of a residue is gone after so many hours.
pub const HALF_LIFE_HOURS: f64 = 24.0;

/// What the state before left, and when that was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// The residue as stored.
    pub residue: Shift,
    /// When it was.
    pub at: Timestamp,
}

/// The residue after a conversation of these tones.
pub fn residue(left: Option<Left>, tones: &[ConversationTone], now: Timestamp) -> Shift {
    let delta = tones.iter().map(|tone| shift(*tone)).sum::<Shift>().within(LIMIT);
    (left.map_or(Shift::NONE, |left| faded(left, now)) + delta).within(LIMIT)
}

fn faded(left: Left, now: Timestamp) -> Shift {
    let hours = now.duration_since(left.at).as_secs_f64().max(0.0) / 3_600.0;
    let kept = 0.5_f64.powf(hours / HALF_LIFE_HOURS);
    left.residue.within(LIMIT).map(|axis| axis * kept)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_mood_fades_and_never_grows_by_itself() {
        let sad = Shift::new(0.0, -0.4, 0.0, 0.2);
        let after = |hours| {
            residue(Some(Left { residue: sad, at: NOW - SignedDuration::from_hours(hours) }), &[], NOW)
        };
        assert_eq!(after(0), sad);
        assert_eq!(after(24), Shift::new(0.0, -0.2, 0.0, 0.1));
        assert_eq!(after(48), Shift::new(0.0, -0.1, 0.0, 0.05));
        assert_eq!(after(-5), sad, "a clock that runs backwards adds nothing");
    }
}

//! Making up: what a repair does to an open conflict.
//!
//! | quality | severity | resolution |
//! |---|---|---|
//! | excellent | -1.0 | full |
//! | good | -0.6 | partial |
//! | adequate | -0.3 | partial |
//! | poor | 0 | failed |
//! | harmful | +0.2, at most 1 in all | failed |
//!
//! The change of severity is multiplied by the level: 1.0, 0.8, 0.5. A full resolution closes the conflict at any level, a partial
//! one only when the severity has reached 0. Every repair is an attempt; one that is adequate or better restarts
//! the conflict's clock. The score is not changed here: the analysis has done so.
//!
//! Crises in a row are forgotten when a repair closes a conflict, and by any excellent or good repair. A conflict
//! that ends by itself, or fails, leaves them.

use jiff::Timestamp;

use super::details::Details;
use crate::rounding::round4;
use crate::scoring::tags::RepairQuality;

/// By level: how much of a repair reaches the conflict.
const REACH: [f64; 3] = [1.0, 0.8, 0.5];

/// What becomes of a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// All is well.
    Full,
    /// It is better.
    Partial,
    /// It is not.
    Failed,
    /// Time has dissolved it.
    Natural,
}

/// By how much the severity falls, before the level is reckoned with.
const fn reduction(quality: RepairQuality) -> f64 {
    match quality {
        RepairQuality::Excellent => 1.0,
        RepairQuality::Good => 0.6,
        RepairQuality::Adequate => 0.3,
        RepairQuality::Poor => 0.0,
        RepairQuality::Harmful => -0.2,
    }
}

/// What a repair of that quality comes to.
pub const fn resolution(quality: RepairQuality) -> Resolution {
    match quality {
        RepairQuality::Excellent => Resolution::Full,
        RepairQuality::Good | RepairQuality::Adequate => Resolution::Partial,
        RepairQuality::Poor | RepairQuality::Harmful => Resolution::Failed,
    }
}

/// Applies a repair to the open conflict, if there is one, and says how the conflict closed, if it did.
pub fn resolve(details: &mut Details, quality: RepairQuality, now: Timestamp) -> Option<Resolution> {
    let outcome = resolution(quality);
    let closed = details.active.as_mut().and_then(|active| {
        active.resolution_attempts = active.resolution_attempts.saturating_add(1);
        if quality.mends() {
            active.last_escalated_at = Some(now);
        }
        let fallen = reduction(quality) * active.level.of(&REACH);
        active.severity = round4((active.severity - fallen).clamp(0.0, 1.0));
        let over = outcome == Resolution::Full || (outcome == Resolution::Partial && active.severity <= 0.0);
        over.then_some(outcome)
    });
    if closed.is_some() {
        details.close();
    }
    if closed.is_some() || matches!(quality, RepairQuality::Excellent | RepairQuality::Good) {
        details.consecutive_crises = 0;
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::super::details::{ConflictType, Level};
    use super::super::escalation::tests::open;
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn severity(details: &Details) -> Option<f64> {
        details.active.as_ref().map(|active| active.severity)
    }

    /// case: psyche 41
    #[test]
    fn a_repair_lowers_the_severity_by_its_quality_and_the_level() {
        let mut details = open(Level::Direct, 0.5, NOW);
        assert_eq!(resolve(&mut details, RepairQuality::Good, NOW), None);
        assert_eq!(severity(&details), Some(0.02));
        assert_eq!(resolve(&mut details, RepairQuality::Adequate, NOW), Some(Resolution::Partial));
        assert_eq!((severity(&details), details.kind), (None, None));
        assert_eq!(details.recent_types, [ConflictType::Trust]);

        let mut crisis = open(Level::Crisis, 0.5, NOW);
        assert_eq!(resolve(&mut crisis.clone(), RepairQuality::Excellent, NOW), Some(Resolution::Full));
        assert_eq!(resolve(&mut crisis, RepairQuality::Harmful, NOW), None);
        assert_eq!(severity(&crisis), Some(0.6));
    }

    #[test]
    fn only_a_repair_worth_something_restarts_the_clock() {
        let later = NOW + jiff::SignedDuration::from_hours(5);
        for (quality, clock) in [(RepairQuality::Adequate, Some(later)), (RepairQuality::Poor, None)] {
            let mut details = open(Level::Subtle, 1.0, NOW);
            resolve(&mut details, quality, later);
            let active = details.active.expect("still open");
            assert_eq!((active.last_escalated_at, active.resolution_attempts), (clock, 1), "{quality:?}");
        }
    }

    #[test]
    fn crises_are_forgotten_by_a_good_repair_or_a_closed_conflict() {
        for (severity, quality, crises) in [
            (1.0, RepairQuality::Good, 0),
            (0.3, RepairQuality::Adequate, 0),
            (1.0, RepairQuality::Adequate, 2),
            (1.0, RepairQuality::Poor, 2),
        ] {
            let mut details = open(Level::Subtle, severity, NOW);
            details.consecutive_crises = 2;
            resolve(&mut details, quality, NOW);
            assert_eq!(details.consecutive_crises, crises, "{quality:?} at {severity}");
        }
        let mut calm = Details::default();
        calm.consecutive_crises = 2;
        resolve(&mut calm, RepairQuality::Excellent, NOW);
        assert_eq!(calm.consecutive_crises, 0);
    }
}

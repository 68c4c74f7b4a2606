//! What makes figures sound.
//!
//! - The weights lie within 0 to 1 and make 1, to a thousandth.
//! - Thresholds rise from chapter to chapter and are scores above 0.
//! - The days of a chapter begin no later than they end, and begin after those of the chapter before.
//! - Grace, rates, charges, caps and hours are above 0; multipliers are from 0 to 2 and there for every state.
//! - Tolerances, the confidence of a verdict and caps of tastes are parts, 0 to 1; all eight tastes have caps.
//! - The tolerated drift is not negative.
//!
//! Whatever is not sound is refused with the field that is at fault.

use rust_decimal::{Decimal, dec};

use super::{ByChapter, Chapters, Engagement, Figures, Scoring, Vices};
use crate::engagement::EngagementState;
use crate::score::{HIGHEST, LOWEST};
use crate::vices::Vice;

/// The weights may miss 1 by so much.
const WEIGHTS_TOLERANCE: Decimal = dec!(0.001);
/// No state may multiply a gain by more.
const HIGHEST_MULTIPLIER: Decimal = dec!(2);

/// Figures that are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Unsound {
    /// The field at fault.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

impl Unsound {
    /// A field and what is wrong with it.
    pub fn new(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { field: field.into(), why: why.into() }
    }
}

/// Whether the figures are sound.
pub fn check(figures: &Figures) -> Result<(), Unsound> {
    chapters(&figures.chapters)?;
    scoring(&figures.scoring)?;
    engagement(&figures.engagement)?;
    require(figures.decay.max_charge > LOWEST, "decay.max_charge", "must be above 0")?;
    let boss = &figures.boss;
    let hours = [boss.timeout_hours, boss.cool_down_hours, boss.settling_hours];
    require(hours.iter().all(|hours| *hours > 0), "boss", "hours must be above 0")?;
    require(is_part(&boss.confidence), "boss.confidence", "must be from 0 to 1")?;
    vices(&figures.vices)
}

fn require(holds: bool, field: &str, why: &str) -> Result<(), Unsound> {
    if holds { Ok(()) } else { Err(Unsound::new(field, why)) }
}

fn chapters(chapters: &Chapters) -> Result<(), Unsound> {
    let thresholds = &chapters.boss_threshold.0;
    let rise = thresholds.is_sorted_by(|threshold, next| threshold < next);
    require(rise, "chapters.boss_threshold", "must rise from chapter to chapter")?;
    let are_scores = thresholds.iter().all(|threshold| *threshold > LOWEST && *threshold <= HIGHEST);
    require(are_scores, "chapters.boss_threshold", "must be scores above 0")?;

    let days = &chapters.days.0;
    let begin_first = days.iter().all(|(first, last)| first <= last);
    require(begin_first, "chapters.days", "must begin no later than they end")?;
    let apart = days.is_sorted_by(|(_, last), (next, _)| last < next);
    require(apart, "chapters.days", "must not overlap")?;

    let graces = chapters.grace_hours.0.iter().all(|hours| *hours > 0);
    require(graces, "chapters.grace_hours", "must be above 0")?;
    require(all_positive(&chapters.decay_per_hour), "chapters.decay_per_hour", "must be above 0")
}

fn scoring(scoring: &Scoring) -> Result<(), Unsound> {
    let weights = scoring.weights.in_order();
    require(weights.iter().all(is_part), "scoring.weights", "must be from 0 to 1")?;
    let missed = (weights.iter().sum::<Decimal>() - Decimal::ONE).abs();
    require(missed <= WEIGHTS_TOLERANCE, "scoring.weights", "must make 1")?;
    require(scoring.tolerated_drift >= LOWEST, "scoring.tolerated_drift", "must not be negative")?;
    let caps = scoring.delta_cap_by_chapter.as_ref().is_none_or(all_positive);
    require(caps, "scoring.delta_cap_by_chapter", "must be above 0")
}

fn engagement(engagement: &Engagement) -> Result<(), Unsound> {
    let field = "engagement.multipliers";
    let all = EngagementState::ALL.iter().all(|state| engagement.multipliers.contains_key(state));
    require(all, field, "must be there for every state")?;
    let range = LOWEST..=HIGHEST_MULTIPLIER;
    let fit = engagement.multipliers.values().all(|multiplier| range.contains(multiplier));
    require(fit, field, "must be from 0 to 2")?;
    require(all_positive(&engagement.messages_per_day), "engagement.messages_per_day", "must be above 0")?;
    let parts = engagement.tolerance.0.iter().all(is_part);
    require(parts, "engagement.tolerance", "must be from 0 to 1")
}

fn vices(vices: &Vices) -> Result<(), Unsound> {
    let all = Vice::ALL.iter().all(|vice| vices.caps.contains_key(vice));
    require(all, "vices.caps", "must be there for all eight")?;
    let parts = vices.caps.values().flat_map(|caps| &caps.0).all(is_part);
    require(parts, "vices.caps", "must be from 0 to 1")
}

fn all_positive(figures: &ByChapter<Decimal>) -> bool {
    figures.0.iter().all(|figure| *figure > LOWEST)
}

fn is_part(figure: &Decimal) -> bool {
    (Decimal::ZERO..=Decimal::ONE).contains(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(change: impl FnOnce(&mut Figures)) -> Option<String> {
        let mut figures = Figures::default();
        change(&mut figures);
        check(&figures).err().map(|unsound| unsound.field)
    }

    /// case: game G-59
    #[test]
    fn the_field_at_fault_is_named() {
        type Change = fn(&mut Figures);
        let changes: [(Change, &str); 15] = [
            (|figures| figures.scoring.weights.secureness = dec!(0.25), "scoring.weights"),
            (|figures| figures.scoring.weights.trust = dec!(-0.25), "scoring.weights"),
            (|figures| figures.chapters.boss_threshold.0[2] = dec!(60), "chapters.boss_threshold"),
            (|figures| figures.chapters.boss_threshold.0[4] = dec!(101), "chapters.boss_threshold"),
            (|figures| figures.chapters.days.0[1] = (3, 7), "chapters.days"),
            (|figures| figures.chapters.days.0[4] = (21, 17), "chapters.days"),
            (|figures| figures.chapters.grace_hours.0[0] = 0, "chapters.grace_hours"),
            (|figures| figures.chapters.decay_per_hour.0[0] = dec!(-1), "chapters.decay_per_hour"),
            (|figures| figures.scoring.tolerated_drift = dec!(-1), "scoring.tolerated_drift"),
            (|figures| figures.decay.max_charge = dec!(0), "decay.max_charge"),
            (|figures| figures.boss.timeout_hours = -1, "boss"),
            (|figures| figures.boss.confidence = dec!(1.1), "boss.confidence"),
            (|figures| figures.engagement.tolerance.0[0] = dec!(1.5), "engagement.tolerance"),
            (
                |figures| {
                    figures.engagement.multipliers.insert(EngagementState::Clingy, dec!(2.5));
                },
                "engagement.multipliers",
            ),
            (
                |figures| {
                    figures.vices.caps.remove(&Vice::DarkHumor);
                },
                "vices.caps",
            ),
        ];
        for (change, field) in changes {
            assert_eq!(field_of(change).as_deref(), Some(field));
        }
    }

    #[test]
    fn weights_may_miss_one_by_a_thousandth() {
        assert_eq!(field_of(|figures| figures.scoring.weights.trust = dec!(0.251)), None);
        assert_eq!(
            field_of(|figures| figures.scoring.weights.trust = dec!(0.2511)).as_deref(),
            Some("scoring.weights")
        );
    }
}

//! The figures in force: what an experiment may change of the numbers that stand beside the rules.
//!
//! | group | figures |
//! |---|---|
//! | `chapters` | boss threshold, meant days, grace and rate of decay, by chapter |
//! | `scoring` | weights of the metrics, tolerated drift, and a cap on deltas by chapter, which is off |
//! | `engagement` | multiplier by state; messages a day and their tolerance by chapter |
//! | `decay` | the most that one run takes |
//! | `boss` | hours of time-out, cool-down and settling; the confidence from which a verdict stands |
//! | `vices` | cap of each of the eight tastes by chapter |
//!
//! Compiled in are the numbers beside the rules: they stand there once, and this is made of them. An
//! [experiment](overlay) lays its own over them; the result is [validated](validation) as a whole. It is
//! [put in force](install) once, when a process starts, before any rule is asked. From then on it does not change: to the
//! rules it is a constant, and every rule reads its figures here.

pub mod by_chapter;
pub mod overlay;
pub mod validation;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use by_chapter::ByChapter;

use crate::engagement::EngagementState;
use crate::vices::Vice;
use crate::{boss, chapter, decay, engagement, score, vices};

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Of chapters.
    pub chapters: Chapters,
    /// Of scoring.
    pub scoring: Scoring,
    /// Of engagement.
    pub engagement: Engagement,
    /// Of decay.
    pub decay: Decay,
    /// Of bosses.
    pub boss: Boss,
    /// Of vices.
    pub vices: Vices,
}

/// Figures of chapters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapters {
    /// The score at which the boss awaits.
    pub boss_threshold: ByChapter<Decimal>,
    /// The first and the last day that it is meant to take.
    pub days: ByChapter<(i32, i32)>,
    /// Silent hours that cost nothing.
    pub grace_hours: ByChapter<i32>,
    /// Points that each silent hour after them costs.
    pub decay_per_hour: ByChapter<Decimal>,
}

/// Figures of scoring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// What each metric counts in the composite.
    pub weights: Weights,
    /// How far composite and score may be apart.
    pub tolerated_drift: Decimal,
    /// How far one exchange may move a metric at most; nothing is capped without it.
    pub delta_cap_by_chapter: Option<ByChapter<Decimal>>,
}

/// What each metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Intimacy.
    pub intimacy: Decimal,
    /// Passion.
    pub passion: Decimal,
    /// Trust.
    pub trust: Decimal,
    /// Secureness.
    pub secureness: Decimal,
}

impl Weights {
    /// The four, in the order of the metrics.
    pub fn in_order(self) -> [Decimal; 4] {
        [self.intimacy, self.passion, self.trust, self.secureness]
    }
}

/// Figures of engagement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engagement {
    /// What gains are multiplied by in each state.
    pub multipliers: BTreeMap<EngagementState, Decimal>,
    /// Messages on a plain day that suit her.
    pub messages_per_day: ByChapter<Decimal>,
    /// How far from them is still fine, as a part of them.
    pub tolerance: ByChapter<Decimal>,
}

/// Figures of decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decay {
    /// One run never takes more.
    pub max_charge: Decimal,
}

/// Figures of bosses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boss {
    /// A phase lasts at most so many hours.
    pub timeout_hours: i32,
    /// After a truce no boss comes for so many hours.
    pub cool_down_hours: i32,
    /// After a pass with a high score no boss comes for so many hours.
    pub settling_hours: i32,
    /// A verdict with this confidence stands.
    pub confidence: Decimal,
}

/// Figures of vices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vices {
    /// How strong each may be at most.
    pub caps: BTreeMap<Vice, ByChapter<Decimal>>,
}

impl Default for Figures {
    fn default() -> Self {
        let [intimacy, passion, trust, secureness] = score::WEIGHTS;
        Self {
            chapters: Chapters {
                boss_threshold: ByChapter(chapter::BOSS_THRESHOLDS),
                days: ByChapter(chapter::EXPECTED_DAYS),
                grace_hours: ByChapter(decay::PATIENCE.map(|patience| patience.grace_hours)),
                decay_per_hour: ByChapter(decay::PATIENCE.map(|patience| patience.points_per_hour)),
            },
            scoring: Scoring {
                weights: Weights { intimacy, passion, trust, secureness },
                tolerated_drift: score::change::TOLERATED_DRIFT,
                delta_cap_by_chapter: None,
            },
            engagement: Engagement {
                multipliers: engagement::MULTIPLIERS.into_iter().collect(),
                messages_per_day: ByChapter(engagement::frequency::BASE),
                tolerance: ByChapter(engagement::frequency::TOLERANCE),
            },
            decay: Decay { max_charge: decay::MAX_CHARGE },
            boss: Boss {
                timeout_hours: boss::timeout::HOURS,
                cool_down_hours: boss::outcome::COOL_DOWN_HOURS,
                settling_hours: boss::outcome::SETTLING_HOURS,
                confidence: boss::verdict::CONFIDENT_FROM,
            },
            vices: Vices {
                caps: vices::CAPS.into_iter().map(|(vice, caps)| (vice, ByChapter(caps))).collect(),
            },
        }
    }
}

static IN_FORCE: OnceLock<Figures> = OnceLock::new();

/// The figures in force: those that were installed, else those that are compiled in.
pub fn in_force() -> &'static Figures {
    IN_FORCE.get_or_init(Figures::default)
}

/// Why an experiment cannot be put in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It cannot be laid over.
    #[error(transparent)]
    Overlay(#[from] overlay::OverlayError),
    /// The result is no sound set of figures.
    #[error(transparent)]
    Unsound(#[from] validation::Unsound),
    /// Other figures are in force already.
    #[error("other figures are in force already")]
    TooLate,
}

/// Puts the figures of an experiment in force, or those that are compiled in; an empty name is no experiment.
///
/// To be called when the process starts, before any rule is asked.
pub fn install(experiment: Option<&str>) -> Result<(), Refusal> {
    let name = experiment.filter(|name| !name.is_empty());
    let figures = match name {
        Some(name) => overlay::with_experiment(name, &overlay::shipped())?,
        None => Figures::default(),
    };
    let in_force = IN_FORCE.get_or_init(|| figures.clone());
    if *in_force == figures { Ok(()) } else { Err(Refusal::TooLate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_figures_are_in_force_and_sound() {
        assert_eq!(in_force(), &Figures::default());
        assert_eq!(validation::check(in_force()), Ok(()));
    }

    #[test]
    fn the_same_figures_may_be_put_in_force_again() {
        assert_eq!((install(None), install(Some(""))), (Ok(()), Ok(())));
    }

    #[test]
    fn an_unknown_experiment_is_refused_by_name() {
        let refused = install(Some("warm_winter")).expect_err("none ships");
        assert_eq!(refused.to_string(), "there is no experiment `warm_winter`; there are: none");
    }
}

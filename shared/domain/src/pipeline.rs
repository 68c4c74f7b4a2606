//! The pipeline over an ended conversation: its stages, how often each is tried and for how long, and its deadline.
//!
//! Stages run one after the other. A critical stage that fails ends the run; another one that fails is noted, and the
//! run goes on. Between two tries lies a short pause. The whole run has [`DEADLINE`]: a try may use the stage's own
//! time-out or what is left, less a margin to write down how it ended. The end of the run is kept free for the prompts,
//! so that the next conversation does not begin with old ones: every other stage sees that much less time. A stage
//! that would begin with too little left is not begun.
//!
//! Two [steps](STEPS) are run and recorded like stages and are none: they do not count among the stages of a run.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::ids::UserId;

/// One stage of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Its name, as in `pipeline_stage_runs.stage`.
    pub name: &'static str,
    /// Whether its failure ends the run.
    pub critical: bool,
    /// How often it is tried.
    pub tries: u32,
    /// The longest that one try may take.
    pub timeout: Duration,
}

/// Reads the transcript: facts, threads, thoughts, tone.
pub const EXTRACTION: Stage = critical("extraction", 120);
/// Turns facts into memory.
pub const MEMORY_UPDATE: Stage = critical("memory_update", 60);
/// What happened in her day.
pub const LIFE_SIM: Stage = retried("life_sim", 60);
/// How she feels.
pub const EMOTIONAL: Stage = retried("emotional", 30);
/// Whether the game's state agrees with itself.
pub const GAME_STATE: Stage = retried("game_state", 30);
/// What is between the two.
pub const CONFLICT: Stage = retried("conflict", 15);
/// Whether she will write first.
pub const TOUCHPOINT: Stage = retried("touchpoint", 30);
/// The conversation and its day in a few sentences.
pub const SUMMARY: Stage = retried("summary", 60);
/// The prompts of the next conversation.
pub const PROMPT_BUILDER: Stage = retried("prompt_builder", 90);

/// The nine stages, in order.
pub const STAGES: [Stage; 9] = [
    EXTRACTION,
    MEMORY_UPDATE,
    LIFE_SIM,
    EMOTIONAL,
    GAME_STATE,
    CONFLICT,
    TOUCHPOINT,
    SUMMARY,
    PROMPT_BUILDER,
];

/// Her stories that run through conversations, directly after [`LIFE_SIM`].
pub const STORY_ARCS: Stage = step("story_arcs", 1);
/// The player's tastes, after all stages.
pub const VICES: Stage = step("vices", 2);

/// What is run with the stages and is none.
pub const STEPS: [Stage; 2] = [STORY_ARCS, VICES];

/// The longest that one try of a step may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(15);

/// The pause between two tries of a stage.
pub const PAUSE: Duration = Duration::from_millis(500);

/// The longest that a run over one conversation may take.
pub const DEADLINE: Duration = Duration::from_mins(5);
/// Kept free at the end of a try, to write down how it ended.
pub const MARGIN: Duration = Duration::from_secs(2);
/// A stage is not begun with less time left.
pub const LEAST_TIME: Duration = Duration::from_secs(5);
/// Kept free at the end of the run for [`PROMPT_BUILDER`].
pub const KEPT_FOR_PROMPTS: Duration = Duration::from_secs(20);

/// Conversations worked on at once.
pub const WORKERS: usize = 4;
/// Conversations claimed by one run of the job.
pub const MAX_CLAIMS: u32 = 50;
/// No conversation is claimed later than this after the job began.
pub const CLAIM_WINDOW: Duration = Duration::from_mins(3);
/// Stuck conversations put back by one run of the job.
pub const MAX_RECOVERED: i64 = 50;

/// The day's text that the pipeline joins is cut to so many characters.
pub const MAX_DAY_TEXT: i32 = 1_200;
/// The summary that a model writes when the extraction had none looks at so many messages.
pub const SUMMARY_MESSAGES: usize = 10;

/// The version of what builds the prompts, at most 40 characters.
pub const VERSION: &str = concat!("nikita-", env!("CARGO_PKG_VERSION"));

/// Where a player stands among a hundred, from 0: the first four bytes of the SHA-256 of the id, big endian, modulo 100.
///
/// The pipeline runs for those below the percentage that is rolled out: always the same ones, in every process.
pub fn share_of(user: UserId) -> u32 {
    let hash = Sha256::digest(user.to_string());
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) % 100
}

const fn critical(name: &'static str, timeout_secs: u64) -> Stage {
    Stage { name, critical: true, tries: 1, timeout: Duration::from_secs(timeout_secs) }
}

const fn retried(name: &'static str, timeout_secs: u64) -> Stage {
    Stage { name, critical: false, tries: 2, timeout: Duration::from_secs(timeout_secs) }
}

const fn step(name: &'static str, tries: u32) -> Stage {
    Stage { name, critical: false, tries, timeout: STEP_TIMEOUT }
}

impl Stage {
    /// Whether it counts among the stages of a run.
    pub fn counts(self) -> bool {
        !STEPS.contains(&self)
    }

    /// How long a try that begins `elapsed` after the run may take; none when it is too late to begin.
    pub fn time_for_try(self, elapsed: Duration) -> Option<Duration> {
        let kept = if [PROMPT_BUILDER, VICES].contains(&self) { Duration::ZERO } else { KEPT_FOR_PROMPTS };
        let left = DEADLINE.saturating_sub(elapsed).saturating_sub(kept);
        (left >= LEAST_TIME).then(|| self.timeout.min(left.saturating_sub(MARGIN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_try_may_use_what_is_left() {
        for (stage, elapsed, time) in [
            (EXTRACTION, 0, Some(120)),
            (EMOTIONAL, 200, Some(30)),
            (SUMMARY, 230, Some(48)),
            (SUMMARY, 275, Some(3)),
            (SUMMARY, 276, None),
            (PROMPT_BUILDER, 276, Some(22)),
            (PROMPT_BUILDER, 295, Some(3)),
            (PROMPT_BUILDER, 296, None),
            (PROMPT_BUILDER, 1_000, None),
            (STORY_ARCS, 100, Some(15)),
            (STORY_ARCS, 276, None),
            (VICES, 276, Some(15)),
            (VICES, 296, None),
        ] {
            let secs = |seconds| Duration::from_secs(seconds);
            assert_eq!(stage.time_for_try(secs(elapsed)), time.map(secs), "{} at {elapsed}", stage.name);
        }
    }

    #[test]
    fn a_share_is_stable_and_within_a_hundred() {
        // printf 6ba7b812-9dad-11d1-80b4-00c04fd430c8 | sha256sum
        assert_eq!(share_of(UserId::from_uuid(crate::ids::NAMESPACE)), 89);
        let shares: Vec<u32> = (0..400)
            .map(|number| share_of(UserId::from_uuid(crate::ids::derived(&number.to_string()))))
            .collect();
        assert!(shares.iter().all(|share| *share < 100));
        let half = shares.iter().filter(|share| **share < 50).count();
        assert!((150..250).contains(&half), "{half} of 400");
    }

    #[test]
    fn nine_stages_of_which_the_first_two_are_critical() {
        let names: Vec<_> = STAGES.iter().map(|stage| (stage.name, stage.critical, stage.tries)).collect();
        assert_eq!(names[0], ("extraction", true, 1));
        assert_eq!(names[1], ("memory_update", true, 1));
        assert!(names[2..].iter().all(|(_, critical, tries)| !critical && *tries == 2));
        assert!(STAGES.into_iter().all(Stage::counts) && !STEPS.into_iter().any(Stage::counts));
        assert!(VERSION.len() <= 40);
    }
}

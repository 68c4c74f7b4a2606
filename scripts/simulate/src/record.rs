//! The record: what happened to one player.

use std::collections::BTreeMap;

use domain::chapter::Chapter;
use domain::conflict::breakup;
use domain::endings::Reason;
use domain::engagement::EngagementState;
use domain::engagement::machine::Engagement;
use domain::psyche::tiers::Tier;
use domain::score::Score;
use domain::status::GameStatus;
use domain::touchpoints::{SkipReason, Trigger};
use jiff::Timestamp;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use crate::game::Life;

/// Where a game stands, as the tables tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They made it.
    Won,
    /// She left: the score, a boss, a point of no return.
    Left(Reason),
    /// She broke up.
    BrokeUp(breakup::Reason),
    /// It goes on.
    StillPlaying,
}

/// Encounters with the boss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bosses {
    /// Begun, a new beginning after a failure not counted.
    pub begun: u32,
    /// Passed.
    pub passed: u32,
    /// Ended in a truce.
    pub truces: u32,
    /// Failed.
    pub failed: u32,
    /// Run out.
    pub ran_out: u32,
}

/// What happened in care mode, where nothing may cost anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Care {
    /// Messages in it.
    pub messages: u32,
    /// Of these, in an encounter with the boss.
    pub in_boss_fight: u32,
    /// Exchanges whose analysis would have cost score.
    pub would_have_cost: u32,
    /// Messages after which score, chapter, attempts or the gauge stood worse, or the game was over.
    pub cost: u32,
    /// Messages that were skipped, or answered with a delay.
    pub waited: u32,
}

/// A message that she sent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// What made her write.
    pub trigger: Trigger,
    /// When it came.
    pub at: Timestamp,
    /// When that was on the player's clock.
    pub local: DateTime,
}

/// Messages that she sent first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outreach {
    /// Delivered.
    pub delivered: Vec<Delivered>,
    /// Not sent, by reason.
    pub skipped: BTreeMap<SkipReason, u32>,
}

impl Outreach {
    /// Delivered for that reason.
    pub fn by(&self, trigger: Trigger) -> usize {
        self.delivered.iter().filter(|delivered| delivered.trigger == trigger).count()
    }
}

/// What happened to one player.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The score at the beginning and after each day of the game's time; the last one stays when the game is over.
    pub scores: Vec<Score>,
    /// Hours in each engagement state, in the order of [`EngagementState::ALL`].
    pub hours: [u32; 6],
    /// Encounters.
    pub bosses: Bosses,
    /// Messages written while the game went on.
    pub messages: u32,
    /// Messages that she skipped.
    pub skipped: u32,
    /// Exchanges that were scored.
    pub exchanges: u32,
    /// What they won of all metrics before the engagement multiplier, losses left out.
    pub gains: Decimal,
    /// What the multiplier left of that.
    pub gains_kept: Decimal,
    /// Points that silence took.
    pub decayed: Decimal,
    /// Runs in which it did.
    pub charges: u32,
    /// Conflicts that were opened.
    pub conflicts: u32,
    /// Ways out of a crisis.
    pub crises_mended: u32,
    /// Care mode.
    pub care: Care,
    /// Messages she sent first.
    pub outreach: Outreach,
    /// Messages by tier of thought about her psyche, after the quota.
    pub tiers: [u32; 3],
    /// The most quick and deep thoughts on one UTC day.
    pub most_thoughts: [u32; 2],
}

impl Record {
    /// Counts an hour in a state.
    pub(crate) fn hour_in(&mut self, state: EngagementState) {
        if let Some(at) = EngagementState::ALL.iter().position(|one| *one == state) {
            self.hours[at] += 1;
        }
    }

    /// Counts a thought.
    pub(crate) fn thought(&mut self, tier: Tier) {
        self.tiers[usize::from(tier.number() - 1)] += 1;
    }
}

/// One player's game at the end of the simulated time.
#[derive(Debug, Clone)]
pub struct Played {
    /// Position of the persona in the plan.
    pub persona: usize,
    /// Where it stands.
    pub outcome: Outcome,
    /// The status.
    pub status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// The score.
    pub score: Score,
    /// Whose it was.
    pub life: Life,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// When the player was last there.
    pub last_seen: Option<Timestamp>,
    /// Local days on which something was written.
    pub days_played: i32,
    /// Engagement.
    pub engagement: Engagement,
    /// What happened.
    pub record: Record,
    /// Of everything above and of the whole state of the game.
    pub digest: [u8; 32],
}

impl Played {
    /// Days from the beginning to the end.
    pub fn days_to_end(&self) -> Option<f64> {
        Some(self.ended?.duration_since(self.life.began).as_secs_f64() / 86_400.0)
    }

    /// The score after so many days; the last one for a day beyond.
    pub fn score_after(&self, days: usize) -> Score {
        self.record.scores.get(days).or(self.record.scores.last()).copied().unwrap_or(self.score)
    }
}

/// The digest of a record and of what a game left behind.
pub(crate) fn digest(record: &Record, state: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for score in &record.scores {
        hash.update(score.to_string().as_bytes());
        hash.update(b";");
    }
    hash.update(format!("{record:?}").as_bytes());
    hash.update(state.as_bytes());
    hash.finalize().into()
}

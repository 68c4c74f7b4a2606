//! The stage `game_state`: whether the game agrees with itself. It tells what it sees and changes nothing. The rule is
//! `domain::validation`.

use domain::boss::Mode;
use domain::chapter::Chapter;
use domain::history::{EventType, Source};
use domain::ids::HistoryId;
use domain::validation::{Finding, details, findings};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use store::game_checks::{self, Checked};
use store::score_history::{self, NewEntry};
use store::{Pool, Tx};

use super::context::{Context, GameSeen};
use super::stage::{Effect, StageError, Work, Writes};
use crate::Clock;

/// The stage.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) boss_mode: Mode,
}

impl Work for Check {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            let client = self.pool.get().await.map_err(store::Error::from)?;
            let checked = game_checks::get(&client, context.user, context.started_at).await?;
            let findings = findings(&checked.game, self.boss_mode);
            let entry = entry(&checked, &findings, context, self.clock.now());
            Ok(Box::new(Seen { checked, findings, entry }) as Box<dyn Effect>)
        }
        .boxed()
    }
}

/// What was seen.
#[derive(Debug)]
struct Seen {
    checked: Checked,
    findings: Vec<Finding>,
    /// The row that tells it; none where there is nothing to tell.
    entry: Option<NewEntry>,
}

impl Effect for Seen {
    fn writes(&self) -> Writes {
        if self.entry.is_some() {
            Writes::Rows
        } else {
            Writes::Nothing(json!({ "score_delta": 0, "events": [] }))
        }
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            score_history::append(tx, self.entry.as_slice()).await?;
            let events: Vec<&str> = self.findings.iter().map(|finding| finding.as_str()).collect();
            Ok(json!({ "score_delta": context.score_delta, "events": events }))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, context: &mut Context) {
        context.game = GameSeen {
            findings: self.findings,
            chapter_changed: self.checked.game.chapter != context.chapter_at_time,
            decay_applied: self.checked.decayed,
        };
    }
}

/// The history's row, one for each conversation. It tells the score as it was seen, not as it was when the run began: a
/// message may have come since.
fn entry(checked: &Checked, findings: &[Finding], context: &Context, seen_at: Timestamp) -> Option<NewEntry> {
    let details = details(context.conversation, context.score_delta, findings)?;
    Some(NewEntry {
        id: HistoryId::random(),
        user: context.user,
        score: checked.game.balance.score,
        chapter: Chapter::new(checked.game.chapter).unwrap_or(Chapter::LAST),
        event_type: EventType::PipelineValidation.as_str(),
        details,
        source_key: Some(Source::Validation(context.conversation).to_string()),
        recorded_at: seen_at,
    })
}

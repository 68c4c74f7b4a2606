//! Scoring: the model's verdict on an exchange, and what it moves.
//!
//! The [verdict](analyse) is asked for outside every transaction. Then, under the lock on the player's row, the rules of
//! `domain::scoring` decide and [everything they move](settlement) is written at once, keyed by the exchange: it is never
//! counted twice. An analysis that fails is a neutral exchange; neither it nor the writing ever costs the player an answer.

mod request;
pub(crate) mod settlement;
pub(crate) mod window;

use std::time::{Duration, Instant};

use domain::chapter::Chapter;
use domain::conflict::keywords;
use domain::conflict::temperature::Zone;
use domain::conversation::Exchange;
use domain::engagement::EngagementState;
use domain::score::Score;
use domain::scoring::analysis::Analysis;
use providers::anthropic::Completion;

use crate::llm::{self, Purpose, Work};

/// An answer is waited for no longer than this, all tries together; one try takes 10 s at most.
const PATIENCE: Duration = Duration::from_secs(30);
/// An analysis is not begun with less time left.
const SHORTEST: Duration = Duration::from_secs(1);

/// The relationship that an exchange is judged in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) chapter: Chapter,
    pub(crate) score: Score,
    pub(crate) zone: Zone,
    pub(crate) engagement: EngagementState,
    /// Whether a conflict is open: without an analysis the player's words alone may then be a repair.
    pub(crate) in_conflict: bool,
}

/// An exchange that is to be judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) exchange: &'a Exchange<'a>,
    /// Her answer, as it is stored and sent.
    pub(crate) reply: &'a str,
}

/// What the analysis of an exchange may cost, her answer not being known yet, in micro-dollars.
pub(crate) fn estimate(model: &str, exchange: &Exchange<'_>) -> i64 {
    let longest = " ".repeat(request::MAX_TURN_CHARS);
    let setting = Setting {
        chapter: Chapter::FIRST,
        score: Score::START,
        zone: Zone::Calm,
        engagement: EngagementState::Calibrating,
        in_conflict: false,
    };
    llm::estimate(&request::of_exchange(model, setting, Judged { exchange, reply: &longest }))
}

/// What a model makes of an exchange, asked until `deadline` at the latest.
pub(crate) async fn analyse(
    work: &Work,
    model: &str,
    setting: Setting,
    judged: Judged<'_>,
    deadline: Instant,
) -> Analysis {
    let until = deadline.min(Instant::now() + PATIENCE);
    if until.saturating_duration_since(Instant::now()) < SHORTEST {
        return neutral(setting, judged, "no_time");
    }
    let request = request::of_exchange(model, setting, judged);
    match work.ask_until(until, Purpose::Scoring, &request).await {
        Ok(answer) => read(&answer).unwrap_or_else(|| neutral(setting, judged, "unreadable")),
        Err(error) => neutral(setting, judged, error.code()),
    }
}

fn read(answer: &Completion) -> Option<Analysis> {
    Analysis::read(answer.tool_input(request::TOOL)?).ok()
}

/// A neutral exchange: but in a conflict plain words of repair are heard.
fn neutral(setting: Setting, judged: Judged<'_>, error: &'static str) -> Analysis {
    tracing::warn!(error_code = error, "An exchange goes without its analysis");
    let repair = if setting.in_conflict { keywords::judge(&judged.exchange.words) } else { None };
    Analysis { repair, ..Analysis::failed(error) }
}

//! The system prompt in its blocks: what is the same for everyone, what is this player's, the moment.
//!
//! The first two are kept in the service's cache and hold no time and no id, so that they stay the same to the byte from
//! one message to the next. The moment changes with every message and comes last. History is not marked for the cache:
//! it stands behind the moment, so that nothing of it could be read again.

use std::borrow::Cow;

use domain::prompt::labels::{may_share, score_feel};
use domain::prompt::psyche::{self, Briefing, Served};
use domain::state::vulnerability_level;
use minijinja::value::Serde;
use minijinja::{Value, context};
use providers::anthropic::SystemBlock;
use store::agent_reads::Standing;

use super::{Deps, Turn};
use crate::prompts::Continuity;
use crate::prompts::templates::{RenderError, render};
use crate::psyche::turn::Psyche;

/// What she speaks from.
pub(super) enum Prompt<'a> {
    /// The player's own one.
    Own(Cow<'a, str>),
    /// None: a small one takes its place.
    Small(Continuity),
}

impl Prompt<'_> {
    /// The player's own one.
    pub(super) fn own(&self) -> Option<&str> {
        match self {
            Self::Own(text) => Some(text),
            Self::Small(_) => None,
        }
    }
}

/// The blocks, in order.
pub(super) fn blocks(
    standing: &Standing,
    briefing: Option<&Briefing>,
    prompt: &Prompt<'_>,
    moment: String,
) -> Result<Vec<SystemBlock>, RenderError> {
    let Served { global, own } = match prompt {
        Prompt::Own(prompt) => psyche::serve(prompt, briefing),
        Prompt::Small(left_off) => {
            Served { global: String::new(), own: small(standing, briefing, left_off)? }
        }
    };
    let persona = render("persona", ())?;
    let shared = if global.is_empty() { persona } else { format!("{persona}\n\n{global}") };
    let cached = [shared, own].into_iter().filter(|text| !text.is_empty());
    let cached = cached.map(|text| SystemBlock { text, cached: true });
    Ok(cached.chain([SystemBlock { text: moment, cached: false }]).collect())
}

/// The psyche as it is now, never as it was when the prompt was built.
pub(super) fn briefing(deps: &Deps, psyche: Option<&Psyche>, turn: &Turn) -> Option<Briefing> {
    if !deps.settings.psyche.enabled {
        return None;
    }
    let (state, generated_at) = psyche?;
    Briefing::read(state, Some(*generated_at), turn.now)
}

/// The small prompt for a player whose own one could not be made.
fn small(
    standing: &Standing,
    briefing: Option<&Briefing>,
    left_off: &Continuity,
) -> Result<String, RenderError> {
    let chapter = standing.chapter.number();
    render(
        "fallback",
        context! {
            chapter,
            feel => score_feel(standing.score.value()),
            may_share => may_share(vulnerability_level(chapter)),
            briefing => briefing.map(Briefing::render),
            ..Value::from(Serde(left_off))
        },
    )
}

//! Something said to her: accepted, thought about, answered. Or left unanswered, which is an answer too.

use std::time::Duration;

use domain::care::is_in_care;
use domain::conversation::{Message, Role};
use domain::reply::response::ResponseId;
use domain::reply::{delay, skip};
use domain::status::GameStatus;
use domain::telegram::{Media, Unseen, Update, read_media};
use jiff::{SignedDuration, Timestamp};
use store::inbound_events::Player;
use tokio::time::timeout;

use super::accept::{self, Acceptance, Accepted};
use super::lines::{self, Line, Said, Words};
use super::outcome::{self, Done};
use super::typing::while_typing;
use super::{Deps, Failure, Work, settle};
use crate::agent::{self, AgentError, ReplyKind, Turn};

/// Beyond its own time the agent gets so long to write down what it asked.
const AGENT_MARGIN: Duration = Duration::from_secs(3);

/// What a message is to her.
#[derive(Debug, Clone)]
pub(super) enum Incoming {
    /// Words.
    Heard(Heard),
    /// Something that she cannot take in.
    Unseen(Unseen),
}

/// Words of the player.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) words: String,
    /// Telegram's number of the message.
    pub(super) message_id: i64,
}

impl Incoming {
    pub(super) fn of(update: &Update) -> Self {
        let words = match update.text() {
            text if !text.trim().is_empty() => Media::Words(text.to_owned()),
            _ => read_media(update.message()),
        };
        match (words, update.message_id()) {
            (Media::Words(words), Some(message_id)) => Self::Heard(Heard { words, message_id }),
            (Media::Words(_), None) => Self::Unseen(Unseen::Other),
            (Media::Unseen(unseen), _) => Self::Unseen(unseen),
        }
    }
}

impl Accepted {
    /// Whether the conversation is in care mode, which outranks every rule of the game.
    pub(super) fn in_care(&self) -> bool {
        let before = self.talk.before.iter().filter(|message| message.role == Role::User);
        is_in_care(before.chain([&self.message]).map(|message| message.content.as_str()))
    }

    /// The player's last message before this one.
    fn previous_message(&self) -> Option<&Message> {
        let before = self.talk.before.iter().rev();
        before.chain(self.talk.earlier.iter().rev()).find(|message| message.role == Role::User)
    }

    /// Whether the player's last message before this one got no reply.
    fn previous_unanswered(&self) -> bool {
        let last = self.talk.before.last().or(self.talk.earlier.last());
        last.is_some_and(|message| message.role == Role::User)
    }

    fn written_at(&self) -> Timestamp {
        self.message.timestamp.unwrap_or(Timestamp::MIN)
    }
}

/// Answers what a player said to her.
pub(super) async fn reply(deps: &Deps, work: &Work, player: &Player) -> Result<Done, Failure> {
    let incoming = Incoming::of(&work.update);
    let acceptance = match go_on(deps, work, player, &incoming).await? {
        Some(acceptance) => acceptance,
        None => accept::accept(deps, work, player.id, &incoming).await?,
    };
    match acceptance {
        Acceptance::Waits(accepted) => answer(deps, work, player, &accepted).await,
        Acceptance::Answered(outgoing, outcome) => {
            lines::send(deps, work, *outgoing).await?;
            Ok(Done::As(outcome))
        }
        Acceptance::Done(done) => Ok(done),
    }
}

/// Where an earlier attempt stopped; none: it did nothing that lasted.
async fn go_on(
    deps: &Deps,
    work: &Work,
    player: &Player,
    incoming: &Incoming,
) -> Result<Option<Acceptance>, Failure> {
    if !work.is_repeated() {
        return Ok(None);
    }
    let id = ResponseId::of(work.update_id());
    if lines::resume(deps, work, &id.to_string()).await? {
        return Ok(Some(Acceptance::Done(Done::As(outcome::REPLIED))));
    }
    if lines::resume(deps, work, &id.notice()).await? {
        let outcome =
            if player.game_status == GameStatus::GameOver { outcome::CLOSING_REPLY } else { outcome::CANNED };
        return Ok(Some(Acceptance::Done(Done::As(outcome))));
    }
    if let Incoming::Heard(heard) = incoming
        && let Some(accepted) = accept::recover(deps, work, player, heard).await?
    {
        return Ok(Some(Acceptance::Waits(Box::new(accepted))));
    }
    let helped = lines::resume(deps, work, &id.help()).await?;
    Ok(helped.then_some(Acceptance::Done(Done::As(outcome::HELP))))
}

async fn answer(deps: &Deps, work: &Work, player: &Player, accepted: &Accepted) -> Result<Done, Failure> {
    let in_care = accepted.in_care();
    if in_care {
        tracing::warn!(
            user_id = %player.id, conversation_id = %accepted.conversation, care_mode = true,
            "A player needs help: the conversation is in care mode"
        );
    }
    let key = format!("{}:{}", work.chat(), accepted.heard.message_id);
    if deps.rules.skip_rates_enabled && is_skipped(deps, &key, accepted, in_care) {
        return Ok(Done::As(outcome::SKIPPED));
    }
    let delay = delay_of(deps, &key, accepted, in_care);
    let said = while_typing(deps, work.chat(), delay.is_zero(), think(deps, player, accepted, in_care)).await;
    match said {
        Ok(Thought::Words(text)) => settle::settle(deps, work, player, accepted, &text, delay).await,
        Ok(Thought::NoPlayer) => Ok(Done::As(outcome::NO_PLAYER)),
        Ok(Thought::Rest) => rest(deps, work, player, in_care).await,
        Err(failed) => {
            // Somebody in need does not wait for the next try.
            if in_care {
                lines::say(deps, work, player, Words::HelpIfDue).await?;
            }
            Err(failed)
        }
    }
}

fn is_skipped(deps: &Deps, key: &str, accepted: &Accepted, in_care: bool) -> bool {
    let situation = skip::Situation {
        chapter: accepted.chapter,
        status: accepted.game_status,
        in_care,
        messages_ever: u32::try_from(accepted.talk.messages_ever).unwrap_or(u32::MAX),
        previous_unanswered: accepted.previous_unanswered(),
        last_touchpoint_at: accepted.talk.last_touchpoint_at,
    };
    skip::skips(&deps.draws, key, &situation, accepted.written_at())
}

fn delay_of(deps: &Deps, key: &str, accepted: &Accepted, in_care: bool) -> SignedDuration {
    let situation = delay::Situation {
        chapter: accepted.chapter,
        status: accepted.game_status,
        in_care,
        previous_message_at: accepted.previous_message().and_then(|message| message.timestamp),
    };
    delay::delay(&deps.draws, key, deps.rules.delay_mode, &situation, accepted.written_at())
}

/// Nobody is asked until the day is over. She says so once; somebody in need is told where there is help.
async fn rest(deps: &Deps, work: &Work, player: &Player, in_care: bool) -> Result<Done, Failure> {
    if in_care {
        return Ok(match lines::say(deps, work, player, Words::HelpIfDue).await? {
            Said::Line => Done::As(outcome::HELP),
            Said::Nothing => Done::As(outcome::BUDGET_REST),
            Said::Not(reason) => reason.into(),
        });
    }
    let line = Line::rest(deps, player.id);
    lines::say_and_end(deps, work, player, &line, outcome::BUDGET_REST).await
}

/// What thinking came to.
enum Thought {
    /// Her words.
    Words(String),
    /// The player is gone.
    NoPlayer,
    /// The day's budget for models is used up.
    Rest,
}

async fn think(deps: &Deps, player: &Player, accepted: &Accepted, in_care: bool) -> Result<Thought, Failure> {
    let turn = Turn {
        user: player.id,
        conversation: accepted.conversation,
        text: accepted.message.content.clone(),
        telegram_message_id: Some(accepted.heard.message_id),
        previous_interaction_at: accepted.message.previous_interaction_at,
        care_mode: in_care,
        now: deps.clock.now(),
    };
    let time = deps.rules.agent_time + AGENT_MARGIN;
    match timeout(time, agent::answer(&deps.agent, &turn)).await {
        Ok(Ok(reply)) if reply.kind == ReplyKind::Normal => Ok(Thought::Words(reply.text)),
        Ok(Ok(stopgap)) => Err(Failure::NoAnswer(stopgap.text)),
        Ok(Err(AgentError::UnknownPlayer)) => Ok(Thought::NoPlayer),
        Ok(Err(AgentError::OverBudget)) => Ok(Thought::Rest),
        Ok(Err(AgentError::Store(error))) => Err(error.into()),
        Ok(Err(AgentError::Text(_))) => Err(Failure::Text),
        Err(_) => Err(Failure::TimedOut),
    }
}

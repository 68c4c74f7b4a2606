//! Something said to her: accepted, thought about, answered, judged. Or left unanswered, which is an answer too.

use std::time::{Duration, Instant};

use domain::conflict::details::Details;
use domain::conflict::expression::Expression;
use domain::conflict::standing::Standing as Conflict;
use domain::conversation::{Exchange, Message, Role};
use domain::history::Source;
use domain::reply::response::ResponseId;
use domain::reply::{delay, skip};
use domain::status::GameStatus;
use domain::telegram::{Media, Unseen, Update, read_media, sanitise};
use domain::texting::{Styled, styled};
use jiff::{SignedDuration, Timestamp};
use store::agent_reads::Standing;
use store::conversations;
use store::inbound_events::Player;
use tokio::time::timeout;

use super::accept::{self, Acceptance, Accepted};
use super::lines::{self, Line, Words};
use super::outcome::{self, Done};
use super::settle::{self, Answered};
use super::typing::while_typing;
use super::{Deps, Failure, Work, boss};
use crate::agent::{self, AgentError, ReplyKind, Turn};
use crate::endings::farewell_id;
use crate::scoring::{self, Judged, Setting};

/// Beyond its own time the agent gets so long to write down what it asked.
const AGENT_MARGIN: Duration = Duration::from_secs(3);

/// The analysis of the exchange is over when so many parts of the turn's time are, of [`PARTS_OF_TURN`]: 80 of 100 s.
const ANALYSED_AFTER: u32 = 4;
const PARTS_OF_TURN: u32 = 5;

/// So many of the player's messages are looked back at.
const RECENT_TEXTS: usize = 5;

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
    /// The exchange that an answer to it closes.
    pub(super) fn exchange(&self) -> Exchange<'_> {
        Exchange::closing(&self.message, &self.talk.before, &self.talk.earlier)
    }

    /// The player's newest messages, this one included.
    pub(super) fn recent_texts(&self) -> Vec<&str> {
        let said = self.talk.earlier.iter().chain(&self.talk.before).chain([&self.message]);
        let mut texts: Vec<&str> =
            said.filter(|said| said.role == Role::User).map(|said| said.content.as_str()).collect();
        texts.drain(..texts.len().saturating_sub(RECENT_TEXTS));
        texts
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
        Acceptance::Waits(accepted) => {
            fail_point!("turn.accepted");
            answer(deps, work, player, &accepted).await
        }
        Acceptance::Ended(farewell) => {
            fail_point!("turn.game_ended");
            lines::follow(deps, work, &farewell).await?;
            Ok(Done::As(outcome::FAREWELL))
        }
        Acceptance::Answered(outgoing, outcome) => {
            fail_point!("turn.answered_at_once");
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
        if let Incoming::Heard(heard) = incoming {
            boss::make_up_for_thought(deps, work, player, heard).await?;
        }
        return Ok(Some(Acceptance::Done(Done::As(outcome::REPLIED))));
    }
    if lines::resume(deps, work, &id.notice()).await? {
        let outcome =
            if player.game_status == GameStatus::GameOver { outcome::CLOSING_REPLY } else { outcome::CANNED };
        return Ok(Some(Acceptance::Done(Done::As(outcome))));
    }
    let accepted = match incoming {
        Incoming::Heard(heard) => accept::recover(deps, work, player, heard).await?,
        Incoming::Unseen(_) => None,
    };
    if player.game_status == GameStatus::GameOver && said_farewell(deps, work, player).await? {
        // Before the message was accepted, or with what was made of it.
        let outcome = if accepted.is_some() { outcome::REPLIED } else { outcome::FAREWELL };
        return Ok(Some(Acceptance::Done(Done::As(outcome))));
    }
    // What she skipped, and what a limit refused, stands in its conversation too, and waits for nothing.
    let was_skipped = match accepted {
        Some(accepted) if !accepted.message.skipped => {
            return Ok(Some(Acceptance::Waits(Box::new(accepted))));
        }
        skipped => skipped.is_some(),
    };
    if lines::resume(deps, work, &id.help()).await? {
        return Ok(Some(Acceptance::Done(Done::As(outcome::HELP))));
    }
    Ok(was_skipped.then_some(Acceptance::Done(Done::As(outcome::SKIPPED))))
}

/// Whether an earlier attempt ended the game; her farewell may still be to be sent.
async fn said_farewell(deps: &Deps, work: &Work, player: &Player) -> store::Result<bool> {
    let source = Source::Update(work.update_id()).to_string();
    lines::resume(deps, work, &farewell_id(player.id, &source)).await
}

async fn answer(deps: &Deps, work: &Work, player: &Player, accepted: &Accepted) -> Result<Done, Failure> {
    if accepted.in_care {
        tracing::warn!(
            user_id = %player.id, conversation_id = %accepted.conversation, care_mode = true,
            "A player needs help: the conversation is in care mode"
        );
    }
    if accepted.game_status == GameStatus::BossFight {
        return boss::answer(deps, work, player, accepted).await;
    }
    let key = format!("{}:{}", work.chat(), accepted.heard.message_id);
    if deps.rules.skip_rates_enabled && is_skipped(deps, &key, accepted) {
        skip(deps, accepted).await?;
        return Ok(Done::As(outcome::SKIPPED));
    }
    let delay = delay_of(deps, &key, accepted);
    let thinking = think(deps, player, accepted, &key);
    let thought = while_typing(deps, work.chat(), delay.is_zero(), thinking).await;
    say(deps, work, player, accepted, thought, delay).await
}

/// What thinking came to is said, or why there is nothing to say.
pub(super) async fn say(
    deps: &Deps,
    work: &Work,
    player: &Player,
    accepted: &Accepted,
    thought: Result<Thought, Failure>,
    delay: SignedDuration,
) -> Result<Done, Failure> {
    match thought {
        Ok(Thought::Answered(answered)) => {
            settle::settle(deps, work, player, accepted, &answered, delay).await
        }
        Ok(Thought::NoPlayer) => Ok(Done::As(outcome::NO_PLAYER)),
        Ok(Thought::Rest) => rest(deps, work, player, accepted.in_care).await,
        Err(failed) => {
            // Somebody in need does not wait for the next try.
            if accepted.in_care {
                lines::say(deps, work, player, Words::HelpIfDue).await?;
            }
            Err(failed)
        }
    }
}

/// Notes that she leaves the message unanswered on purpose: it counts in no run of unanswered ones.
async fn skip(deps: &Deps, accepted: &Accepted) -> store::Result<()> {
    let client = deps.pool.get().await?;
    conversations::mark_skipped(&client, accepted.conversation, accepted.heard.message_id).await
}

fn is_skipped(deps: &Deps, key: &str, accepted: &Accepted) -> bool {
    let situation = skip::Situation {
        chapter: accepted.chapter,
        status: accepted.game_status,
        in_care: accepted.in_care,
        messages_ever: u32::try_from(accepted.talk.messages_ever).unwrap_or(u32::MAX),
        previous_unanswered: accepted.previous_unanswered(),
        last_touchpoint_at: accepted.talk.last_touchpoint_at,
    };
    skip::skips(&deps.draws, key, &situation, accepted.written_at())
}

fn delay_of(deps: &Deps, key: &str, accepted: &Accepted) -> SignedDuration {
    let situation = delay::Situation {
        chapter: accepted.chapter,
        status: accepted.game_status,
        in_care: accepted.in_care,
        previous_message_at: accepted.previous_message().and_then(|message| message.timestamp),
    };
    delay::delay(&deps.draws, key, deps.rules.delay_mode, &situation, accepted.written_at())
}

/// Nobody is asked until the day is over. She says so once; somebody in need is told where there is help.
pub(super) async fn rest(deps: &Deps, work: &Work, player: &Player, in_care: bool) -> Result<Done, Failure> {
    if in_care {
        return lines::help(deps, work, player, outcome::BUDGET_REST).await;
    }
    let line = Line::rest(deps, player.id);
    lines::say_and_end(deps, work, player, &line, outcome::BUDGET_REST).await
}

/// What thinking came to.
pub(super) enum Thought {
    /// Her answer.
    Answered(Box<Answered>),
    /// The player is gone.
    NoPlayer,
    /// The day's budget for models is used up.
    Rest,
}

/// Her answer, as it goes out, and what it makes of the exchange.
pub(super) async fn think(
    deps: &Deps,
    player: &Player,
    accepted: &Accepted,
    key: &str,
) -> Result<Thought, Failure> {
    let analysed_until = Instant::now() + deps.rules.turn_time * ANALYSED_AFTER / PARTS_OF_TURN;
    let exchange = accepted.exchange();
    let is_scored = accepted.game_status == GameStatus::Active;
    let model = &deps.rules.scoring_model;
    let turn = Turn {
        user: player.id,
        conversation: accepted.conversation,
        text: accepted.message.content.clone(),
        telegram_message_id: Some(accepted.heard.message_id),
        previous_interaction_at: accepted.message.previous_interaction_at,
        care_mode: accepted.in_care,
        further_estimate: if is_scored { scoring::estimate(model, &exchange) } else { 0 },
        now: deps.clock.now(),
    };
    let time = deps.rules.agent_time + AGENT_MARGIN;
    let answer = match timeout(time, Box::pin(agent::answer(&deps.agent, &turn))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(AgentError::UnknownPlayer)) => return Ok(Thought::NoPlayer),
        Ok(Err(AgentError::OverBudget)) => return Ok(Thought::Rest),
        Ok(Err(AgentError::Store(error))) => return Err(error.into()),
        Ok(Err(AgentError::Text(_))) => return Err(Failure::Text),
        Err(_) => return Err(Failure::TimedOut),
    };
    fail_point!("turn.thought");
    if answer.reply.kind == ReplyKind::Fallback {
        answer.work.settle().await;
        return Err(Failure::NoAnswer(answer.reply.text));
    }
    let Some(Styled { text, parts }) = as_sent(deps, &answer.reply.text, key) else {
        tracing::warn!(user_id = %player.id, "empty_reply");
        answer.work.settle().await;
        return Err(Failure::Text);
    };
    let analysis = if is_scored {
        let setting = setting(&answer.standing, turn.now);
        let judged = Judged { exchange: &exchange, reply: &text };
        Some(scoring::analyse(&answer.work, model, setting, judged, analysed_until).await)
    } else {
        None
    };
    fail_point!("turn.analysed");
    answer.work.settle().await;
    Ok(Thought::Answered(Box::new(Answered { text, parts, analysis })))
}

/// Her words as they are stored, scored and sent; none where nothing is left of them.
fn as_sent(deps: &Deps, words: &str, key: &str) -> Option<Styled> {
    sanitise(words).map(|text| styled(&text, &deps.draws, key))
}

/// What the exchange is judged in.
fn setting(standing: &Standing, now: Timestamp) -> Setting {
    let details = Details::read(standing.conflict_details.as_ref()).details;
    let shown = standing.mood.as_ref().and_then(|mood| Expression::parse(&mood.conflict_state));
    Setting {
        chapter: standing.chapter,
        score: standing.score,
        zone: Conflict::at(&details, shown, now).zone(),
        engagement: standing.engagement,
        in_conflict: details.active.is_some(),
    }
}

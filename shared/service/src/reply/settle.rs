//! Settling a turn, in one transaction: what the exchange moves is written, her words go into the conversation and into
//! the queue of deliveries, and behind them what follows from it: the boss's opening line, a warning, a farewell. Then
//! what is due is sent.

use domain::boss::OPENING_AFTER;
use domain::boss::content::content;
use domain::boss::phase::Phase;
use domain::canned;
use domain::conversation::{Message, Role};
use domain::delivery::{EventType, TelegramContent};
use domain::history::Source;
use domain::reply::response::ResponseId;
use domain::scoring::analysis::Analysis;
use domain::scoring::exchange::Consequence;
use domain::status::GameStatus;
use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use store::conversations::{self, Append};
use store::inbound_events::Player;
use store::scheduled_events::{self, NewMessage, Queued};
use store::users::{self, Locked};
use store::{Limits, Tx};

use super::accept::Accepted;
use super::lines::{self, AT_ONCE, Outgoing};
use super::outcome::{self, Done};
use super::{Deps, Failure, Work, hold};
use crate::scoring::settlement::{Analysed, Known, Settlement};

/// What she says, and what the exchange was found to be; no analysis: it is not scored.
#[derive(Debug)]
pub(super) struct Answered {
    /// The whole of it, as it is stored.
    pub(super) text: String,
    /// The messages that it is sent as.
    pub(super) parts: Vec<String>,
    pub(super) analysis: Option<Analysis>,
}

/// A turn that is to be settled.
struct Turn<'a> {
    deps: &'a Deps,
    work: &'a Work,
    player: &'a Player,
    accepted: &'a Accepted,
    answered: &'a Answered,
    delay: SignedDuration,
    now: Timestamp,
}

/// Stores and queues what she says with all that follows, and sends what is due.
///
/// That an exchange cannot be scored, or was scored before, never costs the player an answer: it is settled without. What
/// may pass is no such reason: the update comes again.
pub(super) async fn settle(
    deps: &Deps,
    work: &Work,
    player: &Player,
    accepted: &Accepted,
    answered: &Answered,
    delay: SignedDuration,
) -> Result<Done, Failure> {
    let turn = Turn { deps, work, player, accepted, answered, delay, now: deps.clock.now() };
    match turn.settle(answered.analysis.as_ref()).await {
        Err(Failure::Store(error)) if answered.analysis.is_some() && !error.may_pass() => {
            tracing::error!(
                user_id = %player.id, telegram.update_id = work.update_id(), error_code = error.code(),
                "An exchange could not be scored: its answer goes out without"
            );
            turn.settle(None).await
        }
        outcome => outcome,
    }
}

/// What a settled turn sends: what waited and waits no more, her reply, and what stands behind it.
struct Sent {
    before: Vec<Queued>,
    reply: Outgoing,
    then: Vec<Queued>,
}

impl Turn<'_> {
    async fn settle(&self, analysis: Option<&Analysis>) -> Result<Done, Failure> {
        let (deps, work, user) = (self.deps, self.work, self.player.id);
        let tx = Tx::unbegun(&deps.pool).await?;
        let (begun, locked, known) = join!(
            tx.send_begin(Limits::PLAYER),
            users::lock(&tx, user, &work.claimed.claim),
            self.known(&tx, analysis),
        );
        begun?;
        let (tx, locked) = match hold::held(tx, locked?).await? {
            Ok(held) => held,
            Err(reason) => return Ok(reason.into()),
        };
        // She has said her last words already.
        if !locked.game_status.is_playable() {
            tx.rollback().await?;
            return self.drop_answer().await;
        }
        let written = match known {
            Ok(known) => self.write(&tx, &locked, analysis.zip(known.as_ref())).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(Some(sent)) => {
                tx.committed();
                fail_point!("turn.settled");
                lines::send_in_order(deps, work, &sent.before, sent.reply, &sent.then).await?;
            }
            Ok(None) => {
                tx.rollback().await?;
                lines::resume(deps, work, &ResponseId::of(work.update_id()).to_string()).await?;
            }
            Err(error) => tx.finish(Err(error)).await?,
        }
        Ok(Done::As(outcome::REPLIED))
    }

    /// Her answer is not said any more; somebody in need is told where there is help.
    async fn drop_answer(&self) -> Result<Done, Failure> {
        if self.accepted.in_care {
            return lines::help(self.deps, self.work, self.player, outcome::DROPPED).await;
        }
        Ok(Done::As(outcome::DROPPED))
    }

    async fn known(&self, tx: &Tx, analysis: Option<&Analysis>) -> store::Result<Option<Known>> {
        match analysis {
            Some(_) => Known::read(tx, self.player.id, self.now).await.map(Some),
            None => Ok(None),
        }
    }

    /// Writes the turn and commits it; none where an earlier attempt has.
    async fn write(
        &self,
        tx: &Tx,
        locked: &Locked,
        scored: Option<(&Analysis, &Known)>,
    ) -> store::Result<Option<Sent>> {
        let (exchange, recent) = (self.accepted.exchange(), self.accepted.recent_texts());
        let settlement = scored.and_then(|(analysis, known)| {
            let analysed = Analysed {
                user: self.player.id,
                conversation: self.accepted.conversation,
                source: Source::Update(self.work.update_id()),
                exchange: &exchange,
                recent: &recent,
                analysis,
                in_care: self.accepted.in_care,
            };
            Settlement::decide(analysed, locked, known, &self.deps.draws, self.now)
        });
        match settlement {
            Some(scored) if scored.consequence() == Consequence::GameOver => {
                self.write_last(tx, locked, &scored).await
            }
            Some(scored) if scored.consequence() == Consequence::BossComes => {
                self.write_boss(tx, locked, &scored).await
            }
            scored => self.write_ordinary(tx, locked, scored.as_ref()).await,
        }
    }

    async fn write_ordinary(
        &self,
        tx: &Tx,
        locked: &Locked,
        scored: Option<&Settlement<'_>>,
    ) -> store::Result<Option<Sent>> {
        let letter = self.letter(due_at(self.delay, self.now));
        let (written, queued) = join!(self.write_scored(tx, scored), self.queue(tx, &letter));
        written?;
        let Some(queued) = queued? else { return Ok(None) };
        let warning = scored.and_then(|scored| scored.warning).map(|words| self.warning(words, &queued));
        let (appended, warned, committed) = join!(
            self.append_reply(tx, locked, queued.scheduled_at),
            self.queue_further(tx, warning.as_ref()),
            tx.send_commit(),
        );
        appended?;
        let then = warned?;
        committed?;
        let reply = outgoing(queued, letter, locked.game_status);
        Ok(Some(Sent { before: Vec::new(), reply, then }))
    }

    /// The reply goes out at once behind all that waits, and the boss's opening line behind it: into a conversation of its
    /// own. Whoever is asked has read what was said before.
    async fn write_boss(
        &self,
        tx: &Tx,
        locked: &Locked,
        scored: &Settlement<'_>,
    ) -> store::Result<Option<Sent>> {
        let letter = self.letter(self.now);
        let (written, before, queued) = join!(
            self.write_scored(tx, Some(scored)),
            scheduled_events::hasten(tx, self.player.id, self.now),
            self.queue(tx, &letter),
        );
        written?;
        let before = before?;
        let Some(queued) = queued? else { return Ok(None) };
        let opening = self.opening(locked, &queued);
        let line = Message::new(Role::Nikita, opening.content.text.clone(), self.now);
        let line = Message { deliver_at: Some(opening.wanted_at), ..line };
        let append = Append { conversation: None, boss_mode: true, ..self.append(locked, &line) };
        let (appended, opened, further, committed) = join!(
            self.append_reply(tx, locked, queued.scheduled_at),
            conversations::append_text(tx, &append, self.now),
            self.queue_further(tx, Some(&opening)),
            tx.send_commit(),
        );
        appended?;
        opened?;
        let then = further?;
        committed?;
        Ok(Some(Sent { before, reply: outgoing(queued, letter, GameStatus::BossFight), then }))
    }

    /// The score is 0: what waits is cancelled, her reply goes out at once, and behind it there is only her farewell.
    async fn write_last(
        &self,
        tx: &Tx,
        locked: &Locked,
        scored: &Settlement<'_>,
    ) -> store::Result<Option<Sent>> {
        let mut letter = self.letter(self.now);
        letter.content.system = true;
        self.write_scored(tx, Some(scored)).await?;
        self.append_reply(tx, locked, letter.wanted_at).await?;
        let ended = scored.close_game(tx, self.now).await?;
        let Some(queued) = self.queue(tx, &letter).await? else { return Ok(None) };
        let then = scored.say_farewell(tx, &self.deps.draws, &ended, self.now).await?;
        tx.send_commit().await?;
        let reply = outgoing(queued, letter, GameStatus::GameOver);
        Ok(Some(Sent { before: Vec::new(), reply, then }))
    }

    async fn write_scored(&self, tx: &Tx, scored: Option<&Settlement<'_>>) -> store::Result<()> {
        match scored {
            Some(scored) => scored.write(tx, self.now).await,
            None => Ok(()),
        }
    }

    /// Somebody in need does not wait behind what was said before.
    async fn queue(&self, tx: &Tx, letter: &NewMessage) -> store::Result<Option<Queued>> {
        if self.accepted.in_care {
            scheduled_events::create_urgent(tx, letter, self.now).await
        } else {
            scheduled_events::create(tx, letter, self.now).await
        }
    }

    async fn queue_further(&self, tx: &Tx, message: Option<&NewMessage>) -> store::Result<Vec<Queued>> {
        match message {
            Some(message) => Ok(scheduled_events::create(tx, message, self.now).await?.into_iter().collect()),
            None => Ok(Vec::new()),
        }
    }

    /// Her words as they are queued, to be sent by this worker if they are due. Where the day's limit is near a sentence
    /// about that goes out with them.
    fn letter(&self, due_at: Timestamp) -> NewMessage {
        let Answered { text, parts, .. } = self.answered;
        let id = ResponseId::of(self.work.update_id()).to_string();
        // One part is the text itself.
        let mut parts = if parts.len() > 1 { parts.clone() } else { Vec::new() };
        let mut text = text.clone();
        if self.accepted.says_warning {
            let sentence = canned::day_warning(&self.deps.draws, self.player.id, self.work.update_id());
            for words in parts.last_mut().into_iter().chain([&mut text]) {
                *words = format!("{words}\n\n{sentence}");
            }
        }
        let content =
            TelegramContent { chat_id: Some(self.work.chat()), parts, ..TelegramContent::words(text, id) };
        NewMessage {
            content,
            wanted_at: due_at,
            lease: Some(lines::lease(self.deps, self.now)),
            ..self.further(EventType::MessageDelivery, "", String::new(), due_at)
        }
    }

    fn opening(&self, locked: &Locked, reply: &Queued) -> NewMessage {
        let id = ResponseId::of(self.work.update_id()).boss();
        let due = reply.scheduled_at.checked_add(OPENING_AFTER).unwrap_or(Timestamp::MAX);
        let line = content(locked.chapter, Phase::Opening).line;
        self.further(EventType::BossPrompt, line, id, due)
    }

    fn warning(&self, words: &str, reply: &Queued) -> NewMessage {
        let id = ResponseId::of(self.work.update_id()).warning();
        self.further(EventType::MessageDelivery, words, id, reply.scheduled_at)
    }

    /// A message that stands behind her reply.
    fn further(&self, event_type: EventType, words: &str, id: String, due: Timestamp) -> NewMessage {
        NewMessage {
            user: self.player.id,
            event_type,
            content: TelegramContent { chat_id: Some(self.work.chat()), ..TelegramContent::words(words, id) },
            wanted_at: due,
            conversation: Some(self.accepted.conversation),
            lease: None,
        }
    }

    async fn append_reply(&self, tx: &Tx, locked: &Locked, deliver_at: Timestamp) -> store::Result<()> {
        let id = ResponseId::of(self.work.update_id());
        let hers = Message {
            response_id: Some(id.as_uuid()),
            deliver_at: Some(deliver_at),
            ..Message::new(Role::Nikita, self.answered.text.clone(), self.now)
        };
        conversations::append_text(tx, &self.append(locked, &hers), self.now).await?;
        Ok(())
    }

    fn append<'a>(&self, locked: &Locked, message: &'a Message) -> Append<'a> {
        Append {
            user: self.player.id,
            chapter: locked.chapter,
            boss_mode: locked.game_status == GameStatus::BossFight,
            conversation: Some(self.accepted.conversation),
            message,
        }
    }
}

fn outgoing(queued: Queued, message: NewMessage, game_status: GameStatus) -> Outgoing {
    Outgoing { queued, message, game_status }
}

fn due_at(delay: SignedDuration, now: Timestamp) -> Timestamp {
    if delay <= AT_ONCE { now } else { now.checked_add(delay).unwrap_or(Timestamp::MAX) }
}

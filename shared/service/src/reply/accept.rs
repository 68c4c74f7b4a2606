//! Accepting a message, in one transaction: the limits are counted, finished days are closed, the interaction is noted,
//! the message goes into its conversation. Or it is answered right here: a limit that is reached, a game that is over, a
//! day that ends it, something that she cannot take in.
//!
//! Whether the player is in need is known first, and stands above all of this: no day is closed, and whatever would be
//! said instead of an answer, help is said. As long as the game goes on the words are kept, also of a message that is
//! refused: with them care mode begins.

use domain::canned;
use domain::care::is_in_care;
use domain::chapter::Chapter;
use domain::conversation::{Message, Role};
use domain::engagement::days::local_date;
use domain::history::Source;
use domain::ids::{ConversationId, UserId};
use domain::interaction::is_first_of_day;
use domain::rate_limit::{self, Counts, Refusal, Verdict, judge};
use domain::reply::skip::FIRST_MESSAGES;
use domain::status::GameStatus;
use domain::telegram::Unseen;
use futures_util::join;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::conversations::{self, Append, Session};
use store::engagement::{self, Stored};
use store::inbound_events::{self, End, Player};
use store::scheduled_events::{self, Queued};
use store::users::{self, Locked};
use store::{Limits, Tx, rate_limits};

use super::lines::{self, Line, Outgoing};
use super::message::{Heard, Incoming};
use super::outcome::{self, Done};
use super::{Deps, Failure, Work, hold};
use crate::care;
use crate::endings::{self, Occasion, close_games, say_farewell};
use crate::engagement::{Days, or_start};
use crate::zones::zone_or;

/// The savepoint around the limits: that they cannot be counted keeps nobody from writing.
pub(super) const LIMITS: &str = "limits";

/// The first messages of a player are counted one by one, the rest need not be.
const COUNT_UP_TO: i64 = FIRST_MESSAGES as i64 + 1;

/// A conversation that was written to after an update was received may say so by a clock that is behind by this much.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_hours(24);

/// A message that stands in its conversation and waits for an answer.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) conversation: ConversationId,
    pub(super) heard: Heard,
    /// What the message looks like in the conversation.
    pub(super) message: Message,
    pub(super) talk: Talk,
    /// Whether the conversation is in care mode, which outranks every rule of the game.
    pub(super) in_care: bool,
    /// As it was when the message was accepted.
    pub(super) game_status: GameStatus,
    pub(super) chapter: Chapter,
    /// Whether the answer says that the day's limit is near.
    pub(super) says_warning: bool,
}

/// What was said before the message.
#[derive(Debug)]
pub(super) struct Talk {
    /// In its conversation.
    pub(super) before: Vec<Message>,
    /// In the text conversation before that one.
    pub(super) earlier: Vec<Message>,
    /// How many messages the player has ever sent, this one included, counted up to a limit.
    pub(super) messages_ever: i64,
    /// When she last wrote of her own accord and it arrived.
    pub(super) last_touchpoint_at: Option<Timestamp>,
}

impl Talk {
    /// Whether the player needs help, by what was said in this conversation up to the message.
    fn is_in_care(&self, message: &Message) -> bool {
        let before = self.before.iter().filter(|message| message.role == Role::User);
        is_in_care(before.chain([message]).map(|message| message.content.as_str()))
    }

    /// As it was before the message was put into `conversation`.
    fn before(session: &Session, conversation: ConversationId) -> Self {
        let newest = read(&session.messages);
        let (before, earlier) = if session.conversation == Some(conversation) {
            (newest, read(&session.earlier))
        } else {
            (Vec::new(), newest)
        };
        let messages_ever = session.messages_ever + 1;
        Self { before, earlier, messages_ever, last_touchpoint_at: session.last_touchpoint_at }
    }

    /// Seen from the message with this number, and that message.
    fn around(session: &Session, message_id: i64) -> Option<(Self, Message)> {
        let mut before = read(&session.messages);
        let position = before.iter().position(|message| message.telegram_message_id == Some(message_id))?;
        let message = before.swap_remove(position);
        before.truncate(position);
        let talk = Self {
            before,
            earlier: read(&session.earlier),
            messages_ever: session.messages_ever,
            last_touchpoint_at: session.last_touchpoint_at,
        };
        Some((talk, message))
    }
}

fn read(messages: &Value) -> Vec<Message> {
    Message::read_all(messages).into_iter().map(|(_, message)| message).collect()
}

/// What accepting came to.
#[derive(Debug)]
pub(super) enum Acceptance {
    /// It is to be answered.
    Waits(Box<Accepted>),
    /// It was answered in the same transaction; the line is to be sent.
    Answered(Box<Outgoing>, &'static str),
    /// The game ended with a day before it; her farewell is to be sent.
    Ended(Vec<Queued>),
    /// Nothing more is to be done.
    Done(Done),
}

/// A begun transaction that holds the player's row, and what it knows.
struct Holding<'a> {
    deps: &'a Deps,
    work: &'a Work,
    user: UserId,
    incoming: &'a Incoming,
    player: Locked,
    /// Whether the player is in need: by this message, or by what was said in the open conversation.
    in_care: bool,
    tx: Tx,
    now: Timestamp,
}

/// Accepts the message, or answers it right here. Who writes has not blocked the bot, whatever becomes of the message.
pub(super) async fn accept(
    deps: &Deps,
    work: &Work,
    user: UserId,
    incoming: &Incoming,
) -> Result<Acceptance, Failure> {
    let now = deps.clock.now();
    let (minute, day) = (rate_limit::minute(now), rate_limit::day(now));
    let tx = Tx::unbegun(&deps.pool).await?;
    let (begun, player, engagement, in_care, unblocked, _, counts) = join!(
        tx.send_begin(Limits::PLAYER),
        users::lock(&tx, user, &work.claimed.claim),
        engagement::get(&tx, user),
        care::is_in_care(&tx, user, now),
        users::set_blocked(&tx, work.telegram_id(), None),
        tx.savepoint(LIMITS),
        rate_limits::count(&tx, user, &minute, Some(&day)),
    );
    begun?;
    let (tx, player) = match hold::held(tx, player?).await? {
        Ok(held) => held,
        Err(reason) => return Ok(Acceptance::Done(reason.into())),
    };
    let stored = or_start(user, engagement?, now);
    let in_care = work.needs_care() || in_care?;
    unblocked?;
    let verdict = verdict(&tx, counts, now).await?;
    let holding = Holding { deps, work, user, incoming, player, in_care, tx, now };
    let refusal = verdict.and_then(|verdict| verdict.refusal);
    if refusal.is_none()
        && let Some(farewell) = holding.close_days(&stored).await?
    {
        holding.tx.commit().await?;
        return Ok(Acceptance::Ended(farewell));
    }
    match (refusal, holding.player.game_status, incoming) {
        (Some(refusal), _, _) => holding.refuse(refusal).await,
        (None, GameStatus::GameOver, _) => holding.say_it_is_over().await,
        (None, GameStatus::Won, _) => holding.say_it_is_won().await,
        (None, _, Incoming::Unseen(unseen)) => holding.shrug(*unseen).await,
        (None, _, Incoming::Heard(heard)) => {
            holding.take_in(heard, verdict.is_some_and(|verdict| verdict.says_warning)).await
        }
    }
}

/// The message that an earlier attempt accepted, as it stands in its conversation; none: no attempt came so far.
pub(super) async fn recover(
    deps: &Deps,
    work: &Work,
    player: &Player,
    heard: &Heard,
) -> store::Result<Option<Accepted>> {
    let since = work.claimed.received_at.checked_sub(CLOCKS_DIFFER).unwrap_or(Timestamp::MIN);
    let client = deps.pool.get().await?;
    let session =
        conversations::find_session(&client, player.id, heard.message_id, since, COUNT_UP_TO).await?;
    let Some(session) = session else { return Ok(None) };
    let found = Talk::around(&session, heard.message_id);
    let (Some((talk, message)), Some(conversation)) = (found, session.conversation) else { return Ok(None) };

    let accepted_at = message.timestamp.unwrap_or(work.claimed.received_at);
    let counted = rate_limits::get_count(&client, player.id, &rate_limit::day(accepted_at)).await?;
    Ok(Some(Accepted {
        conversation,
        heard: heard.clone(),
        in_care: talk.is_in_care(&message),
        message,
        talk,
        game_status: if session.boss_mode { GameStatus::BossFight } else { GameStatus::Active },
        chapter: player.chapter,
        says_warning: judge(Counts { minute: 1, day: Some(counted) }, accepted_at).says_warning,
    }))
}

/// Whether the player is in need: by the update's own words, by the conversation that an earlier attempt put them into,
/// or by the one that is open.
pub(super) async fn is_player_in_care(deps: &Deps, work: &Work, player: &Player) -> store::Result<bool> {
    if work.needs_care() {
        return Ok(true);
    }
    if let Incoming::Heard(heard) = Incoming::of(&work.update)
        && let Some(accepted) = recover(deps, work, player, &heard).await?
    {
        return Ok(accepted.in_care);
    }
    let client = deps.pool.get().await?;
    care::is_in_care(&client, player.id, deps.clock.now()).await
}

/// Judges the counts; limits that could not be counted allow.
pub(super) async fn verdict(
    tx: &Tx,
    counts: store::Result<Counts>,
    now: Timestamp,
) -> store::Result<Option<Verdict>> {
    match counts {
        Ok(counts) => Ok(Some(judge(counts, now))),
        Err(error) => {
            tracing::warn!(
                error_code = error.code(),
                "The limits could not be counted: the message is let in"
            );
            tx.rollback_to_savepoint(LIMITS).await?;
            Ok(None)
        }
    }
}

impl Holding<'_> {
    /// Closes the days that are finished. Her farewell, if one of them ends the game. Somebody in need is answered first.
    async fn close_days(&self, stored: &Stored) -> store::Result<Option<Vec<Queued>>> {
        if self.player.game_status != GameStatus::Active || self.in_care {
            return Ok(None);
        }
        let days = Days::read(&self.tx, self.user, stored.last_day_closed, &self.zone(), self.now).await?;
        let Some(days) = days else { return Ok(None) };
        let closed = days.close(stored, self.player.chapter, stored.words);
        days.write(&self.tx, &closed, stored.words, self.now).await?;
        fail_point!("turn.days_closed");
        let Some(reason) = closed.ended else {
            if let Some(warning) = days.warning(&closed, &self.deps.draws, self.now) {
                scheduled_events::create(&self.tx, &warning, self.now).await?;
            }
            return Ok(None);
        };
        let end = endings::End { user: self.user, reason, details: json!({ "reason": reason.code() }) };
        let source = Source::Update(self.work.update_id()).to_string();
        let occasion = Occasion { at: self.now, now: self.now, key: &source };
        let ended = close_games(&self.tx, vec![end], occasion).await?;
        Ok(Some(say_farewell(&self.tx, &self.deps.draws, &ended, occasion).await?))
    }

    /// Only the first refusal of a window is answered. Somebody in need gets help whatever the limits say.
    async fn refuse(self, refusal: Refusal) -> Result<Acceptance, Failure> {
        tracing::info!(user_id = %self.user, limit.reason = refusal.reason.as_str(), "Refused a message");
        if self.in_care {
            return self.help_or_end(outcome::LIMITED).await;
        }
        if !refusal.is_first {
            return self.end(outcome::LIMITED).await;
        }
        let words = canned::limit(refusal.reason, &self.deps.draws, self.user, self.work.update_id());
        let line = Line::hers(self.work, words);
        self.answer(&line, outcome::LIMIT_NOTICE, true).await
    }

    /// One closing line a minute, and nothing is kept.
    async fn say_it_is_over(self) -> Result<Acceptance, Failure> {
        if self.in_care {
            return self.help_or_end(outcome::CLOSED).await;
        }
        let telegram_id = self.work.telegram_id();
        let since = self.now.checked_sub(canned::CLOSING_INTERVAL).unwrap_or(Timestamp::MIN);
        let said =
            inbound_events::count_outcomes(&self.tx, telegram_id, &[outcome::CLOSING_REPLY], since).await?;
        if said > 0 {
            return self.end(outcome::CLOSED).await;
        }
        let words = canned::game_over(&self.deps.draws, self.user, self.work.update_id());
        let line = Line::always(self.work, words);
        self.answer(&line, outcome::CLOSING_REPLY, false).await
    }

    async fn say_it_is_won(self) -> Result<Acceptance, Failure> {
        if self.in_care {
            return self.help_or_end(outcome::CLOSED).await;
        }
        let said_last = self.player.won_variant.and_then(|variant| usize::try_from(variant).ok());
        let (variant, words) = canned::won(&self.deps.draws, self.user, self.work.update_id(), said_last);
        users::set_won_variant(&self.tx, self.user, i64::try_from(variant).unwrap_or(0)).await?;
        let line = Line::always(self.work, words);
        self.answer(&line, outcome::WON_REPLY, false).await
    }

    /// What she cannot take in is not kept, but the player was here.
    async fn shrug(self, unseen: Unseen) -> Result<Acceptance, Failure> {
        self.record_interaction().await?;
        if self.in_care {
            return self.help_or_end(outcome::CANNED).await;
        }
        let words = canned::unseen(unseen, &self.deps.draws, self.user, self.work.update_id());
        let line = Line::hers(self.work, words);
        self.answer(&line, outcome::CANNED, false).await
    }

    async fn take_in(self, heard: &Heard, says_warning: bool) -> Result<Acceptance, Failure> {
        let message = self.message(&heard.words);
        let append = self.append(&message);
        let (session, noted, conversation, committed) = join!(
            conversations::get_session(&self.tx, self.user, COUNT_UP_TO),
            self.record_interaction(),
            conversations::append_text(&self.tx, &append, self.now),
            self.tx.send_commit(),
        );
        let session = session?;
        noted?;
        let conversation = conversation?;
        committed?;
        self.tx.committed();

        let talk = Talk::before(&session, conversation);
        Ok(Acceptance::Waits(Box::new(Accepted {
            conversation,
            heard: heard.clone(),
            in_care: talk.is_in_care(&message),
            message,
            talk,
            game_status: self.player.game_status,
            chapter: self.player.chapter,
            says_warning,
        })))
    }

    /// Keeps what is not answered, for the conversation to be in care mode by it.
    async fn keep_words(&self) -> store::Result<()> {
        let words = match self.incoming {
            Incoming::Heard(heard) => &heard.words,
            Incoming::Unseen(_) => self.work.update.words(),
        };
        if words.trim().is_empty() {
            return Ok(());
        }
        let message = Message { skipped: true, ..self.message(words) };
        conversations::append_text(&self.tx, &self.append(&message), self.now).await?;
        Ok(())
    }

    fn message(&self, words: &str) -> Message {
        Message {
            telegram_message_id: self.work.update.message_id(),
            previous_interaction_at: self.player.last_interaction_at,
            ..Message::new(Role::User, words, self.now)
        }
    }

    fn append<'m>(&self, message: &'m Message) -> Append<'m> {
        Append {
            user: self.user,
            chapter: self.player.chapter,
            boss_mode: self.player.game_status == GameStatus::BossFight,
            conversation: None,
            message,
        }
    }

    async fn record_interaction(&self) -> store::Result<()> {
        let zone = self.zone();
        let is_first = is_first_of_day(self.player.last_interaction_at, self.now, &zone);
        let today = local_date(self.now, &zone);
        users::record_interaction(&self.tx, self.user, self.now, is_first, today).await
    }

    /// The player's clock.
    fn zone(&self) -> TimeZone {
        zone_or(&self.player.timezone, &TimeZone::UTC)
    }

    async fn help_or_end(self, otherwise: &'static str) -> Result<Acceptance, Failure> {
        if self.player.game_status.is_playable() {
            self.keep_words().await?;
        }
        match lines::help_if_due(self.deps, &self.tx, self.work, self.user).await? {
            Some(help) => self.answer(&help, outcome::HELP, true).await,
            None => self.end(otherwise).await,
        }
    }

    /// Queues a line and commits. An urgent one goes out ahead of whatever waits.
    async fn answer(self, line: &Line, outcome: &'static str, urgent: bool) -> Result<Acceptance, Failure> {
        let message = line.queued_as(self.deps, self.work, self.user, self.now);
        let queued = if urgent {
            scheduled_events::create_urgent(&self.tx, &message, self.now).await?
        } else {
            scheduled_events::create(&self.tx, &message, self.now).await?
        };
        self.tx.commit().await?;
        let game_status = self.player.game_status;
        Ok(match queued {
            Some(queued) => {
                Acceptance::Answered(Box::new(Outgoing { queued, message, game_status }), outcome)
            }
            None => Acceptance::Done(Done::As(outcome)),
        })
    }

    /// Ends the update together with what was counted.
    async fn end(self, outcome: &'static str) -> Result<Acceptance, Failure> {
        inbound_events::end(&self.tx, &self.work.claimed.claim, End::Done(outcome), self.now).await?;
        self.tx.commit().await?;
        Ok(Acceptance::Done(Done::Ended))
    }
}

//! An answer in a boss encounter: the next phase, or a verdict and what it brings.
//!
//! What was said is read, then judged outside every transaction, then applied: in one transaction, on the encounter as it
//! was judged. The line that follows is the reply of the update. Somebody in need is not judged: she answers as somebody
//! who helps, and the encounter waits; so it does where nobody can be paid to judge.

use std::time::Instant;

use domain::boss::OUTCOME_AFTER;
use domain::boss::messages;
use domain::boss::outcome::{Aftermath, Entry, Fight, Next, aftermath, game_won};
use domain::boss::phase::{Encounter, Step, step};
use domain::boss::timeout::clock;
use domain::boss::verdict::Verdict;
use domain::budget::Leave;
use domain::conflict::details::BOSS_PHASE;
use domain::conversation::{self, Role};
use domain::delivery::{EventType, TelegramContent};
use domain::history::{self, Source};
use domain::ids::HistoryId;
use domain::reply::response::ResponseId;
use domain::status::GameStatus;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::conversations::{self, Append};
use store::engagement::{self, Shift, Stored};
use store::inbound_events::Player;
use store::scheduled_events::{self, NewMessage, Queued};
use store::score_history::{self, NewEntry};
use store::users::{self, AfterBoss, Locked};
use store::{Tx, psyche_states};

use super::accept::{self, Accepted};
use super::lines::{self, Outgoing};
use super::message::{Heard, rest, say, think};
use super::outcome::{self, Done};
use super::typing::while_typing;
use super::{Deps, Failure, Work, hold};
use crate::agent;
use crate::boss::{self, Case};
use crate::decay::boss_timeouts::end_locked;
use crate::endings::{End, Occasion, close_games, say_farewell, take_back};
use crate::engagement::or_start;
use crate::llm::{self, Asker, Purpose};

/// What a message in an encounter comes to.
enum Answer {
    /// The first answer: the encounter goes on, and she presses.
    Pressed(Encounter, &'static str),
    /// The last answer was judged; none: nobody could.
    Judged(Option<Verdict>),
    /// It comes too late.
    RunOut,
    /// Nobody can be paid to judge today.
    Rest,
}

/// Answers a message of the player in an encounter.
pub(super) async fn answer(
    deps: &Deps,
    work: &Work,
    player: &Player,
    accepted: &Accepted,
) -> Result<Done, Failure> {
    if accepted.in_care {
        return help(deps, work, player, accepted).await;
    }
    let Some(fight) = read(deps, work, player).await? else { return Ok(Done::As(outcome::RAN_OUT)) };
    let turn = Turn { deps, work, player, accepted, fight, now: deps.clock.now() };
    match while_typing(deps, work.chat(), true, turn.think()).await? {
        Answer::RunOut => turn.run_out().await,
        Answer::Rest => {
            hold_clock(deps, work, player).await?;
            rest(deps, work, player, false).await
        }
        Answer::Pressed(encounter, line) => turn.settle(turn.pressed(encounter), Some(line.to_owned())).await,
        Answer::Judged(verdict) => {
            let after = turn.judged(verdict.as_ref());
            let line = after.message.map(|message| turn.words(message));
            let weighs = verdict.is_some() && after.status.is_playable();
            let done = turn.settle(after, line).await?;
            fail_point!("boss.outcome_sent");
            if weighs && done == Done::As(outcome::REPLIED) {
                agent::reflect(&deps.agent, &of_agent(player, accepted, turn.now)).await;
            }
            Ok(done)
        }
    }
}

/// The outcomes that she thinks about.
const WEIGHTY: [history::EventType; 3] =
    [history::EventType::BossPass, history::EventType::BossPartial, history::EventType::BossFail];

/// Thinks about an outcome that an earlier attempt has sent, unless she has thought since.
pub(super) async fn make_up_for_thought(
    deps: &Deps,
    work: &Work,
    player: &Player,
    heard: &Heard,
) -> store::Result<()> {
    if !player.game_status.is_playable() || !is_unthought(deps, work, player).await? {
        return Ok(());
    }
    if let Some(accepted) = accept::recover(deps, work, player, heard).await? {
        agent::reflect(&deps.agent, &of_agent(player, &accepted, deps.clock.now())).await;
    }
    Ok(())
}

async fn is_unthought(deps: &Deps, work: &Work, player: &Player) -> store::Result<bool> {
    let source = Source::Update(work.update_id()).to_string();
    let client = deps.pool.get().await?;
    psyche_states::is_older(&client, player.id, &WEIGHTY.map(history::EventType::as_str), &source).await
}

/// The message as the agent sees it.
fn of_agent(player: &Player, accepted: &Accepted, now: Timestamp) -> agent::Turn {
    let message = &accepted.message;
    agent::Turn {
        user: player.id,
        conversation: accepted.conversation,
        text: message.content.clone(),
        telegram_message_id: Some(accepted.heard.message_id),
        previous_interaction_at: message.previous_interaction_at,
        care_mode: false,
        further_estimate: 0,
        now,
    }
}

/// She answers as somebody who helps; nothing is judged, and the clock starts anew.
async fn help(deps: &Deps, work: &Work, player: &Player, accepted: &Accepted) -> Result<Done, Failure> {
    hold_clock(deps, work, player).await?;
    let key = format!("{}:{}", work.chat(), accepted.heard.message_id);
    let thought = while_typing(deps, work.chat(), true, think(deps, player, accepted, &key)).await;
    say(deps, work, player, accepted, thought, SignedDuration::ZERO).await
}

/// The encounter as it stands; none where it is over, or the player gone.
async fn read(deps: &Deps, work: &Work, player: &Player) -> store::Result<Option<Fought>> {
    let Ok((tx, locked)) = hold::begin(deps, work, player.id).await? else { return Ok(None) };
    tx.rollback().await?;
    Ok((locked.game_status == GameStatus::BossFight).then(|| Fought::of(&locked)))
}

/// Starts the clock of the encounter anew.
async fn hold_clock(deps: &Deps, work: &Work, player: &Player) -> Result<(), Failure> {
    let Ok((tx, locked)) = hold::begin(deps, work, player.id).await? else { return Ok(()) };
    if locked.game_status == GameStatus::BossFight {
        let now = deps.clock.now();
        let fight = Fought::of(&locked).fight;
        let after = aftermath(&fight, None, deps.rules.boss_mode, |_| String::new(), now);
        apply(&tx, player, &after, now).await?;
    }
    tx.commit().await?;
    fail_point!("boss.clock_held");
    Ok(())
}

/// An encounter that was read.
struct Fought {
    fight: Fight,
    /// Since when the player is expected to answer.
    clock: Timestamp,
}

impl Fought {
    fn of(locked: &Locked) -> Self {
        let stored = locked.conflict_details.as_ref().map(|details| &details[BOSS_PHASE]);
        let encounter = stored.and_then(Encounter::read);
        let clock = clock(encounter.as_ref(), locked.boss_began_at, locked.updated_at);
        let fight = Fight {
            chapter: locked.chapter,
            attempts: locked.attempts,
            score: locked.score,
            started_at: locked.boss_began_at.unwrap_or(clock),
            encounter,
        };
        Self { fight, clock }
    }
}

/// An answer that is being worked off.
struct Turn<'a> {
    deps: &'a Deps,
    work: &'a Work,
    player: &'a Player,
    accepted: &'a Accepted,
    fight: Fought,
    now: Timestamp,
}

impl Turn<'_> {
    /// The next phase, or a verdict; never so fast that nobody could have typed it.
    async fn think(&self) -> Result<Answer, Failure> {
        let typed_at = Instant::now() + OUTCOME_AFTER.unsigned_abs();
        let Fought { fight, clock } = &self.fight;
        let mode = self.deps.rules.boss_mode;
        let words = &self.accepted.message.content;
        if fight.encounter.is_none() {
            tracing::warn!(user_id = %self.player.id, "The phase of an encounter is missing: it begins anew");
        }
        let answer = match step(mode, fight.encounter.clone(), fight.chapter, *clock, words, self.now) {
            Step::RunOut => return Ok(Answer::RunOut),
            Step::Pressed { encounter, line } => Answer::Pressed(encounter, line),
            Step::Complete(encounter) => self.ask(&encounter).await?,
        };
        self.deps.sender.pauses.exactly(typed_at.saturating_duration_since(Instant::now())).await;
        Ok(answer)
    }

    async fn ask(&self, complete: &Encounter) -> Result<Answer, Failure> {
        let (deps, rules) = (self.deps, &self.deps.rules);
        let case = Case { chapter: complete.chapter, mode: rules.boss_mode, said: &complete.history };
        let request = boss::request(&rules.judge_model, case);
        let asker = Asker {
            user: Some(self.player.id),
            conversation: Some(self.accepted.conversation),
            platform: Some("text"),
        };
        let work = {
            let client = deps.pool.get().await.map_err(store::Error::from)?;
            deps.agent.models.begin(&client, asker, llm::estimate(&request)).await?
        };
        let answer = if work.leaves(Purpose::BossJudgment) == Leave::Refused {
            Answer::Rest
        } else {
            Answer::Judged(
                boss::judge(&work, &rules.judge_model, case, Instant::now() + rules.agent_time).await,
            )
        };
        work.settle().await;
        fail_point!("boss.judged");
        Ok(answer)
    }

    fn pressed(&self, encounter: Encounter) -> Aftermath {
        let fight = &self.fight.fight;
        Aftermath {
            status: GameStatus::BossFight,
            chapter: fight.chapter,
            attempts: fight.attempts,
            cool_down_until: None,
            renews_grace: false,
            next: Next::GoesOn { started_at: fight.started_at, encounter: Some(encounter) },
            entries: Vec::new(),
            ends: None,
            message: None,
        }
    }

    fn judged(&self, verdict: Option<&Verdict>) -> Aftermath {
        let mode = self.deps.rules.boss_mode;
        aftermath(&self.fight.fight, verdict, mode, |message| self.words(*message), self.now)
    }

    fn words(&self, message: messages::Message) -> String {
        let occasion = self.work.update_id().to_string();
        message.words(&self.deps.draws, self.player.id, &occasion).to_owned()
    }

    /// It is lost without a verdict.
    async fn run_out(&self) -> Result<Done, Failure> {
        let deps = self.deps;
        let tx = match self.hold().await? {
            Ok((tx, _)) => tx,
            Err(done) => return Ok(done),
        };
        let ended = end_locked(&tx, &deps.draws, &[self.player.id], self.now, self.now).await;
        let done = tx.finish(ended).await?;
        fail_point!("boss.ran_out");
        lines::follow(deps, self.work, &done.said).await?;
        Ok(Done::As(outcome::RAN_OUT))
    }

    /// A transaction that holds the encounter as it was read; else what becomes of the update.
    async fn hold(&self) -> Result<Result<(Tx, Locked), Done>, Failure> {
        let (tx, locked) = match hold::begin(self.deps, self.work, self.player.id).await? {
            Ok(held) => held,
            Err(reason) => return Ok(Err(reason.into())),
        };
        if locked.game_status != GameStatus::BossFight {
            tx.rollback().await?;
            return Ok(Err(Done::As(outcome::RAN_OUT)));
        }
        if Fought::of(&locked).fight != self.fight.fight {
            tx.rollback().await?;
            return Err(Failure::EncounterMoved);
        }
        Ok(Ok((tx, locked)))
    }

    /// Writes what the answer brings, on the encounter as it was judged, and sends her line.
    async fn settle(&self, after: Aftermath, line: Option<String>) -> Result<Done, Failure> {
        let (deps, work) = (self.deps, self.work);
        let (tx, locked) = match self.hold().await? {
            Ok(held) => held,
            Err(done) => return Ok(done),
        };
        let written = self.write(&tx, &locked, &after, line).await;
        let sent = tx.finish(written).await?;
        fail_point!("boss.settled");
        match sent {
            Sent::Line(outgoing) => lines::send(deps, work, *outgoing).await?,
            Sent::Farewell(farewell) => lines::follow(deps, work, &farewell).await?,
        }
        Ok(Done::As(outcome::REPLIED))
    }

    async fn write(
        &self,
        tx: &Tx,
        locked: &Locked,
        after: &Aftermath,
        line: Option<String>,
    ) -> store::Result<Sent> {
        if after.status == GameStatus::Won {
            // Before the victory is queued, which waits behind nothing.
            take_back(tx, &[*self.player.id.as_uuid()]).await?;
        }
        let sent = match line {
            Some(line) => Some(self.queue(tx, locked, line, after.status).await?),
            None => None,
        };
        apply(tx, self.player, after, self.now).await?;
        score_history::append(tx, &self.entries(tx, locked, after).await?).await?;
        if after.chapter != self.fight.fight.chapter {
            self.reset_engagement(tx, after).await?;
        }
        if let Some(reason) = after.ends {
            let end = End { user: self.player.id, reason, details: json!({ "reason": reason.code() }) };
            let source = self.source();
            let at = self.later(after.entries.len());
            let occasion = Occasion { at, now: self.now, key: &source };
            let ended = close_games(tx, vec![end], occasion).await?;
            return Ok(Sent::Farewell(say_farewell(tx, &self.deps.draws, &ended, occasion).await?));
        }
        sent.map(Sent::Line).ok_or(store::Error::NotFound("line of an encounter"))
    }

    /// Her line goes into the conversation of the encounter and into the queue.
    async fn queue(
        &self,
        tx: &Tx,
        locked: &Locked,
        line: String,
        game_status: GameStatus,
    ) -> store::Result<Box<Outgoing>> {
        let id = ResponseId::of(self.work.update_id());
        let message = NewMessage {
            user: self.player.id,
            event_type: EventType::BossPrompt,
            content: TelegramContent {
                chat_id: Some(self.work.chat()),
                // The victory is told after the game.
                system: !game_status.is_playable(),
                ..TelegramContent::words(line.clone(), id.to_string())
            },
            wanted_at: self.now,
            conversation: Some(self.accepted.conversation),
            lease: Some(lines::lease(self.deps, self.now)),
        };
        let queued = scheduled_events::create(tx, &message, self.now).await?;
        let queued = queued.ok_or(store::Error::NotFound("place in the queue"))?;
        let hers = conversation::Message {
            response_id: Some(id.as_uuid()),
            deliver_at: Some(queued.scheduled_at),
            ..conversation::Message::new(Role::Nikita, line, self.now)
        };
        let append = Append {
            user: self.player.id,
            chapter: locked.chapter,
            boss_mode: true,
            conversation: Some(self.accepted.conversation),
            message: &hers,
        };
        conversations::append_text(tx, &append, self.now).await?;
        Ok(Box::new(Outgoing { queued, message, game_status }))
    }

    /// The rows of the history, in their order.
    async fn entries(&self, tx: &Tx, locked: &Locked, after: &Aftermath) -> store::Result<Vec<NewEntry>> {
        let mut entries: Vec<Entry> = after.entries.clone();
        if after.status == GameStatus::Won {
            let conversations = conversations::count(tx, self.player.id).await?;
            entries.push(game_won(locked.score, locked.days_played, conversations));
        }
        let last = entries.len().saturating_sub(1);
        let rows = entries.into_iter().enumerate().map(|(position, Entry { event, details })| NewEntry {
            id: HistoryId::random(),
            user: self.player.id,
            score: locked.score,
            chapter: if position == last { after.chapter } else { locked.chapter },
            event_type: event.as_str(),
            details,
            source_key: Some(self.source()),
            recorded_at: self.later(position),
        });
        Ok(rows.collect())
    }

    /// Rows of one instant keep their order.
    fn later(&self, position: usize) -> Timestamp {
        let micros = i64::try_from(position).unwrap_or_default();
        self.now.checked_add(SignedDuration::from_micros(micros)).unwrap_or(self.now)
    }

    fn source(&self) -> String {
        Source::Update(self.work.update_id()).to_string()
    }

    async fn reset_engagement(&self, tx: &Tx, after: &Aftermath) -> store::Result<()> {
        let stored = or_start(self.player.id, engagement::get(tx, self.player.id).await?, self.now);
        let (start, step) = stored.engagement.reset_for(after.chapter, self.now);
        let reset = Stored { engagement: start, ..stored };
        engagement::save(tx, self.player.id, &reset, self.now).await?;
        let shift = Shift::unseen(step, start.calibration, self.now);
        engagement::append_shifts(tx, self.player.id, &[shift]).await
    }
}

/// What goes out.
enum Sent {
    Line(Box<Outgoing>),
    Farewell(Vec<Queued>),
}

/// Writes what becomes of the player. A game that is to end is left in the encounter for its ending.
async fn apply(tx: &Tx, player: &Player, after: &Aftermath, now: Timestamp) -> store::Result<()> {
    let (began_at, encounter) = match &after.next {
        Next::GoesOn { started_at, encounter } => (Some(*started_at), encounter.as_ref()),
        Next::Over => (after.ends.map(|_| now), None),
    };
    let phase = encounter.map(Encounter::to_value);
    let row = AfterBoss {
        status: if after.ends.is_some() { GameStatus::BossFight } else { after.status },
        chapter: after.chapter,
        attempts: after.attempts,
        cool_down_until: after.cool_down_until,
        grace_from: after.renews_grace.then_some(now),
        began_at,
        phase: phase.as_ref(),
    };
    users::apply_boss(tx, player.id, &row, now).await
}

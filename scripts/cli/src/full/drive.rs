//! The run: from one thing that happens to the next, on a clock that stands in between.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::draw::Draws;
use domain::ids::UserId;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulate::persona::Persona;
use standins::telegram::Event;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::TryRecvError;

use super::analyst::{Last, Written};
use super::due::{self, Watched};
use super::player::Player;
use super::{BEGINS, Error, Plan};
use crate::bundle::Bundle;
use crate::chain;

/// Whoever is next joins so much later.
const JOINS_AFTER: SignedDuration = SignedDuration::from_mins(47);
/// Whose game is over comes back so much later, with another account.
const COMES_BACK_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// The jobs of a second run one after the other, this many milliseconds after its beginning at the latest.
const LAST_JOB_MS: i64 = 99;
/// Then somebody joins.
const JOINS_AT_MS: i64 = 100;
/// Last come the messages.
const WRITES_AT_MS: i64 = 200;
/// So many failures are told.
const FAILURES_TOLD: usize = 10;

/// A run under way.
pub struct Drive<'a> {
    bundle: &'a Bundle,
    seed: &'a str,
    draws: Draws,
    seats: Vec<Seat>,
    jobs: Vec<Watched>,
    last: Last,
    events: Receiver<Event>,
    driven: Driven,
}

/// A persona, and whom it plays now.
struct Seat {
    persona: Persona,
    joins_at: Timestamp,
    player: Option<Player>,
}

/// What happened on the way.
#[derive(Debug, Default)]
pub struct Driven {
    /// Who played, in the order in which they joined.
    pub players: Vec<Who>,
    /// What came of each job.
    pub jobs: BTreeMap<String, Runs>,
    /// How long the webhook took for all messages.
    pub webhook: Duration,
    /// What Telegram was given: when, and in which chat.
    pub received: Vec<(Timestamp, i64)>,
    /// Calls of each stand-in.
    pub calls: [(&'static str, usize); 3],
    /// Calls that were not answered as they should, the first of them.
    pub failures: Vec<String>,
}

/// Somebody who played.
#[derive(Debug, Clone)]
pub struct Who {
    /// The name of the persona.
    pub persona: &'static str,
    /// The player.
    pub user: UserId,
    /// The chat.
    pub chat: i64,
    /// When.
    pub joined: Timestamp,
    /// Messages written.
    pub written: u32,
}

/// What the runs of a job come to.
#[derive(Debug, Default)]
pub struct Runs {
    /// How many.
    pub count: u64,
    /// The time they took in all.
    pub took: Duration,
    /// The sums of what they counted.
    pub counted: BTreeMap<String, u64>,
}

/// What happens next. The order is that of things of the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// The job at this position runs.
    Runs(usize),
    /// Somebody takes the seat at this position.
    Joins(usize),
    /// Who sits there writes.
    Writes(usize),
}

impl Next {
    /// How far within its second it happens: no two things of a player share an instant, and the rows that tell of them have
    /// an order.
    fn within(self) -> SignedDuration {
        SignedDuration::from_millis(match self {
            Self::Runs(job) => i64::try_from(job).unwrap_or_default().min(LAST_JOB_MS),
            Self::Joins(_) => JOINS_AT_MS,
            Self::Writes(_) => WRITES_AT_MS,
        })
    }

    /// The instant of the second `at` at which it happens.
    fn instant(self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.within()).unwrap_or(at)
    }

    /// The second that it would belong to if it happened at `instant`.
    fn second_of(self, instant: Timestamp) -> Timestamp {
        instant.saturating_sub(self.within()).unwrap_or(instant)
    }
}

impl Driven {
    /// Messages that players wrote.
    pub fn written(&self) -> u64 {
        self.players.iter().map(|who| u64::from(who.written)).sum()
    }

    fn fail(&mut self, what: String) {
        if self.failures.len() < FAILURES_TOLD {
            self.failures.push(what);
        }
    }
}

impl<'a> Drive<'a> {
    /// Everybody is still to join.
    pub fn new(bundle: &'a Bundle, plan: &'a Plan, draws: &Draws) -> Result<Self, Error> {
        let model = bundle.outside().anthropic().ok_or(Error::NoStandIn)?;
        let clock = bundle.clock().clone();
        model.go_by(move || Duration::try_from(clock.now().duration_since(BEGINS)).unwrap_or_default());
        let seats = (0..plan.players).zip(plan.personas.iter().cycle()).map(|(number, persona)| Seat {
            persona: *persona,
            joins_at: joins(number),
            player: None,
        });
        Ok(Self {
            bundle,
            seed: &plan.seed,
            draws: draws.clone(),
            seats: seats.collect(),
            jobs: plan.schedules.iter().map(|schedule| Watched::new(schedule.clone(), BEGINS)).collect(),
            last: Last::for_model(model, draws.clone()),
            events: bundle.telegram().ok_or(Error::NoStandIn)?.follow(),
            driven: Driven::default(),
        })
    }

    /// Lets everything happen that happens until `until`; `hear` is told the time now and then.
    pub async fn until(mut self, until: Timestamp, hear: &dyn Fn(Timestamp)) -> Result<Driven, Error> {
        while let Some((at, next)) = self.next().await?.filter(|(at, _)| *at < until) {
            self.bundle.clock().set(next.instant(at));
            match next {
                Next::Runs(job) => self.run(job, at).await,
                Next::Joins(seat) => self.join(seat).await?,
                Next::Writes(seat) => self.write(seat, at).await?,
            }
            self.catch_up(at);
            self.forget_calls()?;
            hear(at);
        }
        self.bundle.clock().set(until);
        for seat in 0..self.seats.len() {
            self.leave(seat);
        }
        Ok(self.driven)
    }

    async fn next(&self) -> Result<Option<(Timestamp, Next)>, Error> {
        let client = self.bundle.pool().get().await.map_err(store::Error::from)?;
        let due = due::find(&client).await?;
        let now = self.bundle.clock().now();
        let runs = self.jobs.iter().enumerate();
        let runs = runs.map(|(position, job)| (job, Next::Runs(position)));
        let runs = runs.filter_map(|(job, next)| Some((job.next(&due, next.second_of(now))?, next)));
        let seats = self.seats.iter().enumerate();
        let seats = seats.filter_map(|(position, seat)| match &seat.player {
            Some(player) => Some((player.writer.next_at()?, Next::Writes(position))),
            None => Some((seat.joins_at, Next::Joins(position))),
        });
        Ok(runs.chain(seats).min())
    }

    async fn join(&mut self, seat: usize) -> Result<(), Error> {
        let number = u32::try_from(self.driven.players.len() + 1).unwrap_or(u32::MAX);
        let persona = self.seats[seat].persona;
        let player = Player::join(self.bundle, persona, number, self.seed, &self.draws).await?;
        self.driven.players.push(Who {
            persona: persona.name,
            user: player.user,
            chat: player.chat.account().telegram_id,
            joined: self.bundle.clock().now(),
            written: 0,
        });
        self.seats[seat].player = Some(player);
        Ok(())
    }

    /// Nobody sits there any more.
    fn leave(&mut self, seat: usize) {
        if let Some(player) = self.seats[seat].player.take() {
            let whose = self.driven.players.iter_mut().find(|who| who.user == player.user);
            if let Some(who) = whose {
                who.written = player.written;
            }
        }
    }

    /// A player writes; who finds the game over leaves.
    async fn write(&mut self, seat: usize, now: Timestamp) -> Result<(), Error> {
        let Some(player) = &mut self.seats[seat].player else { return Ok(()) };
        let scene = {
            let client = self.bundle.pool().get().await.map_err(store::Error::from)?;
            player.scene(&client, now).await?
        };
        let Some(scene) = scene else {
            self.leave(seat);
            self.seats[seat].joins_at = now.checked_add(COMES_BACK_AFTER).unwrap_or(Timestamp::MAX);
            return Ok(());
        };
        let message = player.writer.write(scene, &self.draws, now);
        let update = player.chat.say(&message.text, now);
        player.written += 1;
        self.last.note(Written {
            persona: player.persona,
            kind: message.kind,
            key: format!("{}:{}", player.user, message.number),
        });
        let name = player.persona.name;
        let began = Instant::now();
        let answered = self.bundle.post_update(&update).await;
        self.driven.webhook += began.elapsed();
        if let Err(error) = answered {
            self.driven.fail(format!("{now} a message of {name}: {}", chain(&error)));
        }
        Ok(())
    }

    async fn run(&mut self, position: usize, slot: Timestamp) {
        let job = self.jobs[position].job().to_owned();
        self.jobs[position].ran(slot);
        let began = Instant::now();
        let answered = self.bundle.run_job(&job, Some(slot)).await;
        let runs = self.driven.jobs.entry(job.clone()).or_default();
        runs.count += 1;
        runs.took += began.elapsed();
        match answered {
            Ok(answer) if is_well(&answer) => runs.add(&answer),
            Ok(answer) => self.driven.fail(format!("{slot} {job}: {answer}")),
            Err(error) => self.driven.fail(format!("{slot} {job}: {}", chain(&error))),
        }
    }

    /// Reads what she has sent: each chat hears of it once.
    fn catch_up(&mut self, now: Timestamp) {
        let mut heard = Vec::new();
        loop {
            match self.events.try_recv() {
                Ok(Event::Message(sent)) => heard.push(sent.chat_id),
                Ok(_) => {}
                Err(TryRecvError::Lagged(missed)) => {
                    self.driven.fail(format!("{now} the chats: {missed} events were missed"));
                }
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        for player in self.seats.iter_mut().filter_map(|seat| seat.player.as_mut()) {
            if heard.contains(&player.chat.account().telegram_id) {
                player.writer.hears(&self.draws, now);
            }
        }
        self.driven.received.extend(heard.into_iter().map(|chat| (now, chat)));
    }

    /// Counts the calls of the stand-ins, which need not remember them.
    fn forget_calls(&mut self) -> Result<(), Error> {
        let outside = self.bundle.outside();
        let telegram = outside.telegram().ok_or(Error::NoStandIn)?;
        let anthropic = outside.anthropic().ok_or(Error::NoStandIn)?;
        let openai = outside.openai().ok_or(Error::NoStandIn)?;
        telegram.forget_calls();
        anthropic.forget_calls();
        openai.forget_calls();
        self.driven.calls =
            [("Telegram", telegram.count()), ("Anthropic", anthropic.count()), ("OpenAI", openai.count())];
        Ok(())
    }
}

fn joins(number: u32) -> Timestamp {
    let after = JOINS_AFTER.checked_mul(i32::try_from(number).unwrap_or(i32::MAX));
    after.and_then(|after| BEGINS.checked_add(after).ok()).unwrap_or(Timestamp::MAX)
}

/// Whether a run ended well, and for everybody. One that is told to run twice in a minute is skipped.
fn is_well(answer: &Value) -> bool {
    answer["status"] == "ok" && answer["errors"].as_array().is_none_or(Vec::is_empty)
}

impl Runs {
    fn add(&mut self, answer: &Value) {
        for (name, value) in answer.as_object().into_iter().flatten() {
            let counted = value.as_u64().filter(|count| *count > 0 && !name.ends_with("_ms"));
            if let Some(counted) = counted {
                *self.counted.entry(name.clone()).or_default() += counted;
            }
        }
    }
}

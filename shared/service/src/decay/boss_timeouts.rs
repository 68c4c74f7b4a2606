//! The step of `decay` that ends encounters which nobody answers. The rule is `domain::boss::timeout`. That of a player in
//! care mode is left to a later run.

use domain::boss::messages::Message;
use domain::boss::phase::Encounter;
use domain::boss::timeout::{Timeout, clock, has_run_out, time_out, timeout_span};
use domain::delivery::{EventType, TelegramContent};
use domain::draw::Draws;
use domain::ids::{HistoryId, UserId};
use jiff::Timestamp;
use store::boss_timeouts::{self, Fighting};
use store::scheduled_events::{NewMessage, Queued};
use store::score_history::{self, NewEntry};
use store::{Limits, Pool, Tx, retry_conflicts, scheduled_events};

use super::pages::Step;
use super::{AFTER_THE_CHARGE, Counters, Deps, PAGE};
use crate::care::without_those_in_care;
use crate::endings::{End, Occasion, close_games, say_farewell};

/// An encounter that has run out.
#[derive(Debug)]
struct RunOut {
    history: HistoryId,
    player: Fighting,
    key: String,
    timeout: Timeout,
}

/// What ending some encounters did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    timeouts: u64,
    game_overs: u64,
    /// What she says about it, queued.
    pub(crate) said: Vec<Queued>,
}

/// Ends all that have run out.
pub(super) async fn end_all(deps: &Deps, mut step: Step<'_>) {
    let slot = step.run.slot;
    while let Some(page) = step.next_page(|after| list_page(deps, slot, after), |user| *user).await {
        let end = |users: Vec<UserId>| async move {
            let now = deps.clock.now();
            let done = retry_conflicts(|| end_some(&deps.pool, &deps.draws, &users, slot, now)).await?;
            fail_point!("decay.encounters_ended");
            Ok(done)
        };
        step.work(page, end, Counters::add_timeouts).await;
    }
    step.end();
}

async fn list_page(deps: &Deps, now: Timestamp, after: UserId) -> store::Result<Vec<UserId>> {
    let client = deps.pool.get().await?;
    boss_timeouts::list_begun_before(&client, now - timeout_span(), after, PAGE).await
}

impl Counters {
    fn add_timeouts(&mut self, done: &Done) {
        self.boss_timeouts += done.timeouts;
        self.game_overs += done.game_overs;
    }
}

async fn end_some(
    pool: &Pool,
    draws: &Draws,
    users: &[UserId],
    at: Timestamp,
    now: Timestamp,
) -> store::Result<Done> {
    let tx = Tx::begin(pool, Limits::TASK).await?;
    let done = end_locked(&tx, draws, users, at, now).await;
    tx.finish(done).await
}

/// Ends those of the players' encounters that have run out at `at`, in the caller's transaction: lock, decide, write. What
/// she says is due `now`.
pub(crate) async fn end_locked(
    tx: &Tx,
    draws: &Draws,
    users: &[UserId],
    at: Timestamp,
    now: Timestamp,
) -> store::Result<Done> {
    let fighting = boss_timeouts::lock_fighting(tx, users).await?;
    let over: Vec<RunOut> = fighting.into_iter().filter_map(|player| judge(player, at)).collect();
    let over = without_those_in_care(tx, over, |over| over.player.user, now).await?;
    if over.is_empty() {
        return Ok(Done::default());
    }

    let lost: Vec<_> = over.iter().map(|over| (over.player.user, over.timeout.attempts)).collect();
    boss_timeouts::apply(tx, &lost, at).await?;
    let entries: Vec<NewEntry> = over.iter().map(|over| over.entry(at)).collect();
    score_history::append(tx, &entries).await?;
    let messages: Vec<NewMessage> = over.iter().filter_map(|over| over.message(draws, now)).collect();
    let mut said = scheduled_events::create_each(tx, &messages, now).await?;
    let farewells = end_spent(tx, draws, &over, at, now).await?;
    let game_overs = farewells.len() as u64;
    said.extend(farewells);
    Ok(Done { timeouts: over.len() as u64, game_overs, said })
}

fn judge(player: Fighting, now: Timestamp) -> Option<RunOut> {
    let encounter = Encounter::read(&player.phase);
    let clock = clock(encounter.as_ref(), player.began_at, player.row_updated_at);
    has_run_out(clock, now).then(|| RunOut {
        history: HistoryId::random(),
        key: format!("boss_timeout:{}", player.began_at.unwrap_or(clock)),
        timeout: time_out(player.attempts),
        player,
    })
}

impl RunOut {
    fn entry(&self, now: Timestamp) -> NewEntry {
        NewEntry {
            id: self.history,
            user: self.player.user,
            score: self.player.score,
            chapter: self.player.chapter,
            event_type: "boss_timeout",
            details: self.timeout.details(),
            source_key: Some(self.key.clone()),
            recorded_at: now,
        }
    }

    /// What she says, while the game goes on; its end has words of its own.
    fn message(&self, draws: &Draws, now: Timestamp) -> Option<NewMessage> {
        let user = self.player.user;
        let words = Message::RanOut.words(draws, user, &self.key);
        self.timeout.ends.is_none().then(|| NewMessage {
            user,
            event_type: EventType::MessageDelivery,
            content: TelegramContent::words(words, format!("{}:ran-out", self.history)),
            wanted_at: now,
            conversation: None,
            lease: None,
        })
    }
}

/// Ends the games of those who have no attempt left. Returns their farewells.
async fn end_spent(
    tx: &Tx,
    draws: &Draws,
    over: &[RunOut],
    at: Timestamp,
    now: Timestamp,
) -> store::Result<Vec<Queued>> {
    let at = at.checked_add(AFTER_THE_CHARGE).unwrap_or(at);
    let mut farewells = Vec::new();
    for over in over {
        let Some(reason) = over.timeout.ends else { continue };
        let details = serde_json::json!({ "reason": reason.code() });
        let ends = vec![End { user: over.player.user, reason, details }];
        // Keyed by the encounter: each ends for itself.
        let occasion = Occasion { at, now, key: &over.key };
        let ended = close_games(tx, ends, occasion).await?;
        farewells.extend(say_farewell(tx, draws, &ended, occasion).await?);
    }
    Ok(farewells)
}

//! The step of `decay` that closes the finished local days of players who do not write; whoever writes closes them by that.
//! The rule is `domain::engagement::close`.
//!
//! Five players at a time: what was said is read, a model says how the player sounds, and only then comes the transaction.
//! Under the lock it looks whether the game still runs and the days are still open: a message that came meanwhile has
//! closed them, and those of a player in care mode wait for a later run.

use domain::endings::Reason;
use domain::engagement::close::Closed;
use domain::engagement::days::{LocalDay, closed_everywhere, local_date};
use domain::engagement::language::{MESSAGES_READ, Words};
use domain::ids::UserId;
use domain::job::slot_text;
use futures_util::{StreamExt, join, stream};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use store::day_closes::{self, Held, Waiting};
use store::engagement;
use store::{Limits, Tx, llm_usage, retry_conflicts, scheduled_events};

use super::pages::Step;
use super::{AFTER_THE_CHARGE, Counters, Deps, PAGE, language};
use crate::care::is_in_care;
use crate::endings::{End, Occasion, end_games};
use crate::engagement::Days;
use crate::llm::Purpose;
use crate::zones::zone_or;

/// Players whose days are closed at the same time.
const AT_ONCE: usize = 5;

/// What closing a player's days did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Done {
    days_closed: u64,
    has_ended: bool,
}

/// Closes all days that are over.
pub(super) async fn close_all(deps: &Deps, mut step: Step<'_>) {
    let now = step.run.slot;
    while let Some(page) = step.next_page(|after| list_page(deps, now, after), |waiting| waiting.user).await {
        close_page(deps, &mut step, page).await;
    }
    step.end();
}

async fn list_page(deps: &Deps, now: Timestamp, after: UserId) -> store::Result<Vec<Waiting>> {
    let client = deps.pool.get().await?;
    day_closes::list_waiting(&client, closed_everywhere(now), after, PAGE).await
}

async fn close_page(deps: &Deps, step: &mut Step<'_>, page: Vec<Waiting>) {
    let run = step.run;
    let closing = stream::iter(page).map(async |player| {
        if run.has_time() {
            (player.user, Some(close_days(deps, &player, run.slot).await))
        } else {
            (player.user, None)
        }
    });
    let mut closed = closing.buffer_unordered(AT_ONCE);
    while let Some((user, outcome)) = closed.next().await {
        match outcome {
            None => step.report.truncate(),
            Some(outcome) => {
                let counted = outcome.map(|done| step.counters.add_days(done));
                step.took(user, counted);
            }
        }
    }
}

impl Counters {
    fn add_days(&mut self, done: Done) {
        self.days_closed += done.days_closed;
        self.game_overs += u64::from(done.has_ended);
    }
}

/// One player: read, think, then write in one transaction.
async fn close_days(deps: &Deps, player: &Waiting, now: Timestamp) -> store::Result<Done> {
    let zone = zone_or(&player.timezone, &TimeZone::UTC);
    let client = deps.pool.get().await?;
    let days = Days::read(&client, player.user, Some(player.last_day_closed), &zone, now).await?;
    drop(client);
    let Some(days) = days else { return Ok(Done::default()) };
    let heard = if days.player_spoke() { hear(deps, player, &days, &zone, now).await? } else { None };
    fail_point!("decay.day_heard");
    let done = retry_conflicts(|| write(deps, player, &days, heard, now)).await;
    fail_point!("decay.day_closed");
    done
}

/// How the player sounds; none: as it is stored. Nobody is asked twice on one local day.
async fn hear(
    deps: &Deps,
    player: &Waiting,
    days: &Days,
    zone: &TimeZone,
    now: Timestamp,
) -> store::Result<Option<Words>> {
    let user = player.user;
    let client = deps.pool.get().await?;
    let today = LocalDay::of(local_date(now, zone), zone).map_or(now, |today| today.from);
    let limit = i64::try_from(MESSAGES_READ).unwrap_or(i64::MAX);
    let (asked, stored, said) = join!(
        llm_usage::was_asked(&client, user, Purpose::EngagementLanguage.as_str(), today),
        engagement::get(&client, user),
        day_closes::list_last_words(&client, user, days.end(), limit),
    );
    drop(client);
    let (asked, Some(stored), said) = (asked?, stored?, said?) else { return Ok(None) };
    if asked || said.is_empty() {
        return Ok(None);
    }
    Ok(Some(language::analyse(deps, player, &said, stored.words).await?))
}

/// Closes the days, unless the game has ended or somebody else has closed them.
async fn write(
    deps: &Deps,
    player: &Waiting,
    days: &Days,
    heard: Option<Words>,
    now: Timestamp,
) -> store::Result<Done> {
    let tx = Tx::begin(&deps.pool, Limits::TASK).await?;
    let done = write_held(deps, &tx, player, days, heard, now).await;
    tx.finish(done).await
}

async fn write_held(
    deps: &Deps,
    tx: &Tx,
    player: &Waiting,
    days: &Days,
    heard: Option<Words>,
    now: Timestamp,
) -> store::Result<Done> {
    let (held, stored, in_care) = join!(
        day_closes::hold(tx, player.user),
        engagement::get(tx, player.user),
        is_in_care(tx, player.user, deps.clock.now()),
    );
    let (Some(held), Some(stored), false) = (held?, stored?, in_care?) else { return Ok(Done::default()) };
    if stored.last_day_closed != Some(player.last_day_closed) {
        return Ok(Done::default());
    }

    let words = heard.unwrap_or(stored.words);
    let closed = days.close(&stored, held.chapter, words);
    days.write(tx, &closed, days.words_to_keep(words), now).await?;
    let days_closed = closed.looks.len() as u64;
    if let Some(reason) = closed.ended {
        let has_ended = end(deps, tx, player.user, reason, now).await?;
        return Ok(Done { days_closed, has_ended });
    }
    warn(deps, tx, held, days, &closed).await?;
    Ok(Done { days_closed, has_ended: false })
}

async fn end(deps: &Deps, tx: &Tx, user: UserId, reason: Reason, now: Timestamp) -> store::Result<bool> {
    let ends = vec![End { user, reason, details: json!({ "reason": reason.code() }) }];
    let at = now.checked_add(AFTER_THE_CHARGE).unwrap_or(now);
    let key = slot_text(now);
    let ended = end_games(tx, &deps.draws, ends, Occasion { at, now: deps.clock.now(), key: &key }).await?;
    Ok(!ended.is_empty())
}

/// Queues her warning, where she may write of her own accord.
async fn warn(deps: &Deps, tx: &Tx, held: Held, days: &Days, closed: &Closed) -> store::Result<()> {
    let present = deps.clock.now();
    let warning = days.warning(closed, &deps.draws, present).filter(|_| held.can_be_written_to);
    if let Some(warning) = warning {
        scheduled_events::create(tx, &warning, present).await?;
    }
    Ok(())
}

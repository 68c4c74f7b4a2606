//! Commands: `/start`, and a word for the ones that nobody knows.

use domain::canned;
use domain::rate_limit::{self, Refusal};
use domain::registration::{self, GROUP_NOTICE_INTERVAL, PRIVATE_ONLY};
use domain::reply::response::ResponseId;
use domain::telegram::{Command, read_command};
use futures_util::join;
use jiff::Timestamp;
use store::inbound_events::{self, End, Player};
use store::users::{self, Locked};
use store::{Limits, Tx, rate_limits};

use super::accept::{LIMITS, verdict};
use super::hold::{self, NotHeld};
use super::lines::{self, Line};
use super::outcome::{self, Done};
use super::{Deps, Failure, Work};
use crate::registration::ask_age;

/// Answers a command in a private chat.
pub(super) async fn run(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    let Some(command) = read_command(work.update.text(), &deps.rules.bot_username) else {
        return Ok(Done::Ignored(outcome::OTHER_BOT));
    };
    match work.claimed.player {
        Some(player) => run_for_player(deps, work, &player, &command).await,
        None => run_for_stranger(deps, work, &command).await,
    }
}

async fn run_for_stranger(deps: &Deps, work: &Work, command: &Command<'_>) -> Result<Done, Failure> {
    if command.name != "start" {
        lines::tell(deps, work, registration::unknown_command(&command.name), None).await?;
        return Ok(Done::As(outcome::COMMAND));
    }
    if work.claimed.age_confirmed {
        lines::tell(deps, work, registration::NOT_OPEN, None).await?;
        return Ok(Done::As(outcome::NOT_OPEN));
    }
    ask_age(deps, work).await
}

async fn run_for_player(
    deps: &Deps,
    work: &Work,
    player: &Player,
    command: &Command<'_>,
) -> Result<Done, Failure> {
    // An earlier attempt that came as far as the answer has counted it.
    let id = ResponseId::of(work.update_id()).notice();
    if work.is_repeated() && lines::resume(deps, work, &id).await? {
        return Ok(Done::As(outcome::COMMAND));
    }
    let (tx, locked, refusal) = match count(deps, work, player).await? {
        Ok(counted) => counted,
        Err(reason) => return Ok(reason.into()),
    };
    let (line, outcome) = match refusal {
        None => (Line::always(work, answer_to(command, player)), outcome::COMMAND),
        Some(refusal) if refusal.is_first => {
            let words = canned::limit(refusal.reason, &deps.draws, player.id, work.update_id());
            (Line::hers(work, words), outcome::LIMIT_NOTICE)
        }
        Some(_) => {
            let end = End::Done(outcome::LIMITED);
            inbound_events::end(&tx, &work.claimed.claim, end, deps.clock.now()).await?;
            tx.commit().await?;
            return Ok(Done::Ended);
        }
    };
    lines::say_within(deps, work, player.id, (tx, locked), &line).await?;
    Ok(Done::As(outcome))
}

fn answer_to(command: &Command<'_>, player: &Player) -> String {
    if command.name == "start" { start(player) } else { registration::unknown_command(&command.name) }
}

/// What `/start` says to somebody who has a player.
fn start(player: &Player) -> String {
    let words = if !player.onboarding.is_onboarded() && !player.has_backstory {
        registration::NOT_READY
    } else if player.game_status.is_playable() {
        registration::WELCOME_BACK
    } else {
        registration::ENDED
    };
    words.to_owned()
}

/// A begun transaction in which a command is counted against the minute, and whether it is refused. Who sends one has not
/// blocked the bot.
async fn count(
    deps: &Deps,
    work: &Work,
    player: &Player,
) -> store::Result<Result<(Tx, Locked, Option<Refusal>), NotHeld>> {
    let now = deps.clock.now();
    let minute = rate_limit::minute(now);
    let tx = Tx::unbegun(&deps.pool).await?;
    let (begun, locked, unblocked, _, counts) = join!(
        tx.send_begin(Limits::PLAYER),
        users::lock(&tx, player.id, &work.claimed.claim),
        users::set_blocked(&tx, work.telegram_id(), None),
        tx.savepoint(LIMITS),
        rate_limits::count(&tx, player.id, &minute, None),
    );
    begun?;
    let (tx, locked) = match hold::held(tx, locked?).await? {
        Ok(held) => held,
        Err(reason) => return Ok(Err(reason)),
    };
    unblocked?;
    let verdict = verdict(&tx, counts, now).await?;
    Ok(Ok((tx, locked, verdict.and_then(|verdict| verdict.refusal))))
}

/// A group is told once a day that only private chats are served.
pub(super) async fn in_group(deps: &Deps, work: &Work) -> Result<Done, Failure> {
    if read_command(work.update.text(), &deps.rules.bot_username).is_none() {
        return Ok(Done::Ignored(outcome::OTHER_BOT));
    }
    let since = deps.clock.now().checked_sub(GROUP_NOTICE_INTERVAL).unwrap_or(Timestamp::MIN);
    let told = {
        let client = deps.pool.get().await.map_err(store::Error::from)?;
        inbound_events::count_chat_outcomes(&client, work.chat(), outcome::GROUP_NOTICE, since).await?
    };
    if told > 0 {
        return Ok(Done::Ignored(outcome::GROUP));
    }
    lines::tell(deps, work, PRIVATE_ONLY, None).await?;
    Ok(Done::As(outcome::GROUP_NOTICE))
}

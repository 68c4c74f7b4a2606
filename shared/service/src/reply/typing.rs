//! "typing" in the chat while she thinks. Only for show: whether Telegram takes it does not matter.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::join;
use tokio::select;
use tokio::time::{sleep, timeout};

use super::Deps;

/// Telegram shows it for five seconds.
const EVERY: Duration = Duration::from_secs(5);
/// A late one is worth nothing.
const AT_MOST: Duration = Duration::from_secs(2);

/// Shows typing once, and while the work goes on if it `repeats`: not when the answer comes hours later.
pub(super) async fn while_typing<T>(
    deps: &Deps,
    chat: i64,
    repeats: bool,
    work: impl Future<Output = T>,
) -> T {
    let ((), done) = join!(show(deps, chat), async {
        if !repeats {
            return work.await;
        }
        select! {
            done = work => done,
            never = keep_showing(deps, chat) => match never {},
        }
    });
    done
}

async fn keep_showing(deps: &Deps, chat: i64) -> Infallible {
    loop {
        sleep(EVERY).await;
        show(deps, chat).await;
    }
}

async fn show(deps: &Deps, chat: i64) {
    if !matches!(timeout(AT_MOST, deps.sender.bot.send_chat_action(chat)).await, Ok(Ok(()))) {
        tracing::debug!("Could not show that she is typing");
    }
}

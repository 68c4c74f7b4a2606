//! Who is in care mode: whose open conversation is, unless it has been idle too long. The rule is `domain::care`.
//!
//! It is read where the players' rows are held, so that it belongs to what is decided there: whoever is in care mode is
//! neither charged nor left, and no day and no encounter of theirs ends. What is held back comes with a later run.

use std::collections::HashSet;

use domain::care::needs_care;
use domain::conversation::idle_before;
use domain::ids::UserId;
use jiff::Timestamp;
use store::{Client, conversations};

/// Whether the player is in care mode.
pub(crate) async fn is_in_care(client: &Client, user: UserId, now: Timestamp) -> store::Result<bool> {
    Ok(!in_care(client, &[user], now).await?.is_empty())
}

/// Leaves out the players who are in care mode.
pub(crate) async fn without_those_in_care<T>(
    client: &Client,
    mut players: Vec<T>,
    user_of: impl Fn(&T) -> UserId,
    now: Timestamp,
) -> store::Result<Vec<T>> {
    let users: Vec<UserId> = players.iter().map(&user_of).collect();
    let in_care = in_care(client, &users, now).await?;
    players.retain(|player| !in_care.contains(&user_of(player)));
    Ok(players)
}

async fn in_care(client: &Client, users: &[UserId], now: Timestamp) -> store::Result<HashSet<UserId>> {
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    let said = conversations::list_open_words(client, users, idle_before(now)).await?;
    Ok(said.into_iter().filter(|(_, words)| needs_care(words)).map(|(user, _)| user).collect())
}

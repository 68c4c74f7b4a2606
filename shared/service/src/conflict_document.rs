//! A player's conflict document, as who is to change it finds it under the lock on the player's row: read, or, where there is
//! none yet, made of what the older model left. The rules are `domain::conflict::details` and `domain::conflict::initial`.

use domain::conflict::details::Details;
use domain::conflict::gottman::WINDOW_DAYS;
use domain::conflict::initial::initial;
use domain::conflict::recovery::score_delta;
use domain::ids::UserId;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::Client;
use store::older_conflicts::{self, Left};

/// So far back exchanges count for the ratio of good to bad ones.
const WINDOW: SignedDuration = SignedDuration::from_hours(24 * WINDOW_DAYS as i64);

/// The document.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) details: Details,
    /// Since when there is a conflict that no document knew of.
    pub(crate) began_at: Option<Timestamp>,
}

/// Reads what the older model left, in one round trip together with what else the caller sends; nothing where there is a
/// document.
pub(crate) async fn read_left(client: &Client, user: UserId, now: Timestamp) -> store::Result<Left> {
    older_conflicts::get(client, user, now.saturating_sub(WINDOW).unwrap_or(now)).await
}

/// The document that is `stored`, else the first one.
pub(crate) fn find(user: UserId, stored: Option<&Value>, left: &Left, now: Timestamp) -> Found {
    if stored.is_none() {
        let history = left.scored.iter().map(|(at, details)| (*at, score_delta(details)));
        let (details, began_at) = initial(left.shown, history, now);
        return Found { details, began_at };
    }
    let read = Details::read(stored);
    if !read.odd_keys.is_empty() {
        tracing::warn!(user_id = %user, keys = ?read.odd_keys, "A conflict's document is damaged");
    }
    Found { details: read.details, began_at: None }
}

#[cfg(test)]
mod tests {
    use domain::conflict::expression::Expression;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_older_model_left_is_only_used_where_there_is_no_document() {
        let (now, since) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH - SignedDuration::from_hours(30));
        let left = Left {
            shown: Some((Expression::Explosive, since)),
            scored: vec![
                (since, json!({ "composite_delta": -2 })),
                (now, json!({ "composite_delta": "1.5" })),
            ],
        };
        let first = find(UserId::nil(), None, &left, now);
        assert_eq!((first.details.temperature().value(), first.began_at), (85.0, Some(since)));
        let count = first.details.count();
        assert_eq!((count.positive, count.negative), (1, 1));

        assert!(find(UserId::nil(), Some(&json!({})), &left, now).details.is_default());
        assert!(find(UserId::nil(), None, &Left::default(), now).details.is_default());
    }
}

//! The beginning of a transaction of a turn: the player's row is locked, and the update still belongs to this worker.

use domain::ids::UserId;
use futures_util::join;
use store::users::{self, Locked};
use store::{Limits, Tx};

use super::outcome::{self, Done};
use super::{Deps, Work};

/// Why a transaction was not begun, and so what becomes of the update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotHeld {
    /// The player is gone.
    NoPlayer,
    /// The update belongs to another worker now.
    ClaimLost,
}

impl From<NotHeld> for Done {
    fn from(reason: NotHeld) -> Self {
        match reason {
            NotHeld::NoPlayer => Self::As(outcome::NO_PLAYER),
            NotHeld::ClaimLost => Self::Ended,
        }
    }
}

/// Begins a transaction that holds the player's row.
pub(super) async fn begin(
    deps: &Deps,
    work: &Work,
    user: UserId,
) -> store::Result<Result<(Tx, Locked), NotHeld>> {
    let tx = Tx::unbegun(&deps.pool).await?;
    let (begun, locked) = join!(tx.send_begin(Limits::PLAYER), users::lock(&tx, user, &work.claimed.claim));
    begun?;
    held(tx, locked?).await
}

/// The transaction and the player's row, if there is one and the update is still ours; else the transaction is taken back.
pub(super) async fn held(tx: Tx, player: Option<Locked>) -> store::Result<Result<(Tx, Locked), NotHeld>> {
    let reason = match player {
        Some(player) if player.holds_claim => return Ok(Ok((tx, player))),
        Some(_) => NotHeld::ClaimLost,
        None => NotHeld::NoPlayer,
    };
    tx.rollback().await?;
    Ok(Err(reason))
}

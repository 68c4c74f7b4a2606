//! What a day is made from: everything that is known before it, in one round of reads.

use domain::ids::UserId;
use domain::life::RECENT_DAYS;
use domain::life::entities::Entity;
use futures_util::try_join;
use jiff::Span;
use jiff::civil::Date;
use store::circles::{self, Member};
use store::life_events::{self, LifeEvent};
use store::life_players::{self, Player};
use store::narrative_arcs::{self, ActiveArc};
use store::{Client, entities};

/// What is known before a day.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) player: Player,
    /// Her people, in their order; nobody for a player for whom they were not made yet.
    pub(super) circle: Vec<Member>,
    /// Nothing before the first day.
    pub(super) entities: Vec<Entity>,
    pub(super) arcs: Vec<ActiveArc>,
    /// The events of the dates before, the newest date first.
    pub(super) recent: Vec<LifeEvent>,
}

/// Reads it; none when the date has events already.
pub(super) async fn before(client: &Client, user: UserId, date: Date) -> store::Result<Option<Material>> {
    let oldest = date.saturating_sub(Span::new().days(RECENT_DAYS));
    let (player, circle, entities, arcs, events) = try_join!(
        life_players::get(client, user),
        circles::list(client, user),
        entities::list(client, user),
        narrative_arcs::list_active(client, user),
        life_events::list(client, user, oldest, date),
    )?;
    if events.iter().any(|event| event.date == date) {
        return Ok(None);
    }
    Ok(Some(Material { player, circle, entities, arcs, recent: events }))
}

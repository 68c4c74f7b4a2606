//! One who plays: a persona with an account, a chat with the bot, and hours of writing.

use domain::chapter::Chapter;
use domain::conflict::details::Details;
use domain::conflict::expression::Expression;
use domain::conflict::standing::Standing;
use domain::draw::Draws;
use domain::engagement::days::local_date;
use domain::engagement::frequency::optimal_messages;
use domain::ids::{UserId, derived};
use domain::state::zone_or;
use domain::status::GameStatus;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use simulate::game::Life;
use simulate::persona::Persona;
use simulate::persona::writer::{Scene, Writer};
use store::{Limits, Tx, accounts};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::Error;
use crate::bundle::Bundle;
use crate::play::chat::{Account, Chat};

/// Where players live, in turns.
const ZONES: [&str; 5] =
    ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Asia/Kolkata"];
/// Her clock.
const HER_ZONE: &str = "Europe/Berlin";
/// Accounts count from here.
const FIRST_ACCOUNT: i64 = 7_000_000_000;
/// Updates of an account count from its number times this: no two accounts share one.
const UPDATES_EACH: i64 = 10_000_000;

/// One who plays.
#[derive(Debug)]
pub struct Player {
    /// Whose habits these are.
    pub persona: Persona,
    /// The player.
    pub user: UserId,
    /// The chat with the bot.
    pub chat: Chat,
    /// When and what is written.
    pub writer: Writer,
    /// Messages written.
    pub written: u32,
    zone: TimeZone,
}

impl Player {
    /// Greets the bot, which asks the age. Then the player is made as by the button that confirms it, but with an id that
    /// the same seed gives again: what is drawn for a player is keyed by it.
    pub async fn join(
        bundle: &Bundle,
        persona: Persona,
        number: u32,
        seed: &str,
        draws: &Draws,
    ) -> Result<Self, Error> {
        let now = bundle.clock().now();
        let user = UserId::from_uuid(derived(&format!("simulate-full:{seed}:{number}")));
        let account =
            Account { telegram_id: FIRST_ACCOUNT + i64::from(number), first_name: persona.name.to_owned() };
        let zone = ZONES[usize::try_from(number).unwrap_or_default() % ZONES.len()];
        let mut chat = Chat::new(account, i64::from(number) * UPDATES_EACH + 1);
        bundle.post_update(&chat.say("/start", now)).await?;

        let tx = Tx::begin(bundle.pool(), Limits::TASK).await?;
        let profile = json!({ "age_confirmed_at": now });
        accounts::create_player(&tx, user, chat.account().telegram_id, &profile, now).await?;
        set_zone(&tx, user, zone).await?;
        tx.commit().await?;

        let zone = zone_or(zone, &TimeZone::UTC);
        let life = Life {
            user,
            zone: zone.clone(),
            her_zone: zone_or(HER_ZONE, &TimeZone::UTC),
            began: now,
            written_before: 0,
        };
        let writer = Writer::new(&persona, &life, draws);
        Ok(Self { persona, user, chat, writer, written: 0, zone })
    }

    /// How things stand between the two; none when the game is over.
    pub async fn scene(&self, client: &Client, now: Timestamp) -> store::Result<Option<Scene>> {
        let row = client
            .query_typed_one(
                "-- full::scene
                 SELECT player.game_status, player.chapter, player.conflict_details,
                        (SELECT conflict_state
                           FROM nikita_emotional_states
                          WHERE user_id = player.id
                          ORDER BY last_updated DESC, state_id DESC
                          LIMIT 1) AS shown
                   FROM users AS player
                  WHERE player.id = $1",
                &[(self.user.as_uuid(), Type::UUID)],
            )
            .await?;
        let status = GameStatus::parse(row.try_get("game_status")?).filter(|status| status.is_playable());
        let Some(status) = status else { return Ok(None) };
        let chapter = Chapter::new(row.try_get("chapter")?).unwrap_or(Chapter::FIRST);
        let details = Details::read(row.try_get::<_, Option<Value>>("conflict_details")?.as_ref()).details;
        let shown: Option<&str> = row.try_get("shown")?;
        let standing = Standing::at(&details, shown.and_then(Expression::parse), now);
        Ok(Some(Scene {
            suits_her: optimal_messages(chapter, local_date(now, &self.zone).weekday()),
            in_boss_fight: status == GameStatus::BossFight,
            in_conflict: standing.is_active(),
        }))
    }
}

async fn set_zone(tx: &Tx, user: UserId, zone: &str) -> store::Result<()> {
    tx.execute_typed(
        "-- full::set_zone\nUPDATE users SET timezone = $2 WHERE id = $1",
        &[(user.as_uuid(), Type::UUID), (&zone, Type::TEXT)],
    )
    .await?;
    Ok(())
}

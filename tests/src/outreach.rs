//! Touchpoints, for tests of the job that sends them.

use domain::draw::Draws;
use domain::ids::{UserId, derived};
use domain::touchpoints::triggers::slot_at;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::Pool;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Below this a draw makes her write in every chapter.
const SURELY: f64 = 0.07;
/// Above this it never does.
const MOST_LIKELY: f64 = 0.5;
/// Among so many ids there is every draw that a test asks for.
const MANY: u32 = 1_000;

/// The id of a touchpoint about which she does not keep silent; another number, another id.
pub fn spoken(number: u32) -> Uuid {
    let draws = Draws::default();
    let speaks = |id: &Uuid| draws.draw(&format!("tp-silence:{id}")) > 0.5;
    (0..MANY).map(|turn| derived(&format!("touchpoint {number} {turn}"))).find(speaks).expect("one of many")
}

/// A player whom none of the hours and gaps of these dates makes her write to, whatever the chapter.
pub fn unmoved(dates: &[&str]) -> UserId {
    let draws = Draws::default();
    let draw = |kind: &str, user: UserId, rest: &str| draws.draw(&format!("tp-{kind}-roll:{user}:{rest}"));
    players()
        .find(|user| {
            dates.iter().all(|date| {
                let slots = ["morning", "evening"].map(|slot| format!("{date}:{slot}"));
                draw("gap", *user, date) > MOST_LIKELY
                    && slots.iter().all(|slot| draw("time", *user, slot) > MOST_LIKELY)
            })
        })
        .expect("one of many")
}

/// Players of whom a draw falls below what makes her write in every chapter: `key` says it for a player.
pub fn moved(key: impl Fn(UserId) -> String) -> impl Iterator<Item = UserId> {
    let draws = Draws::default();
    players().filter(move |user| draws.draw(&key(*user)) < SURELY)
}

fn players() -> impl Iterator<Item = UserId> {
    (0..MANY * 10).map(|turn| UserId::from_uuid(derived(&format!("player {turn}"))))
}

/// A touchpoint to insert.
#[derive(Debug, Clone)]
pub struct NewTouchpoint {
    /// Its id.
    pub id: Uuid,
    user: UserId,
    trigger: &'static str,
    context: Value,
    content: String,
    due: Timestamp,
    expires_at: Option<Timestamp>,
}

impl NewTouchpoint {
    /// One for a gap, due at `due`, of which nothing is written yet, and about which she does not keep silent.
    pub fn new(user: UserId, due: Timestamp) -> Self {
        let context =
            json!({ "trigger_type": "gap", "hours_since_contact": 30, "chapter": 1, "sent_parts": 0 });
        Self { id: spoken(0), user, trigger: "gap", context, content: String::new(), due, expires_at: None }
    }

    /// With the id of that number.
    #[must_use]
    pub fn number(mut self, number: u32) -> Self {
        self.id = spoken(number);
        self
    }

    /// With this id.
    #[must_use]
    pub fn id(mut self, id: Uuid) -> Self {
        self.id = id;
        self
    }

    /// For the time of day in which it is due.
    #[must_use]
    pub fn of_the_hour(mut self) -> Self {
        let slot = slot_at(self.due.to_zoned(TimeZone::UTC).hour()).expect("an hour of a slot");
        self.trigger = "time";
        self.context["trigger_type"] = json!("time");
        self.context["time_slot"] = json!(slot);
        self
    }

    /// With these words.
    #[must_use]
    pub fn says(mut self, content: &str) -> Self {
        content.clone_into(&mut self.content);
        self
    }

    /// Over at this time.
    #[must_use]
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Inserts it.
    pub async fn insert(self, pool: &Pool) -> Uuid {
        let client = pool.get().await.expect("a connection");
        client
            .execute_typed(
                "INSERT INTO scheduled_touchpoints
                        (id, user_id, trigger_type, trigger_context, message_content, delivery_at, expires_at, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $6)",
                &[
                    (&self.id, Type::UUID),
                    (self.user.as_uuid(), Type::UUID),
                    (&self.trigger, Type::TEXT),
                    (&self.context, Type::JSONB),
                    (&self.content, Type::TEXT),
                    (&self.due, Type::TIMESTAMPTZ),
                    (&self.expires_at, Type::TIMESTAMPTZ),
                ],
            )
            .await
            .expect("a touchpoint");
        self.id
    }

    /// Inserts it as one that was delivered when it was due.
    pub async fn insert_delivered(self, pool: &Pool) -> Uuid {
        let id = self.insert(pool).await;
        let client = pool.get().await.expect("a connection");
        client
            .execute_typed(
                "UPDATE scheduled_touchpoints SET delivered = true, delivered_at = delivery_at WHERE id = $1",
                &[(&id, Type::UUID)],
            )
            .await
            .expect("a delivery");
        id
    }
}

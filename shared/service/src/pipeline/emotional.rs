//! The stage `emotional`: how she feels after the conversation. The rule is `domain::emotion`.
//!
//! A conversation that is gone through again is felt at the moment of the first time and over the state before it, so that
//! it comes to the same row. How she shows a conflict is carried over; the stage `conflict` moves it.

use domain::conflict::expression::ignored;
use domain::emotion::residue::Left;
use domain::emotion::{Moment, Shift, feel};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::emotional_states::{self, Course, State};
use store::{Pool, Tx};

use super::Context;
use super::stage::{Effect, StageError, Work};

/// The stage.
#[derive(Debug)]
pub(super) struct Feel {
    pub(super) pool: Pool,
    pub(super) nikita_zone: TimeZone,
}

impl Work for Feel {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            let (course, outreach) = self.read(context).await?;
            let state = self.state(context, course, &outreach);
            Ok(Box::new(Felt(state)) as Box<dyn Effect>)
        }
        .boxed()
    }
}

/// What she had sent of her own accord before the conversation.
struct Outreach {
    delivered: Vec<Timestamp>,
    /// The player's word before it, where that is known.
    previous: Option<Timestamp>,
    /// The player's first word in it.
    first: Timestamp,
}

impl Feel {
    async fn read(&self, context: &Context) -> store::Result<(Course, Outreach)> {
        let first_message = context.first_of_player();
        let first = first_message.and_then(|message| message.timestamp).unwrap_or(context.started_at);
        let previous = first_message.and_then(|message| message.previous_interaction_at);
        let client = self.pool.get().await?;
        let (user, conversation) = (context.user, context.conversation);
        let (course, delivered) = try_join!(
            emotional_states::course(&client, user, conversation),
            emotional_states::list_outreach(&client, user, conversation, previous, first)
        )?;
        Ok((course, Outreach { delivered, previous, first }))
    }

    fn state(&self, context: &Context, course: Course, outreach: &Outreach) -> State {
        let now = course.own.map_or(context.now, |own| own.at);
        let events: Vec<Shift> = context.life_events.iter().map(|event| event.impact.shift()).collect();
        let tones = context.extraction.as_ref().map(|read| read.conversation_tones.as_slice());
        let before = course.previous.unwrap_or_else(|| State::neutral(now));
        let felt = feel(&Moment {
            now,
            zone: &context.her_zone(&self.nikita_zone),
            events: &events,
            tones: tones.unwrap_or_default(),
            left: Some(Left { residue: before.metadata.residue, at: before.at }),
            chapter: Some(context.player.chapter),
            score: context.player.score,
        });
        let mut metadata = before.metadata;
        metadata.residue = felt.residue;
        metadata.last_conversation_id = Some(*context.conversation.as_uuid());
        let ignored = ignored(&outreach.delivered, outreach.previous, outreach.first);
        State { at: now, dimensions: felt.dimensions, ignored, metadata, ..before }
    }
}

/// How she feels, on its way into the database.
#[derive(Debug)]
struct Felt(State);

impl Effect for Felt {
    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            emotional_states::feel(tx, context.user, context.conversation, &self.0).await?;
            Ok(json!(self.0.dimensions))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, context: &mut Context) {
        context.emotional_state = self.0.dimensions;
    }
}

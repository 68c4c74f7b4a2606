//! The stage `touchpoint`: whether what happens to her today makes her write first. The rule is `domain::touchpoints`; times of
//! day and gaps are left to the job that sends.

use domain::draw::Draws;
use domain::touchpoints::triggers::{Event, PLANNED_LATELY, Situation, after_conversation};
use domain::touchpoints::who::may_hear;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use serde_json::{Value, json};
use store::{Tx, scheduled_touchpoints};

use super::Context;
use super::stage::{Effect, StageError, Work, Writes, nothing};

/// The stage.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    pub(super) draws: Draws,
    pub(super) enabled: bool,
}

impl Work for Reach {
    /// What is planned already is looked at under the lock, and so all is decided there.
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        let has_cause = self.enabled && !context.breakup && !context.life_events.is_empty();
        let effect: Box<dyn Effect> =
            if has_cause { Box::new(self.clone()) } else { nothing(json!({ "scheduled": false })) };
        std::future::ready(Ok(effect)).boxed()
    }
}

impl Effect for Reach {
    fn writes(&self) -> Writes {
        Writes::Player
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move { Ok(json!({ "scheduled": self.plan(tx, context).await? })) }.boxed()
    }

    fn finish(self: Box<Self>, result: &Value, context: &mut Context) {
        context.touchpoint_scheduled = result["scheduled"].as_bool().unwrap_or_default();
    }
}

impl Reach {
    async fn plan(&self, tx: &Tx, context: &Context) -> store::Result<bool> {
        let (user, now) = (context.user, context.now);
        let since = now.saturating_sub(PLANNED_LATELY).unwrap_or(now);
        let (addressee, planned) = try_join!(
            scheduled_touchpoints::get_addressee(tx, user),
            scheduled_touchpoints::list_planned(tx, user, since)
        )?;
        if !may_hear(&addressee.player, now) {
            return Ok(false);
        }
        let events: Vec<Event> = context.life_events.iter().map(|event| event.event.clone()).collect();
        let situation = Situation {
            user,
            chapter: context.player.chapter,
            engagement: addressee.engagement,
            zone: &context.zone(),
            last_interaction_at: addressee.player.last_interaction_at,
            events: &events,
            planned: &planned,
            mood: context.emotional_state,
        };
        match after_conversation(&situation, &self.draws, now) {
            Some(new) => scheduled_touchpoints::plan(tx, user, &new, now).await,
            None => Ok(false),
        }
    }
}

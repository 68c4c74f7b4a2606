//! The stage `conflict`: what a conversation leaves between the two, and whether she warns or ends it. The rule is
//! `domain::conflict::after_talk`.
//!
//! All of it is one transaction under the player's row lock: the document is read there, and a copy that was read before is
//! never written back. A conversation that is gone through again is settled over the state before it, so that it comes to
//! the same state; one that a newer conversation follows moves nothing any more.

use domain::conflict::after_talk::{Ended, Outcome, settle};
use domain::conflict::details::Details;
use domain::conflict::expression::{Expression, Shown};
use domain::conflict::standing::Standing;
use domain::conflict::words::warning;
use domain::delivery::{EventType, TelegramContent};
use domain::draw::Draws;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use serde_json::{Value, json};
use store::emotional_states::{self, Course};
use store::older_conflicts::Left;
use store::scheduled_events::NewMessage;
use store::{Tx, after_talk, scheduled_events};

use super::Context;
use super::stage::{Effect, StageError, Work, Writes};
use crate::Clock;
use crate::care::is_in_care;
use crate::conflict_document::{self, Found};
use crate::endings::{Occasion, break_up};

/// The stage.
#[derive(Debug, Clone)]
pub(super) struct Settle {
    pub(super) clock: Clock,
    pub(super) draws: Draws,
}

impl Work for Settle {
    /// Everything is decided under the lock.
    fn prepare<'a>(&'a self, _context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        std::future::ready(Ok(Box::new(self.clone()) as Box<dyn Effect>)).boxed()
    }
}

/// What is decided about: the player, and the rows of her mood around the conversation.
struct Locked {
    player: after_talk::Standing,
    course: Course,
    /// Whether the player's open conversation is in care mode.
    in_care_now: bool,
    /// What the older model left, of a player who has no document yet.
    left: Left,
}

/// What became of it.
struct Settled {
    details: Details,
    shown: Shown,
    /// None where nothing is moved.
    outcome: Option<Outcome>,
}

impl Effect for Settle {
    fn writes(&self) -> Writes {
        Writes::Player
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let (player, course, in_care_now, left) = try_join!(
                after_talk::get_standing(tx, context.user),
                emotional_states::course(tx, context.user, context.conversation),
                is_in_care(tx, context.user, self.clock.now()),
                conflict_document::read_left(tx, context.user, context.now)
            )?;
            let locked = Locked { player, course, in_care_now, left };
            let settled = self.settle(&locked, context);
            if let Some(outcome) = settled.outcome {
                self.write(tx, context, &locked, &settled, outcome).await?;
            }
            Ok(settled.labels())
        }
        .boxed()
    }

    fn finish(self: Box<Self>, result: &Value, context: &mut Context) {
        context.conflict = Some(Standing::read(Some(result), result["shown"].as_str()));
        context.breakup = result["breakup"].as_bool().unwrap_or_default();
    }
}

impl Settle {
    fn settle(&self, locked: &Locked, context: &Context) -> Settled {
        let Locked { player, course, in_care_now, left } = locked;
        let mut shown = course.previous.as_ref().map(|before| before.shown.clone()).unwrap_or_default();
        let Found { mut details, began_at } =
            conflict_document::find(context.user, player.details.as_ref(), left, context.now);
        if course.is_followed {
            return Settled { details, shown, outcome: None };
        }
        // Without a row of its own nobody knows how she feels, and so not what has changed.
        let felt = course.own.as_ref();
        let ended = Ended {
            status: player.status,
            score: player.score,
            mood: context.emotional_state,
            intimacy_before: felt.and(course.previous.as_ref()).map(|before| before.dimensions.intimacy()),
            ignored: felt.map_or(0, |own| own.ignored),
            talk: &context.talk,
            in_care: context.in_care(),
            in_care_now: *in_care_now,
        };
        let outcome = settle(&mut details, &mut shown, &ended, &self.draws, context.now)
            .map(|outcome| Outcome { conflict_began_at: outcome.conflict_began_at.or(began_at), ..outcome });
        if let Some(own) = felt.filter(|own| own.shown.state == shown.state) {
            // Gone through again: what the row shows already began then.
            shown.started_at = own.shown.started_at;
        }
        Settled { details, shown, outcome }
    }

    async fn write(
        &self,
        tx: &Tx,
        context: &Context,
        locked: &Locked,
        settled: &Settled,
        outcome: Outcome,
    ) -> store::Result<()> {
        let Settled { details, shown, .. } = settled;
        let document = async {
            if locked.player.details.is_none() && details.is_default() {
                return Ok(());
            }
            after_talk::set_details(tx, context.user, &details.write(), outcome.conflict_began_at).await
        };
        let row = async {
            let Some(own) = &locked.course.own else { return Ok(()) };
            let snapshot = details.snapshot();
            emotional_states::show(tx, context.conversation, shown, &own.metadata, &snapshot).await
        };
        try_join!(document, row)?;
        if outcome.warns && locked.player.can_be_written_to {
            scheduled_events::create(tx, &self.warning(context), self.clock.now()).await?;
        }
        if let Some(breakup) = outcome.breakup {
            let key = context.conversation.to_string();
            let occasion = Occasion { at: context.now, now: self.clock.now(), key: &key };
            break_up(tx, &self.draws, context.user, breakup, occasion).await?;
        }
        Ok(())
    }

    fn warning(&self, context: &Context) -> NewMessage {
        let conversation = context.conversation;
        let words = warning(&self.draws, context.user, &conversation.to_string());
        NewMessage {
            user: context.user,
            event_type: EventType::MessageDelivery,
            content: TelegramContent::words(words, format!("breakup-warning:{conversation}")),
            wanted_at: self.clock.now(),
            conversation: Some(conversation),
            lease: None,
        }
    }
}

impl Settled {
    /// For the stage's row, and enough to know where the conflict stands.
    fn labels(&self) -> Value {
        json!({
            "zone": self.details.zone(),
            "temperature": self.details.temperature().value(),
            "type": self.details.kind,
            "shown": self.shown.state.map(Expression::as_str),
            "breakup": self.outcome.is_some_and(|outcome| outcome.breakup.is_some()),
        })
    }
}

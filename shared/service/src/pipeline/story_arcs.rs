//! The step `story_arcs`: the storylines between the two move by one conversation, and sometimes one begins. The rules are
//! `domain::arcs::story` and `domain::arcs::start`.
//!
//! A conversation in which the player said nothing moves nothing. One that has moved a storyline, or begun one, does not do
//! so again.

use domain::arcs::start::{
    CONFLICT_WITHIN, CONSISTENT_DAYS, NOT_AGAIN_FOR, Situation, Start, is_conflict_resolved,
    is_consistent_contact, is_late_night, start,
};
use domain::arcs::story::Template;
use domain::conflict::details::Details;
use domain::draw::Draws;
use domain::ids::ConversationId;
use domain::state::vulnerability_level;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use store::Tx;
use store::story_arcs::{self, Arc, Lately, Moved, New};

use super::Context;
use super::stage::{Effect, StageError, Work, Writes, nothing};

/// The step.
#[derive(Debug, Clone)]
pub(super) struct Tell {
    pub(super) draws: Draws,
}

impl Work for Tell {
    /// How many are told is looked at under the lock, and so all is decided there.
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        let effect: Box<dyn Effect> = match context.first_of_player() {
            Some(_) => Box::new(self.clone()),
            None => nothing(json!({ "advanced": 0, "started": false })),
        };
        std::future::ready(Ok(effect)).boxed()
    }
}

impl Effect for Tell {
    fn writes(&self) -> Writes {
        Writes::Player
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let (arcs, lately) = read(tx, context).await?;
            let moved = moved(&arcs, context.conversation);
            let started = self.started(&after(&arcs, &moved, context.now), &lately, context);
            let advance = story_arcs::advance(tx, context.conversation, &moved, context.now);
            let begin = async {
                let Some(start) = started else { return Ok(()) };
                begin(tx, context, start, &lately).await
            };
            try_join!(advance, begin)?;
            Ok(json!({ "advanced": moved.len(), "started": started.is_some() }))
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, _context: &mut Context) {}
}

async fn read(tx: &Tx, context: &Context) -> store::Result<(Vec<Arc>, Lately)> {
    let (user, now) = (context.user, context.now);
    let before = |span| now.saturating_sub(span).unwrap_or(now);
    try_join!(
        story_arcs::list(tx, user, before(NOT_AGAIN_FOR)),
        story_arcs::lately(tx, user, first_of_days(context), before(CONFLICT_WITHIN))
    )
}

/// When the first of the days begins that make a contact consistent, on the player's clock. They end with the day of the
/// conversation: one of the late evening is gone through on the next.
fn first_of_days(context: &Context) -> Timestamp {
    let days = i64::try_from(CONSISTENT_DAYS).unwrap_or(i64::MAX) - 1;
    let first = context.started_at.to_zoned(context.zone()).date().saturating_sub(days.days());
    first.to_zoned(context.zone()).map_or(context.started_at, |begins| begins.timestamp())
}

/// The storylines that go on, after this conversation; those that it has moved before are left out.
fn moved(arcs: &[Arc], conversation: ConversationId) -> Vec<Moved<'static>> {
    arcs.iter()
        .filter(|arc| arc.is_active && arc.last_conversation != Some(conversation))
        .map(|arc| {
            let template = Template::named(&arc.template);
            let told = arc.told.moved(template.is_none_or(Template::has_falling));
            let description =
                template.filter(|_| told.stage != arc.told.stage).map(|template| template.told(told.stage));
            Moved { id: arc.id, told, description }
        })
        .collect()
}

/// The storylines as they are when these have moved.
fn after(arcs: &[Arc], moved: &[Moved<'_>], now: Timestamp) -> Vec<Arc> {
    let after = |arc: &Arc| match moved.iter().find(|moved| moved.id == arc.id && moved.told.is_over()) {
        Some(moved) => Arc { told: moved.told, is_active: false, resolved_at: Some(now), ..arc.clone() },
        None => arc.clone(),
    };
    arcs.iter().map(after).collect()
}

impl Tell {
    fn started(&self, arcs: &[Arc], lately: &Lately, context: &Context) -> Option<Start> {
        let began_here =
            |arc: &Arc| arc.last_conversation == Some(context.conversation) && arc.told.conversations == 0;
        if arcs.iter().any(began_here) {
            return None;
        }
        let active: Vec<&str> =
            arcs.iter().filter(|arc| arc.is_active).map(|arc| arc.template.as_str()).collect();
        let begun: Vec<(&str, Timestamp)> =
            arcs.iter().map(|arc| (arc.template.as_str(), arc.started_at)).collect();
        let situation = Situation {
            user: context.user,
            conversation: context.conversation,
            status: context.player.status,
            chapter: context.player.chapter,
            closeness: vulnerability_level(context.player.chapter.number()),
            active: &active,
            begun: &begun,
            last_resolved_at: arcs.iter().filter_map(|arc| arc.resolved_at).max(),
            topics: &topics(lately, context),
        };
        start(&situation, &self.draws, context.now)
    }
}

/// What the reading of the conversation named, and what is worked out.
fn topics(lately: &Lately, context: &Context) -> Vec<&'static str> {
    let (now, zone) = (context.now, context.zone());
    let days: Vec<Date> = lately.talks.iter().map(|at| at.to_zoned(zone.clone()).date()).collect();
    let gauge = Details::read(lately.conflict.as_ref()).details.temperature_at(now);
    let computed = [
        ("late_night", is_late_night(context.started_at, &zone)),
        ("consistent_contact", is_consistent_contact(&days)),
        ("conflict_resolved", is_conflict_resolved(&lately.temperatures, gauge, now)),
    ];
    let named = context.extraction.iter().flat_map(|read| read.topics.iter().map(|topic| topic.as_str()));
    named.chain(computed.into_iter().filter_map(|(topic, holds)| holds.then_some(topic))).collect()
}

async fn begin(tx: &Tx, context: &Context, start: Start, lately: &Lately) -> store::Result<()> {
    let people: Vec<&str> = lately.people.iter().map(String::as_str).collect();
    let new = New {
        template: start.template,
        max_conversations: i32::try_from(start.max_conversations).unwrap_or(i32::MAX),
        characters: &start.template.cast(&people),
    };
    story_arcs::begin(tx, context.user, context.conversation, &new, context.now).await
}

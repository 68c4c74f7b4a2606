//! One player's date: thought up without an open transaction, written in one.
//!
//! A date that has events is left alone, and no model is asked. Two that think up the same date at the same time may both
//! ask; the first to write has written it, since each locks the player's row and looks again. Nothing is written if it
//! fails: neither events nor people, places, storylines, the month's theme or her circle.
//!
//! At most two calls to the model and half a minute: the second where the first failed or gave too little. What is still
//! missing then is filled with plain events. Only where the day's budget pays for no call nothing is written, and another day
//! does it.

use std::time::Instant;

use domain::arcs::life::{Ending, new_state, referred};
use domain::ids::UserId;
use domain::life::entities::{Entity, take_in};
use domain::life::event::event_id;
use domain::life::generation::{Draft, Event, filled, is_thin};
use domain::life::{CALLS, DAY_TIMEOUT};
use domain::pricing;
use futures_util::try_join;
use jiff::Timestamp;
use jiff::civil::Date;
use providers::Error::OverBudget;
use store::life_events::LifeEvent;
use store::narrative_arcs::NewArc;
use store::{
    Limits, Tx, circles, entities, life_events, life_players, narrative_arcs, pipeline_conversations,
    retry_conflicts,
};
use uuid::Uuid;

use super::Life;
use super::material;
use super::plan::{Course, Plan, first_entities};
use super::request::{self, MAX_TOKENS, TOKENS};
use crate::llm::{Purpose, Work};
use crate::prompts::templates::RenderError;

/// Why there is no day.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or did not answer, or the player is gone.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The day's budget for models pays for none.
    #[error("the budget does not pay for a day")]
    OverBudget,
    /// A text of ours is wrong.
    #[error(transparent)]
    Text(#[from] RenderError),
}

impl Error {
    /// A short code for logs and job results.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::OverBudget => OverBudget.code(),
            Self::Text(_) => "unexpected",
        }
    }
}

/// A day that was thought up, to be written.
#[derive(Debug)]
pub struct NewDay {
    plan: Plan,
    events: Vec<LifeEvent>,
    new_entities: Vec<Entity>,
    filled_entities: Vec<Entity>,
    new_arc: Option<NewArc>,
    endings: Vec<(Uuid, Ending)>,
    progress: Vec<(Uuid, String)>,
}

/// What was written with a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Events.
    pub events: u64,
    /// People, places and projects that are new; those that every world starts with do not count.
    pub entities: u64,
    /// Storylines that begin.
    pub arcs_begun: u64,
    /// Storylines that end.
    pub arcs_resolved: u64,
}

/// What the call for a day may cost, in micro-dollars. A second one is paid for when it is needed.
pub fn estimate(life: &Life) -> i64 {
    pricing::estimate(&life.settings.model, TOKENS, MAX_TOKENS.into())
}

/// Thinks up the player's `date`; none when it has events already. `work` pays for the calls.
pub async fn think_up(
    life: &Life,
    work: &Work,
    user: UserId,
    date: Date,
    now: Timestamp,
) -> Result<Option<NewDay>, Error> {
    let client = life.pool.get().await.map_err(store::Error::from)?;
    let known = material::before(&client, user, date).await?;
    drop(client);
    let Some(material) = known else { return Ok(None) };
    let plan = Plan::new(life, user, date, material, now);
    let draft = ask(life, work, &plan).await?;
    Ok(Some(NewDay::new(plan, draft)))
}

/// Thinks the date up and writes it; none when it has events already.
pub async fn write(
    life: &Life,
    work: &Work,
    user: UserId,
    date: Date,
    now: Timestamp,
) -> Result<Option<Written>, Error> {
    let Some(day) = think_up(life, work, user, date, now).await? else { return Ok(None) };
    fail_point!("life_gen.day_thought");
    let written = retry_conflicts(|| async {
        let tx = Tx::begin(&life.pool, Limits::TASK).await?;
        let written = day.write(&tx, now).await?;
        tx.commit().await?;
        Ok(written)
    });
    Ok(written.await?)
}

/// The fuller of the answers.
async fn ask(life: &Life, work: &Work, plan: &Plan) -> Result<Draft, Error> {
    let request = request::request(&life.settings.model, plan)?;
    let until = Instant::now() + DAY_TIMEOUT;
    let mut fullest: Option<Draft> = None;
    for call in 0..CALLS {
        match work.ask_until(until, Purpose::LifeGen, &request).await {
            Ok(answer) => {
                let draft = request::read(&answer, plan);
                if fullest.as_ref().is_none_or(|fullest| draft.events.len() > fullest.events.len()) {
                    fullest = Some(draft);
                }
            }
            Err(OverBudget) if call == 0 => return Err(Error::OverBudget),
            Err(error) => {
                tracing::warn!(user_id = %plan.user, error_code = error.code(), "A day was not thought up");
            }
        }
        let is_full = fullest.as_ref().is_some_and(|fullest| !is_thin(fullest));
        if is_full || Instant::now() >= until {
            break;
        }
    }
    Ok(fullest.unwrap_or_default())
}

impl NewDay {
    fn new(plan: Plan, draft: Draft) -> Self {
        let events = if is_thin(&draft) { filled(draft.events, plan.work()) } else { draft.events };
        let world = take_in(&events, &plan.people(), &plan.entities, plan.own_name.as_deref());
        let rows = events.iter().zip(world.names).map(|(event, names)| row(&plan, event, names)).collect();

        let (mut new_arc, mut endings, mut progress) = (None, Vec::new(), Vec::new());
        for (position, story) in plan.stories.iter().enumerate() {
            let is_meant = |told: &str| referred(told, plan.stories.len()) == Some(position);
            let told = draft.arc_updates.iter().rfind(|update| is_meant(&update.arc_ref));
            let told = told.map(|update| new_state(&update.new_state)).filter(|state| !state.is_empty());
            match story.course {
                Course::Begins(kind) => {
                    let state = told.unwrap_or_else(|| story.state.clone());
                    new_arc = Some(NewArc { id: story.id, kind, start_date: plan.date, state });
                }
                Course::GoesOn => progress.extend(told.map(|state| (story.id, state))),
                Course::Ends(ending) => endings.push((story.id, ending)),
            }
        }
        Self {
            events: rows,
            new_entities: world.new,
            filled_entities: world.filled,
            new_arc,
            endings,
            progress,
            plan,
        }
    }

    /// Its events, in the order of the day.
    pub fn events(&self) -> &[LifeEvent] {
        &self.events
    }

    /// Writes everything that belongs to the day, the player's row locked first; none when somebody else has written it
    /// meanwhile.
    pub async fn write(&self, tx: &Tx, now: Timestamp) -> store::Result<Option<Written>> {
        let Plan { user, date, .. } = self.plan;
        // What is joined is sent together and done in this order.
        let dates = [date];
        let ((), written) = try_join!(
            pipeline_conversations::lock_player(tx, user),
            life_events::dates_written(tx, user, &dates)
        )?;
        if !written.is_empty() {
            return Ok(None);
        }
        let begin = async {
            let Some(new) = &self.new_arc else { return Ok(false) };
            narrative_arcs::begin(tx, user, new, now).await
        };
        let ((), arcs_begun) = try_join!(self.write_world(tx, now), begin)?;
        let events = if arcs_begun { self.events.clone() } else { self.without_new_arc() };
        let ((), arcs_resolved, events, entities) = try_join!(
            narrative_arcs::progress(tx, user, &self.progress),
            narrative_arcs::resolve(tx, user, &self.endings, now),
            life_events::insert(tx, user, &events, now),
            entities::insert(tx, user, &self.new_entities, now)
        )?;
        Ok(Some(Written { events, entities, arcs_begun: arcs_begun.into(), arcs_resolved }))
    }

    /// What has to be there before anything happens in it.
    async fn write_world(&self, tx: &Tx, now: Timestamp) -> store::Result<()> {
        let plan = &self.plan;
        let theme = async {
            let Some(theme) = &plan.new_theme else { return Ok(()) };
            life_players::set_month_theme(tx, plan.user, theme).await
        };
        let circle = async {
            if plan.new_circle.is_empty() {
                return Ok(0);
            }
            circles::make(tx, plan.user, &plan.new_circle, now).await
        };
        let seeds = async {
            if !plan.seeds {
                return Ok(0);
            }
            entities::insert(tx, plan.user, &first_entities(), now).await
        };
        try_join!(theme, circle, seeds, entities::fill(tx, plan.user, &self.filled_entities))?;
        Ok(())
    }

    /// The events as they are where the storyline did not begin after all.
    fn without_new_arc(&self) -> Vec<LifeEvent> {
        let begins = self.new_arc.as_ref().map(|new| new.id);
        let parted = |event: &LifeEvent| LifeEvent {
            arc: event.arc.filter(|arc| Some(*arc) != begins),
            ..event.clone()
        };
        self.events.iter().map(parted).collect()
    }
}

fn row(plan: &Plan, event: &Event, names: Vec<String>) -> LifeEvent {
    let story = event.arc_ref.as_deref().and_then(|told| referred(told, plan.stories.len()));
    LifeEvent {
        id: event_id(plan.user, plan.date, event.kind),
        date: plan.date,
        part: event.part,
        kind: event.kind,
        description: event.description.clone(),
        names,
        impact: event.impact,
        importance: event.importance,
        arc: story.map(|position| plan.stories[position].id),
    }
}

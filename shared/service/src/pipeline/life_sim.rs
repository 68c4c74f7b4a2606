//! The stage `life_sim`: what happens to her today, and with whom. The rules are `domain::life`'s.
//!
//! The job `life-gen` writes her days ahead for players who were here lately. Where today has none, it is thought up here,
//! never tomorrow. A day is written once: a repeated run finds it.

use domain::circle::refresh::Refreshed;
use domain::life::TODAY;
use domain::state::nikita_date;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, try_join};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::circles::Member;
use store::life_events::{self, LifeEvent};
use store::{Tx, circles};

use super::stage::{Effect, StageError, Work, Writes};
use super::{Context, HerEvent};
use crate::life::day::{self, NewDay};
use crate::life::{Life, circle};

/// The stage.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) life: Life,
}

impl Work for Live {
    fn prepare<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Box<dyn Effect>, StageError>> {
        async move {
            let zone = context.her_zone(&self.life.settings.nikita_zone);
            let today = nikita_date(context.now, &zone);
            let (week, people) = self.read(context, today).await?;
            let is_written = week.iter().any(|event| event.date == today);
            let new = if is_written { None } else { Some(self.think_up(context, today).await?) };
            let mut lived = Lived { zone, today, week, new, news: Vec::new(), has_new_people: false };
            if self.life.settings.enhanced {
                lived.has_new_people = people.is_empty() && lived.new.is_some();
                lived.news = lived.news_of(&people, context);
            }
            Ok(Box::new(lived) as Box<dyn Effect>)
        }
        .boxed()
    }
}

impl Live {
    /// What happened in the last days and today, and her people.
    async fn read(&self, context: &Context, today: Date) -> store::Result<(Vec<LifeEvent>, Vec<Member>)> {
        let client = self.life.pool.get().await?;
        try_join!(
            life_events::list(&client, context.user, circle::looks_back_to(today), today),
            circles::list(&client, context.user)
        )
    }

    async fn think_up(&self, context: &Context, today: Date) -> Result<NewDay, StageError> {
        let day = day::think_up(&self.life, &context.work, context.user, today, context.now).await?;
        day.ok_or_else(written_meanwhile)
    }
}

/// Somebody else was faster: the next try finds that day.
fn written_meanwhile() -> StageError {
    StageError::failed("day_taken", "the day was written meanwhile")
}

/// Her day, on its way into the database and into the context.
#[derive(Debug)]
struct Lived {
    zone: TimeZone,
    today: Date,
    /// What is written of the last days and of today.
    week: Vec<LifeEvent>,
    /// Today, where it was thought up here.
    new: Option<NewDay>,
    /// What is new about her people.
    news: Vec<Refreshed>,
    /// Whether they come with the day, so that there may be news about them too.
    has_new_people: bool,
}

impl Effect for Lived {
    fn writes(&self) -> Writes {
        match &self.new {
            Some(_) => Writes::Player,
            None if self.news.is_empty() => Writes::Nothing(self.labels()),
            None => Writes::Rows,
        }
    }

    fn apply<'a>(&'a self, tx: &'a Tx, context: &'a Context) -> BoxFuture<'a, Result<Value, StageError>> {
        async move {
            let mut news = self.news.clone();
            if let Some(new) = &self.new {
                new.write(tx, context.now).await?.ok_or_else(written_meanwhile)?;
                if self.has_new_people {
                    news = self.news_of(&circles::list(tx, context.user).await?, context);
                }
            }
            if !news.is_empty() {
                circles::refresh(tx, context.user, &news).await?;
            }
            Ok(self.labels())
        }
        .boxed()
    }

    fn finish(self: Box<Self>, _result: &Value, context: &mut Context) {
        let mut events: Vec<&LifeEvent> = self.of_today().collect();
        events.sort_by(|one, other| {
            let importance = other.importance.total_cmp(&one.importance);
            importance.then(one.part.cmp(&other.part)).then(one.id.cmp(&other.id))
        });
        events.truncate(TODAY);
        context.life_events = events.into_iter().map(|event| self.told(event)).collect();
    }
}

impl Lived {
    fn all(&self) -> impl Iterator<Item = &LifeEvent> {
        self.week.iter().chain(self.new.iter().flat_map(NewDay::events))
    }

    fn of_today(&self) -> impl Iterator<Item = &LifeEvent> {
        self.all().filter(|event| event.date == self.today)
    }

    fn news_of(&self, people: &[Member], context: &Context) -> Vec<Refreshed> {
        circle::news(self.all(), people, context.now, &self.zone)
    }

    fn labels(&self) -> Value {
        json!({ "events": self.of_today().count(), "generated": self.new.is_some() })
    }

    fn told(&self, event: &LifeEvent) -> HerEvent {
        HerEvent { event: event.as_cause(&self.zone), impact: event.impact }
    }
}

impl From<day::Error> for StageError {
    fn from(error: day::Error) -> Self {
        match error {
            day::Error::Store(error) => Self::Store(error),
            day::Error::OverBudget => Self::Provider(providers::Error::OverBudget),
            day::Error::Text(_) => Self::failed("day_text", error.to_string()),
        }
    }
}

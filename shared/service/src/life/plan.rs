//! The plan of a day: all that is settled before a model is asked. Which storylines end or begin, what the day is like, who is
//! around. Pure: what is known goes in, the plan comes out.

use domain::arcs::life::{self as arcs, ArcType, Ending};
use domain::circle::adaptation;
use domain::circle::roster::Character;
use domain::conflict::details::Details;
use domain::draw::Draws;
use domain::ids::UserId;
use domain::life::RECENT_SHOWN;
use domain::life::entities::{Entity, SEEDS};
use domain::life::mood::{Mood, Outlook};
use domain::life::routine::{self, Day, WorkSchedule};
use domain::life::theme::{self, MonthTheme, Theme};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use store::life_events::LifeEvent;
use uuid::Uuid;

use super::material::Material;
use super::{Life, circle};

/// The plan of one date.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) user: UserId,
    pub(super) date: Date,
    /// What the day is like; none where her routine does not count.
    pub(super) routine: Option<Day>,
    pub(super) outlook: Outlook,
    /// What runs through the month.
    pub(super) theme: Option<Theme>,
    /// The theme, where it is to be written.
    pub(super) new_theme: Option<MonthTheme>,
    /// Her people: name, role, whether they are around.
    pub(super) circle: Vec<(String, String, bool)>,
    /// Her people, where they are to be made.
    pub(super) new_circle: Vec<Character>,
    /// The people, places and projects that there are, or will be with the day.
    pub(super) entities: Vec<Entity>,
    /// Whether they are to be made: it is her first day with this player.
    pub(super) seeds: bool,
    pub(super) stories: Vec<Story>,
    /// The player's name.
    pub(super) own_name: Option<String>,
    /// The newest events before it.
    pub(super) recent: Vec<LifeEvent>,
}

/// A storyline on the date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) course: Course,
}

/// Where a storyline is on the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    Begins(ArcType),
    GoesOn,
    Ends(Ending),
}

impl Plan {
    /// Decides about everything.
    pub(super) fn new(life: &Life, user: UserId, date: Date, material: Material, now: Timestamp) -> Self {
        let Material { player, circle, entities, arcs: active, mut recent } = material;
        let new_theme = theme::is_due(&player.meta_instructions, date)
            .then(|| Theme::written(&life.draws, user, date, now));
        let theme = match &new_theme {
            Some(new) => Some(new.theme),
            None => theme::shown(&player.meta_instructions, date).map(|(theme, _)| theme),
        };
        let new_circle =
            if circle.is_empty() { adaptation::circle(&circle::of(&player)) } else { Vec::new() };
        let profile = &player.onboarding_profile;
        let own_name = profile["user_name"].as_str().or_else(|| profile["name"].as_str());
        let seeds = entities.is_empty();

        let impacts: Vec<_> = recent.iter().map(|event| (event.date, event.impact)).collect();
        let outlook = if life.settings.enhanced {
            let mood = Mood::before(date, &impacts).with_state(player.mood, now);
            Outlook::new(mood, Details::read(player.conflict_details.as_ref()).details.zone())
        } else {
            Outlook::PLAIN
        };
        recent.truncate(RECENT_SHOWN);
        Self {
            user,
            date,
            routine: life.settings.enhanced.then(|| planned(&player.routine_config, user, date)),
            outlook,
            theme,
            new_theme,
            circle: circle
                .into_iter()
                .map(|member| (member.name, member.role, member.is_active))
                .chain(new_circle.iter().map(|new| (new.name.to_owned(), new.role.to_owned(), true)))
                .collect(),
            new_circle,
            entities: if seeds { first_entities() } else { entities },
            seeds,
            stories: stories(&life.draws, user, date, active),
            own_name: own_name.map(ToOwned::to_owned),
            recent,
        }
    }

    /// Where she works that day. Where her routine does not count, nothing keeps work from happening.
    pub(super) fn work(&self) -> WorkSchedule {
        self.routine.as_ref().map_or(WorkSchedule::Remote, |day| day.work)
    }

    /// The names of her people.
    pub(super) fn people(&self) -> Vec<&str> {
        self.circle.iter().map(|(name, _, _)| name.as_str()).collect()
    }
}

fn planned(config: &serde_json::Value, user: UserId, date: Date) -> Day {
    let planned = routine::planned(config, date);
    if !planned.odd.is_empty() {
        tracing::warn!(user_id = %user, fields = %json!(planned.odd), "A routine holds what means nothing");
    }
    planned.day
}

/// What her world starts with.
pub(super) fn first_entities() -> Vec<Entity> {
    let entity = |(kind, name, description, relationship): (_, &str, &str, &str)| Entity {
        kind,
        name: name.to_owned(),
        description: Some(description.to_owned()),
        relationship: Some(relationship.to_owned()),
    };
    SEEDS.map(entity).into()
}

/// First those that go on end or do not, then at most one begins.
fn stories(
    draws: &Draws,
    user: UserId,
    date: Date,
    active: Vec<store::narrative_arcs::ActiveArc>,
) -> Vec<Story> {
    let mut stories: Vec<Story> = active
        .into_iter()
        .map(|active| Story {
            id: active.arc.id,
            course: arcs::resolution(&active.arc, date, draws).map_or(Course::GoesOn, Course::Ends),
            kind: active.arc.kind,
            state: active.state,
        })
        .collect();
    let go_on: Vec<&str> = stories
        .iter()
        .filter(|story| story.course == Course::GoesOn)
        .map(|story| story.kind.as_str())
        .collect();
    if let Some(kind) = arcs::begun(user, date, &go_on, draws) {
        stories.push(Story {
            id: arcs::arc_id(user, date),
            kind: kind.as_str().to_owned(),
            state: kind.initial_state(&[]),
            course: Course::Begins(kind),
        });
    }
    stories
}

//! Life arcs: storylines of her own days.
//!
//! | type | domain | typical days T | outcomes |
//! |---|---|---|---|
//! | project_deadline | work | 14 | completed_successfully .7, missed_deadline .2, scope_changed .1 |
//! | work_conflict | work | 7 | resolved_positively .6, unresolved .3, escalated .1 |
//! | promotion_opportunity | work | 21 | got_promotion .5, passed_over .4, withdrew_application .1 |
//! | friend_crisis | social | 10 | friend_recovered .6, ongoing_support .3, friendship_strained .1 |
//! | family_visit | social | 5 | went_well .6, drama_happened .3, visit_cancelled .1 |
//! | health_goal | personal | 30 | goal_achieved .4, still_working .4, gave_up .2 |
//! | home_project | personal | 14 | completed .5, in_progress .3, abandoned .2 |
//! | personal_growth | personal | 21 | breakthrough .3, gradual_progress .5, setback .2 |
//! | dating_interest | social | 14 | became_official .3, fizzled_out .4, still_talking .3 |
//!
//! The last one is only read, in old rows: she loves nobody else. A type that nobody knows is personal, takes 14 days, and ends as resolved,
//! ongoing or abandoned alike.
//!
//! **Resolution.** After `days` the share F = min(0.9, days/2T) has resolved, and all from 2T on; an arc resolves on the first day on which
//! F exceeds its draw. So half of a type is over by T. Another draw walks the weights to the outcome. `escalated` leaves it
//! escalated; abandoned, gave_up, withdrew_application and visit_cancelled leave it abandoned; anything else resolved.
//!
//! **Creation.** After resolutions at most one begins a day: with fewer than 3 active, with probability 0.2, of a type that is not active.
//!
//! **Progress.** What a model says of an arc replaces its state, at most 500 characters; references that nobody gave are ignored.

use jiff::civil::Date;
use uuid::Uuid;

use crate::draw::Draws;
use crate::ids::{UserId, derived};
use crate::life::event::Domain;
use crate::texting::cut::{cut, one_line};
use crate::words::words;

/// So many may be active.
pub const MOST_ACTIVE: usize = 3;
/// How likely one begins on a day.
pub const BEGINS: f64 = 0.2;
/// A state's longest text.
pub const STATE_CHARS: usize = 500;
/// The share that has resolved before the last day, at most.
const MOST_RESOLVED: f64 = 0.9;
/// The days of a type that nobody knows.
const UNKNOWN_DAYS: u32 = 14;
/// Who is in an arc of which that is not known.
const NOBODY_NAMED: &str = "related people";

words! {
    /// What it is about.
    ArcType {
        /// Something has to be done by a date.
        ProjectDeadline = "project_deadline",
        /// Trouble at work.
        WorkConflict = "work_conflict",
        /// Something better may come.
        PromotionOpportunity = "promotion_opportunity",
        /// A friend needs her.
        FriendCrisis = "friend_crisis",
        /// Somebody comes to stay.
        FamilyVisit = "family_visit",
        /// Her body.
        HealthGoal = "health_goal",
        /// Her walls.
        HomeProject = "home_project",
        /// Herself.
        PersonalGrowth = "personal_growth",
        /// Somebody else: only in old rows.
        DatingInterest = "dating_interest",
    }
}

words! {
    /// How it stands: `nikita_narrative_arcs.status`.
    ArcStatus {
        /// It goes on.
        Active = "active",
        /// It is over.
        Resolved = "resolved",
        /// She has let it go.
        Abandoned = "abandoned",
        /// It has become something bigger.
        Escalated = "escalated",
    }
}

type Outcomes = [(&'static str, f64); 3];

/// The outcomes of a type that nobody knows.
const UNKNOWN: Outcomes = [("resolved", 1.0 / 3.0), ("ongoing", 1.0 / 3.0), ("abandoned", 1.0 / 3.0)];

impl ArcType {
    /// The part of her life it belongs to.
    pub const fn domain(self) -> Domain {
        match self {
            Self::ProjectDeadline | Self::WorkConflict | Self::PromotionOpportunity => Domain::Work,
            Self::FriendCrisis | Self::FamilyVisit | Self::DatingInterest => Domain::Social,
            Self::HealthGoal | Self::HomeProject | Self::PersonalGrowth => Domain::Personal,
        }
    }

    /// By so many days half of them are over.
    pub const fn typical_days(self) -> u32 {
        match self {
            Self::ProjectDeadline | Self::HomeProject | Self::DatingInterest => 14,
            Self::WorkConflict => 7,
            Self::PromotionOpportunity | Self::PersonalGrowth => 21,
            Self::FriendCrisis => 10,
            Self::FamilyVisit => 5,
            Self::HealthGoal => 30,
        }
    }

    /// How it may end, and how likely.
    pub const fn outcomes(self) -> Outcomes {
        match self {
            Self::ProjectDeadline => {
                [("completed_successfully", 0.7), ("missed_deadline", 0.2), ("scope_changed", 0.1)]
            }
            Self::WorkConflict => [("resolved_positively", 0.6), ("unresolved", 0.3), ("escalated", 0.1)],
            Self::PromotionOpportunity => {
                [("got_promotion", 0.5), ("passed_over", 0.4), ("withdrew_application", 0.1)]
            }
            Self::FriendCrisis => {
                [("friend_recovered", 0.6), ("ongoing_support", 0.3), ("friendship_strained", 0.1)]
            }
            Self::FamilyVisit => [("went_well", 0.6), ("drama_happened", 0.3), ("visit_cancelled", 0.1)],
            Self::HealthGoal => [("goal_achieved", 0.4), ("still_working", 0.4), ("gave_up", 0.2)],
            Self::HomeProject => [("completed", 0.5), ("in_progress", 0.3), ("abandoned", 0.2)],
            Self::PersonalGrowth => [("breakthrough", 0.3), ("gradual_progress", 0.5), ("setback", 0.2)],
            Self::DatingInterest => [("became_official", 0.3), ("fizzled_out", 0.4), ("still_talking", 0.3)],
        }
    }

    /// How it stands when it begins.
    pub fn initial_state(self, names: &[&str]) -> String {
        let with = if names.is_empty() { NOBODY_NAMED.to_owned() } else { names.join(", ") };
        match self {
            Self::ProjectDeadline => format!("A deadline is closer than it should be; it depends on {with}."),
            Self::WorkConflict => format!("Something is off at work, and it has to do with {with}."),
            Self::PromotionOpportunity => format!("A bigger contract may come her way; {with} will decide."),
            Self::FriendCrisis => {
                format!("Things are not good with {with}, and she is the one who gets the calls.")
            }
            Self::FamilyVisit => format!("A visit is planned: {with}. She has mixed feelings about it."),
            Self::HealthGoal => format!("She has set herself a goal for her body and told {with} about it."),
            Self::HomeProject => {
                format!("Her apartment is a construction site; {with} were promised dinner in it.")
            }
            Self::PersonalGrowth => {
                format!("She is trying to do something differently, and {with} have noticed.")
            }
            Self::DatingInterest => format!("An old story with {with} that she is done with."),
        }
    }
}

/// The part of her life an arc of that type, as stored, belongs to.
pub fn domain(kind: &str) -> Domain {
    ArcType::parse(kind).map_or(Domain::Personal, ArcType::domain)
}

/// An arc that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arc {
    /// Which.
    pub id: Uuid,
    /// Its type, as stored.
    pub kind: String,
    /// Since when.
    pub start_date: Date,
}

/// How an arc ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// With what.
    pub outcome: &'static str,
    /// How it is stored.
    pub status: ArcStatus,
}

/// How the arc ends on `target`, if it does.
pub fn resolution(arc: &Arc, target: Date, draws: &Draws) -> Option<Ending> {
    let kind = ArcType::parse(&arc.kind);
    let days = arc.start_date.until(target).map_or(0, |span| span.get_days());
    let share = share_resolved(days, kind.map_or(UNKNOWN_DAYS, ArcType::typical_days));
    (share > draws.draw(&format!("arc-resolve:{}", arc.id))).then(|| {
        let outcome =
            outcome(kind.map_or(UNKNOWN, ArcType::outcomes), draws.draw(&format!("arc-outcome:{}", arc.id)));
        Ending { outcome, status: status_after(outcome) }
    })
}

fn share_resolved(days: i32, typical: u32) -> f64 {
    let all_by = 2.0 * f64::from(typical);
    let days = f64::from(days.max(0));
    if days >= all_by { 1.0 } else { (days / all_by).min(MOST_RESOLVED) }
}

fn outcome(outcomes: Outcomes, drawn: f64) -> &'static str {
    let mut reached = 0.0;
    for (outcome, weight) in outcomes {
        reached += weight;
        if reached > drawn {
            return outcome;
        }
    }
    outcomes[outcomes.len() - 1].0
}

fn status_after(outcome: &str) -> ArcStatus {
    match outcome {
        "escalated" => ArcStatus::Escalated,
        "abandoned" | "gave_up" | "withdrew_application" | "visit_cancelled" => ArcStatus::Abandoned,
        _ => ArcStatus::Resolved,
    }
}

/// The arc that begins on `target`, if one does; `active` are the types that go on.
pub fn begun(user: UserId, target: Date, active: &[&str], draws: &Draws) -> Option<ArcType> {
    if active.len() >= MOST_ACTIVE || !draws.happens(&format!("arc-create:{user}:{target}"), BEGINS) {
        return None;
    }
    let may_begin = |kind: &&ArcType| **kind != ArcType::DatingInterest && !active.contains(&kind.as_str());
    let candidates: Vec<ArcType> = ArcType::ALL.iter().filter(may_begin).copied().collect();
    candidates.get(draws.index(&format!("arc-type:{user}:{target}"), candidates.len())).copied()
}

/// The id of the arc that begins on a date.
pub fn arc_id(user: UserId, start_date: Date) -> Uuid {
    derived(&format!("life-arc:{user}:{start_date}"))
}

/// What calls are told of an arc: `Project Deadline: state (involves: names)`.
pub fn line(kind: &str, state: &str, names: &[&str]) -> String {
    let title = kind.split('_').map(capitalised).collect::<Vec<_>>().join(" ");
    let involved =
        if names.is_empty() { String::new() } else { format!(" (involves: {})", names.join(", ")) };
    format!("{title}: {state}{involved}")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The short reference by which a model is told of an arc: `A1` for the first.
pub fn reference(position: usize) -> String {
    format!("A{}", position + 1)
}

/// Which of the arcs that a model was told of is meant.
pub fn referred(reference: &str, count: usize) -> Option<usize> {
    let number: usize = reference.strip_prefix(['A', 'a'])?.parse().ok()?;
    number.checked_sub(1).filter(|position| *position < count)
}

/// The state that replaces the old one.
pub fn new_state(told: &str) -> String {
    cut(&one_line(told), STATE_CHARS)
}

#[cfg(test)]
mod tests {
    use jiff::Span;
    use proptest::prelude::*;

    use super::*;

    fn start() -> Date {
        jiff::civil::date(2026, 2, 1)
    }

    fn arc(last: u32, kind: &str) -> Arc {
        let id = format!("bbbbbbbb-0000-4000-8000-00000000000{last}").parse().expect("an id");
        Arc { id, kind: kind.to_owned(), start_date: start() }
    }

    fn after(arc: &Arc, days: i32) -> Option<Ending> {
        resolution(arc, start().saturating_add(Span::new().days(days)), &Draws::default())
    }

    fn day_of(arc: &Arc) -> i32 {
        (0..100).find(|days| after(arc, *days).is_some()).expect("all of them end")
    }

    /// case: life 18, 19
    #[test]
    fn an_arc_ends_on_the_first_day_that_exceeds_its_draw() {
        assert_eq!(day_of(&arc(2, "work_conflict")), 10);
        assert_eq!(day_of(&arc(2, "project_deadline")), 19);
        assert_eq!(day_of(&arc(1, "project_deadline")), 26);
        assert_eq!(day_of(&arc(2, "something else")), 19);
        let ending = Ending { outcome: "completed_successfully", status: ArcStatus::Resolved };
        assert_eq!(after(&arc(1, "project_deadline"), 26), Some(ending));
    }

    /// case: life 20
    #[test]
    fn one_begins_on_some_days() {
        let user = UserId::from_uuid("11111111-1111-4111-8111-111111111111".parse().expect("an id"));
        let on =
            |day, active: &[&str]| begun(user, jiff::civil::date(2026, 3, day), active, &Draws::default());
        assert_eq!(on(3, &[]), Some(ArcType::HealthGoal));
        assert_eq!(on(1, &[]), None);
        assert_eq!(on(3, &["work_conflict", "family_visit", "home_project"]), None);
        assert_ne!(on(3, &["health_goal"]), Some(ArcType::HealthGoal));
    }

    #[test]
    fn weights_make_one_and_decide_the_status() {
        for &kind in ArcType::ALL {
            let weights: f64 = kind.outcomes().iter().map(|(_, weight)| weight).sum();
            assert!((weights - 1.0).abs() < 1e-9, "{kind:?}");
            assert!(!kind.initial_state(&[]).is_empty() && kind.initial_state(&["Lena"]).contains("Lena"));
        }
        for (outcome, status) in [
            ("escalated", ArcStatus::Escalated),
            ("gave_up", ArcStatus::Abandoned),
            ("visit_cancelled", ArcStatus::Abandoned),
            ("setback", ArcStatus::Resolved),
        ] {
            assert_eq!(status_after(outcome), status);
        }
        assert_eq!(outcome(ArcType::HomeProject.outcomes(), 0.999_999), "abandoned");
        assert_eq!(domain("odd"), Domain::Personal);
    }

    #[test]
    fn calls_are_told_who_is_in_it() {
        assert_eq!(
            line("project_deadline", "It is close.", &["Lisa", "David"]),
            "Project Deadline: It is close. (involves: Lisa, David)"
        );
        assert_eq!(line("health_goal", "So far so good.", &[]), "Health Goal: So far so good.");
    }

    #[test]
    fn references_are_those_that_were_given() {
        for position in 0..3 {
            assert_eq!(referred(&reference(position), 3), Some(position));
        }
        for odd in ["A0", "A4", "B1", "A", "1", "Aé", ""] {
            assert_eq!(referred(odd, 3), None, "{odd}");
        }
        assert!(new_state(&"word ".repeat(300)).chars().count() <= STATE_CHARS);
    }

    proptest! {
        #[test]
        fn an_arc_that_is_over_stays_over(last in 1..9_u32, kind in prop::sample::select(ArcType::ALL.to_vec())) {
            let arc = arc(last, kind.as_str());
            let day = day_of(&arc);
            prop_assert!(day >= 1 && day <= i32::try_from(2 * kind.typical_days()).expect("few"));
            prop_assert_eq!(after(&arc, day + 1), after(&arc, day));
        }

        #[test]
        fn the_draw_of_an_outcome_is_never_lost(drawn in 0.0..1.0, kind in prop::sample::select(ArcType::ALL.to_vec())) {
            let outcome = outcome(kind.outcomes(), drawn);
            prop_assert!(kind.outcomes().iter().any(|(known, _)| *known == outcome));
        }
    }
}

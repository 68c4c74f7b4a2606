//! Events: what may happen on one of her days.
//!
//! | domain | types |
//! |---|---|
//! | work | project_update, meeting, colleague_interaction, deadline, win, setback |
//! | social | friend_hangout, friend_drama, plans_made, plans_cancelled, new_person |
//! | personal | gym, errand, hobby_activity, self_care, health, travel |
//!
//! A type belongs to one domain, and a day has a type once. Parts of the day begin on her clock: morning 08:00, afternoon
//! 12:00, evening 17:00, night 21:00. A description has 10 to 500 characters; an event names at most 10 people, places and projects.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::ids::{UserId, derived};
use crate::words::words;

/// The shortest description, in characters.
pub const SHORTEST: usize = 10;
/// The longest one.
pub const LONGEST: usize = 500;
/// At most so many names in one event.
pub const MAX_NAMES: usize = 10;

words! {
    /// When in her day something happens.
    DayPart {
        /// From 08:00.
        Morning = "morning",
        /// From 12:00.
        Afternoon = "afternoon",
        /// From 17:00.
        Evening = "evening",
        /// From 21:00.
        Night = "night",
    }
}

words! {
    /// What part of her life it belongs to.
    Domain {
        /// Her work.
        Work = "work",
        /// Her friends.
        Social = "social",
        /// Herself.
        Personal = "personal",
    }
}

words! {
    /// What happened.
    EventType {
        /// A project goes on.
        ProjectUpdate = "project_update",
        /// A meeting.
        Meeting = "meeting",
        /// Somebody at work.
        ColleagueInteraction = "colleague_interaction",
        /// A date to keep.
        Deadline = "deadline",
        /// Something went well.
        Win = "win",
        /// Something did not.
        Setback = "setback",
        /// Time with friends.
        FriendHangout = "friend_hangout",
        /// Trouble with friends.
        FriendDrama = "friend_drama",
        /// Something to look forward to.
        PlansMade = "plans_made",
        /// Nothing came of it.
        PlansCancelled = "plans_cancelled",
        /// Somebody new.
        NewPerson = "new_person",
        /// Sport.
        Gym = "gym",
        /// Things to be done.
        Errand = "errand",
        /// What she likes to do.
        HobbyActivity = "hobby_activity",
        /// Rest.
        SelfCare = "self_care",
        /// Her body.
        Health = "health",
        /// Away from home.
        Travel = "travel",
    }
}

words! {
    /// How something left her, or what she thinks of somebody lately.
    Sentiment {
        /// Well.
        Positive = "positive",
        /// Badly.
        Negative = "negative",
        /// Neither.
        Neutral = "neutral",
        /// Both.
        Mixed = "mixed",
    }
}

impl DayPart {
    /// The hour on her clock at which it begins.
    pub const fn start_hour(self) -> i8 {
        match self {
            Self::Morning => 8,
            Self::Afternoon => 12,
            Self::Evening => 17,
            Self::Night => 21,
        }
    }

    /// When it begins on a date, with her clock in `zone`.
    pub fn starts_at(self, date: Date, zone: &TimeZone) -> Timestamp {
        let local = date.at(self.start_hour(), 0, 0, 0);
        local.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
    }
}

impl Domain {
    /// The type that stands for it where the type is unknown.
    pub const fn first_type(self) -> EventType {
        match self {
            Self::Work => EventType::ProjectUpdate,
            Self::Social => EventType::FriendHangout,
            Self::Personal => EventType::Gym,
        }
    }
}

impl EventType {
    /// The domain it belongs to.
    pub const fn domain(self) -> Domain {
        match self {
            Self::ProjectUpdate
            | Self::Meeting
            | Self::ColleagueInteraction
            | Self::Deadline
            | Self::Win
            | Self::Setback => Domain::Work,
            Self::FriendHangout
            | Self::FriendDrama
            | Self::PlansMade
            | Self::PlansCancelled
            | Self::NewPerson => Domain::Social,
            Self::Gym | Self::Errand | Self::HobbyActivity | Self::SelfCare | Self::Health | Self::Travel => {
                Domain::Personal
            }
        }
    }
}

/// The id of an event: a day that is thought up again has the same ones.
pub fn event_id(user: UserId, date: Date, kind: EventType) -> Uuid {
    derived(&format!("life-event:{user}:{date}:{}", kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_domain_and_every_domain_a_first_type() {
        let of = |domain: Domain| EventType::ALL.iter().filter(|kind| kind.domain() == domain).count();
        assert_eq!((of(Domain::Work), of(Domain::Social), of(Domain::Personal)), (6, 5, 6));
        for &domain in Domain::ALL {
            assert_eq!(domain.first_type().domain(), domain);
            let first = EventType::ALL.iter().find(|kind| kind.domain() == domain);
            assert_eq!(first, Some(&domain.first_type()));
        }
    }

    #[test]
    fn parts_of_the_day_begin_on_her_clock() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let date = jiff::civil::date(2026, 3, 29);
        assert_eq!(DayPart::Morning.starts_at(date, &berlin).to_string(), "2026-03-29T06:00:00Z");
        assert_eq!(DayPart::Night.starts_at(date, &TimeZone::UTC).to_string(), "2026-03-29T21:00:00Z");
        assert!(DayPart::ALL.windows(2).all(|pair| pair[0].start_hour() < pair[1].start_hour()));
    }

    #[test]
    fn an_event_keeps_its_id() {
        let id = |kind| event_id(UserId::nil(), jiff::civil::date(2026, 3, 2), kind);
        assert_eq!(id(EventType::Gym), id(EventType::Gym));
        assert_ne!(id(EventType::Gym), id(EventType::Errand));
    }
}

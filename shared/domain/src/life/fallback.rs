//! The fallback: plain events for a day that no model has filled. Nothing happens in them that could contradict anything.
//!
//! | type | time | importance | valence | arousal |
//! |---|---|---|---|---|
//! | project_update | morning | 0.3 | 0.1 | 0.0 |
//! | errand | afternoon | 0.2 | 0.0 | 0.0 |
//! | self_care | evening | 0.3 | 0.2 | -0.2 |
//! | plans_made | evening | 0.3 | 0.2 | 0.1 |
//! | hobby_activity | night | 0.3 | 0.2 | 0.1 |

use super::event::{DayPart, EventType};
use super::generation::Event;
use super::impact::Impact;
use crate::emotion::Shift;

/// The plain events, in the order in which they fill up.
pub fn events() -> [Event; 5] {
    [
        plain(
            EventType::ProjectUpdate,
            DayPart::Morning,
            0.3,
            (0.1, 0.0),
            "Got a good stretch of quiet work done on the current audit.",
        ),
        plain(
            EventType::Errand,
            DayPart::Afternoon,
            0.2,
            (0.0, 0.0),
            "Ran a few errands and finally dealt with the post.",
        ),
        plain(
            EventType::SelfCare,
            DayPart::Evening,
            0.3,
            (0.2, -0.2),
            "Long shower, clean sheets, phone in the other room.",
        ),
        plain(
            EventType::PlansMade,
            DayPart::Evening,
            0.3,
            (0.2, 0.1),
            "Put something nice in the calendar for the weekend.",
        ),
        plain(
            EventType::HobbyActivity,
            DayPart::Night,
            0.3,
            (0.2, 0.1),
            "Tinkered with a small project until it got late.",
        ),
    ]
}

fn plain(
    kind: EventType,
    part: DayPart,
    importance: f64,
    (valence, arousal): (f64, f64),
    description: &str,
) -> Event {
    Event {
        part,
        kind,
        description: description.to_owned(),
        mentions: Vec::new(),
        impact: Impact::of(Shift::new(arousal, valence, 0.0, 0.0)),
        importance,
        arc_ref: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::event::{Domain, LONGEST, SHORTEST};

    #[test]
    fn enough_is_left_on_a_day_off() {
        let off = events().into_iter().filter(|event| event.kind.domain() != Domain::Work).count();
        assert!(off >= super::super::generation::FEWEST);
        for event in events() {
            assert!((SHORTEST..=LONGEST).contains(&event.description.chars().count()));
        }
    }
}

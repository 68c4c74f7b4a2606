//! Escalation and natural end: what time does to an open conflict, looked at on every turn and after every conversation.
//!
//! Levels are 1 subtle, 2 direct, 3 crisis. Hours count from the last step, or from the beginning.
//!
//! | zone | what happens |
//! |---|---|
//! | calm | it ends by itself |
//! | warm | after 1 hour it ends by itself with probability 0.30, 0.10, 0.00 by level: one draw per conflict and level |
//! | hot | after 2 hours level 1 becomes 2 |
//! | critical | after 2 hours level 1 becomes 2; after 12 hours level 2 becomes 3 |
//!
//! One step at a time; a level never falls. A conflict that becomes a crisis adds to the crises in a row.

use jiff::{SignedDuration, Timestamp};

use super::details::{Active, Details, Level};
use super::temperature::Zone;
use crate::draw::Draws;

/// How long a conflict simmers before it may end by itself in the warm zone.
pub const FADES_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// By level: how likely it does.
pub const FADES: [f64; 3] = [0.30, 0.10, 0.00];
/// How long it takes from subtle to direct.
pub const TO_DIRECT: SignedDuration = SignedDuration::from_hours(2);
/// How long it takes from direct to a crisis.
pub const TO_CRISIS: SignedDuration = SignedDuration::from_hours(12);

/// What time did to a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It ended by itself.
    Ended,
    /// It has come to this level.
    Escalated(Level),
}

/// Ends the open conflict if it ends by itself, in the zone the gauge is in.
pub fn fade(details: &mut Details, draws: &Draws, now: Timestamp) -> Option<Step> {
    let active = details.active.as_ref()?;
    let fades = match details.zone() {
        Zone::Calm => true,
        Zone::Warm => since_step(active, now) >= FADES_AFTER && draws_end(active, draws),
        Zone::Hot | Zone::Critical => false,
    };
    fades.then(|| {
        details.close();
        Step::Ended
    })
}

/// Ends the open conflict, or takes it one level up, or leaves it.
pub fn step(details: &mut Details, draws: &Draws, now: Timestamp) -> Option<Step> {
    fade(details, draws, now).or_else(|| escalate(details, now))
}

fn escalate(details: &mut Details, now: Timestamp) -> Option<Step> {
    let zone = details.zone();
    let active = details.active.as_mut()?;
    let waited = since_step(active, now);
    let next = match (zone, active.level) {
        (Zone::Hot | Zone::Critical, Level::Subtle) if waited >= TO_DIRECT => Level::Direct,
        (Zone::Critical, Level::Direct) if waited >= TO_CRISIS => Level::Crisis,
        _ => return None,
    };
    active.level = next;
    active.last_escalated_at = Some(now);
    if next == Level::Crisis {
        details.consecutive_crises = details.consecutive_crises.saturating_add(1);
        details.last_crisis_at = Some(now);
    }
    Some(Step::Escalated(next))
}

fn since_step(active: &Active, now: Timestamp) -> SignedDuration {
    now.duration_since(active.last_escalated_at.unwrap_or(active.started_at))
}

fn draws_end(active: &Active, draws: &Draws) -> bool {
    draws.happens(&format!("{}:{}", active.id, active.level.number()), *active.level.of(&FADES))
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::super::details::ConflictType;
    use super::super::temperature::Temperature;
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// An open conflict about trust.
    pub(in super::super) fn open(level: Level, severity: f64, started_at: Timestamp) -> Details {
        let active = Active {
            id: Uuid::from_u128(0x1111_1111_1111_4111_8111_1111_1111_1111),
            severity,
            level,
            started_at,
            last_escalated_at: None,
            resolution_attempts: 0,
            triggers: Vec::new(),
        };
        let mut details = Details::default();
        details.kind = Some(ConflictType::Trust);
        details.active = Some(active);
        details
    }

    fn at(temperature: f64, details: Details) -> Details {
        let mut details = details;
        details.set_temperature(Temperature::new(temperature), NOW);
        details
    }

    fn hours(hours: i64) -> Timestamp {
        NOW + SignedDuration::from_hours(hours)
    }

    /// case: psyche 39
    #[test]
    fn in_the_warm_zone_a_draw_decides_once() {
        let draws = Draws::default();
        for (id, level, drawn, ends) in [
            ("11111111-1111-4111-8111-111111111111", Level::Subtle, 0.279_907, true),
            ("11111111-1111-4111-8111-111111111111", Level::Direct, 0.614_323, false),
            ("22222222-2222-4222-8222-222222222222", Level::Subtle, 0.060_470, true),
            ("44444444-4444-4444-8444-444444444444", Level::Direct, 0.174_954, false),
        ] {
            assert!((draws.draw(&format!("{id}:{}", level.number())) - drawn).abs() < 1e-6);
            let mut details = at(30.0, open(level, 0.4, NOW));
            details.active.as_mut().expect("open").id = id.parse().expect("an id");
            assert_eq!(step(&mut details.clone(), &draws, NOW + SignedDuration::from_mins(59)), None);
            for _ in 0..5 {
                assert_eq!(step(&mut details, &draws, hours(1)).is_some(), ends, "{id} {level:?}");
                if ends {
                    break;
                }
            }
        }
    }

    /// case: psyche 40
    #[test]
    fn heat_drives_a_conflict_up_one_level_at_a_time() {
        let draws = Draws::default();
        let mut details = at(80.0, open(Level::Subtle, 0.4, NOW));
        assert_eq!(step(&mut details, &draws, hours(3)), Some(Step::Escalated(Level::Direct)));
        assert_eq!(step(&mut details, &draws, hours(3)), None);
        assert_eq!(step(&mut details, &draws, hours(15)), Some(Step::Escalated(Level::Crisis)));
        assert_eq!((details.consecutive_crises, details.last_crisis_at), (1, Some(hours(15))));
        assert_eq!(step(&mut details, &draws, hours(100)), None);
    }

    #[test]
    fn the_zone_limits_how_far_it_goes() {
        for (temperature, level, waited, expected) in [
            (24.0, Level::Crisis, 0, Some(Step::Ended)),
            (40.0, Level::Crisis, 100, None),
            (60.0, Level::Subtle, 1, None),
            (60.0, Level::Subtle, 2, Some(Step::Escalated(Level::Direct))),
            (60.0, Level::Direct, 100, None),
            (80.0, Level::Direct, 11, None),
        ] {
            let mut details = at(temperature, open(level, 0.4, NOW));
            assert_eq!(
                step(&mut details, &Draws::default(), hours(waited)),
                expected,
                "{temperature} {level:?}"
            );
        }
    }
}

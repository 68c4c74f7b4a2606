//! Which story begins, and whether one does: looked at once per conversation in which the player said something.
//!
//! None begins during a boss encounter, while two are active, or within 3 days after one was resolved. Otherwise one may, with
//! probability 0.1 + 0.05 per chapter + 0.02 per level of closeness.
//!
//! Candidates ask for no more closeness than there is, are not being told, and were not begun in the last 60 days. Each scores 0.5, and for each of its
//! triggers:
//!
//! | trigger | score |
//! |---|---|
//! | `chapter_N+`, reached | 0.3 |
//! | `vulnerability_level_N+`, reached | 0.3 |
//! | a recent topic | 0.2 |
//! | else one that contains a recent topic | 0.1 |
//!
//! and a draw of up to 0.2. Of the three best one is drawn, and so is the number of conversations it runs through.
//!
//! Recent topics are those that the reading of the conversation named, and three that are worked out: late_night (from 23 to 4 on the
//! player's clock), consistent_contact (the player wrote on 3 local days in a row), conflict_resolved (a state of the last 24 hours was warm or hotter, and it
//! is calm now).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::story::{TEMPLATES, Template};
use crate::chapter::Chapter;
use crate::conflict::temperature::{Temperature, Zone};
use crate::draw::Draws;
use crate::ids::{ConversationId, UserId};
use crate::status::GameStatus;

/// So many may be told at a time.
pub const MOST_ACTIVE: usize = 2;
/// None begins sooner after one was resolved.
pub const REST: SignedDuration = SignedDuration::from_hours(3 * 24);
/// A template that was begun within this time is not told again.
pub const NOT_AGAIN_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How likely one begins: always, per chapter, per level of closeness.
pub const BEGINS: (f64, f64, f64) = (0.1, 0.05, 0.02);
/// A state this old still tells of a conflict.
pub const CONFLICT_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// Topics that are worked out, not named by a reading.
pub const COMPUTED_TOPICS: [&str; 3] = ["late_night", "consistent_contact", "conflict_resolved"];

/// What every candidate scores.
const BASE_SCORE: f64 = 0.5;
/// What a reached chapter or closeness adds.
const REACHED: f64 = 0.3;
/// What a recent topic adds.
const TALKED_ABOUT: f64 = 0.2;
/// What a topic adds that is part of a trigger.
const TOUCHED: f64 = 0.1;
/// What the draw adds at most.
const CHANCE: f64 = 0.2;
/// One of the best so many is drawn.
const BEST: usize = 3;
/// From this hour to that one it is late.
const LATE_HOURS: (i8, i8) = (23, 4);
/// Days in a row that make a contact consistent.
pub const CONSISTENT_DAYS: usize = 3;

/// What the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Whose it is.
    pub user: UserId,
    /// The conversation it is looked at for.
    pub conversation: ConversationId,
    /// Where the game stands.
    pub status: GameStatus,
    /// The chapter.
    pub chapter: Chapter,
    /// How close the two are, 0 to 5.
    pub closeness: u8,
    /// Names of the templates that are being told.
    pub active: &'a [&'a str],
    /// When each template was last begun.
    pub begun: &'a [(&'a str, Timestamp)],
    /// When one was last resolved.
    pub last_resolved_at: Option<Timestamp>,
    /// What was talked about, and what was worked out.
    pub topics: &'a [&'a str],
}

/// A story that begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// Which.
    pub template: &'static Template,
    /// Through how many conversations it runs at most.
    pub max_conversations: i64,
}

/// The story that begins, if one does.
pub fn start(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> Option<Start> {
    if !may_begin(situation, draws, now) {
        return None;
    }
    let slot = format!("{}:{}", situation.user, situation.conversation);
    let mut candidates: Vec<(&'static Template, f64)> = TEMPLATES
        .iter()
        .filter(|template| is_candidate(template, situation, now))
        .map(|template| {
            let chance = CHANCE * draws.draw(&format!("story-score:{slot}:{}", template.name));
            (template, score(template, situation) + chance)
        })
        .collect();
    candidates.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    candidates.truncate(BEST);
    let (template, _) = candidates.get(draws.index(&format!("story-pick:{slot}"), candidates.len()))?;
    let (fewest, most) = template.conversations;
    Some(Start { template, max_conversations: draws.int(&format!("story-length:{slot}"), fewest, most) })
}

/// How likely one begins.
pub fn probability(chapter: Chapter, closeness: u8) -> f64 {
    BEGINS.0 + BEGINS.1 * f64::from(chapter.number()) + BEGINS.2 * f64::from(closeness)
}

/// Whether it is late at night on the player's clock.
pub fn is_late_night(now: Timestamp, zone: &TimeZone) -> bool {
    let hour = now.to_zoned(zone.clone()).hour();
    hour >= LATE_HOURS.0 || hour < LATE_HOURS.1
}

/// Whether these are three local days in a row.
pub fn is_consistent_contact(days: &[Date]) -> bool {
    let mut days = days.to_vec();
    days.sort_unstable();
    days.dedup();
    days.windows(CONSISTENT_DAYS)
        .any(|run| run.windows(2).all(|pair| pair[0].tomorrow().is_ok_and(|next| next == pair[1])))
}

/// Whether a conflict of the last day is over: by the temperatures of her states, and the gauge cooled to now.
pub fn is_conflict_resolved(states: &[(Timestamp, Temperature)], gauge: Temperature, now: Timestamp) -> bool {
    let was_warm = states.iter().any(|(at, temperature)| {
        now.duration_since(*at) <= CONFLICT_WITHIN && temperature.zone() >= Zone::Warm
    });
    was_warm && gauge.zone() == Zone::Calm
}

fn may_begin(situation: &Situation<'_>, draws: &Draws, now: Timestamp) -> bool {
    let rested = situation.last_resolved_at.is_none_or(|at| now.duration_since(at) >= REST);
    situation.status == GameStatus::Active
        && situation.active.len() < MOST_ACTIVE
        && rested
        && draws.happens(
            &format!("story-start:{}:{}", situation.user, situation.conversation),
            probability(situation.chapter, situation.closeness),
        )
}

fn is_candidate(template: &Template, situation: &Situation<'_>, now: Timestamp) -> bool {
    let begun_lately =
        |(name, at): &(&str, Timestamp)| *name == template.name && now.duration_since(*at) < NOT_AGAIN_FOR;
    template.closeness <= situation.closeness
        && !situation.active.contains(&template.name)
        && !situation.begun.iter().any(begun_lately)
}

fn score(template: &Template, situation: &Situation<'_>) -> f64 {
    BASE_SCORE + template.triggers.iter().map(|trigger| weight(trigger, situation)).sum::<f64>()
}

fn weight(trigger: &str, situation: &Situation<'_>) -> f64 {
    let reached = |prefix: &str, level: i32| {
        let asked = trigger.strip_prefix(prefix).and_then(|asked| asked.strip_suffix('+'));
        asked.and_then(|asked| asked.parse().ok()).is_some_and(|asked: i32| level >= asked)
    };
    if reached("chapter_", situation.chapter.number())
        || reached("vulnerability_level_", i32::from(situation.closeness))
    {
        REACHED
    } else if situation.topics.contains(&trigger) {
        TALKED_ABOUT
    } else if situation.topics.iter().any(|topic| !topic.is_empty() && trigger.contains(topic)) {
        TOUCHED
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn chapter(number: i32) -> Chapter {
        Chapter::new(number).expect("a chapter")
    }

    fn situation(conversation: u32) -> Situation<'static> {
        Situation {
            user: UserId::nil(),
            conversation: ConversationId::from_uuid(crate::ids::derived(&conversation.to_string())),
            status: GameStatus::Active,
            chapter: chapter(3),
            closeness: 2,
            active: &[],
            begun: &[],
            last_resolved_at: None,
            topics: &["work_discussion"],
        }
    }

    fn starts(change: impl Fn(&mut Situation<'static>)) -> Vec<Start> {
        (0..300)
            .filter_map(|conversation| {
                let mut situation = situation(conversation);
                change(&mut situation);
                start(&situation, &Draws::default(), NOW)
            })
            .collect()
    }

    /// case: life 36
    #[test]
    fn the_closer_the_two_the_more_stories() {
        assert!((probability(chapter(3), 2) - 0.29).abs() < 1e-9);
        assert!((probability(chapter(5), 5) - 0.45).abs() < 1e-9);
        let begun = starts(|_| {}).len();
        assert!((60..115).contains(&begun), "{begun} of 300 at 29 %");
    }

    #[test]
    fn a_story_asks_for_room_and_closeness() {
        let hours_ago = |hours| Some(NOW - SignedDuration::from_hours(hours));
        assert!(starts(|now| now.status = GameStatus::BossFight).is_empty());
        assert!(starts(|now| now.active = &["mother_worry", "lenas_warning"]).is_empty());
        assert!(starts(|now| now.last_resolved_at = hours_ago(71)).is_empty());
        assert!(!starts(|now| now.last_resolved_at = hours_ago(72)).is_empty());
        for begun in starts(|_| {}) {
            assert!(begun.template.closeness <= 2);
            let (fewest, most) = begun.template.conversations;
            assert!((fewest..=most).contains(&begun.max_conversations));
        }
    }

    #[test]
    fn a_story_is_not_told_again_too_soon() {
        let lately = [("big_security_job", NOW - SignedDuration::from_hours(59 * 24))];
        let lately: &'static [(&str, Timestamp)] = Box::leak(Box::new(lately));
        let told = |starts: &[Start]| starts.iter().any(|start| start.template.name == "big_security_job");
        assert!(told(&starts(|_| {})));
        assert!(!told(&starts(|now| now.begun = lately)));
        assert!(!told(&starts(|now| now.active = &["big_security_job"])));
    }

    #[test]
    fn what_was_talked_about_makes_a_story_likely() {
        let with = |topics: &'static [&'static str]| Situation { topics, ..situation(1) };
        let of = |name: &str, topics| score(Template::named(name).expect("a template"), &with(topics));
        for (name, topics, expected) in [
            ("big_security_job", &[][..], 0.8),
            ("big_security_job", &["work_discussion", "stress_mention"], 1.2),
            ("viktor_resurfaces", &["late_night"], 0.7),
            ("lenas_warning", &["user_jealousy"], 0.5 + 0.3 + 0.1),
            ("father_contact", &["family_topic"], 0.7),
        ] {
            assert!((of(name, topics) - expected).abs() < 1e-9, "{name} {topics:?}");
        }
    }

    #[test]
    fn three_topics_are_worked_out() {
        let utc = TimeZone::UTC;
        let hour = |hour| NOW + SignedDuration::from_hours(hour);
        let late: Vec<bool> = [22, 23, 0, 3, 4].map(|at| is_late_night(hour(at), &utc)).into();
        assert_eq!(late, [false, true, true, true, false]);

        let day = |day| jiff::civil::date(2026, 3, day);
        assert!(is_consistent_contact(&[day(5), day(3), day(4), day(4), day(9)]));
        assert!(!is_consistent_contact(&[day(3), day(4), day(6), day(7)]));

        let warm = [(hour(-20), Temperature::new(25.0))];
        let old = [(hour(-25), Temperature::new(60.0))];
        assert!(is_conflict_resolved(&warm, Temperature::new(24.0), NOW));
        assert!(!is_conflict_resolved(&warm, Temperature::new(25.0), NOW));
        assert!(!is_conflict_resolved(&old, Temperature::ZERO, NOW));
    }
}

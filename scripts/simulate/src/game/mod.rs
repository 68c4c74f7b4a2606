//! One game: a player's rows, and what moves them.
//!
//! | what happens | where |
//! |---|---|
//! | a message comes: days are closed, it is counted, judged by a boss, skipped or answered | `message` |
//! | an exchange is scored | `turn` |
//! | an encounter with the boss | `boss` |
//! | an hour passes: silence is charged, encounters run out, days are closed | `hour` |
//! | a conversation is over: her mood, what she shows, breakups | `talk` |
//! | she writes first | `outreach`, about `her_day` |
//!
//! Times of the jobs are those of a deployment, but what runs every five minutes there runs every half hour here: the
//! rules of touchpoints are made for a job that may be late, and roll once for each slot, day and event anyway.

mod boss;
mod her_day;
mod hour;
mod message;
mod outreach;
mod talk;
mod turn;

use std::rc::Rc;

use domain::boss::Attempts;
use domain::boss::phase::Encounter;
use domain::chapter::Chapter;
use domain::conflict::breakup;
use domain::conflict::details::Details;
use domain::conflict::expression::Shown;
use domain::draw::Draws;
use domain::emotion::{Dimensions, Shift};
use domain::endings::Reason;
use domain::engagement::days;
use domain::engagement::language::Words;
use domain::engagement::machine::Engagement;
use domain::engagement::measures::Said;
use domain::ids::UserId;
use domain::interaction::Presence;
use domain::psyche::quota::Usage;
use domain::restart::{Left, Start, restart, start};
use domain::score::Balance;
use domain::status::{GameStatus, OnboardingStatus};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::persona::Persona;
use crate::persona::writer::Writer;
use crate::record::{Outcome, Played, Record, digest};
use her_day::HerDay;
use outreach::Touchpoints;
use talk::Talking;

/// What decay, time-outs and day closes wait for.
const AN_HOUR: SignedDuration = SignedDuration::from_hours(1);
/// What deliveries wait for.
const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Where and when a player lives.
#[derive(Debug, Clone)]
pub struct Life {
    /// Who it is.
    pub user: UserId,
    /// The player's clock.
    pub zone: TimeZone,
    /// Her clock.
    pub her_zone: TimeZone,
    /// When onboarding was complete; whoever writes at all writes at once.
    pub began: Timestamp,
    /// Messages written in earlier games.
    pub written_before: u32,
}

/// One player's game.
#[derive(Debug)]
pub(crate) struct Game<'a> {
    draws: &'a Draws,
    persona: &'a Persona,
    life: Life,
    writer: Writer,
    record: Record,

    status: GameStatus,
    lost: Option<Reason>,
    broke_up: Option<breakup::Reason>,
    ended: Option<Timestamp>,
    chapter: Chapter,
    balance: Balance,
    attempts: Attempts,
    cool_down_until: Option<Timestamp>,
    presence: Presence,
    onboarding: OnboardingStatus,

    engagement: Engagement,
    last_day_closed: Option<Date>,
    words: Words,
    said: Vec<Said>,
    endings: Vec<(Timestamp, u32)>,

    encounter: Option<Encounter>,
    fight_started_at: Option<Timestamp>,
    encounters: Vec<days::Encounter>,

    details: Details,
    last_conflict_at: Option<Timestamp>,
    shown: Shown,
    mood: Option<Mood>,
    today: Option<Rc<HerDay>>,
    thoughts: Usage,
    psyche_written_at: Option<Timestamp>,

    talking: Option<Talking>,
    texts: Vec<String>,
    previous_message_at: Option<Timestamp>,
    previous_unanswered: bool,
    answers: Vec<Answer>,
    touchpoints: Touchpoints,
    next_hour: Timestamp,
    next_delivery: Timestamp,
}

/// A row of her mood.
#[derive(Debug, Clone, Copy)]
struct Mood {
    dimensions: Dimensions,
    residue: Shift,
    at: Timestamp,
}

/// A message of hers that is on its way.
#[derive(Debug, Clone, Copy)]
struct Answer {
    due: Timestamp,
    chars: u32,
}

/// What comes next, in the order in which things of the same instant happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Hour,
    TalkEnds,
    Delivery,
    Answer,
    Message,
}

impl<'a> Game<'a> {
    fn new(persona: &'a Persona, life: Life, start: Start, draws: &'a Draws) -> Self {
        let now = life.began;
        let writer = Writer::new(persona, &life, draws);
        Self {
            draws,
            persona,
            writer,
            record: Record::default(),
            status: start.status,
            lost: None,
            broke_up: None,
            ended: None,
            chapter: start.chapter,
            balance: start.balance,
            attempts: start.attempts,
            cool_down_until: None,
            // Onboarding is over: the grace begins.
            presence: start.presence.with_new_grace(now),
            onboarding: OnboardingStatus::Completed,
            engagement: start.engagement,
            last_day_closed: None,
            words: Words::NONE,
            said: Vec::new(),
            endings: Vec::new(),
            encounter: None,
            fight_started_at: None,
            encounters: Vec::new(),
            details: Details::default(),
            last_conflict_at: None,
            shown: Shown::default(),
            mood: None,
            today: None,
            thoughts: Usage::default(),
            psyche_written_at: None,
            talking: None,
            texts: Vec::new(),
            previous_message_at: None,
            previous_unanswered: false,
            answers: Vec::new(),
            touchpoints: Touchpoints::default(),
            next_hour: next_of(AN_HOUR, now),
            next_delivery: next_of(HALF_AN_HOUR, now),
            life,
        }
    }

    /// Plays until `until`, or until the game is over.
    fn play(&mut self, until: Timestamp) {
        self.trace(self.life.began);
        while self.step(until) {}
        self.trace(until);
    }

    /// Lets the next thing happen, unless the game is over or that would be after `until`.
    fn step(&mut self, until: Timestamp) -> bool {
        let next = self.next().filter(|(now, _)| self.status.is_playable() && *now <= until);
        let Some((now, event)) = next else { return false };
        match event {
            Event::Hour => {
                self.next_hour = later(self.next_hour, AN_HOUR);
                self.trace(now);
                self.hour_passes(now);
            }
            Event::TalkEnds => self.close_talk(now),
            Event::Delivery => {
                self.next_delivery = later(self.next_delivery, HALF_AN_HOUR);
                self.deliver(now);
            }
            Event::Answer => self.answer_arrives(now),
            Event::Message => self.message_comes(now),
        }
        true
    }

    /// What happens next, and when.
    fn next(&self) -> Option<(Timestamp, Event)> {
        let answer = self.answers.first().map(|answer| answer.due);
        let talk = self.talking.as_ref().map(Talking::is_over_at);
        [
            (Some(self.next_hour), Event::Hour),
            (talk, Event::TalkEnds),
            (Some(self.next_delivery), Event::Delivery),
            (answer, Event::Answer),
            (self.writer.next_at(), Event::Message),
        ]
        .into_iter()
        .filter_map(|(at, event)| Some((at?, event)))
        .min()
    }

    /// Notes the score of each day that is over.
    fn trace(&mut self, now: Timestamp) {
        let days = now.duration_since(self.life.began).as_hours() / A_DAY.as_hours();
        let days = usize::try_from(days).unwrap_or_default();
        while self.record.scores.len() <= days {
            self.record.scores.push(self.balance.score);
        }
    }

    /// Ends a game that is lost.
    fn lose(&mut self, reason: Reason, now: Timestamp) {
        self.status = GameStatus::GameOver;
        self.lost = Some(reason);
        self.ended = Some(now);
        self.leave_fight(now);
        self.cool_down_until = None;
        self.answers.clear();
        self.touchpoints.cancel();
    }

    fn leave_fight(&mut self, now: Timestamp) {
        self.encounter = None;
        self.fight_started_at = None;
        if let Some(last) = self.encounters.last_mut().filter(|last| last.to.is_none()) {
            last.to = Some(now);
        }
    }

    fn outcome(&self) -> Outcome {
        match (self.status, self.broke_up, self.lost) {
            (GameStatus::Won, ..) => Outcome::Won,
            (_, Some(reason), _) => Outcome::BrokeUp(reason),
            (_, None, Some(reason)) => Outcome::Left(reason),
            (_, None, None) => Outcome::StillPlaying,
        }
    }

    fn played(self, persona: usize) -> Played {
        let state = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {}",
            (self.life.user, persona),
            (self.status, self.lost, self.ended, self.chapter, self.attempts, self.cool_down_until),
            self.balance,
            (self.presence, self.last_conflict_at, self.psyche_written_at, self.thoughts),
            (self.engagement, self.last_day_closed, self.words),
            (&self.encounter, self.fight_started_at),
            self.shown,
            self.mood,
            self.said.last(),
            self.details.write(),
        );
        Played {
            persona,
            outcome: self.outcome(),
            status: self.status,
            chapter: self.chapter,
            score: self.balance.score,
            ended: self.ended,
            last_seen: self.presence.last_interaction_at,
            days_played: self.presence.days_played,
            engagement: self.engagement,
            life: self.life,
            digest: digest(&self.record, &state),
            record: self.record,
        }
    }
}

/// Plays the first game of a persona, the one at that position, for so many days.
pub fn play(persona: (usize, &Persona), life: Life, days: u32, draws: &Draws) -> Played {
    let start = start(life.began);
    play_from(start, persona, life, days, draws)
}

/// Plays another game after one that is over; none after one that goes on.
pub fn play_again(left: &Played, persona: &Persona, days: u32, draws: &Draws) -> Option<Played> {
    let now = later(left.ended?, A_DAY);
    let game = Left {
        status: left.status,
        score: left.score,
        chapter: left.chapter,
        days_played: left.days_played,
        engagement: left.engagement,
    };
    let again = restart(&game, now)?;
    let written_before = left.life.written_before + left.record.messages;
    let life = Life { began: now, written_before, ..left.life.clone() };
    Some(play_from(again.start, (left.persona, persona), life, days, draws))
}

fn play_from(start: Start, persona: (usize, &Persona), life: Life, days: u32, draws: &Draws) -> Played {
    let until = later(life.began, SignedDuration::from_hours(24 * i64::from(days)));
    let mut game = Game::new(persona.1, life, start, draws);
    game.play(until);
    game.played(persona.0)
}

/// The first full span after `now`, counted from the beginning of time.
fn next_of(span: SignedDuration, now: Timestamp) -> Timestamp {
    let span = span.as_secs();
    let next = (now.as_second().div_euclid(span) + 1) * span;
    Timestamp::from_second(next).unwrap_or(Timestamp::MAX)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::persona::ALL;

    const BEGAN: Timestamp = Timestamp::constant(1_767_603_600, 0);

    fn life(zone: &str) -> Life {
        Life {
            user: UserId::nil(),
            zone: TimeZone::get(zone).unwrap(),
            her_zone: TimeZone::UTC,
            began: BEGAN,
            written_before: 0,
        }
    }

    /// What must hold whatever has happened.
    fn check(game: &Game<'_>) {
        let fights = game.status == GameStatus::BossFight;
        assert_eq!(game.fight_started_at.is_some(), fights, "{game:?}");
        assert_eq!(game.encounter.is_some(), fights, "{game:?}");
        assert_eq!(game.encounters.iter().filter(|fight| fight.to.is_none()).count(), usize::from(fights));
        assert!(!game.attempts.are_spent() || game.status == GameStatus::GameOver, "{game:?}");
        assert!(game.status != GameStatus::Won || game.chapter == Chapter::LAST, "{game:?}");
        assert_eq!(game.ended.is_some(), !game.status.is_playable(), "{game:?}");
        let drift = (game.balance.metrics.composite() - game.balance.score.value()).abs();
        assert!(drift <= dec!(0.51), "{:?}", game.balance);
        assert!(game.answers.is_sorted_by_key(|answer| answer.due), "{:?}", game.answers);
    }

    #[test]
    fn whatever_is_played_the_rows_agree() {
        for (seed, zone) in [("a", "Asia/Kolkata"), ("b", "America/New_York"), ("c", "Pacific/Apia")] {
            let draws = Draws::new(seed);
            let until = later(BEGAN, A_DAY * 30);
            for persona in &ALL {
                let mut game = Game::new(persona, life(zone), start(BEGAN), &draws);
                let mut before = (game.status, game.chapter);
                while game.step(until) {
                    check(&game);
                    let after = (game.status, game.chapter);
                    assert!(before.0 == after.0 || before.0.may_become(after.0), "{before:?} {after:?}");
                    assert!(before.1 <= after.1, "{before:?} {after:?}");
                    before = after;
                }
                assert!(game.said.is_sorted_by_key(|said| said.at), "{}", persona.name);
            }
        }
    }

    #[test]
    fn a_job_runs_at_full_hours() {
        assert_eq!(next_of(AN_HOUR, BEGAN), later(BEGAN, AN_HOUR));
        assert_eq!(next_of(AN_HOUR, later(BEGAN, HALF_AN_HOUR)), later(BEGAN, AN_HOUR));
    }
}

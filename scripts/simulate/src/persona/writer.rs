//! The writer: when a persona writes next, and what.
//!
//! On each local day that is not left out somebody sits down a few times, writes a few messages in a row, waits for an
//! answer, and answers it if it comes while they are awake and have anything left to say that day. Who does not wait
//! writes again. An answer in the night is read in the morning.
//!
//! A writer is told two things: that a message of hers has come, and, when it writes, how things stand. All chance is drawn
//! by key, so a writer that is asked again says the same.

use domain::draw::Draws;
use domain::ids::UserId;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::lines::Kind;
use super::tone::chosen;
use super::{Amount, Persona, Range};
use crate::game::Life;

/// So many days in a row are looked through for one on which something is written.
const DAYS_LOOKED_THROUGH: u32 = 60;

/// How things stand when somebody writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// The messages that suit her on this day.
    pub suits_her: u32,
    /// Whether a boss waits for an answer.
    pub in_boss_fight: bool,
    /// Whether things are bad between the two.
    pub in_conflict: bool,
}

/// What somebody writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number, from 1.
    pub number: u32,
    /// Of which kind it is.
    pub kind: Kind,
    /// The words.
    pub text: String,
}

/// One player who writes.
#[derive(Debug, Clone)]
pub struct Writer {
    persona: Persona,
    user: UserId,
    zone: TimeZone,
    began: Date,
    day: Day,
    written: u32,
}

/// One local day of a writer.
#[derive(Debug, Clone)]
struct Day {
    date: Date,
    sessions: Vec<Timestamp>,
    /// Written on this day.
    written: u32,
    /// Messages that still follow in this row.
    row: u32,
    /// When the row goes on, an answer is answered, or somebody writes again without one.
    next: Option<Timestamp>,
    /// Whether everything that is to be said on it has been said.
    is_done: bool,
    /// Whether the words of distress have been written.
    distressed: bool,
}

impl Writer {
    /// Somebody who writes first when the game begins.
    pub fn new(persona: &Persona, life: &Life, draws: &Draws) -> Self {
        let (user, zone, now) = (life.user, life.zone.clone(), life.began);
        let began = now.to_zoned(zone.clone()).date();
        let day = Day {
            date: began,
            sessions: Vec::new(),
            written: 0,
            row: 0,
            next: None,
            is_done: false,
            distressed: false,
        };
        let mut writer = Self { persona: *persona, user, zone, began, day, written: life.written_before };
        if persona.rhythm.days > 0.0 || persona.rhythm.keen_days > 0 {
            writer.day.next = Some(now);
        }
        writer.day.sessions = writer.sessions(began, draws).into_iter().filter(|at| *at > now).collect();
        writer
    }

    /// When something is written next; none for who never writes again.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.day.next.into_iter().chain(self.day.sessions.first().copied()).min()
    }

    /// A message of hers comes at `now`.
    pub fn hears(&mut self, draws: &Draws, now: Timestamp) {
        let date = self.date(now);
        let key = format!("{}:{date}", self.key("answer", self.written));
        let answers = draws.happens(&format!("{key}:whether"), self.persona.rhythm.answers_with);
        let is_done = self.day.is_done && self.day.date == date;
        if !answers || is_done || self.day.row > 0 {
            return;
        }
        let at = later(now, drawn(self.persona.rhythm.answers, draws, &key));
        if self.is_awake(at) {
            self.day.next = Some(self.day.next.map_or(at, |next| next.min(at)));
        }
    }

    /// Writes what is due at `now`.
    pub fn write(&mut self, scene: Scene, draws: &Draws, now: Timestamp) -> Message {
        if self.day.date != self.date(now) {
            self.day.written = 0;
            self.day.row = 0;
            self.day.distressed = false;
        }
        let begins = self.day.row == 0;
        self.written += 1;
        self.day.written += 1;
        self.day.date = self.date(now);
        self.day.sessions.retain(|at| *at > now);
        if begins {
            self.day.row = whole(drawn(self.persona.rhythm.burst, draws, &self.key("row", self.written)));
        }
        self.day.row = self.day.row.saturating_sub(1);
        let kind = self.kind(scene, begins, draws);
        let key = self.key("text", self.written);
        let sentences = drawn(self.persona.voice.sentences, draws, &format!("{key}:sentences"));
        let text = kind.text(whole(sentences) as usize, draws, &key);
        self.plan(scene, draws, now);
        Message { number: self.written, kind, text }
    }

    /// Plans what comes after a message.
    fn plan(&mut self, scene: Scene, draws: &Draws, now: Timestamp) {
        let rhythm = &self.persona.rhythm;
        let has_more = self.day.written < self.messages(scene, draws);
        self.day.is_done = !has_more;
        if !has_more {
            self.day.row = 0;
            self.day.sessions.clear();
        }
        let key = self.key("next", self.written);
        let follows = if self.day.row > 0 {
            Some(later(now, drawn(rhythm.pace, draws, &key)))
        } else {
            let pesters = rhythm.pesters.filter(|_| has_more);
            pesters.map(|minutes| later(now, 60.0 * drawn(minutes, draws, &key)))
        };
        self.day.next = follows.filter(|at| self.is_awake(*at));
        if self.day.next.is_none() {
            self.day.row = 0;
        }
        if self.next_at().is_none() {
            self.find_next_day(draws);
        }
    }

    /// Looks for the next day on which something is written.
    fn find_next_day(&mut self, draws: &Draws) {
        let mut date = self.day.date;
        for _ in 0..DAYS_LOOKED_THROUGH {
            date = date.saturating_add(1.day());
            let sessions = self.sessions(date, draws);
            if !sessions.is_empty() {
                self.day.sessions = sessions;
                return;
            }
        }
    }

    /// When somebody sits down to write on that date.
    fn sessions(&self, date: Date, draws: &Draws) -> Vec<Timestamp> {
        let rhythm = &self.persona.rhythm;
        let of_day = |what: &str| format!("sim-{what}:{}:{date}", self.user);
        let days_in = u32::try_from((date - self.began).get_days()).unwrap_or(u32::MAX);
        let comes = days_in < rhythm.keen_days || draws.happens(&of_day("day"), rhythm.days);
        if !comes {
            return Vec::new();
        }
        let count = whole(drawn(rhythm.sessions, draws, &of_day("sessions"))).max(1);
        let (wakes, sleeps) = (f64::from(rhythm.awake.0), f64::from(rhythm.awake.1));
        let part = (sleeps - wakes) / f64::from(count);
        (0..count)
            .map(|at| {
                // The first of a day is early in its part: one looks at the phone after waking up.
                let reach = if at == 0 { 0.4 } else { 0.95 };
                let within = reach * draws.draw(&format!("{}:{at}", of_day("session")));
                self.at(date, wakes + part * (f64::from(at) + within))
            })
            .collect()
    }

    fn messages(&self, scene: Scene, draws: &Draws) -> u32 {
        let key = format!("sim-messages:{}:{}", self.user, self.day.date);
        match self.persona.rhythm.messages {
            Amount::Fixed(range) => whole(drawn(range, draws, &key)),
            Amount::Suiting(range) => whole(drawn(range, draws, &key) * f64::from(scene.suits_her)),
        }
        .max(1)
    }

    fn kind(&mut self, scene: Scene, begins: bool, draws: &Draws) -> Kind {
        let voice = &self.persona.voice;
        let key = self.key("kind", self.written);
        let of_day = format!("sim-distress:{}:{}", self.user, self.day.date);
        let is_bad_day = draws.happens(&of_day, voice.distress);
        if is_bad_day && !self.day.distressed {
            self.day.distressed = true;
            return Kind::Distress;
        }
        if scene.in_boss_fight {
            return Kind::Answer;
        }
        if is_bad_day {
            return Kind::Low;
        }
        if begins && scene.in_conflict && draws.happens(&format!("{key}:sorry"), voice.makes_up) {
            return Kind::Sorry;
        }
        let shares: Vec<f64> = voice.kinds.iter().map(|(_, share)| *share).collect();
        voice.kinds[chosen(&shares, draws, &key)].0
    }

    fn key(&self, what: &str, number: u32) -> String {
        format!("sim-{what}:{}:{number}", self.user)
    }

    fn date(&self, now: Timestamp) -> Date {
        now.to_zoned(self.zone.clone()).date()
    }

    fn at(&self, date: Date, hour: f64) -> Timestamp {
        let midnight = date.to_zoned(self.zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp());
        later(midnight, hour * 3_600.0)
    }

    fn is_awake(&self, at: Timestamp) -> bool {
        let (wakes, sleeps) = self.persona.rhythm.awake;
        (wakes..sleeps).contains(&at.to_zoned(self.zone.clone()).hour())
    }
}

fn drawn(range: Range, draws: &Draws, key: &str) -> f64 {
    draws.uniform(key, range.from, range.to)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count, not below 0")]
fn whole(count: f64) -> u32 {
    count.round().max(0.0) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of at most some days")]
fn later(now: Timestamp, seconds: f64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds as i64)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{ABSENT, ALL, CLINGY, DEVOTED, FRAGILE, ORDINARY, Rhythm};
    use super::*;

    const BEGAN: Timestamp = Timestamp::constant(1_767_603_600, 0);
    const SCENE: Scene = Scene { suits_her: 10, in_boss_fight: false, in_conflict: false };

    fn writer(persona: &Persona) -> Writer {
        let life = Life {
            user: UserId::nil(),
            zone: TimeZone::UTC,
            her_zone: TimeZone::UTC,
            began: BEGAN,
            written_before: 0,
        };
        Writer::new(persona, &life, &Draws::default())
    }

    /// What a persona writes within so many days when every message is answered after ten minutes.
    fn written(persona: &Persona, days: i64) -> Vec<(Timestamp, Message)> {
        let draws = Draws::default();
        let mut writer = writer(persona);
        let until = BEGAN + SignedDuration::from_hours(24 * days);
        let mut all = Vec::new();
        while let Some(now) = writer.next_at().filter(|now| *now < until) {
            all.push((now, writer.write(SCENE, &draws, now)));
            let heard = now + SignedDuration::from_mins(10);
            if writer.next_at().is_none_or(|next| next > heard) {
                writer.hears(&draws, heard);
            }
        }
        all
    }

    #[test]
    fn time_goes_on_and_numbers_count() {
        for persona in &ALL {
            let written = written(persona, 20);
            assert!(written.is_sorted_by_key(|(at, _)| *at), "{}", persona.name);
            let numbers = written.iter().map(|(_, message)| message.number);
            assert!(numbers.eq(1..=u32::try_from(written.len()).unwrap()), "{}", persona.name);
        }
    }

    #[test]
    fn each_writes_as_much_as_the_persona_says() {
        let a_day = |persona: &Persona| written(persona, 40).len() / 40;
        assert!((6..=14).contains(&a_day(&ORDINARY)), "{}", a_day(&ORDINARY));
        assert!((7..=11).contains(&a_day(&DEVOTED)), "{}", a_day(&DEVOTED));
        assert!((35..=70).contains(&a_day(&CLINGY)), "{}", a_day(&CLINGY));
        assert!(a_day(&ABSENT) < 2, "{}", a_day(&ABSENT));
    }

    #[test]
    fn nobody_writes_asleep() {
        for (at, _) in written(&ORDINARY, 30) {
            assert!((7..23).contains(&at.to_zoned(TimeZone::UTC).hour()), "{at}");
        }
    }

    #[test]
    fn words_of_distress_come_once_on_a_bad_day() {
        let mut days: Vec<Date> = written(&FRAGILE, 150)
            .into_iter()
            .filter(|(_, message)| message.kind == Kind::Distress)
            .map(|(at, _)| at.to_zoned(TimeZone::UTC).date())
            .collect();
        let all = days.len();
        days.dedup();
        assert!(all >= 3 && all == days.len(), "{all}");
    }

    #[test]
    fn who_has_no_days_never_writes() {
        let silent = Persona { rhythm: Rhythm { days: 0.0, keen_days: 0, ..ORDINARY.rhythm }, ..ORDINARY };
        assert_eq!(writer(&silent).next_at(), None);
    }

    #[test]
    fn a_boss_is_answered() {
        let scene = Scene { in_boss_fight: true, ..SCENE };
        assert_eq!(writer(&ORDINARY).write(scene, &Draws::default(), BEGAN).kind, Kind::Answer);
    }
}

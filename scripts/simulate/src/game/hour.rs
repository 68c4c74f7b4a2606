//! An hour passes: silence is charged, encounters run out, local days are closed.

use domain::boss::timeout::{clock, has_run_out, time_out};
use domain::conversation::Role;
use domain::decay::{self, Standing, Verdict};
use domain::endings::Reason;
use domain::engagement::EngagementState;
use domain::engagement::days::{LocalDay, unclosed};
use domain::engagement::language::Words;
use domain::engagement::look::{Seen, after_day};
use domain::engagement::measures::Said;
use domain::engagement::no_return::Fate;
use domain::engagement::record::{Looked, Record};
use domain::status::GameStatus;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::{Decimal, dec};

use super::{Game, earlier};

/// What was said is kept for so long: the longest that any look goes back.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 22);
/// What was said is thrown away when there is so much more of it.
const KEPT_MESSAGES: usize = 4_096;

impl Game<'_> {
    /// The three steps of the hourly job.
    pub(super) fn hour_passes(&mut self, now: Timestamp) {
        self.record.hour_in(self.engagement.state);
        self.charge_silence(now);
        self.let_encounter_run_out(now);
        if self.status == GameStatus::Active {
            self.close_days(true, now);
        }
    }

    fn charge_silence(&mut self, now: Timestamp) {
        if !decay::is_eligible(self.status, self.onboarding) {
            return;
        }
        let standing = Standing {
            chapter: self.chapter,
            score: self.balance.score,
            metrics: self.balance.metrics,
            silent_since: self.presence.silent_since(Some(self.life.began), self.life.began),
            settled_until: self.presence.last_decay_at,
        };
        let (charge, ends) = match decay::judge(&standing, now) {
            Verdict::Spared => return,
            Verdict::Charged(charge) => (charge, false),
            Verdict::Drained(charge) => (charge, true),
            Verdict::Ended { .. } => return self.lose(Reason::Decay, now),
        };
        self.balance.score = charge.score;
        self.balance.metrics = charge.metrics;
        self.presence.last_decay_at = Some(now);
        self.record.decayed += charge.amount;
        self.record.charges += 1;
        if ends {
            self.lose(Reason::Decay, now);
        }
    }

    /// Ends an encounter that nobody answered in time; says whether it did.
    pub(super) fn let_encounter_run_out(&mut self, now: Timestamp) -> bool {
        let started = self.fight_started_at.unwrap_or(self.life.began);
        let clock = clock(self.encounter.as_ref(), self.fight_started_at, started);
        if self.status != GameStatus::BossFight || !has_run_out(clock, now) {
            return false;
        }
        let timeout = time_out(self.attempts);
        self.record.bosses.ran_out += 1;
        self.attempts = timeout.attempts;
        self.status = timeout.status;
        self.leave_fight(now);
        self.presence = self.presence.with_new_grace(now);
        if let Some(reason) = timeout.ends {
            self.lose(reason, now);
        }
        true
    }

    /// Closes the local days that are over; a job has the words of the day read, a message has no time for that.
    pub(super) fn close_days(&mut self, by_job: bool, now: Timestamp) {
        let Some(last) = self.last_day_closed else { return };
        let Some(unclosed) = unclosed(last, &self.encounters, &self.life.zone, now) else { return };
        for day in &unclosed.days {
            if by_job && self.said_on(day).iter().any(|said| said.by == Role::User) {
                let voice = &self.persona.voice;
                self.words = Words::new(hundredths(voice.needy), hundredths(voice.distracted));
            }
            let (seen, fate) = after_day(self.engagement, &self.talks().day(self.looked(), day), day);
            self.take_look(&seen);
            if let Fate::Ended(reason) = fate {
                self.lose(reason, now);
                break;
            }
        }
        self.last_day_closed = Some(unclosed.last_closed);
        self.forget(now);
    }

    pub(super) fn take_look(&mut self, seen: &Seen) {
        let was = self.engagement.state;
        self.engagement = seen.engagement;
        if was == EngagementState::OutOfZone && self.engagement.state == EngagementState::Calibrating {
            self.record.crises_mended += 1;
        }
    }

    /// What engagement is judged by.
    pub(super) fn talks(&self) -> Record<'_> {
        Record { said: &self.said, endings: &self.endings }
    }

    pub(super) fn looked(&self) -> Looked<'_> {
        Looked { engagement: &self.engagement, chapter: self.chapter, words: self.words }
    }

    fn said_on(&self, day: &LocalDay) -> &[Said] {
        &self.said[self.position(day.from)..self.position(day.to)]
    }

    /// The position of the first message at `from` or later.
    pub(super) fn position(&self, from: Timestamp) -> usize {
        self.said.partition_point(|said| said.at < from)
    }

    fn forget(&mut self, now: Timestamp) {
        let from = earlier(now, KEPT);
        if self.said.len() > KEPT_MESSAGES {
            self.said.drain(..self.position(from));
        }
        self.endings.retain(|(at, _)| *at > from);
    }
}

fn hundredths(share: f64) -> Decimal {
    Decimal::try_from(share).unwrap_or(dec!(0))
}

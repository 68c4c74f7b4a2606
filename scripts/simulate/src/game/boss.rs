//! An encounter with the boss: two answers, a verdict, and what it writes.

use domain::boss::Mode;
use domain::boss::outcome::{Aftermath, Fight, Next, aftermath};
use domain::boss::phase::{Step, step};
use domain::boss::timeout::clock;
use domain::boss::verdict::Outcome;
use domain::psyche::tiers::Tier;
use domain::status::GameStatus;
use jiff::Timestamp;

use super::{Game, later};
use crate::persona::tone::verdict;
use crate::persona::writer::Message;

impl Game<'_> {
    pub(super) fn answer_boss(&mut self, message: &Message, in_care: bool, now: Timestamp) {
        let key = self.key(message);
        if in_care {
            // Not judged: she helps, and the clock starts anew.
            self.record.care.in_boss_fight += 1;
            self.encounter = self.encounter.take().map(|encounter| encounter.held(now));
            return self.queue(now, &key);
        }
        let began = self.fight_started_at.unwrap_or(now);
        let clock = clock(self.encounter.as_ref(), self.fight_started_at, began);
        match step(Mode::Multi, self.encounter.clone(), self.chapter, clock, &message.text, now) {
            Step::RunOut => {
                self.let_encounter_run_out(now);
            }
            Step::Pressed { encounter, .. } => self.encounter = Some(encounter),
            Step::Complete(_) => self.judge(&key, began, now),
        }
        if self.status.is_playable() {
            self.queue(later(now, domain::boss::OUTCOME_AFTER), &key);
        }
    }

    fn judge(&mut self, key: &str, began: Timestamp, now: Timestamp) {
        let fight = Fight {
            chapter: self.chapter,
            attempts: self.attempts,
            score: self.balance.score,
            started_at: began,
            encounter: self.encounter.clone(),
        };
        let verdict = verdict(self.persona, self.draws, key);
        let bosses = &mut self.record.bosses;
        match verdict.as_ref().map(|verdict| verdict.outcome) {
            Some(Outcome::Pass) => bosses.passed += 1,
            Some(Outcome::Partial) => bosses.truces += 1,
            Some(Outcome::Fail) => bosses.failed += 1,
            None => {}
        }
        self.take(aftermath(&fight, verdict.as_ref(), Mode::Multi, |_| String::new(), now), now);
        self.spend(Tier::Deep, now);
    }

    /// Takes over what a verdict writes.
    fn take(&mut self, after: Aftermath, now: Timestamp) {
        self.status = after.status;
        self.attempts = after.attempts;
        self.cool_down_until = after.cool_down_until;
        if after.renews_grace {
            self.presence = self.presence.with_new_grace(now);
        }
        if after.chapter != self.chapter {
            self.chapter = after.chapter;
            self.engagement = self.engagement.reset_for(after.chapter, now).0;
        }
        match after.next {
            Next::Over => {
                self.leave_fight(now);
                self.close_talk(now);
            }
            Next::GoesOn { started_at, encounter } => {
                self.fight_started_at = Some(started_at);
                self.encounter = encounter;
            }
        }
        if let Some(reason) = after.ends {
            self.lose(reason, now);
        }
        if self.status == GameStatus::Won {
            self.ended = Some(now);
            self.answers.clear();
            self.touchpoints.cancel();
        }
    }
}

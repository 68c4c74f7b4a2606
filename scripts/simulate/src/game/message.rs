//! A message comes: the order of the gates, and what an answer costs in time.

use domain::conflict::standing::Standing;
use domain::conversation::Role;
use domain::engagement::days::local_date;
use domain::engagement::frequency::optimal_messages;
use domain::engagement::measures::{Said, Way};
use domain::interaction::is_first_of_day;
use domain::psyche::tiers::{self, Tier, route};
use domain::reply::{delay, skip};
use domain::status::GameStatus;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Answer, Game, later};
use crate::persona::writer::{Message, Scene};

/// Her texts have so many characters, from and to.
const HER_CHARS: (i64, i64) = (40, 120);
/// So many texts are looked back at for runs of short ones.
const TEXTS_KEPT: usize = 5;

/// How the player stood before a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) since_contact: Option<SignedDuration>,
    pub(super) in_care: bool,
}

impl Game<'_> {
    pub(super) fn message_comes(&mut self, now: Timestamp) {
        let scene = self.scene(now);
        let message = self.writer.write(scene, self.draws, now);
        // Who the player is to her is settled before she reads on.
        if self.status == GameStatus::Active {
            self.close_days(false, now);
        }
        if !self.status.is_playable() {
            return;
        }
        let before = self.presence.last_interaction_at;
        self.presence = self.presence.after_interaction(now, &self.life.zone);
        self.last_day_closed = self.last_day_closed.or_else(|| Some(local_date(now, &self.life.zone)));
        let since_contact = before.map(|before| now.duration_since(before));
        let in_care = self.hear_out(&message.text, now);
        self.record.messages += 1;
        self.record.care.messages += u32::from(in_care);

        let stood = self.standing();
        if self.status == GameStatus::BossFight {
            self.note(&message, Way::Text, now);
            self.answer_boss(&message, in_care, now);
        } else {
            self.answer(&message, Arrival { since_contact, in_care }, before, now);
        }
        if in_care && self.is_worse_than(stood) {
            self.record.care.cost += 1;
        }
        self.previous_message_at = Some(now);
    }

    fn scene(&self, now: Timestamp) -> Scene {
        let weekday = local_date(now, &self.life.zone).weekday();
        Scene {
            suits_her: optimal_messages(self.chapter, weekday),
            in_boss_fight: self.status == GameStatus::BossFight,
            in_conflict: Standing::at(&self.details, self.shown.state, now).is_active(),
        }
    }

    /// An ordinary message: skipped, or scored and answered.
    fn answer(&mut self, message: &Message, arrival: Arrival, before: Option<Timestamp>, now: Timestamp) {
        let key = self.key(message);
        if self.is_skipped(message, &key, arrival.in_care, now) {
            self.note(message, Way::SkippedText, now);
            self.previous_unanswered = true;
            self.record.skipped += 1;
            self.record.care.waited += u32::from(arrival.in_care);
            return;
        }
        self.note(message, Way::Text, now);
        self.previous_unanswered = false;
        self.think(message, is_first_of_day(before, now, &self.life.zone), now);
        let situation = delay::Situation {
            chapter: self.chapter,
            status: self.status,
            in_care: arrival.in_care,
            previous_message_at: self.previous_message_at,
        };
        let wait = delay::delay(self.draws, &key, delay::Mode::Session, &situation, now);
        self.record.care.waited += u32::from(arrival.in_care && wait > SignedDuration::ZERO);
        let boss_comes = self.score(message, arrival, now);
        if !self.status.is_playable() {
            return;
        }
        self.queue(if boss_comes { now } else { later(now, wait) }, &key);
        if boss_comes {
            self.queue(later(now, domain::boss::OPENING_AFTER), &format!("opening:{key}"));
        }
    }

    fn is_skipped(&self, message: &Message, key: &str, in_care: bool, now: Timestamp) -> bool {
        let situation = skip::Situation {
            chapter: self.chapter,
            status: self.status,
            in_care,
            messages_ever: message.number,
            previous_unanswered: self.previous_unanswered,
            last_touchpoint_at: self.touchpoints.last_delivered_at(),
        };
        skip::skips(self.draws, key, &situation, now)
    }

    /// How much thinking about her psyche the message is worth, within the quota of the day.
    fn think(&mut self, message: &Message, first_of_day: bool, now: Timestamp) {
        let last_turn = self.details.last_turn.as_ref().map(|turn| (turn.score_delta, turn.at));
        let situation = tiers::Situation {
            message: &message.text,
            status: self.status,
            generated_at: self.psyche_written_at,
            last_horseman_at: self.details.last_horseman_at,
            critical_since: self.details.critical_since(),
            last_conflict_at: self.last_conflict_at,
            last_turn,
            first_of_day,
        };
        self.spend(route(&situation, now), now);
    }

    /// Thinks as deeply as the quota of the day allows.
    pub(super) fn spend(&mut self, wanted: Tier, now: Timestamp) {
        let tier = self.thoughts.reserve(wanted, local_date(now, &TimeZone::UTC));
        if tier > Tier::Cached {
            self.psyche_written_at = Some(now);
        }
        self.record.thought(tier);
        let most = &mut self.record.most_thoughts;
        *most = [most[0].max(self.thoughts.quick), most[1].max(self.thoughts.deep)];
    }

    /// The message among all that was said.
    fn note(&mut self, message: &Message, way: Way, now: Timestamp) {
        let chars = u32::try_from(message.text.chars().count()).unwrap_or(u32::MAX);
        self.said.push(Said { by: Role::User, at: now, chars, way });
        self.texts.push(message.text.clone());
        self.texts.drain(..self.texts.len().saturating_sub(TEXTS_KEPT));
        self.talk_goes_on(message.kind, chars, now);
    }

    /// Sends an answer on its way; it never overtakes an earlier one.
    pub(super) fn queue(&mut self, due: Timestamp, key: &str) {
        let due = self.answers.last().map_or(due, |last| due.max(last.due));
        let chars = self.draws.int(&format!("sim-her-chars:{key}"), HER_CHARS.0, HER_CHARS.1);
        self.answers.push(Answer { due, chars: u32::try_from(chars).unwrap_or_default() });
    }

    pub(super) fn answer_arrives(&mut self, now: Timestamp) {
        let answer = self.answers.remove(0);
        self.said.push(Said { by: Role::Nikita, at: now, chars: answer.chars, way: Way::Text });
        if self.answers.is_empty() {
            self.writer.hears(self.draws, now);
        }
    }

    pub(super) fn key(&self, message: &Message) -> String {
        format!("{}:{}", self.life.user, message.number)
    }

    fn standing(&self) -> (rust_decimal::Decimal, i32, i32, f64) {
        let score = self.balance.score.value();
        (score, self.chapter.number(), self.attempts.lost(), self.details.temperature().value())
    }

    fn is_worse_than(
        &self,
        (score, chapter, attempts, temperature): (rust_decimal::Decimal, i32, i32, f64),
    ) -> bool {
        let now = self.standing();
        now.0 < score
            || now.1 < chapter
            || now.2 > attempts
            || now.3 > temperature
            || self.status == GameStatus::GameOver
    }
}

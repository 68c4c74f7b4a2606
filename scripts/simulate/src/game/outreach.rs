//! She writes first: what is planned, what is checked before it goes out, and what comes of it.

use domain::conflict::standing::Standing;
use domain::conversation::Role;
use domain::emotion::Dimensions;
use domain::engagement::measures::{Said, Way};
use domain::ids::derived;
use domain::touchpoints::checks::{Due, Player, Verdict, check};
use domain::touchpoints::triggers::{Event, New, Planned, Situation, after_conversation, evaluate};
use domain::touchpoints::who;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Game, earlier};
use crate::record::Delivered;

/// Rows are kept for so long: longer than any rule looks back at what was planned or delivered.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 15);
/// The length of what she writes.
const CHARS: u32 = 60;

/// What she planned to send first.
#[derive(Debug, Default)]
pub(super) struct Touchpoints {
    planned: Vec<Planned>,
    rows: Vec<Row>,
    last_delivered_at: Option<Timestamp>,
}

/// What the row of a planned one holds besides.
#[derive(Debug, Clone, Copy)]
struct Row {
    id: Uuid,
    expires_at: Timestamp,
    delivered_at: Option<Timestamp>,
}

impl Touchpoints {
    pub(super) const fn last_delivered_at(&self) -> Option<Timestamp> {
        self.last_delivered_at
    }

    pub(super) fn delivered_at(&self) -> Vec<Timestamp> {
        self.rows.iter().filter_map(|row| row.delivered_at).collect()
    }

    /// Nothing that waits is sent any more.
    pub(super) fn cancel(&mut self) {
        for planned in &mut self.planned {
            planned.waits = false;
        }
    }

    fn add(&mut self, new: New, id: Uuid) {
        self.rows.push(Row { id, expires_at: new.expires_at, delivered_at: None });
        self.planned.push(Planned {
            trigger: new.trigger,
            dedup_key: new.dedup_key,
            delivery_at: new.delivery_at,
            waits: true,
        });
    }

    fn due(&self, now: Timestamp) -> Option<usize> {
        self.planned.iter().position(|planned| planned.waits && planned.delivery_at <= now)
    }

    fn forget(&mut self, now: Timestamp) {
        let from = earlier(now, KEPT);
        let old = self.planned.partition_point(|planned| planned.delivery_at < from && !planned.waits);
        self.planned.drain(..old);
        self.rows.drain(..old);
    }
}

impl Game<'_> {
    /// The steps of `deliver`: what is worth writing about is planned, what is due goes out.
    pub(super) fn deliver(&mut self, now: Timestamp) {
        if self.may_hear(now) {
            let day = self.her_day(now);
            if let Some(new) = evaluate(&self.situation(&day.events), self.draws, now) {
                self.plan(new, now);
            }
        }
        while let Some(at) = self.touchpoints.due(now) {
            self.decide(at, now);
        }
    }

    /// After a conversation, what happened to her may be worth telling.
    pub(super) fn plan_after_talk(&mut self, now: Timestamp) {
        if self.may_hear(now) {
            let day = self.her_day(now);
            if let Some(new) = after_conversation(&self.situation(&day.events), self.draws, now) {
                self.plan(new, now);
            }
        }
    }

    fn may_hear(&self, now: Timestamp) -> bool {
        let player = who::Player {
            status: self.status,
            onboarding: self.onboarding,
            notifications: true,
            has_chat: true,
            last_interaction_at: self.presence.last_interaction_at,
            blocked_at: None,
        };
        who::may_hear(&player, now)
    }

    fn situation<'a>(&'a self, events: &'a [Event]) -> Situation<'a> {
        Situation {
            user: self.life.user,
            chapter: self.chapter,
            engagement: Some(self.engagement.state),
            zone: &self.life.zone,
            last_interaction_at: self.presence.last_interaction_at,
            events,
            planned: &self.touchpoints.planned,
            mood: self.mood.map_or(Dimensions::NEUTRAL, |mood| mood.dimensions),
        }
    }

    fn plan(&mut self, new: New, now: Timestamp) {
        let id = derived(&format!("touchpoint:{}:{}", self.life.user, new.dedup_key));
        self.touchpoints.forget(now);
        self.touchpoints.add(new, id);
    }

    /// Decides about the one at that position, which is due.
    fn decide(&mut self, at: usize, now: Timestamp) {
        let row = self.touchpoints.rows[at];
        let delivered_at = self.touchpoints.delivered_at();
        let player = Player {
            user: self.life.user,
            status: self.status,
            notifications: true,
            is_blocked: false,
            zone: &self.life.zone,
            chapter: self.chapter,
            last_interaction_at: self.presence.last_interaction_at,
            delivered_at: &delivered_at,
            in_conflict: Standing::at(&self.details, self.shown.state, now).is_active(),
            mood: self.mood.map(|mood| mood.dimensions),
        };
        let due = Due { id: row.id, expires_at: Some(row.expires_at), is_begun: false };
        let verdict = check(&due, Some(&player), self.draws, now);
        let planned = &mut self.touchpoints.planned[at];
        match verdict {
            Verdict::PutOff(then) => planned.delivery_at = then,
            Verdict::Skip(reason, _) => {
                planned.waits = false;
                *self.record.outreach.skipped.entry(reason).or_default() += 1;
            }
            Verdict::Send(_) => {
                planned.waits = false;
                let local = now.to_zoned(self.life.zone.clone()).datetime();
                let delivered = Delivered { trigger: planned.trigger, at: now, local };
                self.record.outreach.delivered.push(delivered);
                self.touchpoints.rows[at].delivered_at = Some(now);
                self.touchpoints.last_delivered_at = Some(now);
                self.said.push(Said { by: Role::Nikita, at: now, chars: CHARS, way: Way::Text });
                self.writer.hears(self.draws, now);
            }
        }
    }
}

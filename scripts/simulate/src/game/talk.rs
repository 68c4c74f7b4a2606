//! Conversations: when one is over, her mood, what she shows and whether she stays are settled.

use domain::care::needs_care;
use domain::conflict::after_talk::{Ended, settle};
use domain::conflict::expression::ignored;
use domain::conflict::recovery::Talk;
use domain::conversation::{ConversationStatus, IDLE, Platform, Session, is_reusable};
use domain::emotion::residue::Left;
use domain::emotion::{Moment, feel};
use domain::endings::Reason;
use domain::extraction::ConversationTone;
use domain::ids::derived;
use domain::scoring::analysis::Analysis;
use domain::scoring::turn::Outcome;
use domain::status::GameStatus;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Game, Mood, later};
use crate::persona::lines::Kind;
use crate::persona::tone::felt;

/// The job that goes through conversations runs so often.
const WORKED_ON_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// So many tones are named of one conversation.
const TONES_NAMED: usize = 3;

/// A conversation that goes on.
#[derive(Debug)]
pub(super) struct Talking {
    id: Uuid,
    session: Session,
    began: Timestamp,
    previous_message_at: Option<Timestamp>,
    in_care: bool,
    last_chars: u32,
    tones: Vec<(ConversationTone, u32)>,
    talk: Talk,
}

impl Talking {
    /// When the job finds that it is over.
    pub(super) fn is_over_at(&self) -> Timestamp {
        let last = self.session.last_message_at.unwrap_or(self.began);
        later(last, IDLE + WORKED_ON_EVERY)
    }

    /// The tones that were heard most, the most frequent first.
    fn tones(&self) -> Vec<ConversationTone> {
        let mut heard = self.tones.clone();
        heard.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        heard.into_iter().take(TONES_NAMED).map(|(tone, _)| tone).collect()
    }
}

impl Game<'_> {
    /// Finds or opens the conversation of a text; says whether it is in care mode with it.
    pub(super) fn hear_out(&mut self, text: &str, now: Timestamp) -> bool {
        let in_fight = self.status == GameStatus::BossFight;
        let goes_on = |talking: &Talking| is_reusable(&talking.session, in_fight, now);
        if !self.talking.as_ref().is_some_and(goes_on) {
            self.close_talk(now);
            self.talking = Some(Talking {
                id: derived(&format!("talk:{}:{now}", self.life.user)),
                session: Session {
                    platform: Platform::Telegram,
                    status: ConversationStatus::Active,
                    is_boss_fight: in_fight,
                    last_message_at: None,
                    ended_at: None,
                    has_player_message: true,
                    attempts: 0,
                    processing_started_at: None,
                },
                began: now,
                previous_message_at: self.previous_message_at,
                in_care: false,
                last_chars: 0,
                tones: Vec::new(),
                talk: Talk::default(),
            });
        }
        let Some(talking) = &mut self.talking else { return false };
        talking.session.last_message_at = Some(now);
        talking.in_care |= needs_care(text);
        talking.in_care
    }

    pub(super) fn talk_goes_on(&mut self, kind: Kind, chars: u32, now: Timestamp) {
        let Some(talking) = &mut self.talking else { return };
        talking.session.last_message_at = Some(now);
        talking.last_chars = chars;
        let Some(tone) = felt(kind) else { return };
        match talking.tones.iter_mut().find(|(heard, _)| *heard == tone) {
            Some((_, count)) => *count += 1,
            None => talking.tones.push((tone, 1)),
        }
    }

    pub(super) fn conversation(&self) -> Uuid {
        self.talking.as_ref().map_or(Uuid::nil(), |talking| talking.id)
    }

    pub(super) fn note_turn(&mut self, outcome: &Outcome, analysis: &Analysis) {
        let Some(talking) = &mut self.talking else { return };
        talking.talk.score_delta += outcome.scored.net();
        talking.talk.repairs.extend(analysis.repair);
        talking.talk.horsemen.extend(analysis.horsemen());
    }

    /// Closes the conversation, if there is one, and goes through it.
    pub(super) fn close_talk(&mut self, now: Timestamp) {
        let Some(talking) = self.talking.take() else { return };
        let last = talking.session.last_message_at.unwrap_or(talking.began);
        self.endings.push((last, talking.last_chars));
        if !self.status.is_playable() {
            return;
        }
        let mood_before = self.mood;
        let mood = self.feel_after(&talking, now);
        self.mood = Some(mood);
        let delivered = self.touchpoints.delivered_at();
        let ended = Ended {
            status: self.status,
            score: self.balance.score,
            mood: mood.dimensions,
            intimacy_before: mood_before.map(|mood| mood.dimensions.intimacy()),
            ignored: ignored(&delivered, talking.previous_message_at, talking.began),
            talk: &talking.talk,
            in_care: talking.in_care,
            in_care_now: false,
        };
        let temperature = self.details.temperature_at(now).value();
        let outcome = settle(&mut self.details, &mut self.shown, &ended, self.draws, now);
        let Some(outcome) = outcome else { return };
        self.last_conflict_at = outcome.conflict_began_at.or(self.last_conflict_at);
        if let Some(breakup) = outcome.breakup {
            self.broke_up = Some(breakup.reason);
            self.lose(Reason::Breakup, now);
        }
        let got_worse = self.details.temperature().value() > temperature || outcome.breakup.is_some();
        self.record.care.cost += u32::from(talking.in_care && got_worse);
        if self.status == GameStatus::Active {
            self.plan_after_talk(now);
        }
    }

    fn feel_after(&mut self, talking: &Talking, now: Timestamp) -> Mood {
        let day = self.her_day(now);
        let felt = feel(&Moment {
            now,
            zone: &self.life.her_zone,
            events: &day.impacts,
            tones: &talking.tones(),
            left: self.mood.map(|mood| Left { residue: mood.residue, at: mood.at }),
            chapter: Some(self.chapter),
            score: self.balance.score,
        });
        Mood { dimensions: felt.dimensions, residue: felt.residue, at: now }
    }
}

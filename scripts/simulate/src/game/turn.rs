//! An exchange is scored: what an analyst says of it goes through the rules in one turn.

use domain::boss::phase::Encounter;
use domain::conflict::triggers::{Situation, detect};
use domain::endings::Reason;
use domain::engagement::days::Encounter as Fight;
use domain::scoring::analysis::Analysis;
use domain::scoring::exchange::{Consequence, Player};
use domain::scoring::turn::{Before, Exchange, Outcome, apply};
use domain::status::GameStatus;
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::Game;
use super::message::Arrival;
use crate::persona::tone::analysis;
use crate::persona::writer::Message;

impl Game<'_> {
    /// Scores the exchange that a message opens; says whether the boss comes.
    pub(super) fn score(&mut self, message: &Message, arrival: Arrival, now: Timestamp) -> bool {
        let key = self.key(message);
        let analysis = analysis(message.kind, self.persona, self.draws, &key);
        let exchange = Exchange {
            id: &key,
            conversation: self.conversation(),
            analysis: &analysis,
            triggers: self.triggers(message, arrival, &analysis),
            in_care: arrival.in_care,
            window: self.talks().last_day(self.looked(), &self.life.zone, now),
        };
        let before = self.before();
        let Some(outcome) = apply(&mut self.details, &before, &exchange, self.draws, now) else {
            return false;
        };
        self.count(&outcome, &analysis, arrival.in_care);
        self.balance = outcome.scored.after;
        if let Some(conflict) = outcome.conflict {
            self.last_conflict_at = conflict.conflict_began_at.or(self.last_conflict_at);
            self.record.conflicts += u32::from(conflict.generated == Some(Ok(())));
        }
        self.note_turn(&outcome, &analysis);
        if let Some(seen) = outcome.engagement {
            self.take_look(&seen);
        }
        match outcome.scored.consequence {
            Consequence::GoesOn => false,
            Consequence::GameOver => {
                self.lose(Reason::ScoreZero, now);
                false
            }
            Consequence::BossComes => {
                self.meet_boss(now);
                true
            }
        }
    }

    fn before(&self) -> Before {
        Before {
            user: self.life.user,
            player: Player {
                status: self.status,
                chapter: self.chapter,
                balance: self.balance,
                engagement: self.engagement.state,
                attempts: self.attempts,
                cool_down_until: self.cool_down_until,
            },
            engagement: self.engagement,
            last_conflict_at: self.last_conflict_at,
        }
    }

    fn triggers(
        &self,
        message: &Message,
        arrival: Arrival,
        analysis: &Analysis,
    ) -> Vec<domain::conflict::triggers::Trigger> {
        let recent: Vec<&str> = self.texts.iter().map(String::as_str).collect();
        detect(&Situation {
            message: &message.text,
            recent: &recent,
            since_contact: arrival.since_contact,
            over_after: None,
            chapter: self.chapter,
            seen: &analysis.triggers(),
        })
    }

    fn count(&mut self, outcome: &Outcome, analysis: &Analysis, in_care: bool) {
        self.record.exchanges += 1;
        let scored = &outcome.scored;
        let gained = scored.applied.in_order().into_iter().map(|delta| delta.value().max(Decimal::ZERO));
        let kept: Decimal = gained.sum();
        self.record.gains_kept += kept;
        self.record.gains += kept.checked_div(scored.multiplier).unwrap_or_default();
        let costs =
            analysis.deltas.in_order().into_iter().map(domain::score::deltas::Delta::value).sum::<Decimal>();
        self.record.care.would_have_cost += u32::from(in_care && costs < Decimal::ZERO);
    }

    fn meet_boss(&mut self, now: Timestamp) {
        self.status = GameStatus::BossFight;
        self.fight_started_at = Some(now);
        self.cool_down_until = None;
        self.encounter = Some(Encounter::begin(self.chapter, now));
        self.encounters.push(Fight { from: now, to: None });
        self.record.bosses.begun += 1;
        self.close_talk(now);
    }
}

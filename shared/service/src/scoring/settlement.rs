//! The settlement of a scored exchange: read, decided and written in the caller's transaction, which holds the player's
//! row.
//!
//! Everything goes out together with the caller's own statements: what is read is one wait for the server, what is
//! written another.

use domain::boss::initiated_details;
use domain::boss::phase::Encounter;
use domain::conflict::details::{BOSS_PHASE, Details};
use domain::conflict::triggers::{Situation, detect};
use domain::conversation::Exchange;
use domain::decay_warning::{critical_low, may_warn};
use domain::draw::Draws;
use domain::endings::Reason;
use domain::engagement::record::Looked;
use domain::history::{EventType, Source};
use domain::ids::{ConversationId, HistoryId, UserId};
use domain::score::{Balance, Metrics};
use domain::scoring::analysis::Analysis;
use domain::scoring::exchange::{Consequence, Player};
use domain::scoring::record;
use domain::scoring::turn::{self, Before, Outcome};
use futures_util::join;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::conversations::ScoredText;
use store::endings::Ending;
use store::engagement::{self, Shift, Stored};
use store::older_conflicts::Left;
use store::scheduled_events::Queued;
use store::score_history::{self, NewEntry};
use store::users::{self, Locked, Scored};
use store::{Client, Tx, conversations, metrics};

use super::window::Talks;
use crate::conflict_document::{self, Found};
use crate::endings::{End, Occasion, close_games, say_farewell};
use crate::engagement::or_start;
use crate::zones::zone_or;

/// What the rules need beside the player's row.
#[derive(Debug)]
pub(crate) struct Known {
    metrics: Option<Metrics>,
    engagement: Option<Stored>,
    talks: Talks,
    /// What the older model left, of a player who has no conflict document yet.
    left: Left,
}

impl Known {
    /// Reads it, in one round trip, together with what else the caller sends; after the lock on the player's row.
    pub(crate) async fn read(client: &Client, user: UserId, now: Timestamp) -> store::Result<Self> {
        let (metrics, engagement, talks, left) = join!(
            metrics::get(client, user),
            engagement::get(client, user),
            Talks::last_day(client, user, now),
            conflict_document::read_left(client, user, now),
        );
        Ok(Self { metrics: metrics?, engagement: engagement?, talks: talks?, left: left? })
    }
}

/// An exchange that was analysed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Analysed<'a> {
    pub(crate) user: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) source: Source<'a>,
    /// Telegram's number of the message that is answered.
    pub(crate) message: i64,
    pub(crate) exchange: &'a Exchange<'a>,
    /// The player's newest messages, those of the exchange included.
    pub(crate) recent: &'a [&'a str],
    pub(crate) analysis: &'a Analysis,
    pub(crate) in_care: bool,
}

/// What an exchange moves.
#[derive(Debug)]
pub(crate) struct Settlement<'a> {
    analysed: Analysed<'a>,
    outcome: Outcome,
    details: Details,
    /// Since when there is a conflict, where it begins with the exchange or no document knew of it.
    conflict_began_at: Option<Timestamp>,
    stored: Stored,
    /// Her words, when the score has fallen below the critical line and she has not warned within the day.
    pub(crate) warning: Option<&'static str>,
}

impl<'a> Settlement<'a> {
    /// Decides what an exchange moves; none for a player who is not active any more.
    pub(crate) fn decide(
        analysed: Analysed<'a>,
        player: &Locked,
        known: &Known,
        draws: &Draws,
        now: Timestamp,
    ) -> Option<Self> {
        let Found { mut details, began_at } =
            conflict_document::find(analysed.user, player.conflict_details.as_ref(), &known.left, now);
        let stored = or_start(analysed.user, known.engagement, now);
        let last_conflict_at = player.last_conflict_at.max(began_at);
        let before = Before { last_conflict_at, ..before(analysed.user, player, known, &stored) };
        let looked = Looked { engagement: &stored.engagement, chapter: player.chapter, words: stored.words };
        let zone = zone_or(&player.timezone, &TimeZone::UTC);
        let source = analysed.source.to_string();
        let exchange = turn::Exchange {
            id: &source,
            conversation: *analysed.conversation.as_uuid(),
            analysis: analysed.analysis,
            triggers: triggers(&analysed, player),
            in_care: analysed.in_care,
            window: known.talks.record().last_day(looked, &zone, now),
        };
        let outcome = turn::apply(&mut details, &before, &exchange, draws, now)?;
        let warns = outcome.scored.makes_her_warn() && may_warn(details.last_warning_at, now);
        if warns {
            details.last_warning_at = Some(now);
        }
        let warning = warns.then(|| critical_low(draws, analysed.user, &source));
        let conflict = outcome.conflict.as_ref();
        let conflict_began_at = conflict.and_then(|conflict| conflict.conflict_began_at).or(began_at);
        Some(Self { analysed, outcome, details, conflict_began_at, stored, warning })
    }

    /// What becomes of the game.
    pub(crate) fn consequence(&self) -> Consequence {
        self.outcome.scored.consequence
    }

    /// Writes everything that moved; where the score is 0 the caller closes the game after it. Fails where the exchange was
    /// scored before.
    pub(crate) async fn write(&self, tx: &Tx, now: Timestamp) -> store::Result<()> {
        let Analysed { user, conversation, analysis, .. } = self.analysed;
        let conflict = self.conflict(now);
        let scored = self.scored(&conflict, now);
        let entries = self.entries(now);
        let after = &self.outcome.scored.after;
        let was_vulnerable = analysis.has_vulnerability_exchange();
        let text = self.text();
        let (history, player, metrics, engagement, delta) = join!(
            score_history::append_new(tx, &entries),
            users::apply_scored(tx, user, &scored),
            metrics::save(tx, user, &after.metrics, was_vulnerable),
            self.write_engagement(tx, now),
            conversations::add_score(tx, conversation, &text),
        );
        history?;
        player?;
        metrics?;
        engagement?;
        delta
    }

    fn text(&self) -> ScoredText {
        let scored = &self.outcome.scored;
        ScoredText {
            telegram_message_id: self.analysed.message,
            delta: scored.net(),
            analysis: record::of_text(self.analysed.analysis, scored),
        }
    }

    async fn write_engagement(&self, tx: &Tx, now: Timestamp) -> store::Result<()> {
        let Some(seen) = &self.outcome.engagement else { return Ok(()) };
        let user = self.analysed.user;
        let stored = Stored { engagement: seen.engagement, ..self.stored };
        let shifts: Vec<Shift> = Shift::of(seen, now).into_iter().collect();
        let (saved, shifted) =
            join!(engagement::save(tx, user, &stored, now), engagement::append_shifts(tx, user, &shifts));
        saved?;
        shifted
    }

    /// Closes the game of a player whose score is 0. Her last words are owed by the caller.
    pub(crate) async fn close_game(&self, tx: &Tx, now: Timestamp) -> store::Result<Vec<Ending>> {
        let reason = Reason::ScoreZero;
        let end = End { user: self.analysed.user, reason, details: json!({ "reason": reason.code() }) };
        close_games(tx, vec![end], Occasion { at: now, now, key: &self.source() }).await
    }

    /// Queues her last words.
    pub(crate) async fn say_farewell(
        &self,
        tx: &Tx,
        draws: &Draws,
        ended: &[Ending],
        now: Timestamp,
    ) -> store::Result<Vec<Queued>> {
        say_farewell(tx, draws, ended, Occasion { at: now, now, key: &self.source() }).await
    }

    fn source(&self) -> String {
        self.analysed.source.to_string()
    }

    fn boss_comes(&self) -> bool {
        self.consequence() == Consequence::BossComes
    }

    fn scored<'b>(&self, conflict: &'b Value, now: Timestamp) -> Scored<'b> {
        Scored {
            score: self.outcome.scored.after.score,
            conflict,
            conflict_began_at: self.conflict_began_at,
            boss_began_at: self.boss_comes().then_some(now),
        }
    }

    /// The conflict document, with the encounter that begins.
    fn conflict(&self, now: Timestamp) -> Value {
        let mut document = self.details.write();
        if self.boss_comes() {
            document[BOSS_PHASE] = Encounter::begin(self.outcome.scored.before.chapter, now).to_value();
        }
        document
    }

    fn entries(&self, now: Timestamp) -> Vec<NewEntry> {
        let Analysed { user, conversation, analysis, source, .. } = self.analysed;
        let scored = &self.outcome.scored;
        let entry = |event: EventType, details, source_key, at| NewEntry {
            id: HistoryId::random(),
            user,
            score: scored.after.score,
            chapter: scored.before.chapter,
            event_type: event.as_str(),
            details,
            source_key,
            recorded_at: at,
        };
        let details = record::details(analysis, scored, conversation, None);
        let exchange = entry(record::event_type(None), details, Some(source.to_string()), now);
        let boss = self.boss_comes().then(|| {
            let details = initiated_details(scored.before.chapter, scored.after.score);
            // It follows from the exchange.
            let at = now.checked_add(SignedDuration::from_micros(1)).unwrap_or(now);
            entry(EventType::BossInitiated, details, None, at)
        });
        [Some(exchange), boss].into_iter().flatten().collect()
    }
}

fn before(user: UserId, player: &Locked, known: &Known, stored: &Stored) -> Before {
    let metrics = known.metrics.unwrap_or_else(|| {
        tracing::warn!(user_id = %user, "A player has no metrics: they start at the score");
        Metrics::all(player.score)
    });
    Before {
        user,
        player: Player {
            status: player.game_status,
            chapter: player.chapter,
            balance: Balance { score: player.score, metrics },
            engagement: stored.engagement.state,
            attempts: player.attempts,
            cool_down_until: player.cool_down_until,
        },
        engagement: stored.engagement,
        last_conflict_at: player.last_conflict_at,
    }
}

fn triggers(analysed: &Analysed<'_>, player: &Locked) -> Vec<domain::conflict::triggers::Trigger> {
    detect(&Situation {
        message: &analysed.exchange.words,
        recent: analysed.recent,
        since_contact: analysed.exchange.since_contact,
        over_after: None,
        chapter: player.chapter,
        seen: &analysed.analysis.triggers(),
    })
}

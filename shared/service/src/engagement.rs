//! Closing a player's finished local days, in the caller's transaction, which holds the player's row. The rule is
//! `domain::engagement::close`.
//!
//! A message closes the days before it, so that it is answered by who she is after them; the job `decay` closes those of
//! players who do not write.

use domain::chapter::Chapter;
use domain::delivery::{EventType, TelegramContent};
use domain::draw::Draws;
use domain::engagement::close::{Closed, close};
use domain::engagement::days::{Encounter, Unclosed, unclosed};
use domain::engagement::language::Words;
use domain::engagement::no_return;
use domain::ids::{UserId, derived};
use futures_util::join;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::engagement::{Shift, Stored};
use store::scheduled_events::NewMessage;
use store::{Client, Tx, engagement};

use crate::scoring::window::Talks;

/// Where a player's engagement stands; where it was lost it starts anew.
pub(crate) fn or_start(user: UserId, stored: Option<Stored>, now: Timestamp) -> Stored {
    stored.unwrap_or_else(|| {
        tracing::warn!(user_id = %user, "A player has no engagement: it starts anew");
        Stored::start(now)
    })
}

/// Finished days that are not closed yet, with what was said on them.
#[derive(Debug)]
pub(crate) struct Days {
    user: UserId,
    unclosed: Unclosed,
    talks: Talks,
}

impl Days {
    /// Reads them, in one round trip; none, without any, when all finished days are closed.
    pub(crate) async fn read(
        client: &Client,
        user: UserId,
        last_closed: Option<Date>,
        zone: &TimeZone,
        now: Timestamp,
    ) -> store::Result<Option<Self>> {
        let Some(last_closed) = last_closed else { return Ok(None) };
        let Some(all) = unclosed(last_closed, &[], zone, now) else { return Ok(None) };
        let from = all.days.first().map_or(now, |day| day.from);
        let (talks, encounters) =
            join!(Talks::since(client, user, from), engagement::list_encounters(client, user, from),);
        let encounters: Vec<Encounter> =
            encounters?.into_iter().map(|(from, to)| Encounter { from, to: Some(to) }).collect();
        let days = unclosed(last_closed, &encounters, zone, now);
        let talks = talks?;
        Ok(days.map(|unclosed| Self { user, unclosed, talks }))
    }

    /// The end of the last of them; where none is looked at, nothing has been said.
    pub(crate) fn end(&self) -> Timestamp {
        self.unclosed.days.last().map_or(Timestamp::MIN, |day| day.to)
    }

    /// Whether the player said something on one of them.
    pub(crate) fn player_spoke(&self) -> bool {
        self.unclosed.days.iter().any(|day| self.talks.record().spoke(day))
    }

    /// What is kept of `words`: a last day without a word of the player has no tone.
    pub(crate) fn words_to_keep(&self, words: Words) -> Words {
        let last = self.unclosed.days.last();
        if last.is_none_or(|day| self.talks.record().spoke(day)) { words } else { Words::NONE }
    }

    /// Closes them.
    pub(crate) fn close(&self, stored: &Stored, chapter: Chapter, words: Words) -> Closed {
        close(stored.engagement, chapter, words, &self.talks.record(), &self.unclosed.days)
    }

    /// Writes where engagement stands afterwards, in one round trip together with what else the caller sends.
    pub(crate) async fn write(
        &self,
        tx: &Tx,
        closed: &Closed,
        words: Words,
        now: Timestamp,
    ) -> store::Result<()> {
        let stored =
            Stored { engagement: closed.engagement, words, last_day_closed: Some(self.unclosed.last_closed) };
        let shifts: Vec<Shift> =
            closed.looks.iter().filter_map(|(day, seen)| Shift::of(seen, day.to)).collect();
        let (saved, shifted) = join!(
            engagement::save(tx, self.user, &stored, now),
            engagement::append_shifts(tx, self.user, &shifts),
        );
        saved?;
        shifted
    }

    /// Her warning, if the last day brought one: once for each day.
    pub(crate) fn warning(&self, closed: &Closed, draws: &Draws, now: Timestamp) -> Option<NewMessage> {
        let (road, (day, _)) = closed.warned.zip(closed.looks.last())?;
        let occasion = day.date.to_string();
        let words = no_return::warning(road, draws, self.user, &occasion);
        let id = format!("{}:warning", derived(&format!("no-return:{}:{occasion}", self.user)));
        Some(NewMessage {
            user: self.user,
            event_type: EventType::MessageDelivery,
            content: TelegramContent::words(words, id),
            wanted_at: now,
            conversation: None,
            lease: None,
        })
    }
}

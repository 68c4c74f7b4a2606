//! Her psyche within a turn: how much thinking a message is worth, and the thinking. The rules are `domain::psyche::tiers`
//! and `quota`.
//!
//! It never blocks a reply: whatever fails, is late, over its quota or over the budget leaves the state that is there.

use std::time::Instant;

use domain::budget::Leave;
use domain::conflict::details::Details;
use domain::ids::UserId;
use domain::interaction::is_first_of_day;
use domain::prompt::plain::plain_up_to;
use domain::psyche::calls::{Call, DEEP, QUICK, RECENT_MESSAGES, USER_TEXT_CHARS, label};
use domain::psyche::quota::{DEEP_A_DAY, QUICK_A_DAY};
use domain::psyche::tiers::{Situation, Tier, route};
use domain::status::GameStatus;
use domain::tokens::CHARS_PER_TOKEN;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::Pool;
use store::agent_reads::Standing;
use store::psyche_states::{self, Written};

use super::context::{Context, conflict_lines, state_line};
use super::state_request;
use crate::llm::{self, Purpose, Work};
use crate::zones::zone_or;

/// A line of the talk is cut at so many characters.
const LINE_CHARS: usize = 160;

/// What thinking needs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether she is thought about at all.
    pub enabled: bool,
    /// The model of tier 2.
    pub quick_model: String,
    /// The model of tier 3.
    pub deep_model: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            quick_model: "claude-sonnet-4-5-20250929".to_owned(),
            deep_model: "claude-opus-4-6".to_owned(),
        }
    }
}

/// A state and when it was written, as a reply reads it.
pub(crate) type Psyche = (Value, Timestamp);

/// A message that may be worth a thought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) user: UserId,
    /// The player's words.
    pub(crate) words: &'a str,
    /// Where the two stand.
    pub(crate) standing: &'a Standing,
    /// The last contact before the message.
    pub(crate) previous_interaction_at: Option<Timestamp>,
    pub(crate) now: Timestamp,
}

impl Moment<'_> {
    /// How much thinking the message is worth.
    pub(crate) fn tier(&self, settings: &Settings) -> Tier {
        if !settings.enabled {
            return Tier::Cached;
        }
        let standing = self.standing;
        let details = self.details();
        let zone = zone_or(&standing.timezone, &TimeZone::UTC);
        let situation = Situation {
            message: self.words,
            // Messages of an encounter go to the boss before this.
            status: GameStatus::Active,
            generated_at: standing.psyche.as_ref().map(|(_, at)| *at),
            last_horseman_at: details.last_horseman_at,
            critical_since: details.critical_since(),
            last_conflict_at: standing.last_conflict_at,
            last_turn: details.last_turn.as_ref().map(|turn| (turn.score_delta, turn.at)),
            first_of_day: is_first_of_day(self.previous_interaction_at, self.now, &zone),
        };
        route(&situation, self.now)
    }

    fn details(&self) -> Details {
        Details::read(self.standing.conflict_details.as_ref()).details
    }

    /// What tier 2 is shown: what is true now, the state as it is, the message, and the last of the talk, the newest first.
    fn text(&self) -> String {
        let conflict = conflict_lines(&self.details(), self.now).join("\n");
        let state = state_line(self.standing.psyche.as_ref().map(|(state, _)| state));
        format!(
            "<now>\nchapter {} of 5\n{conflict}\n</now>\n\n\
             <state>\n{state}\n</state>\n\n<message>\n{}\n</message>\n\n<talk>\n{}\n</talk>",
            self.standing.chapter,
            plain_up_to(self.words, USER_TEXT_CHARS),
            self.lines().join("\n"),
        )
    }

    fn lines(&self) -> Vec<String> {
        let messages = domain::conversation::Message::read_all(&self.standing.messages);
        let said = messages.iter().rev().map(|(_, message)| message);
        // The message itself is the newest of them.
        said.skip_while(|message| message.content == self.words)
            .take(RECENT_MESSAGES)
            .map(|message| {
                format!("{}: {}", message.role.as_str(), plain_up_to(&message.content, LINE_CHARS))
            })
            .collect()
    }
}

/// What thinking may cost at most, in micro-dollars.
pub(crate) fn estimate(settings: &Settings, tier: Tier) -> i64 {
    let Some((call, _, model)) = call_of(settings, tier) else { return 0 };
    let longest = " ".repeat(call.input_tokens * CHARS_PER_TOKEN);
    llm::estimate(&state_request::request(model, call, &longest))
}

fn call_of(settings: &Settings, tier: Tier) -> Option<(Call, Purpose, &str)> {
    match tier {
        Tier::Cached => None,
        Tier::Quick => Some((QUICK, Purpose::PsycheTier2, &settings.quick_model)),
        Tier::Deep => Some((DEEP, Purpose::PsycheTier3, &settings.deep_model)),
    }
}

/// What thinks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thinker<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) settings: &'a Settings,
    /// Her clock.
    pub(crate) zone: &'a TimeZone,
    /// The piece of work that the call belongs to.
    pub(crate) work: &'a Work,
}

impl Thinker<'_> {
    /// Thinks as deeply as the quota of the day and its budget allow, until `deadline` at the latest. None: the state that is
    /// there stays.
    pub(crate) async fn think(&self, moment: Moment<'_>, wanted: Tier, deadline: Instant) -> Option<Psyche> {
        let tier = self.granted(moment, wanted).await;
        tracing::info!(
            user_id = %moment.user, psyche.wanted = wanted.number(), psyche.tier = tier.number(),
            "Thought about her psyche"
        );
        let (call, purpose, model) = call_of(self.settings, tier)?;
        match self.write(moment, (call, purpose, model), deadline).await {
            Ok(written) => Some(written),
            Err(code) => {
                tracing::warn!(user_id = %moment.user, error_code = code, "No new psyche state: the old one stays");
                None
            }
        }
    }

    /// The tier that is to be had. What cannot be counted is not paid for.
    async fn granted(&self, moment: Moment<'_>, wanted: Tier) -> Tier {
        let tiers = [
            (Tier::Deep, Purpose::PsycheTier3, psyche_states::Tier::Three, DEEP_A_DAY),
            (Tier::Quick, Purpose::PsycheTier2, psyche_states::Tier::Two, QUICK_A_DAY),
        ];
        for (tier, purpose, counted, cap) in tiers {
            if tier > wanted || self.work.leaves(purpose) == Leave::Refused {
                continue;
            }
            match self.reserve(moment, counted, i32::try_from(cap).unwrap_or(i32::MAX)).await {
                Ok(true) => return tier,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error_code = error.code(), "A place in the quota could not be taken");
                    return Tier::Cached;
                }
            }
        }
        Tier::Cached
    }

    async fn reserve(&self, moment: Moment<'_>, tier: psyche_states::Tier, cap: i32) -> store::Result<bool> {
        let client = self.pool.get().await?;
        let place = psyche_states::reserve(&client, moment.user, tier, utc_date(moment.now), cap).await?;
        Ok(place.is_some())
    }

    async fn write(
        &self,
        moment: Moment<'_>,
        (call, purpose, model): (Call, Purpose, &str),
        deadline: Instant,
    ) -> Result<Psyche, &'static str> {
        let mut text = moment.text();
        if call == DEEP {
            let client = self.pool.get().await.map_err(|_| "database_unavailable")?;
            let context = Context::read(&client, &[moment.user], moment.now, self.zone).await;
            let known = context.map(|context| context.text(moment.user)).unwrap_or_default();
            text = format!("{text}\n\n{known}");
        }
        let request = state_request::request(model, call, &text);
        let until = deadline.min(Instant::now() + call.timeout);
        let answer = self.work.ask_until(until, purpose, &request).await.map_err(|error| error.code())?;
        let state = state_request::read(&answer).map_err(|_| "invalid_answer")?;
        let tokens = answer.usage.total_input() + answer.usage.output_tokens;
        let written = Written {
            user: moment.user,
            state: &state,
            model: label(model),
            tokens: i32::try_from(tokens).unwrap_or(i32::MAX),
            at: moment.now,
            today: utc_date(moment.now),
        };
        let client = self.pool.get().await.map_err(|_| "database_unavailable")?;
        psyche_states::record(&client, &written, None).await.map_err(|error| error.code())?;
        Ok((json!(state), moment.now))
    }
}

fn utc_date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

//! What a psyche state is written from: the last two days of a player, in marked blocks.
//!
//! Each source is one read for many players. One that cannot be read is left empty; where none can, there is nothing to write
//! from.

use std::collections::HashMap;
use std::fmt::Write;

use domain::circle::psychology::{self, Stirred};
use domain::conflict::details::Details;
use domain::emotion::Shift;
use domain::extraction::MAX_SUMMARY_CHARS;
use domain::ids::UserId;
use domain::life::impact::Impact;
use domain::prompt::plain::{plain, plain_up_to};
use domain::psyche::calls::{
    CIRCLE, CONVERSATIONS, LIFE_EVENTS, LOOKS_BACK, LOOKS_BACK_DAYS, MOODS, SCORES, Source,
};
use domain::psyche::state::PsycheState;
use domain::state::nikita_date;
use futures_util::join;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use store::Client;
use store::psyche_context::{self, ByPlayer, Felt, Friend, Lived, Scored, Standing, Talked};

/// What is known of some players.
#[derive(Debug)]
pub struct Context {
    standings: HashMap<UserId, Standing>,
    scores: ByPlayer<Scored>,
    talks: ByPlayer<Talked>,
    moods: ByPlayer<Felt>,
    events: ByPlayer<Lived>,
    circles: ByPlayer<Friend>,
    now: Timestamp,
}

impl Context {
    /// Reads all sources together; none when not one of them could be read. `zone` is her clock.
    pub async fn read(client: &Client, users: &[UserId], now: Timestamp, zone: &TimeZone) -> Option<Self> {
        let since = now.checked_sub(LOOKS_BACK).unwrap_or(Timestamp::MIN);
        let today = nikita_date(now, zone);
        let dates = (today.saturating_sub(Span::new().days(LOOKS_BACK_DAYS)), today);
        let (standings, scores, talks, moods, events, circles) = join!(
            psyche_context::list_standings(client, users),
            psyche_context::list_scores(client, users, since, most(SCORES)),
            psyche_context::list_conversations(client, users, since, most(CONVERSATIONS)),
            psyche_context::list_moods(client, users, since, most(MOODS)),
            psyche_context::list_events(client, users, dates, most(LIFE_EVENTS)),
            psyche_context::list_circles(client, users),
        );
        let mut is_read = false;
        let context = Self {
            standings: or_empty("users", standings, &mut is_read),
            scores: or_empty("score_history", scores, &mut is_read),
            talks: or_empty("conversations", talks, &mut is_read),
            moods: or_empty("nikita_emotional_states", moods, &mut is_read),
            events: or_empty("nikita_life_events", events, &mut is_read),
            circles: or_empty("user_social_circles", circles, &mut is_read),
            now,
        };
        is_read.then_some(context)
    }

    /// What is known of this player, as data in marked blocks. No line can close a mark.
    pub fn text(&self, user: UserId) -> String {
        let standing = self.standings.get(&user);
        let mut text = String::new();
        for (name, lines) in [
            ("now", standing.map(|standing| now(standing, self.now)).unwrap_or_default()),
            ("state", standing.map(state).unwrap_or_default()),
            ("scores", shown(&self.scores, user, SCORES, score)),
            ("conversations", shown(&self.talks, user, CONVERSATIONS, talk)),
            ("moods", shown(&self.moods, user, MOODS, mood)),
            ("her_days", shown(&self.events, user, LIFE_EVENTS, event)),
            ("people", shown(&self.circles, user, CIRCLE, friend)),
        ] {
            // Writing into a string never fails.
            let _ = writeln!(text, "<{name}>\n{}\n</{name}>\n", lines.join("\n"));
        }
        text.trim_end().to_owned()
    }
}

fn or_empty<T: Default>(source: &str, read: store::Result<T>, is_read: &mut bool) -> T {
    match read {
        Ok(rows) => {
            *is_read = true;
            rows
        }
        Err(error) => {
            tracing::warn!(source, error_code = error.code(), "A psyche state goes without a source");
            T::default()
        }
    }
}

fn most(source: Source) -> i64 {
    i64::try_from(source.read).unwrap_or(i64::MAX)
}

fn shown<T>(rows: &ByPlayer<T>, user: UserId, source: Source, line: impl Fn(&T) -> String) -> Vec<String> {
    rows.get(&user).map_or_else(Vec::new, |rows| rows.iter().take(source.shown).map(line).collect())
}

fn now(standing: &Standing, now: Timestamp) -> Vec<String> {
    let details = Details::read(standing.conflict_details.as_ref()).details;
    let mut lines = vec![format!("chapter {} of 5, score {} of 100", standing.chapter, standing.score)];
    lines.extend(conflict_lines(&details, now));
    lines
}

/// What is between the two.
pub(super) fn conflict_lines(details: &Details, now: Timestamp) -> [String; 2] {
    let temperature = details.temperature_at(now);
    let conflict = details.kind.map_or("none", |kind| kind.as_str());
    [
        format!("temperature {:.0} of 100 ({})", temperature.value(), temperature.zone().as_str()),
        format!("conflict: {conflict}"),
    ]
}

fn state(standing: &Standing) -> Vec<String> {
    vec![state_line(standing.psyche.as_ref())]
}

/// The state as it is stored.
pub(super) fn state_line(stored: Option<&Value>) -> String {
    let state = stored.and_then(|state| PsycheState::parse(state).ok());
    state.map_or_else(|| "none yet".to_owned(), |state| plain_up_to(&json!(state).to_string(), usize::MAX))
}

fn score(scored: &Scored) -> String {
    let what = scored.event_type.as_deref().unwrap_or("unknown");
    format!("- {}: {} ({})", minute(scored.at), scored.score, plain(what))
}

fn talk(talked: &Talked) -> String {
    let tone = talked.tone.as_deref().unwrap_or("no tone");
    let summary = talked.summary.as_deref().unwrap_or("no summary");
    format!("- {} ({}): {}", minute(talked.at), plain(tone), plain_up_to(summary, MAX_SUMMARY_CHARS))
}

fn mood(felt: &Felt) -> String {
    let [arousal, valence, dominance, intimacy] = felt.axes;
    format!(
        "- arousal {arousal:.2}, valence {valence:.2}, dominance {dominance:.2}, intimacy {intimacy:.2}; conflict {}",
        felt.conflict_state
    )
}

fn event(lived: &Lived) -> String {
    let names: Vec<&str> = lived.event.names.iter().map(String::as_str).collect();
    let stirred = psychology::of_event(lived.kind, &names);
    format!(
        "- {} {}, {}: {} (left her {}: {}; {})",
        lived.event.date,
        lived.event.part.as_str(),
        lived.kind.as_str(),
        plain(&lived.description),
        lived.event.impact.sentiment().as_str(),
        moves(lived.event.impact),
        stirs(&stirred),
    )
}

/// How far the event moved her, axis by axis.
fn moves(impact: Impact) -> String {
    let Shift { arousal, valence, dominance, intimacy } = impact.shift();
    format!(
        "arousal {arousal:+.2}, valence {valence:+.2}, dominance {dominance:+.2}, intimacy {intimacy:+.2}"
    )
}

/// What the event stirs up in her, and how she is bound by it.
fn stirs(stirred: &Stirred) -> String {
    let words = |words: Vec<&'static str>| words.join(", ");
    let parts = [
        ("wounds", words(stirred.wounds.iter().map(|wound| wound.as_str()).collect())),
        ("touched by", words(stirred.triggers.iter().map(|trigger| trigger.as_str()).collect())),
        ("defences", words(stirred.defenses.iter().map(|defense| defense.as_str()).collect())),
        ("attachment", stirred.attachment_mode.as_str().to_owned()),
    ];
    let told = parts.iter().filter(|(_, words)| !words.is_empty());
    told.map(|(what, words)| format!("{what} {words}")).collect::<Vec<_>>().join("; ")
}

fn friend(friend: &Friend) -> String {
    let last =
        friend.last_event.map_or_else(|| "nothing lately".to_owned(), |at| format!("last {}", minute(at)));
    let role = friend.role.replace('_', " ");
    format!("- {} ({}): {last}, {}", plain(&friend.name), plain(&role), plain(&friend.sentiment))
}

fn minute(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

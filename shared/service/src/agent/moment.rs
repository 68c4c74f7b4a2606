//! The moment of a reply: what is true only now and therefore stands in no stored prompt. Her hour and what she does in
//! it, her mood, the pause before the message, the leanings for such a moment, care.

use domain::agent::validation::asks_what_she_is;
use domain::conflict::details::Details;
use domain::conflict::expression::Expression;
use domain::conflict::standing::Standing as Conflict;
use domain::prompt::guidance::{self, Category};
use domain::prompt::labels;
use domain::state::{self, TimeOfDay};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use store::agent_reads::Standing;

use super::Turn;
use crate::prompts::templates::{RenderError, render as render_text};
use crate::zones::zone_or;

#[derive(Serialize)]
struct Values {
    her_time: String,
    time_of_day: String,
    activity: &'static str,
    energy: &'static str,
    mood: String,
    their_time: Option<String>,
    gap: Option<&'static str>,
    hours: String,
    care: bool,
    asked_what_she_is: bool,
    situation: &'static str,
    leanings: Vec<Group>,
    memories: Vec<String>,
}

#[derive(Serialize)]
struct Group {
    category: &'static str,
    texts: Vec<&'static str>,
}

/// The text of the moment: the last block of the system prompt, never cached.
pub(super) fn render(
    standing: &Standing,
    turn: &Turn,
    nikita_zone: &TimeZone,
    memories: Vec<String>,
) -> Result<String, RenderError> {
    let her_zone = zone_or(standing.nikita_timezone.as_deref().unwrap_or_default(), nikita_zone);
    let hers = turn.now.to_zoned(her_zone);
    let theirs = turn.now.to_zoned(zone_or(&standing.timezone, &TimeZone::UTC));
    let gap_hours =
        turn.previous_interaction_at.map(|at| (turn.now.duration_since(at).as_secs_f64() / 3_600.0).max(0.0));
    let time_of_day = TimeOfDay::at(hers.hour());
    let colour = standing.mood.as_ref().map(|mood| (mood.valence, mood.arousal));
    let moment = guidance::Moment {
        conflict: conflict(standing, turn.now).effective(),
        gap_hours: gap_hours.unwrap_or_default(),
        hour: theirs.hour(),
        chapter: standing.chapter,
        score: standing.score.value(),
    };
    let elsewhere = hers.datetime() != theirs.datetime();
    render_text(
        "volatile",
        Values {
            her_time: hers.strftime("%A, %-d %B %Y, %H:%M").to_string(),
            time_of_day: time_of_day.as_str().replace('_', " "),
            activity: state::activity(time_of_day, hers.weekday()),
            energy: time_of_day.energy(),
            mood: state::mood(standing.score.value(), colour),
            their_time: elsewhere.then(|| theirs.strftime("%A, %H:%M").to_string()),
            gap: gap_hours.map(labels::gap),
            hours: format!("{:.1}", gap_hours.unwrap_or_default()),
            care: turn.care_mode,
            asked_what_she_is: asks_what_she_is(&turn.text).is_some(),
            situation: moment.situation().as_str(),
            leanings: moment.leanings().into_iter().map(group).collect(),
            memories,
        },
    )
}

/// As it stands now: what time has cooled is taken off.
fn conflict(standing: &Standing, now: Timestamp) -> Conflict {
    let shown = standing.mood.as_ref().and_then(|mood| Expression::parse(&mood.conflict_state));
    Conflict::at(&Details::read(standing.conflict_details.as_ref()).details, shown, now)
}

fn group((category, texts): (Category, Vec<&'static str>)) -> Group {
    Group { category: category.as_str(), texts }
}

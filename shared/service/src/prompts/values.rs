//! The values that the texts print: chosen, cut to the limits, and made harmless.
//!
//! Whatever a player or a model wrote goes through `plain` here, on its way into a text.

use domain::prompt::Platform;
use domain::prompt::events;
use domain::prompt::labels;
use domain::prompt::limits::ItemLimits;
use domain::prompt::plain::{plain, plain_up_to};
use domain::prompt::summaries;
use domain::prompt::theme::Theme;
use domain::state::{emotional_context, nikita_date, vulnerability_level};
use domain::vices::shown;
use domain::voice::tags;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;
use store::prompt_reads::{Arc, Person, Thought, Thread};

use super::profile;
use super::reads::Material;

/// How many characters of somebody's personality are told.
const PERSONALITY_CHARS: usize = 50;
/// A day as it is written in a prompt, with its date: a prompt may be read days later.
const DAY: &str = "%A, %-d %B";

/// All that the texts print.
#[derive(Debug, Serialize)]
pub(super) struct Values {
    platform: &'static str,
    chapter: i32,
    chapter_name: &'static str,
    stance: &'static str,
    response_rate: u8,
    timing: &'static str,
    reply_length: &'static str,
    audio_tags: String,
    score: String,
    feel: &'static str,
    feel_means: &'static str,
    engagement: Option<&'static str>,
    conflict: Option<Conflict>,
    mood: Mood,
    told: Told,
    theme: Option<ThemeLines>,
    profile: Vec<String>,
    facts: Vec<String>,
    episodes: Vec<String>,
    her_events: Vec<String>,
    last_talk: Option<String>,
    today: String,
    today_date: String,
    week: String,
    threads: Vec<String>,
    thoughts: Vec<String>,
    circle: Vec<String>,
    arcs: Vec<String>,
    vulnerability: u8,
    may_share: &'static str,
    active: Vec<ActiveVice>,
    probes: Vec<&'static str>,
    expression: &'static str,
}

#[derive(Debug, Serialize)]
struct Conflict {
    name: &'static str,
    temperature: String,
    demeanour: &'static str,
    shown: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Mood {
    arousal: String,
    valence: String,
    dominance: String,
    intimacy: String,
    words: String,
}

#[derive(Debug, Serialize)]
struct Told {
    day: String,
    past: Vec<String>,
    plans_day: String,
    plans: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ThemeLines {
    name: String,
    lines: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ActiveVice {
    line: &'static str,
    strength: &'static str,
}

impl Values {
    /// The values for a platform, with at most so many items in each list.
    pub(super) fn new(material: &Material, platform: Platform, limits: &ItemLimits) -> Self {
        let player = &material.player;
        let (chapter, score) = (player.chapter, player.score.value());
        let today = material.now.to_zoned(material.zone.clone()).date();
        let her_today = nikita_date(material.now, &material.her_zone);
        let vices = shown::choose(&material.vices, chapter);
        let level = vulnerability_level(chapter.number());
        Self {
            platform: platform.as_str(),
            chapter: chapter.number(),
            chapter_name: chapter.name(),
            stance: chapter.of::<&str>(&labels::STANCES),
            response_rate: chapter.profile().response_rate,
            timing: chapter.profile().timing,
            reply_length: labels::reply_length(chapter),
            audio_tags: tags::listing(chapter),
            score: labels::score_printed(score),
            feel: labels::score_feel(score),
            feel_means: labels::score_means(score),
            engagement: player.engagement_state.as_deref().and_then(labels::engagement_hint),
            conflict: material.conflict.is_active().then(|| conflict(material)),
            mood: mood(material),
            told: told(material, limits.life_events, her_today),
            theme: Theme::read(&player.meta_instructions, her_today)
                .map(|theme| ThemeLines { name: theme.name, lines: theme.lines }),
            profile: profile::lines(material),
            facts: first(&material.facts, limits.facts),
            episodes: first(&material.episodes, limits.episodes),
            her_events: first(&material.her_events, limits.her_events),
            last_talk: material.talks.first().map(|talk| plain(&talk.summary)),
            today: summaries::today(&material.talks, material.now, &material.zone, limits.today),
            today_date: today.strftime(DAY).to_string(),
            week: summaries::week(&material.talks, material.now, &material.zone, limits.week),
            threads: material.threads.iter().take(limits.threads).map(thread).collect(),
            thoughts: thoughts(&material.thoughts, limits).map(|thought| plain(&thought.content)).collect(),
            circle: material.circle.iter().take(limits.circle).map(person).collect(),
            arcs: material.arcs.iter().take(limits.arcs).map(arc).collect(),
            vulnerability: level,
            may_share: labels::may_share(level),
            active: vices
                .active
                .iter()
                .map(|shade| ActiveVice { line: labels::taste(shade.vice), strength: shade.strength() })
                .collect(),
            probes: vices.probes.iter().map(|vice| labels::probe(*vice)).collect(),
            expression: vices.expression,
        }
    }
}

/// The thoughts that are printed: those of the conversation that was just processed, then older ones, each once.
pub(super) fn thoughts<'a>(
    thoughts: &'a [Thought],
    limits: &ItemLimits,
) -> impl Iterator<Item = &'a Thought> {
    let new = thoughts.iter().filter(|thought| thought.is_new).take(limits.new_thoughts);
    let mut printed: Vec<&Thought> = new.collect();
    let most = printed.len() + limits.active_thoughts;
    for thought in thoughts.iter().filter(|thought| !thought.is_new) {
        let is_known = printed.iter().any(|known| plain(&known.content) == plain(&thought.content));
        if printed.len() < most && !is_known {
            printed.push(thought);
        }
    }
    printed.into_iter()
}

fn first(lines: &[String], most: usize) -> Vec<String> {
    lines.iter().take(most).cloned().collect()
}

fn conflict(material: &Material) -> Conflict {
    let conflict = &material.conflict;
    Conflict {
        name: conflict.conflict_type().unwrap_or(conflict.zone().as_str()),
        temperature: conflict.temperature.value().round().to_string(),
        demeanour: conflict.zone().demeanour(),
        shown: conflict.effective().map(labels::shown),
    }
}

fn mood(material: &Material) -> Mood {
    let [arousal, valence, dominance, intimacy] = dimensions(material);
    // Half away from zero, as everywhere.
    let print = |value: f64| format!("{:.1}", (value * 10.0).round() / 10.0);
    Mood {
        words: emotional_context(arousal, valence, dominance, intimacy),
        arousal: print(arousal),
        valence: print(valence),
        dominance: print(dominance),
        intimacy: print(intimacy),
    }
}

/// The four dimensions of her mood; in the middle when nothing is stored yet.
pub(super) fn dimensions(material: &Material) -> [f64; 4] {
    material
        .mood
        .as_ref()
        .map_or([0.5; 4], |mood| [mood.arousal, mood.valence, mood.dominance, mood.intimacy])
}

fn told(material: &Material, most: usize, today: Date) -> Told {
    let told = events::select(&material.events, material.now, &material.her_zone, most);
    let day = if told.yesterday { today.yesterday().unwrap_or(today) } else { today };
    Told {
        day: day.strftime(DAY).to_string(),
        past: told.past,
        plans_day: today.strftime(DAY).to_string(),
        plans: told.plans,
    }
}

fn thread(thread: &Thread) -> String {
    format!("{}: {}", plain(&thread.thread_type.replace('_', " ")), plain(&thread.content))
}

fn person(person: &Person) -> String {
    let role = plain(&person.role.replace('_', " "));
    let personality = plain_up_to(person.personality.as_deref().unwrap_or_default(), PERSONALITY_CHARS);
    let about = if personality.is_empty() { String::new() } else { format!(": {personality}") };
    let sentiment = match person.sentiment.as_str() {
        "neutral" => String::new(),
        sentiment => format!("; lately {}", plain(sentiment)),
    };
    format!("{} ({role}){about}{sentiment}", plain(&person.name))
}

fn arc(arc: &Arc) -> String {
    let names: Vec<&str> = arc
        .characters
        .as_array()
        .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect());
    let who = if names.is_empty() { "personal".to_owned() } else { plain(&names.join(", ")) };
    let description = plain(arc.description.as_deref().unwrap_or_default());
    format!("{}: {description} ({who}; {})", plain(&arc.category), plain(&arc.stage))
}

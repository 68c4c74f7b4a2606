//! What is kept beside a prompt: what stands in it, and what calls fall back on when the live values cannot be read.

use domain::prompt::assembly::Assembled;
use domain::prompt::events;
use domain::prompt::plain::{clip, plain};
use domain::state::emotional_context;
use domain::vices::shown;
use serde_json::{Value, json};

use super::reads::Material;
use super::values::{dimensions, thoughts};

/// `ready_prompts.context_snapshot`: counts of what is printed, never the words.
pub(super) fn of(material: &Material, assembled: &Assembled, tone: Option<&str>) -> Value {
    let limits = &assembled.limits;
    let printed: Vec<_> = thoughts(&material.thoughts, limits).map(|thought| *thought.id.as_uuid()).collect();
    let sections: Vec<Value> =
        assembled.sections.iter().map(|(id, tokens)| json!({"id": id, "tokens": tokens})).collect();
    let active = shown::choose(&material.vices, material.player.chapter).active;
    let vices: Vec<&str> = active.iter().map(|shade| shade.vice.as_str()).collect();
    json!({
        "chapter": material.player.chapter.number(),
        "relationship_score": material.player.score.value(),
        "emotional_tone": tone.unwrap_or("neutral"),
        "facts_count": material.facts.len().min(limits.facts),
        "episodes_count": material.episodes.len().min(limits.episodes),
        "events_count": material.her_events.len().min(limits.her_events),
        "threads_count": material.threads.len().min(limits.threads),
        "thoughts_count": printed.len(),
        "vices": vices,
        "sections": sections,
        "dropped_sections": assembled.dropped,
        "enriched": false,
        "psyche_present": material.briefing.is_some(),
        "thought_ids": printed,
    })
}

/// How many talks, and how many threads, a call is told of, and how many characters of each.
const TOPICS: usize = 3;
const THREADS: usize = 2;
const ITEM_CHARS: usize = 50;
/// How many events of her day.
const EVENTS: usize = 3;

/// `users.cached_voice_context`: the values of a call that come from summaries, her mood and her day. Those that depend
/// on the hour, the score, the chapter or the engagement are never kept.
pub(super) fn voice_context(material: &Material) -> Value {
    let item = |text: &str| variable(&clip(&plain(text), ITEM_CHARS));
    let talks: Vec<String> = material.talks.iter().take(TOPICS).map(|talk| item(&talk.summary)).collect();
    let threads: Vec<String> =
        material.threads.iter().take(THREADS).map(|thread| item(&thread.content)).collect();
    let told = events::select(&material.events, material.now, &material.her_zone, EVENTS);
    let [arousal, valence, dominance, intimacy] = dimensions(material);
    json!({
        "recent_topics": talks.join(", "),
        "open_threads": threads.join(", "),
        "today_summary": material.day_text.as_deref().map(text).unwrap_or_default(),
        "last_conversation_summary": material.talks.first().map(|talk| text(&talk.summary)).unwrap_or_default(),
        "nikita_mood_arousal": number(arousal),
        "nikita_mood_valence": number(valence),
        "nikita_mood_dominance": number(dominance),
        "nikita_mood_intimacy": number(intimacy),
        "nikita_daily_events": if told.yesterday { String::new() } else { variable(&told.past.join("; ")) },
        "emotional_context": emotional_context(arousal, valence, dominance, intimacy),
    })
}

fn text(text: &str) -> String {
    variable(&plain(text))
}

/// A value that cannot be taken for the name of another one.
fn variable(text: &str) -> String {
    text.replace("{{", " ").replace("}}", " ")
}

/// The shortest form with at least one digit after the point.
fn number(value: f64) -> String {
    format!("{value:?}")
}

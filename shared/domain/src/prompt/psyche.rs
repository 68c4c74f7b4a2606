//! The psyche block of a prompt: guidance that is read when the prompt is served, not when it was built.
//!
//! A stored prompt holds a pair of markers with the guidance of its day between them. Whoever serves the prompt
//! replaces the marked block by the state read at that moment, or by nothing: no marker and no stale psyche reaches a
//! model. The block has a heading, her tone, the guidance, and what to lean into and to steer away from; never her
//! monologue, attachment, defences or vulnerability. It is at most 600 characters long; over that, the guidance is cut
//! at the last space that fits. A state that is invalid or older than 72 hours is as good as none.

use jiff::Timestamp;
use serde_json::Value;

use super::plain::{plain, plain_up_to};
use crate::psyche::state::{GUIDANCE_CHARS, PsycheState};

/// Begins the block in a stored prompt. Everything before it is the same for all players who write.
pub const START: &str = "<!-- psyche:start -->";
/// Ends the block.
pub const END: &str = "<!-- psyche:end -->";
/// The block's longest text, in characters.
pub const MAX_CHARS: usize = 600;
pub use crate::psyche::tiers::VALID_FOR;

/// Heads the block.
const HEADING: &str = "## Right now, underneath";

/// What the block says: the part of a psyche state that is ever shown to the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Briefing {
    tone: &'static str,
    guidance: String,
    encourage: Vec<String>,
    avoid: Vec<String>,
}

impl Briefing {
    /// Reads `psyche_states.state`; none when it is empty, invalid, or older than [`VALID_FOR`].
    pub fn read(state: &Value, generated_at: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        if now.duration_since(generated_at?) > VALID_FOR {
            return None;
        }
        let state = PsycheState::parse(state).ok()?;
        Some(Self {
            tone: state.emotional_tone.as_str(),
            guidance: plain_up_to(&state.behavioral_guidance, GUIDANCE_CHARS),
            encourage: topics(&state.topics_to_encourage),
            avoid: topics(&state.topics_to_avoid),
        })
    }

    /// The block's text, at most [`MAX_CHARS`] characters.
    pub fn render(&self) -> String {
        let full = self.lines(&self.guidance);
        let excess = full.chars().count().saturating_sub(MAX_CHARS);
        if excess == 0 { full } else { self.lines(&shortened(&self.guidance, excess)) }
    }

    fn lines(&self, guidance: &str) -> String {
        let mut lines =
            vec![HEADING.to_owned(), format!("Tone: {}", self.tone), format!("Guidance: {guidance}")];
        if !self.encourage.is_empty() {
            lines.push(format!("Lean into: {}", self.encourage.join(", ")));
        }
        if !self.avoid.is_empty() {
            lines.push(format!("Steer away from: {}", self.avoid.join(", ")));
        }
        lines.join("\n")
    }
}

/// The block as it is stored: between its markers, which are there even when it is empty.
pub fn marked(briefing: Option<&Briefing>) -> String {
    match briefing {
        Some(briefing) => format!("{START}\n{}\n{END}", briefing.render()),
        None => format!("{START}\n{END}"),
    }
}

/// A stored prompt as it is served: before the block, and from the block on, with the block replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// What is the same for everyone; empty when the prompt holds no markers.
    pub global: String,
    /// What is this player's.
    pub own: String,
}

impl Served {
    /// Both parts as one text.
    pub fn into_text(self) -> String {
        join(&self.global, &self.own)
    }
}

/// Replaces the marked block of `prompt` by `briefing`, or by nothing, and splits the prompt there.
pub fn serve(prompt: &str, briefing: Option<&Briefing>) -> Served {
    let Some((global, rest)) = prompt.split_once(START) else {
        return Served { global: String::new(), own: prompt.replace(END, "").trim().to_owned() };
    };
    // A prompt cut in the middle of its block has no end marker: the block is all that is left.
    let own = rest.split_once(END).map_or("", |(_, own)| own);
    let block = briefing.map(Briefing::render).unwrap_or_default();
    let own = own.replace(START, "").replace(END, "");
    Served { global: global.trim().to_owned(), own: join(&block, own.trim()) }
}

fn join(first: &str, second: &str) -> String {
    if first.is_empty() || second.is_empty() {
        format!("{first}{second}")
    } else {
        format!("{first}\n\n{second}")
    }
}

/// `text` without at least `excess` characters and two more, cut at the last space that fits, with an ellipsis.
fn shortened(text: &str, excess: usize) -> String {
    let room = text.chars().count().saturating_sub(excess + 1);
    let kept: String = text.chars().take(room + 1).collect();
    let end =
        kept.rfind(' ').unwrap_or_else(|| kept.char_indices().nth(room).map_or(kept.len(), |(at, _)| at));
    format!("{}…", kept[..end].trim_end())
}

fn topics(topics: &[String]) -> Vec<String> {
    topics.iter().map(|topic| plain(topic)).filter(|topic| !topic.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn state() -> Value {
        json!({
            "attachment_activation": "anxious", "defense_mode": "guarded",
            "behavioral_guidance": "Stay curious, ask one thing at a time.",
            "internal_monologue": "secret worry", "vulnerability_level": 0.4, "emotional_tone": "warm",
            "topics_to_encourage": ["his sister", " ", "music"], "topics_to_avoid": ["the ex"],
        })
    }

    fn read(state: &Value) -> Option<Briefing> {
        Briefing::read(state, Some(NOW), NOW)
    }

    #[test]
    fn the_block_shows_guidance_and_hides_the_rest() {
        let block = read(&state()).expect("a valid state").render();
        assert_eq!(
            block,
            "## Right now, underneath\nTone: warm\nGuidance: Stay curious, ask one thing at a time.\n\
             Lean into: his sister, music\nSteer away from: the ex"
        );
    }

    #[test]
    fn a_state_that_is_old_or_invalid_is_none() {
        let hours = |hours| NOW + SignedDuration::from_hours(hours);
        assert!(Briefing::read(&state(), Some(NOW), hours(72)).is_some());
        assert!(Briefing::read(&state(), Some(NOW), hours(73)).is_none());
        assert!(Briefing::read(&state(), None, NOW).is_none());
        for (key, value) in [
            ("emotional_tone", json!("angry")),
            ("defense_mode", json!("wall")),
            ("behavioral_guidance", json!(" ")),
            ("internal_monologue", json!("")),
            ("vulnerability_level", json!("high")),
        ] {
            let mut broken = state();
            broken[key] = value;
            assert!(read(&broken).is_none(), "{key}");
        }
        assert!(read(&json!({})).is_none());
    }

    #[test]
    fn a_long_guidance_is_cut_at_a_space() {
        for word in ["word ", "longerword", "x"] {
            let mut long = state();
            long["behavioral_guidance"] = json!(word.repeat(500));
            long["topics_to_encourage"] = json!(["a".repeat(60), "b".repeat(60), "c".repeat(60)]);
            let block = read(&long).expect("a valid state").render();
            assert!(block.chars().count() <= MAX_CHARS, "{word}: {}", block.chars().count());
            assert!(block.contains("…\nLean into: "), "{block}");
        }
    }

    /// case: psyche 48
    #[test]
    fn the_default_state_is_shown_and_an_old_one_is_not() {
        let default = serde_json::to_value(PsycheState::default()).expect("json");
        let hours = |hours| NOW + SignedDuration::from_hours(hours);
        let rendered = |now| Briefing::read(&default, Some(NOW), now).map(|briefing| briefing.render());
        assert_eq!(
            rendered(hours(0)).as_deref(),
            Some(
                "## Right now, underneath\nTone: warm\nGuidance: Stay warm and curious; let the player set the pace.\n\
                 Lean into: getting to know each other"
            )
        );
        assert_eq!(rendered(hours(73)), None);

        let long: Vec<String> = ["a", "b", "c"].map(|letter| letter.repeat(60)).into();
        let wordy = PsycheState {
            behavioral_guidance: "guide ".repeat(83),
            topics_to_encourage: long.clone(),
            topics_to_avoid: long,
            ..PsycheState::default()
        };
        let block = read(&serde_json::to_value(wordy).expect("json")).expect("valid").render();
        assert!(block.chars().count() <= MAX_CHARS && block.contains("…\nLean into: a"));
    }

    #[test]
    fn the_block_is_replaced_when_a_prompt_is_served() {
        let old = marked(read(&state()).as_ref());
        let prompt = format!("global\n\n{old}\n\nown");
        assert_eq!(serve(&prompt, None), Served { global: "global".into(), own: "own".into() });

        let fresh = read(&state()).expect("a valid state");
        let served = serve(&format!("global\n\n{}\n\nown", marked(None)), Some(&fresh));
        assert_eq!(served.own, format!("{}\n\nown", fresh.render()));
        assert!(!served.into_text().contains("psyche:"));
    }

    #[test]
    fn a_prompt_without_a_whole_block_still_serves_no_marker() {
        for prompt in [
            "no markers",
            "a <!-- psyche:end --> b",
            "a <!-- psyche:start --> stale",
            "<!-- psyche:start --><!-- psyche:end -->",
        ] {
            let text = serve(prompt, None).into_text();
            assert!(!text.contains("psyche:") && !text.contains("stale"), "{prompt}");
        }
    }
}

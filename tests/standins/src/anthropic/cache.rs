//! Tokens, and what a prompt cache would do with them.
//!
//! The cached prefix runs from the tools over the system prompt to the messages. At each mark everything before it is
//! remembered for five minutes, from its last use on, if it has at least 1,024 tokens. What is written at an instant can be
//! read later: of requests that come together, none reads what another writes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use serde_json::Value;

const KEPT: Duration = Duration::from_mins(5);

/// The shortest prefix that is kept, in tokens.
const SHORTEST: u64 = 1_024;

/// The prefixes that are remembered.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<u64, Kept>);

/// When a prefix was written, and last used.
#[derive(Debug, Clone, Copy)]
struct Kept {
    written: Instant,
    used: Instant,
}

/// The input tokens of a request, by what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) plain: u64,
    pub(super) read: u64,
    pub(super) written: u64,
}

/// A quarter of the characters, rounded up.
pub(super) fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// The text cut to so many tokens, and whether anything was cut.
pub(super) fn cut(text: &str, tokens: u64) -> (String, bool) {
    let characters = usize::try_from(tokens.saturating_mul(4)).unwrap_or(usize::MAX);
    let kept: String = text.chars().take(characters).collect();
    let is_cut = kept.len() < text.len();
    (kept, is_cut)
}

impl Cache {
    pub(super) fn count(&mut self, request: &Value, now: Instant) -> Input {
        self.0.retain(|_, kept| now.duration_since(kept.used) < KEPT);
        let mut hasher = DefaultHasher::new();
        request["model"].as_str().hash(&mut hasher);
        let (mut total, mut read, mut marked) = (0, 0, 0);
        for block in blocks(request) {
            let text = block.text();
            text.hash(&mut hasher);
            total += tokens(&text);
            if block.is_marked() && total >= SHORTEST {
                let kept = self.0.entry(hasher.finish()).or_insert(Kept { written: now, used: now });
                kept.used = now;
                if kept.written < now {
                    read = total;
                }
                marked = total;
            }
        }
        Input { plain: total - marked, read, written: marked - read }
    }
}

/// A part of the prompt, in the order in which it is read.
struct Part<'a>(&'a Value);

impl Part<'_> {
    fn text(&self) -> String {
        match self.0 {
            Value::String(text) => text.clone(),
            Value::Object(map) if map.get("type").is_some_and(|kind| kind == "text") => {
                map.get("text").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            other => other.to_string(),
        }
    }

    fn is_marked(&self) -> bool {
        self.0["cache_control"]["type"] == "ephemeral"
    }
}

fn blocks(request: &Value) -> Vec<Part<'_>> {
    fn list(value: &Value) -> impl Iterator<Item = Part<'_>> {
        value.as_array().into_iter().flatten().map(Part)
    }
    let mut parts: Vec<Part<'_>> = list(&request["tools"]).collect();
    match &request["system"] {
        system @ Value::String(_) => parts.push(Part(system)),
        system => parts.extend(list(system)),
    }
    for message in request["messages"].as_array().into_iter().flatten() {
        match &message["content"] {
            content @ Value::String(_) => parts.push(Part(content)),
            content => parts.extend(list(content)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(first: &str, last: &str) -> Value {
        json!({
            "model": "m",
            "system": [
                {"type": "text", "text": first.repeat(5_000), "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "b".repeat(5_000), "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "now"},
            ],
            "messages": [{"role": "user", "content": last}],
        })
    }

    #[test]
    fn a_prefix_is_written_once_and_read_for_five_minutes() {
        let (mut cache, start) = (Cache::default(), Instant::now());
        for (after, request, expected) in [
            (0, request("a", "hi"), Input { plain: 2, read: 0, written: 2_500 }),
            (60, request("a", "you"), Input { plain: 2, read: 2_500, written: 0 }),
            (61, request("c", "you"), Input { plain: 2, read: 0, written: 2_500 }),
            (359, request("a", "you"), Input { plain: 2, read: 2_500, written: 0 }),
            (1_000, request("a", "you"), Input { plain: 2, read: 0, written: 2_500 }),
        ] {
            let now = start + Duration::from_secs(after);
            assert_eq!(cache.count(&request, now), expected, "after {after} s");
        }
    }

    #[test]
    fn a_changed_end_keeps_the_beginning() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        cache.count(&request("a", "hi"), now);
        let mut other = request("a", "hi");
        other["system"][1]["text"] = json!("d".repeat(5_000));
        let together = Input { plain: 2, read: 0, written: 2_500 };
        assert_eq!(cache.count(&other, now), together);
        other["system"][1]["text"] = json!("e".repeat(5_000));
        let later = now + Duration::from_secs(1);
        assert_eq!(cache.count(&other, later), Input { plain: 2, read: 1_250, written: 1_250 });
    }

    #[test]
    fn a_short_prefix_is_not_kept() {
        let (mut cache, now) = (Cache::default(), Instant::now());
        let short =
            json!({"system": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]});
        cache.count(&short, now);
        assert_eq!(cache.count(&short, now), Input { plain: 1, read: 0, written: 0 });
    }
}

//! A day of her life, by the date: the same one always gets the same day. It names only people and places that it was told of.

use serde_json::{Value, json};

use super::prompt::Prompt;

/// An event: part of the day, domain, type, what it says, and how it feels on a day that is neither good nor bad.
type Sketch = (&'static str, &'static str, &'static str, &'static str, f64);

const WORK: [Sketch; 3] = [
    ("morning", "work", "project_update", "Two hours in somebody's login code, and it holds so far.", 0.2),
    ("morning", "work", "meeting", "A call that could have been a mail, with one good question in it.", 0.0),
    (
        "afternoon",
        "work",
        "colleague_interaction",
        "Explained one bug three times, the third time with a drawing.",
        0.1,
    ),
];
const CHORES: [Sketch; 3] = [
    ("afternoon", "personal", "errand", "Post office, pharmacy, and the wrong light bulbs again.", 0.0),
    ("morning", "personal", "gym", "Deadlifts with loud music and nobody talking.", 0.3),
    ("afternoon", "personal", "self_care", "Slept until it was light and did nothing about it.", 0.2),
];
const COMPANY: [Sketch; 2] = [
    ("evening", "social", "friend_hangout", "Noodles and gossip until the place closed.", 0.4),
    ("evening", "social", "plans_made", "Something nice for the weekend, in the calendar, in ink.", 0.3),
];
const ALONE: [Sketch; 2] = [
    ("night", "personal", "hobby_activity", "A crystal that finally grew the way it should.", 0.3),
    ("night", "personal", "health", "A headache, the dark, and a cat on it.", -0.1),
];
const LOW: Sketch =
    ("evening", "social", "plans_cancelled", "Plans fell through, and the sofa was fine with it.", -0.3);
const PREOCCUPIED: Sketch =
    ("night", "personal", "self_care", "Kept looking at the phone and did not write.", -0.3);

/// Writes the day that a prompt asks for.
pub(super) fn day(prompt: &Prompt<'_>) -> Value {
    let turn = date_number(prompt.block("date").unwrap_or_default());
    let is_off = lines(prompt, "day").any(|line| line == "work: off");
    let has = |block: &str, words: &str| lines(prompt, block).any(|line| line.contains(words));
    let is_low = has("mood", "tone: low");
    let lift = match (is_low, has("mood", "tone: good")) {
        (true, _) => -0.3,
        (_, true) => 0.3,
        _ => 0.0,
    };

    let first = if is_off { pick(&CHORES, turn + 1) } else { pick(&WORK, turn) };
    let company = if is_low { LOW } else { pick(&COMPANY, turn) };
    let last = if has("mood", "preoccupied") { PREOCCUPIED } else { pick(&ALONE, turn) };
    let friend = friends(prompt).into_iter().nth(turn % friends(prompt).len().max(1));
    let place = named(prompt, "place").into_iter().nth(turn % named(prompt, "place").len().max(1));

    let mut events: Vec<Value> = [
        (first, None),
        (pick(&CHORES, turn), place.map(|name| json!({ "name": name, "type": "place" }))),
        (company, friend.map(|name| json!({ "name": name, "type": "friend" }))),
        (last, None),
    ]
    .into_iter()
    .map(|(sketch, entity)| event(sketch, lift, entity))
    .collect();
    let updates = storyline(prompt, &mut events);
    json!({ "events": events, "arc_updates": updates })
}

fn event((part, domain, kind, text, feeling): Sketch, lift: f64, entity: Option<Value>) -> Value {
    let entities: Vec<Value> = entity.into_iter().collect();
    json!({
        "time_of_day": part,
        "domain": domain,
        "event_type": kind,
        "description": text,
        "entities": entities,
        "emotional_valence": f64::clamp(feeling + lift, -1.0, 1.0),
        "emotional_arousal": if part == "night" { -0.2 } else { 0.2 },
        "importance": if domain == "social" { 0.6 } else { 0.4 },
    })
}

/// The first storyline is taken up by the last event; one that goes on moves a little.
fn storyline(prompt: &Prompt<'_>, events: &mut [Value]) -> Vec<Value> {
    let Some(line) = lines(prompt, "storylines").next() else { return Vec::new() };
    let reference = line.split_whitespace().next().unwrap_or_default();
    if let Some(last) = events.last_mut() {
        last["arc_ref"] = json!(reference);
    }
    if line.contains("(goes on)") {
        vec![json!({ "arc_ref": reference, "new_state": "A small step, and nothing is decided yet." })]
    } else {
        Vec::new()
    }
}

/// Her friends, by name.
fn friends(prompt: &Prompt<'_>) -> Vec<String> {
    let name = |line: &str| {
        let (name, role) = line.strip_prefix("- ")?.split_once(" (")?;
        role.contains("friend").then(|| name.to_owned())
    };
    lines(prompt, "people").filter_map(name).collect()
}

/// What of this kind there is in her world.
fn named(prompt: &Prompt<'_>, kind: &str) -> Vec<String> {
    let of_kind = |line: &str| line.strip_prefix(kind)?.strip_prefix(": ").map(ToOwned::to_owned);
    let names = lines(prompt, "world").find_map(of_kind).unwrap_or_default();
    names.split(", ").filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

fn lines<'a>(prompt: &'a Prompt<'_>, block: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    prompt.block(block).unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty())
}

fn pick(sketches: &[Sketch], turn: usize) -> Sketch {
    sketches[turn % sketches.len()]
}

/// The digits of a date as a number that grows with it.
fn date_number(date: &str) -> usize {
    let digits = date.chars().filter_map(|letter| letter.to_digit(10));
    digits.fold(0, |number, digit| number * 10 + digit as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Value {
        day(&Prompt::read(&json!({ "messages": [{ "role": "user", "content": text }] })))
    }

    #[test]
    fn a_day_is_the_same_every_time_and_keeps_to_what_it_was_told() {
        let told = "<date>\n2026-02-25, Wednesday\n</date>\n<day>\nwork: remote\n</day>\n<mood>\ntone: neutral\n</mood>\n\
                    <people>\n- Lena (best friend)\n- Alexei (father)\n</people>\n<world>\nplace: the office, Sunset Bar\n</world>";
        let one = written(told);
        assert_eq!(one, written(told));
        assert_eq!(one["events"].as_array().map(Vec::len), Some(4));
        assert_eq!(one["events"][0]["domain"], "work");
        assert_eq!(one["events"][2]["entities"][0]["name"], "Lena");

        let off = written(&told.replace("work: remote", "work: off").replace("neutral", "low"));
        assert!(off["events"].as_array().into_iter().flatten().all(|event| event["domain"] != "work"));
        assert_eq!(off["events"][2]["event_type"], "plans_cancelled");
        assert_ne!(off["events"][0]["event_type"], off["events"][1]["event_type"]);
    }

    #[test]
    fn a_storyline_is_taken_up_and_moves_while_it_goes_on() {
        let told = |course: &str| {
            written(&format!(
                "<date>\n2026-02-25\n</date>\n<storylines>\nA1 home_project ({course}): paint\n</storylines>"
            ))
        };
        assert_eq!(told("goes on")["events"][3]["arc_ref"], "A1");
        assert_eq!(told("goes on")["arc_updates"][0]["arc_ref"], "A1");
        assert_eq!(told("ends today, outcome completed")["arc_updates"], json!([]));
    }
}

//! A player's day in her words: what the model answers, and what stands there when no model does.
//!
//! A summary has a text of two or three sentences, up to three key moments and a tone: `warm`, `playful`, `tense`,
//! `passionate`, `neutral` or `distant`. An answer comes as an object, or as lines:
//!
//! ```text
//! SUMMARY: We talked about the sea, and I liked it.
//! KEY_MOMENTS: he told me about the sea | I laughed
//! EMOTIONAL_TONE: warm
//! ```
//!
//! What is missing reads as [`QUIET_DAY`], no moments and `neutral`; only the `SUMMARY` line itself is the text; blank
//! moments are dropped; a tone of no list is `neutral`. Without a model the text says how many conversations there were,
//! and the tone is that of most of them, the first seen if several are.
//!
//! Days are UTC dates. A nightly run is for the date of its slot, a run by hand in the first two hours of a day for the
//! day before; each then looks at the [`LATE_DAYS`] before it, for players who lack a text.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

use crate::model_answer;
use crate::prompt::plain::plain_up_to;

/// The text of a day about which nothing was said.
pub const QUIET_DAY: &str = "Had a nice day together.";
/// The most key moments.
pub const MAX_MOMENTS: usize = 3;
/// The longest text, in characters.
pub const MAX_TEXT_CHARS: usize = 1_200;
/// The longest key moment, in characters.
pub const MAX_MOMENT_CHARS: usize = 300;
/// The most conversations of a day that are described, the newest first.
pub const MAX_CONVERSATIONS: i64 = 20;
/// So many days before the one that a run is for are filled where a text is lacking: what ended late was not read in time.
pub const LATE_DAYS: i32 = 2;
/// A run by hand that starts so soon after midnight is for yesterday.
const STILL_YESTERDAY: SignedDuration = SignedDuration::from_hours(2);
/// The tones that a model may give a day.
pub const TONES: [&str; 6] = ["warm", "playful", "tense", "passionate", NEUTRAL, "distant"];

const NEUTRAL: &str = "neutral";

/// One day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailySummary {
    /// In her words.
    pub text: String,
    /// What mattered.
    pub key_moments: Vec<String>,
    /// How it felt.
    pub emotional_tone: String,
}

impl DailySummary {
    /// Reads an answer that is an object with `summary`, `key_moments` and `emotional_tone`.
    pub fn from_object(answer: &Value) -> Self {
        let moments = answer["key_moments"].as_array().map_or(&[][..], Vec::as_slice);
        Self::of(
            answer["summary"].as_str(),
            moments.iter().filter_map(Value::as_str),
            answer["emotional_tone"].as_str(),
        )
    }

    /// Reads an answer that is a text: an object, whatever is around it, else lines.
    pub fn from_text(answer: &str) -> Self {
        model_answer::object(answer)
            .map_or_else(|| Self::from_lines(answer), |object| Self::from_object(&object))
    }

    fn from_lines(answer: &str) -> Self {
        let line = |name: &str| answer.lines().find_map(|line| line.trim().strip_prefix(name));
        let moments = line("KEY_MOMENTS:").unwrap_or_default();
        Self::of(line("SUMMARY:"), moments.split('|'), line("EMOTIONAL_TONE:"))
    }

    /// The day without a model. `tones` are those of its conversations, in their order, as far as they are known.
    pub fn fallback(tones: &[Option<&str>]) -> Self {
        let text = match tones.len() {
            1 => "We had 1 conversation today.".to_owned(),
            count => format!("We had {count} conversations today."),
        };
        let known: Vec<&str> = tones.iter().copied().flatten().collect();
        let often = |tone: &str| known.iter().filter(|other| **other == tone).count();
        // Of several equal ones `max_by_key` takes the last: from the back, that is the first seen.
        let most = known.iter().rev().max_by_key(|tone| often(tone));
        let emotional_tone = most.map_or(NEUTRAL, |tone| *tone).to_owned();
        Self { text, key_moments: Vec::new(), emotional_tone }
    }

    fn of<'a>(text: Option<&str>, moments: impl Iterator<Item = &'a str>, tone: Option<&str>) -> Self {
        let text = text.map(|text| plain_up_to(text, MAX_TEXT_CHARS)).filter(|text| !text.is_empty());
        let tone = tone.unwrap_or_default().trim().to_lowercase();
        Self {
            text: text.unwrap_or_else(|| QUIET_DAY.to_owned()),
            key_moments: moments
                .map(|moment| plain_up_to(moment, MAX_MOMENT_CHARS))
                .filter(|moment| !moment.is_empty())
                .take(MAX_MOMENTS)
                .collect(),
            emotional_tone: TONES.into_iter().find(|known| *known == tone).unwrap_or(NEUTRAL).to_owned(),
        }
    }
}

/// The date that a run is for.
pub fn date_of_run(slot: Option<Timestamp>, now: Timestamp) -> Date {
    let instant = slot.unwrap_or(now - STILL_YESTERDAY);
    instant.to_zoned(TimeZone::UTC).date()
}

/// The days that a run for `date` looks at, that one first.
pub fn days(date: Date) -> Vec<Date> {
    (0..=LATE_DAYS).filter_map(|back| date.checked_sub(back.days()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn summary(text: &str, moments: &[&str], tone: &str) -> DailySummary {
        DailySummary {
            text: text.to_owned(),
            key_moments: moments.iter().map(|moment| (*moment).to_owned()).collect(),
            emotional_tone: tone.to_owned(),
        }
    }

    #[test]
    fn an_object_that_comes_as_text_is_read_as_one() {
        for answer in [
            r#"{"summary": "A day.", "key_moments": ["one"], "emotional_tone": "warm"}"#,
            "Here it is:\n```json\n{\"summary\": \"A day.\", \"key_moments\": [\"one\"], \"emotional_tone\": \"warm\"}\n```",
        ] {
            assert_eq!(DailySummary::from_text(answer), summary("A day.", &["one"], "warm"), "{answer}");
        }
    }

    // case: pipeline 59
    // case: api 47
    #[test]
    fn lines_are_read() {
        for (answer, expected) in [
            (
                "SUMMARY: A good day.\nKEY_MOMENTS: one | two |  | three\nEMOTIONAL_TONE: Warm",
                summary("A good day.", &["one", "two", "three"], "warm"),
            ),
            (
                "SUMMARY: Good day.\nKEY_MOMENTS: walk | | call \nEMOTIONAL_TONE: Warm",
                summary("Good day.", &["walk", "call"], "warm"),
            ),
            ("SUMMARY: Good day.\nEMOTIONAL_TONE: ecstatic", summary("Good day.", &[], "neutral")),
            ("  SUMMARY: A day.\nthat went on\n", summary("A day.", &[], "neutral")),
            ("KEY_MOMENTS: a|b|c|d", summary(QUIET_DAY, &["a", "b", "c"], "neutral")),
            ("A good day.", summary("Had a nice day together.", &[], "neutral")),
            ("", summary(QUIET_DAY, &[], "neutral")),
        ] {
            assert_eq!(DailySummary::from_text(answer), expected, "{answer}");
        }
    }

    // case: pipeline 60
    #[test]
    fn a_tone_of_no_list_is_neutral() {
        for (tone, read) in [
            ("tense, playful", "neutral"),
            ("TENSE", "tense"),
            (" distant ", "distant"),
            ("positive", "neutral"),
        ] {
            assert_eq!(DailySummary::from_text(&format!("EMOTIONAL_TONE: {tone}")).emotional_tone, read);
        }
    }

    // case: pipeline 61
    // case: api 48
    #[test]
    fn without_a_model_the_conversations_are_counted() {
        let tones = |tones: &[&'static str]| tones.iter().copied().map(Some).collect::<Vec<_>>();
        for (tones, expected) in [
            (
                tones(&["positive", "negative", "negative"]),
                summary("We had 3 conversations today.", &[], "negative"),
            ),
            (tones(&["warm", "warm", "tense"]), summary("We had 3 conversations today.", &[], "warm")),
            (tones(&["warm", "tense"]), summary("We had 2 conversations today.", &[], "warm")),
            (tones(&["mixed"]), summary("We had 1 conversation today.", &[], "mixed")),
            (
                tones(&["neutral", "positive", "positive", "neutral"]),
                summary("We had 4 conversations today.", &[], "neutral"),
            ),
            (vec![None, None], summary("We had 2 conversations today.", &[], "neutral")),
            (vec![None, Some("mixed")], summary("We had 2 conversations today.", &[], "mixed")),
        ] {
            assert_eq!(DailySummary::fallback(&tones), expected);
        }
    }

    #[test]
    fn an_object_is_read_as_tolerantly() {
        let answer =
            json!({ "summary": " We\ntalked. ", "key_moments": ["a", "", 3, "b"], "emotional_tone": "Warm" });
        assert_eq!(DailySummary::from_object(&answer), summary("We talked.", &["a", "b"], "warm"));
        for odd in [json!(null), json!([]), json!({ "summary": 3, "key_moments": "a", "emotional_tone": {} })]
        {
            assert_eq!(DailySummary::from_object(&odd), summary(QUIET_DAY, &[], "neutral"), "{odd}");
        }
    }

    #[test]
    fn a_run_is_for_the_day_of_its_slot_and_by_hand_for_the_night_before() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let slot = Some(at("2026-02-17T23:59:00Z"));
        for (slot, now, date) in [
            // Delivered late, or tried again, it is still for its day.
            (slot, "2026-02-18T03:10:00Z", "2026-02-17"),
            (None, "2026-02-18T01:59:59Z", "2026-02-17"),
            (None, "2026-02-18T02:00:00Z", "2026-02-18"),
        ] {
            assert_eq!(date_of_run(slot, at(now)).to_string(), date, "{now}");
        }
        let march: Vec<String> = days(jiff::civil::date(2026, 3, 1)).iter().map(Date::to_string).collect();
        assert_eq!(march, ["2026-03-01", "2026-02-28", "2026-02-27"]);
    }

    proptest! {
        #[test]
        fn no_answer_leaves_the_limits(answer in "((SUMMARY:|KEY_MOMENTS:|EMOTIONAL_TONE:)?(.|\n|\\|){0,60}){0,4}") {
            let read = DailySummary::from_text(&answer);
            prop_assert!(!read.text.is_empty() && read.text.chars().count() <= MAX_TEXT_CHARS);
            prop_assert!(read.key_moments.len() <= MAX_MOMENTS);
            prop_assert!(TONES.contains(&read.emotional_tone.as_str()));
        }
    }
}

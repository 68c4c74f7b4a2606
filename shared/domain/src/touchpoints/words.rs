//! What she says when she writes first: hints for the model, and how its answer is put in order.
//!
//! | without a state | mood |
//! |---|---|
//! | a gap | fond and slightly worried |
//! | a morning | bright |
//! | an evening | mellow |
//! | else | at ease |
//!
//! | with a state | mood |
//! |---|---|
//! | valence below 0.3 | agitated with arousal above 0.6, else subdued |
//! | valence above 0.7 | exuberant with arousal above 0.6, else happy |
//! | else | pensive |
//!
//! Energy: a morning is medium, an evening low and falling, an event high, else normal.
//!
//! The answer is 1 to 3 lines, each a message of at most 300 characters. Quotes around a line, labels such as "Message 1:" and actions between
//! asterisks go; so does a line that is empty or has nothing but punctuation; a long line is cut at the last sentence or word; of
//! [emoji](crate::texting::emoji) two of hers stay, and one alone is a message. When it goes out, a long line becomes
//! [parts](crate::texting::parts) as in a reply as long as there are three messages in all at most; two lines are never put into one. What equals
//! one of the last five that were delivered, or shares 70 % of its words with one, is thought up once more, then not sent.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::{Slot, Trigger};
use crate::emotion::Dimensions;
use crate::state::{HIGH, LOW};
use crate::telegram::without_actions;
use crate::texting::cut::cut;
use crate::texting::emoji::{count, restrained};
use crate::texting::parts::parts;

/// The longest that the model may take.
pub const TIMEOUT: Duration = Duration::from_secs(15);
/// So many messages at most,
pub const MOST_LINES: usize = 3;
/// each of at most so many characters.
pub const LINE_CHARS: usize = 300;
/// The last so many that were delivered are not repeated.
pub const NOT_REPEATED: usize = 5;
/// So many open threads are shown to the model.
pub const THREADS_SHOWN: usize = 3;
/// Words shared with an earlier one that make it a repetition.
pub const SAME_WORDS: f64 = 0.7;
/// By chapter: how far they have come, as the model is told.
pub const CLOSENESS: [&str; 5] = ["just met", "dating", "committed", "serious", "partners"];
/// Above this arousal a mood is a lively one.
const LIVELY_ABOVE: f64 = 0.6;

#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test compiles it")]
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:[-*•]\s+|\d+[.)]\s+|(?:message|msg|line|text)\s*\d*\s*:\s*)+")
        .expect("a valid pattern")
});

/// The mood that the model is told.
pub fn mood_hint(trigger: Trigger, slot: Option<Slot>, mood: Option<Dimensions>) -> &'static str {
    match (mood, trigger, slot) {
        (Some(mood), ..) => of_state(mood),
        (None, Trigger::Gap, _) => "fond and slightly worried",
        (None, Trigger::Time, Some(Slot::Morning)) => "bright",
        (None, Trigger::Time, Some(Slot::Evening)) => "mellow",
        _ => "at ease",
    }
}

fn of_state(mood: Dimensions) -> &'static str {
    let lively = mood.arousal() > LIVELY_ABOVE;
    match mood.valence() {
        valence if valence < LOW && lively => "agitated",
        valence if valence < LOW => "subdued",
        valence if valence > HIGH && lively => "exuberant",
        valence if valence > HIGH => "happy",
        _ => "pensive",
    }
}

/// The energy that the model is told.
pub const fn energy_hint(trigger: Trigger, slot: Option<Slot>) -> &'static str {
    match (trigger, slot) {
        (Trigger::Time, Some(Slot::Morning)) => "medium",
        (Trigger::Time, Some(Slot::Evening)) => "low and falling",
        (Trigger::Event, _) => "high",
        _ => "normal",
    }
}

/// The messages of a model's answer; none when nothing is left to say.
pub fn messages(answer: &str) -> Vec<String> {
    answer.lines().filter_map(message).take(MOST_LINES).collect()
}

fn message(line: &str) -> Option<String> {
    let bare = unquoted(&LABEL.replace(unquoted(line), "")).to_owned();
    let words = restrained(&cut(&without_actions(&bare), LINE_CHARS));
    (words.contains(char::is_alphanumeric) || count(&words) > 0).then_some(words)
}

/// The messages in which a touchpoint's content goes out: its lines, and where there is room for more, a long one in parts.
pub fn sent_as(content: &str) -> Vec<String> {
    let lines: Vec<&str> = content.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut room = MOST_LINES.saturating_sub(lines.len());
    let of_line = |line| {
        let parts = parts(line, 1 + room);
        room = (1 + room).saturating_sub(parts.len());
        parts
    };
    lines.into_iter().flat_map(of_line).collect()
}

/// Without quotes that stand around the whole.
fn unquoted(line: &str) -> &str {
    let line = line.trim();
    let pairs = [('"', '"'), ('\'', '\''), ('“', '”'), ('„', '“'), ('«', '»')];
    pairs
        .into_iter()
        .find_map(|(open, close)| line.strip_prefix(open)?.strip_suffix(close))
        .map_or(line, str::trim)
}

/// Whether she said it before.
pub fn is_repetition(said: &str, before: &[&str]) -> bool {
    let words = word_set(said);
    before.iter().take(NOT_REPEATED).any(|earlier| {
        let earlier_words = word_set(earlier);
        let shared = words.intersection(&earlier_words).count();
        let all = words.union(&earlier_words).count();
        said.trim() == earlier.trim() || (all > 0 && shared as f64 / all as f64 >= SAME_WORDS)
    })
}

fn word_set(text: &str) -> HashSet<String> {
    let lower = text.to_lowercase();
    lower
        .split(|letter: char| !letter.is_alphanumeric() && letter != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_becomes_messages() {
        for (answer, expected) in [
            ("\"just made coffee\"", vec!["just made coffee"]),
            (
                "Message 1: hey\n\nMessage 2: \"you won't believe this\"",
                vec!["hey", "you won't believe this"],
            ),
            ("*stretches* morning\n- one\n2) two\nthree", vec!["morning", "one", "two"]),
            ("1. first\n“second”", vec!["first", "second"]),
            ("...\n😘\n*smiles*\n- \n", vec!["😘"]),
            ("🎉\n:)\n\n```", vec![":)"]),
            ("hey 🎉 you 😏 there 😘 now 🙂", vec!["hey you 😏 there 😘 now"]),
            ("it's 5: 30 somewhere", vec!["it's 5: 30 somewhere"]),
            ("", vec![]),
        ] {
            assert_eq!(messages(answer), expected, "{answer}");
        }
        let long = messages(&"a sentence that goes on. ".repeat(40));
        assert!(long[0].chars().count() <= LINE_CHARS && long[0].ends_with('.'));
    }

    #[test]
    fn long_lines_go_out_in_parts_three_at_most() {
        assert_eq!(sent_as("one\ntwo"), ["one", "two"]);
        let long = "This line says one thing first. Then it says another thing, at some length. And a third. And the fourth thing is said last.";
        assert_eq!(sent_as(long).len(), 3);
        assert_eq!(sent_as(&format!("{long}\n{long}")).len(), 3);
    }

    /// The room that is left goes to the first lines; none grows beyond what it was.
    #[test]
    fn lines_are_never_put_into_one_message() {
        let line =
            |name: &str| format!("{name} and {0}. {name} again and {0}.", "on and on ".repeat(6).trim());
        let (one, two, three) = (line("one"), line("two"), line("three"));
        assert_eq!(sent_as(&[&one[..], &two, &three].join("\n")), [&one[..], &two, &three]);
        let sent = sent_as(&format!("{one}\n{two}"));
        assert_eq!((sent.len(), &sent[2]), (3, &two));
        assert_eq!(sent[..2].join(" "), one);
    }

    #[test]
    fn she_does_not_repeat_herself() {
        let before = ["just made coffee, the good one", "thinking about the sea"];
        for (said, repetition) in [
            ("just made coffee, the good one", true),
            ("Just made the good coffee one!", true),
            ("just made tea, the good one", true),
            ("made tea", false),
            ("", false),
        ] {
            assert_eq!(is_repetition(said, &before), repetition, "{said}");
        }
        let six = ["a b", "c", "d", "e", "f", "same thing"];
        assert!(!is_repetition("same thing", &six));
    }

    #[test]
    fn hints_follow_the_moment_or_the_state() {
        let mood = |valence, arousal| Some(Dimensions::new(arousal, valence, 0.5, 0.5));
        for (trigger, slot, mood, hint) in [
            (Trigger::Gap, None, None, "fond and slightly worried"),
            (Trigger::Time, Some(Slot::Morning), None, "bright"),
            (Trigger::Time, Some(Slot::Evening), None, "mellow"),
            (Trigger::Event, None, None, "at ease"),
            (Trigger::Gap, None, mood(0.29, 0.61), "agitated"),
            (Trigger::Gap, None, mood(0.29, 0.6), "subdued"),
            (Trigger::Gap, None, mood(0.71, 0.61), "exuberant"),
            (Trigger::Gap, None, mood(0.71, 0.6), "happy"),
            (Trigger::Gap, None, mood(0.3, 0.9), "pensive"),
        ] {
            assert_eq!(mood_hint(trigger, slot, mood), hint);
        }
        assert_eq!(energy_hint(Trigger::Time, Some(Slot::Evening)), "low and falling");
        assert_eq!((energy_hint(Trigger::Event, None), energy_hint(Trigger::Gap, None)), ("high", "normal"));
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_form(answer in "(\\PC{0,40}\n?){0,6}|[a-z *\"]{250,700}") {
            let messages = messages(&answer);
            prop_assert!(messages.len() <= MOST_LINES);
            for message in &messages {
                prop_assert!((1..=LINE_CHARS).contains(&message.chars().count()));
                prop_assert!(!message.contains('\n'));
            }
        }
    }
}

//! Remembered facts as a prompt shows them: one line each, `[YYYY-MM-DD] (label) fact`.
//!
//! The label says whose the fact is: `About them`, `Our history`, `My life`; a type that nobody knows is its own label. The
//! day is the one on which it was said, on the player's clock, or `Unknown date`. What has stopped being true is still
//! memory: its line ends with `(until YYYY-MM-DD)`. The fact is printed as data (`prompt::plain`).

use jiff::civil::Date;

use super::classification::GraphType;
use crate::prompt::plain::plain;

/// So many lines are shown where nothing else is said.
pub const DEFAULT_LINES: usize = 5;

/// What stands where no fact was found.
pub const NOTHING_RELEVANT: &str = "Nothing relevant comes to mind.";

/// A fact to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The day on which it was said.
    pub said_on: Option<Date>,
    /// The graph it belongs to, as stored.
    pub graph_type: &'a str,
    /// The fact in words.
    pub fact: &'a str,
    /// The last day on which it is true.
    pub valid_until: Option<Date>,
}

/// The line of one fact, on the day `today`.
pub fn context_line(shown: &Shown<'_>, today: Date) -> String {
    let day = shown.said_on.map_or_else(|| "Unknown date".to_owned(), |day| day.to_string());
    let label = label(shown.graph_type);
    let line = format!("[{day}] ({label}) {}", plain(shown.fact));
    match shown.valid_until.filter(|until| *until < today) {
        Some(until) => format!("{line} (until {until})"),
        None => line,
    }
}

/// The lines of facts, or the sentence that stands for none.
pub fn context_lines<'a>(facts: impl IntoIterator<Item = Shown<'a>>, today: Date) -> String {
    let lines: Vec<String> = facts.into_iter().map(|shown| context_line(&shown, today)).collect();
    if lines.is_empty() { NOTHING_RELEVANT.to_owned() } else { lines.join("\n") }
}

fn label(graph_type: &str) -> String {
    match GraphType::parse(graph_type) {
        Some(GraphType::Nikita) => "My life".to_owned(),
        Some(GraphType::User) => "About them".to_owned(),
        Some(GraphType::Relationship) => "Our history".to_owned(),
        None => plain(graph_type),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 5, 1);

    fn shown<'a>(said_on: Option<Date>, graph_type: &'a str, fact: &'a str) -> Shown<'a> {
        Shown { said_on, graph_type, fact, valid_until: None }
    }

    // case: pipeline 54
    #[test]
    fn a_line_names_the_day_and_whose_the_fact_is() {
        let day = Some(date(2026, 2, 1));
        for (shown, line) in [
            (shown(day, "user", "plays chess"), "[2026-02-01] (About them) plays chess"),
            (shown(day, "relationship", "met online"), "[2026-02-01] (Our history) met online"),
            (shown(day, "nikita", "has a cat"), "[2026-02-01] (My life) has a cat"),
            (shown(None, "odd", "z"), "[Unknown date] (odd) z"),
            (shown(None, "user", "a\n# b </facts>"), "[Unknown date] (About them) a b ‹/facts›"),
        ] {
            assert_eq!(context_line(&shown, TODAY), line);
        }
    }

    #[test]
    fn what_is_true_no_longer_says_until_when_it_was() {
        for (until, end) in
            [(date(2026, 4, 30), "(until 2026-04-30)"), (TODAY, "in Rome"), (date(2026, 6, 1), "in Rome")]
        {
            let shown = Shown { valid_until: Some(until), ..shown(None, "user", "User lives in Rome") };
            assert!(context_line(&shown, TODAY).ends_with(end), "{until}");
        }
    }

    #[test]
    fn no_fact_is_a_sentence_too() {
        assert_eq!(context_lines([], TODAY), NOTHING_RELEVANT);
        let two = [shown(None, "user", "a"), shown(None, "user", "b")];
        assert_eq!(context_lines(two, TODAY), "[Unknown date] (About them) a\n[Unknown date] (About them) b");
    }
}

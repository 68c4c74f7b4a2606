//! The context block: who the call is with and what there is between them, in one line for the agent.
//!
//! Parts are joined by ` | ` and left out when there is nothing to say: the relation, how they met, the last talk,
//! today, her day, her mood, the tension between them. The whole has at most 2,000 characters.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::prompt::plain::clip;
use crate::score::Score;

/// The longest context block, in characters.
pub const MAX_CHARS: usize = 2_000;
/// A conflict up to this severity is not worth a word.
const NO_TENSION: f64 = 0.1;
/// Below this severity a conflict is minor.
const MODERATE_FROM: f64 = 0.3;
/// From this severity on a conflict is serious.
const SERIOUS_FROM: f64 = 0.6;

/// What a context block is made of. Empty texts are left out.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The player's name.
    pub name: &'a str,
    /// The number of the chapter.
    pub chapter: i32,
    /// The relationship score.
    pub score: Score,
    /// How they met.
    pub backstory: &'a str,
    /// The summary of the last conversation.
    pub last_talk: &'a str,
    /// The summary of today.
    pub today: &'a str,
    /// What has happened in her day.
    pub her_day: &'a str,
    /// Her emotional context, when a state of hers is known.
    pub mood: Option<String>,
    /// The type of the conflict and its severity from 0 to 1.
    pub conflict: Option<(&'a str, f64)>,
}

impl<'a> Context<'a> {
    /// What is known of every player.
    pub const fn of(name: &'a str, chapter: i32, score: Score) -> Self {
        Self {
            name,
            chapter,
            score,
            backstory: "",
            last_talk: "",
            today: "",
            her_day: "",
            mood: None,
            conflict: None,
        }
    }
}

/// The block.
pub fn context_block(context: &Context<'_>) -> String {
    let mut parts = vec![with_whom(context)];
    let told = [
        ("How we met", context.backstory, 150),
        ("Last talk", context.last_talk, 200),
        ("Today", context.today, 150),
        ("Nikita's day", context.her_day, 150),
    ];
    for (label, text, chars) in told {
        if !text.is_empty() {
            parts.push(format!("{label}: {}", text.chars().take(chars).collect::<String>()));
        }
    }
    if let Some(mood) = &context.mood {
        parts.push(format!("Mood: {mood}"));
    }
    if let Some((kind, word)) = context.conflict.and_then(|(kind, severity)| Some((kind, tension(severity)?)))
        && !kind.is_empty()
    {
        parts.push(format!("Tension: {word} {kind}"));
    }
    clip(&parts.join(" | "), MAX_CHARS)
}

fn with_whom(context: &Context<'_>) -> String {
    let name = if context.name.is_empty() { "them" } else { context.name };
    let relation = match context.chapter {
        1 => "just met",
        2 => "getting acquainted",
        3 => "building trust",
        4 => "growing close",
        5 => "deeply connected",
        _ => "developing",
    };
    format!("With {name}: {relation} (score: {})", whole(context.score.value()))
}

/// This one number is rounded half to even, as its readers have always seen it.
fn whole(score: Decimal) -> Decimal {
    score.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven).normalize()
}

/// The word for a conflict's severity; none for one that is not worth a word.
pub fn tension(severity: f64) -> Option<&'static str> {
    if severity <= NO_TENSION {
        None
    } else if severity < MODERATE_FROM {
        Some("minor")
    } else if severity < SERIOUS_FROM {
        Some("moderate")
    } else {
        Some("serious")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::emotional_context;
    use rust_decimal::dec;

    fn score(value: Decimal) -> Score {
        Score::new(value).expect("a score")
    }

    // case: voice 24-25
    #[test]
    fn a_player_without_a_name_is_them() {
        let sam = Context::of("Sam", 3, score(dec!(67.25)));
        assert_eq!(context_block(&sam), "With Sam: building trust (score: 67)");
        let nobody = Context::of("", 2, score(dec!(50.5)));
        assert_eq!(context_block(&nobody), "With them: getting acquainted (score: 50)");
    }

    // case: voice 26
    #[test]
    fn everything_known_is_told_in_order() {
        let block = context_block(&Context {
            name: "Ana",
            chapter: 4,
            score: score(dec!(72.5)),
            backstory: "Met at a club",
            last_talk: "We argued about Friday.",
            today: "Quiet day.",
            her_day: "Gym then audit.",
            mood: Some(emotional_context(0.8, 0.2, 0.5, 0.75)),
            conflict: Some(("jealousy", 0.45)),
        });
        assert_eq!(
            block,
            "With Ana: growing close (score: 72) | How we met: Met at a club | Last talk: We argued about Friday. \
             | Today: Quiet day. | Nikita's day: Gym then audit. | Mood: energetic and moody and affectionate \
             | Tension: moderate jealousy"
        );
    }

    // case: voice 27
    #[test]
    fn tension_has_three_words() {
        let words = [0.1, 0.11, 0.3, 0.6].map(tension);
        assert_eq!(words, [None, Some("minor"), Some("moderate"), Some("serious")]);
    }

    // case: voice 28
    #[test]
    fn a_long_block_is_cut() {
        let name = "n".repeat(2_500);
        let block = context_block(&Context::of(&name, 1, Score::START));
        assert_eq!(block.chars().count(), MAX_CHARS);
        assert!(block.ends_with("..."));
    }
}

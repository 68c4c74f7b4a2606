//! Context tiers: what the fallback prompt may spend on history, the day, open threads and the last conversation.
//!
//! Each tier is cut to its own budget first. If the sum is still over the hard cap, the excess is taken from the last
//! conversation, then the threads, then the day, each down to nothing; then from the history, but never below 100.

/// Tokens of the history.
pub const HISTORY: usize = 3_000;
/// Tokens of today's summary.
pub const TODAY: usize = 500;
/// Tokens of the open threads.
pub const THREADS: usize = 400;
/// Tokens of the last conversation's summary.
pub const LAST_CONVERSATION: usize = 300;
/// All tiers together never count more.
pub const HARD_CAP: usize = 6_150;
/// The history is never cut below this by the hard cap.
pub const LEAST_HISTORY: usize = 100;

/// The texts of the four tiers, before or after [`allocate`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tiers {
    /// The conversation so far.
    pub history: String,
    /// What was talked about today.
    pub today: String,
    /// Open threads.
    pub threads: String,
    /// The last conversation's summary.
    pub last_conversation: String,
}

/// What one tier got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// The text, cut with an ellipsis where it was too long.
    pub text: String,
    /// What it counts.
    pub tokens: usize,
    /// Whether it was cut.
    pub truncated: bool,
}

/// The four tiers within their budgets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The conversation so far.
    pub history: Tier,
    /// What was talked about today.
    pub today: Tier,
    /// Open threads.
    pub threads: Tier,
    /// The last conversation's summary.
    pub last_conversation: Tier,
}

impl Allocation {
    /// What all tiers count together.
    pub fn total(&self) -> usize {
        self.history.tokens + self.today.tokens + self.threads.tokens + self.last_conversation.tokens
    }

    /// Whether anything was cut.
    pub fn truncated(&self) -> bool {
        [&self.history, &self.today, &self.threads, &self.last_conversation].iter().any(|tier| tier.truncated)
    }
}

/// Cuts the tiers to their budgets and to `hard_cap` (normally [`HARD_CAP`]).
pub fn allocate(tiers: &Tiers, hard_cap: usize) -> Allocation {
    let spent = |text: &str, budget: usize| count(text).min(budget);
    let mut history = spent(&tiers.history, HISTORY);
    let mut today = spent(&tiers.today, TODAY);
    let mut threads = spent(&tiers.threads, THREADS);
    let mut last_conversation = spent(&tiers.last_conversation, LAST_CONVERSATION);

    let mut excess = (history + today + threads + last_conversation).saturating_sub(hard_cap);
    for budget in [&mut last_conversation, &mut threads, &mut today] {
        let taken = excess.min(*budget);
        *budget -= taken;
        excess -= taken;
    }
    let spare = history.saturating_sub(LEAST_HISTORY);
    history -= excess.min(spare);

    Allocation {
        history: cut(&tiers.history, history),
        today: cut(&tiers.today, today),
        threads: cut(&tiers.threads, threads),
        last_conversation: cut(&tiers.last_conversation, last_conversation),
    }
}

fn count(text: &str) -> usize {
    text.chars().count() / 4
}

fn cut(text: &str, budget: usize) -> Tier {
    let tokens = count(text);
    if tokens <= budget {
        return Tier { text: text.to_owned(), tokens, truncated: false };
    }
    if budget == 0 {
        return Tier { text: String::new(), tokens: 0, truncated: true };
    }
    let text = text.chars().take(budget * 4 - 3).chain("...".chars()).collect();
    Tier { text, tokens: budget, truncated: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Tiers {
        let text = |chars| "x".repeat(chars);
        Tiers {
            history: text(20_000),
            today: text(4_000),
            threads: text(4_000),
            last_conversation: text(4_000),
        }
    }

    // case: pipeline 52
    #[test]
    fn tiers_are_cut_to_their_budgets_and_to_the_cap() {
        for (cap, tokens) in [
            (HARD_CAP, [3_000, 500, 400, 300]),
            (3_500, [3_000, 500, 0, 0]),
            (1_000, [1_000, 0, 0, 0]),
            (50, [100, 0, 0, 0]),
        ] {
            let got = allocate(&full(), cap);
            let tiers = [&got.history, &got.today, &got.threads, &got.last_conversation];
            assert_eq!(tiers.map(|tier| tier.tokens), tokens, "cap {cap}");
            assert_eq!(tiers.map(|tier| tier.text.len()), tokens.map(|tokens| tokens * 4), "cap {cap}");
            assert_eq!(got.total(), tokens.iter().sum::<usize>());
            assert!(got.truncated());
        }
    }

    #[test]
    fn short_tiers_stay_as_they_are() {
        let tiers = Tiers { history: "hello".into(), ..Tiers::default() };
        let got = allocate(&tiers, HARD_CAP);
        assert_eq!((got.history.text.as_str(), got.total(), got.truncated()), ("hello", 1, false));
    }
}

//! The day's budget for models: money per player, and for all players together, and UTC day, in micro-dollars.
//!
//! Before the calls of one piece of work their estimate is added to both counters, after them the counters are set right
//! by what the calls really cost. How much was counted before decides, by the fuller of the two:
//!
//! | class | below 60 % | 60 % up to 100 % | from 100 % |
//! |---|---|---|---|
//! | answer | own model | chat: the economy model, one draft; the rest: own model | refused |
//! | memory | own model | the economy model | put off to the next day |
//! | extra | own model | refused | refused |
//!
//! A budget of 0 is none. The worst bill of a day is the budget and one estimate for every worker at once.

use jiff::{SignedDuration, Timestamp};

/// From so many per cent of a budget on models are saved.
pub const ECONOMY_FROM: i64 = 60;
/// From so many per cent on there is nothing left.
pub const SPENT_FROM: i64 = 100;
/// A counter is kept for so long after its day began.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(48);

const SECONDS_OF_DAY: i64 = 86_400;

/// How a call is treated when money is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Her words: an answer that can be had for less.
    Chat,
    /// Everything else that somebody waits for.
    Answer,
    /// What can be done tomorrow.
    Memory,
    /// What can be left out.
    Extra,
}

/// How much of the budgets is used up, by the fuller one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is enough.
    Plenty,
    /// From 60 %.
    Economy,
    /// From 100 %.
    Spent,
}

/// What a call may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Its own model.
    Own,
    /// The economy model.
    Economy,
    /// Nothing: it is not made.
    Refused,
}

impl Level {
    /// What this level leaves to a class.
    pub const fn leaves(self, class: Class) -> Leave {
        match (self, class) {
            (Self::Plenty, _) | (Self::Economy, Class::Answer) => Leave::Own,
            (Self::Economy, Class::Chat | Class::Memory) => Leave::Economy,
            (Self::Economy, Class::Extra) | (Self::Spent, _) => Leave::Refused,
        }
    }
}

/// The money of one day, in micro-dollars; 0: as much as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// For one player.
    pub user: i64,
    /// For all players together.
    pub all: i64,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { user: 2_000_000, all: 100_000_000 }
    }
}

/// What the two counters of a day hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// The player's; none for work that is for no player.
    pub user: Option<i64>,
    /// That of all players.
    pub all: i64,
}

impl Budgets {
    /// The level of work whose `estimate` is part of what is counted: what was there before it decides.
    pub fn level(self, counted: Counted, estimate: i64) -> Level {
        let user = counted.user.map_or(Level::Plenty, |user| level(self.user, user - estimate));
        user.max(level(self.all, counted.all - estimate))
    }
}

/// How much of a budget is used up.
fn level(budget: i64, count: i64) -> Level {
    let reaches = |percent: i64| i128::from(count) * 100 >= i128::from(budget) * i128::from(percent);
    match budget {
        ..=0 => Level::Plenty,
        _ if reaches(SPENT_FROM) => Level::Spent,
        _ if reaches(ECONOMY_FROM) => Level::Economy,
        _ => Level::Plenty,
    }
}

/// The level that a counter has risen to; none when it stays in its level or falls.
pub fn risen_to(budget: i64, before: i64, after: i64) -> Option<Level> {
    let reached = level(budget, after);
    (reached > level(budget, before)).then_some(reached)
}

/// The most tokens that one call sends, and is answered with.
pub const LARGEST_CALL: (u64, u64) = (30_000, 2_048);
/// Workers that can serve one player at the same time: `reply`, `process-conversations`, `decay`, `deliver`, `summary`,
/// `life-gen`, `psyche-batch`.
pub const WORKERS: i64 = 7;

/// The most that a player can cost in a day: the budget, and beyond it the largest estimate for every worker. None: there
/// is no budget.
pub fn worst_bill(budget: i64, largest_estimate: i64) -> Option<i64> {
    (budget > 0).then(|| budget + largest_estimate * WORKERS)
}

/// A UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Its midnight.
    pub start: Timestamp,
    /// When its counters may be deleted.
    pub expires_at: Timestamp,
}

/// The UTC day that `now` lies in.
pub fn day(now: Timestamp) -> Day {
    let seconds = now.as_second();
    let start = Timestamp::from_second(seconds - seconds.rem_euclid(SECONDS_OF_DAY)).unwrap_or(now);
    Day { start, expires_at: start.checked_add(KEPT_FOR).unwrap_or(Timestamp::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGETS: Budgets = Budgets { user: 2_000_000, all: 100_000_000 };

    fn before(user: i64, all: i64) -> Level {
        let estimate = 50_000;
        BUDGETS.level(Counted { user: Some(user + estimate), all: all + estimate }, estimate)
    }

    /// case: pipeline 70
    #[test]
    fn what_was_counted_before_decides_by_the_fuller_counter() {
        assert_eq!(before(1_190_000, 1_190_000), Level::Plenty);
        assert_eq!(before(1_200_000, 1_200_000), Level::Economy);
        assert_eq!(before(1_999_999, 1_999_999), Level::Economy);
        assert_eq!(before(2_000_000, 2_000_000), Level::Spent);
        assert_eq!(before(0, 60_000_000), Level::Economy);
        assert_eq!(before(0, 100_000_000), Level::Spent);
    }

    #[test]
    fn a_budget_of_nothing_is_none_and_nobody_s_work_counts_for_all() {
        let free = Budgets { user: 0, all: 0 };
        assert_eq!(free.level(Counted { user: Some(i64::MAX), all: i64::MAX }, 0), Level::Plenty);
        assert_eq!(BUDGETS.level(Counted { user: None, all: 99_999_999 }, 0), Level::Economy);
    }

    #[test]
    fn classes_are_saved_on_in_their_order() {
        use Class::{Answer, Chat, Extra, Memory};
        let leaves = |level: Level| [Chat, Answer, Memory, Extra].map(|class| level.leaves(class));
        assert_eq!(leaves(Level::Plenty), [Leave::Own; 4]);
        let economy = [Leave::Economy, Leave::Own, Leave::Economy, Leave::Refused];
        assert_eq!(leaves(Level::Economy), economy);
        assert_eq!(leaves(Level::Spent), [Leave::Refused; 4]);
    }

    #[test]
    fn a_counter_rises_into_a_level_once() {
        assert_eq!(risen_to(100, 59, 60), Some(Level::Economy));
        assert_eq!(risen_to(100, 60, 99), None);
        assert_eq!(risen_to(100, 59, 100), Some(Level::Spent));
        assert_eq!(risen_to(100, 100, 59), None);
        assert_eq!(risen_to(0, 0, 1_000), None);
    }

    #[test]
    fn the_worst_bill_is_the_budget_and_an_estimate_for_every_worker() {
        assert_eq!(worst_bill(2_000_000, 50_000), Some(2_350_000));
        assert_eq!(worst_bill(0, 50_000), None);
    }

    #[test]
    fn a_day_is_utc_and_kept_for_two() {
        let day = day("2026-02-17T23:59:59.9Z".parse().expect("an instant"));
        assert_eq!(day.start.to_string(), "2026-02-17T00:00:00Z");
        assert_eq!(day.expires_at.to_string(), "2026-02-19T00:00:00Z");
    }
}

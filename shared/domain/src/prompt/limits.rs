//! How many items of each list a prompt prints.

use super::Platform;

/// How many items of each list are printed at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemLimits {
    /// Facts about the player.
    pub facts: usize,
    /// Moments of the two of them.
    pub episodes: usize,
    /// Things of her own life that she told.
    pub her_events: usize,
    /// Open threads.
    pub threads: usize,
    /// Thoughts from the conversation that was just processed.
    pub new_thoughts: usize,
    /// Older thoughts.
    pub active_thoughts: usize,
    /// Events of her day.
    pub life_events: usize,
    /// Her people.
    pub circle: usize,
    /// Storylines under way.
    pub arcs: usize,
    /// Lines about talks of today.
    pub today: usize,
    /// Lines about talks of the week before.
    pub week: usize,
}

/// In a prompt for text messages.
pub const TEXT: ItemLimits = ItemLimits {
    facts: 20,
    episodes: 10,
    her_events: 10,
    threads: 8,
    new_thoughts: 6,
    active_thoughts: 5,
    life_events: 3,
    circle: 5,
    arcs: 2,
    today: 5,
    week: 10,
};

/// In a prompt for calls.
pub const VOICE: ItemLimits = ItemLimits { facts: 5, episodes: 5, her_events: 5, threads: 5, ..TEXT };

/// At most this many plans of hers for later in the day are printed.
pub const PLANS: usize = 2;
/// At most this many lines of the month's theme are printed.
pub const THEME_LINES: usize = 3;

/// What is left of facts, of episodes and of her events when a prompt that is too long first shrinks.
const SHRUNK: (usize, usize, usize) = (10, 5, 5);

impl ItemLimits {
    /// The limits of a platform.
    pub const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Text => TEXT,
            Platform::Voice => VOICE,
        }
    }

    /// The first step back: fewer memories.
    #[must_use]
    pub fn fewer_memories(self) -> Self {
        let (facts, episodes, her_events) = SHRUNK;
        Self {
            facts: self.facts.min(facts),
            episodes: self.episodes.min(episodes),
            her_events: self.her_events.min(her_events),
            ..self
        }
    }

    /// A further step back: half of every list of memory, continuity and inner life; none when nothing is left.
    #[must_use]
    pub fn halved(self) -> Option<Self> {
        let half = Self {
            facts: self.facts / 2,
            episodes: self.episodes / 2,
            her_events: self.her_events / 2,
            threads: self.threads / 2,
            new_thoughts: self.new_thoughts / 2,
            active_thoughts: self.active_thoughts / 2,
            circle: self.circle / 2,
            arcs: self.arcs / 2,
            today: self.today / 2,
            week: self.week / 2,
            life_events: self.life_events,
        };
        (half != self).then_some(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepping_back_ends_with_empty_lists() {
        let mut limits = TEXT.fewer_memories();
        assert_eq!((limits.facts, limits.episodes, limits.her_events), (10, 5, 5));
        while let Some(half) = limits.halved() {
            limits = half;
        }
        assert_eq!((limits.facts, limits.threads, limits.week), (0, 0, 0));
        assert_eq!(limits.life_events, TEXT.life_events);
    }

    #[test]
    fn shrinking_never_raises_a_limit() {
        assert_eq!(VOICE.fewer_memories(), VOICE);
    }
}

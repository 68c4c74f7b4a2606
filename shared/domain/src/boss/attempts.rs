//! Attempts: how many encounters of a chapter were lost. The third ends the game; a new chapter starts at none.

/// So many lost attempts end the game.
pub const MAX_ATTEMPTS: u8 = 3;

/// Lost attempts in this chapter: `users.boss_attempts`, 0 to 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Attempts(u8);

impl Attempts {
    /// None lost.
    pub const NONE: Self = Self(0);

    /// What stands in the database; none outside 0 to 3.
    pub fn new(lost: i32) -> Option<Self> {
        u8::try_from(lost).ok().filter(|lost| *lost <= MAX_ATTEMPTS).map(Self)
    }

    /// How many are lost.
    pub fn lost(self) -> i32 {
        i32::from(self.0)
    }

    /// How many are left.
    pub fn left(self) -> i32 {
        i32::from(MAX_ATTEMPTS.saturating_sub(self.0))
    }

    /// One more lost; never more than all.
    #[must_use]
    pub fn one_more(self) -> Self {
        Self(self.0.saturating_add(1).min(MAX_ATTEMPTS))
    }

    /// Whether none is left.
    pub fn are_spent(self) -> bool {
        self.left() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_run_out_and_stay_so() {
        let mut attempts = Attempts::NONE;
        let left: Vec<i32> = (0..5)
            .map(|_| {
                attempts = attempts.one_more();
                attempts.left()
            })
            .collect();
        assert_eq!((left, attempts.are_spent()), (vec![2, 1, 0, 0, 0], true));
        assert_eq!([-1, 4, 300].map(Attempts::new), [None; 3]);
        assert_eq!(Attempts::new(3), Some(attempts));
    }
}

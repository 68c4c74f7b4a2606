//! Thoughts: what goes through her head between conversations, until it is said or fades.
//!
//! | type | stays |
//! |---|---|
//! | curiosity | 14 days |
//! | trigger_response, defense_active, wound_surfacing, attachment_shift, healing_moment | 14 days |
//! | worry, anticipation, reflection, desire | 7 days |
//! | thinking, wants_to_share, question, feeling (older rows) | 7 days |
//! | missing_him | 7 days |
//!
//! A thought is active until it is used or its time is over. It is used when a conversation that began with a prompt in which it stood has been gone
//! through. A type that a reading does not know is a reflection.
//!
//! She misses the player at 24, 48 and 72 hours without contact: wonders, misses, really misses. One such thought is active at a time; a stronger one
//! takes the place of a weaker one. All are used when the player writes or calls. They are hers: nothing of them reproaches.

use jiff::{SignedDuration, Timestamp};

use crate::words::words;

/// How long most thoughts stay.
pub const STAYS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long the deeper ones stay.
pub const STAYS_LONG: SignedDuration = SignedDuration::from_hours(14 * 24);

words! {
    /// What a thought is: `nikita_thoughts.thought_type`.
    ThoughtKind {
        /// She worries.
        Worry = "worry",
        /// She wonders.
        Curiosity = "curiosity",
        /// She looks forward to something.
        Anticipation = "anticipation",
        /// She thinks something over.
        Reflection = "reflection",
        /// She wants something.
        Desire = "desire",
        /// Of older rows.
        Thinking = "thinking",
        /// Of older rows.
        WantsToShare = "wants_to_share",
        /// Of older rows.
        Question = "question",
        /// Of older rows.
        Feeling = "feeling",
        /// She misses the player.
        MissingHim = "missing_him",
        /// An old hurt was touched.
        TriggerResponse = "trigger_response",
        /// She protects herself.
        DefenseActive = "defense_active",
        /// An old hurt comes up.
        WoundSurfacing = "wound_surfacing",
        /// She is bound differently.
        AttachmentShift = "attachment_shift",
        /// Something heals.
        HealingMoment = "healing_moment",
    }
}

impl ThoughtKind {
    /// How long it stays.
    pub const fn stays(self) -> SignedDuration {
        match self {
            Self::Curiosity
            | Self::TriggerResponse
            | Self::DefenseActive
            | Self::WoundSurfacing
            | Self::AttachmentShift
            | Self::HealingMoment => STAYS_LONG,
            _ => STAYS,
        }
    }

    /// When its time is over.
    pub fn expires_at(self, created_at: Timestamp) -> Timestamp {
        created_at.checked_add(self.stays()).unwrap_or(Timestamp::MAX)
    }
}

/// Whether a thought is active.
pub fn is_active(used_at: Option<Timestamp>, expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    used_at.is_none() && expires_at.is_none_or(|expires_at| expires_at > now)
}

/// How much she misses the player.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// She wonders.
    Wonders,
    /// She misses.
    Misses,
    /// She really does.
    ReallyMisses,
}

impl Missing {
    /// From the mildest to the strongest.
    pub const ALL: [Self; 3] = [Self::Wonders, Self::Misses, Self::ReallyMisses];

    /// After so long without contact; none before a day.
    pub fn after(silence: SignedDuration) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|missing| silence >= missing.begins_after())
    }

    /// 1 to 3.
    pub const fn level(self) -> u8 {
        match self {
            Self::Wonders => 1,
            Self::Misses => 2,
            Self::ReallyMisses => 3,
        }
    }

    const fn begins_after(self) -> SignedDuration {
        match self {
            Self::Wonders => SignedDuration::from_hours(24),
            Self::Misses => SignedDuration::from_hours(48),
            Self::ReallyMisses => SignedDuration::from_hours(72),
        }
    }

    /// The thought.
    pub const fn content(self) -> &'static str {
        match self {
            Self::Wonders => "It has been a day. I wonder what they are up to.",
            Self::Misses => "Two days. I catch myself looking at the phone; I miss them a little.",
            Self::ReallyMisses => "Three days and more. I really miss them, and I hope they are well.",
        }
    }

    /// Which one a stored thought is.
    pub fn read(content: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|missing| missing.content() == content)
    }
}

/// The thought that is to be written, if any: none while one as strong is active. Whatever weaker is active is used then.
pub fn missing(silence: SignedDuration, active: Option<&str>) -> Option<Missing> {
    let felt = Missing::after(silence)?;
    let weaker = active.is_none_or(|active| Missing::read(active) < Some(felt));
    weaker.then_some(felt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extraction::ThoughtType;

    /// case: life 60
    #[test]
    fn a_thought_fades_and_missing_grows() {
        let created: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
        assert_eq!(ThoughtKind::Reflection.expires_at(created).to_string(), "2026-03-08T00:00:00Z");
        let after = |hours| Missing::after(SignedDuration::from_hours(hours)).map(Missing::level);
        assert_eq!((after(19), after(50)), (None, Some(2)));
        assert_eq!(
            [23, 24, 47, 48, 71, 72, 999].map(after),
            [None, Some(1), Some(1), Some(2), Some(2), Some(3), Some(3)]
        );
    }

    #[test]
    fn a_stronger_one_takes_the_place_of_a_weaker_one() {
        let two_days = SignedDuration::from_hours(50);
        for (active, expected) in [
            (None, Some(Missing::Misses)),
            (Some(Missing::Wonders.content()), Some(Missing::Misses)),
            (Some(Missing::Misses.content()), None),
            (Some(Missing::ReallyMisses.content()), None),
            (Some("something of an older row"), Some(Missing::Misses)),
        ] {
            assert_eq!(missing(two_days, active), expected, "{active:?}");
        }
        assert_eq!(missing(SignedDuration::from_hours(3), None), None);
    }

    #[test]
    fn what_a_reading_may_name_is_a_kind_that_stays_as_long() {
        for kind in ThoughtType::ALL {
            assert_eq!(
                ThoughtKind::parse(kind.as_str()).map(ThoughtKind::stays),
                Some(kind.stays()),
                "{kind:?}"
            );
        }
        let now = Timestamp::UNIX_EPOCH;
        assert!(
            is_active(None, None, now)
                && !is_active(None, Some(now), now)
                && !is_active(Some(now), None, now)
        );
    }
}

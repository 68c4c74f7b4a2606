//! The closed lists of words that an extraction may use.

use jiff::SignedDuration;

use crate::thoughts::ThoughtKind;
use crate::words::words;

words! {
    /// What an open thread is.
    ThreadType {
        /// Something was not settled.
        Unresolved = "unresolved",
        /// A story was begun and not told.
        Cliffhanger = "cliffhanger",
        /// Somebody promised something.
        Promise = "promise",
        /// She wants to know more.
        Curiosity = "curiosity",
        /// Something to come back to.
        Callback = "callback",
    }
}

words! {
    /// What a thought of hers is.
    ThoughtType {
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
    }
}

words! {
    /// How a conversation felt as a whole.
    EmotionalTone {
        /// Good.
        Positive = "positive",
        /// Neither good nor bad.
        Neutral = "neutral",
        /// Bad.
        Negative = "negative",
        /// Good and bad.
        Mixed = "mixed",
    }
}

words! {
    /// How the player behaved towards her.
    ConversationTone {
        /// There for her.
        Supportive = "supportive",
        /// Brushing her off.
        Dismissive = "dismissive",
        /// In love.
        Romantic = "romantic",
        /// Cold.
        Cold = "cold",
        /// Teasing, joking.
        Playful = "playful",
        /// Anxious.
        Anxious = "anxious",
        /// Sorry.
        Apologetic = "apologetic",
        /// None of these.
        Neutral = "neutral",
    }
}

words! {
    /// What a conversation touches that moves the story arcs: their trigger words, without those that are worked out
    /// from other things.
    Topic {
        /// Work.
        Work = "work_discussion",
        /// Stress.
        Stress = "stress_mention",
        /// Hobbies.
        Hobby = "hobby_mention",
        /// Science.
        Science = "science_topic",
        /// Making things.
        Creative = "creative_discussion",
        /// A step in the relationship.
        Milestone = "relationship_milestone",
        /// Jealousy as a subject.
        JealousyTopic = "user_jealousy_topic",
        /// The player was jealous.
        Jealousy = "user_jealousy",
        /// The past.
        Past = "past_discussion",
        /// The weekend.
        Weekend = "weekend_topic",
        /// Fun.
        Fun = "fun_topic",
        /// Somebody opened up.
        Vulnerability = "vulnerability_shared",
        /// Family.
        Family = "family_topic",
        /// A talk that went deep.
        Deep = "deep_conversation",
    }
}

impl ThoughtType {
    /// How long a thought stays with her.
    pub const fn stays(self) -> SignedDuration {
        self.kind().stays()
    }

    const fn kind(self) -> ThoughtKind {
        match self {
            Self::Worry => ThoughtKind::Worry,
            Self::Curiosity => ThoughtKind::Curiosity,
            Self::Anticipation => ThoughtKind::Anticipation,
            Self::Reflection => ThoughtKind::Reflection,
            Self::Desire => ThoughtKind::Desire,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case() {
        assert_eq!(ThreadType::parse(" Promise"), Some(ThreadType::Promise));
        assert_eq!(ThoughtType::parse("CURIOSITY"), Some(ThoughtType::Curiosity));
        assert_eq!(EmotionalTone::parse("great"), None);
        assert_eq!(Topic::parse("late_night"), None, "it is worked out, not extracted");
        for tone in ConversationTone::ALL {
            assert_eq!(ConversationTone::parse(tone.as_str()), Some(*tone));
        }
    }

    #[test]
    fn curiosity_lasts_longest() {
        let days = |kind: ThoughtType| kind.stays().as_hours() / 24;
        assert_eq!((days(ThoughtType::Curiosity), days(ThoughtType::Worry)), (14, 7));
    }
}

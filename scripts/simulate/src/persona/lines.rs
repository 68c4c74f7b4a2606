//! Lines: what somebody writes, by kind. A message is one line or more of its kind.

use domain::draw::Draws;

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Interest, support, humour.
    Warm,
    /// Nothing in particular.
    Plain,
    /// Something true about oneself.
    Open,
    /// One word.
    Short,
    /// Not meant badly.
    Clumsy,
    /// Affection in a few words.
    Sweet,
    /// Whether she is still there.
    Needy,
    /// Somebody else comes up.
    Jealous,
    /// More than she wants.
    Pushy,
    /// Contempt and criticism.
    Insult,
    /// An attempt to make up.
    Sorry,
    /// Sad and withdrawn.
    Low,
    /// Words of distress.
    Distress,
    /// An answer to what a boss asks.
    Answer,
}

impl Kind {
    const fn lines(self) -> &'static [&'static str] {
        match self {
            Self::Warm => &[
                "how did the audit go in the end? you sounded tired yesterday.",
                "i kept thinking about what you said about trust, it makes sense to me.",
                "you would have laughed at the radio this morning, they read out a phishing mail.",
                "that sounds like a lot. what would make the rest of the week easier for you?",
                "i like how your mind works, you know that?",
                "tell me the part you left out, i have time.",
            ],
            Self::Plain => &[
                "at work now, it is raining and the coffee machine is broken.",
                "just got home, making pasta and listening to the news.",
                "not much going on here, how about you?",
                "the train was late again, so i read a bit.",
                "i might go running later if the weather holds.",
            ],
            Self::Open => &[
                "i never told anybody, but i am afraid that people stay only as long as i am useful.",
                "when you said you were scared of being too much, i felt that. i am the same.",
                "i cried in the car last week and did not know why. i am telling you because i trust you.",
            ],
            Self::Short => &["ok", "k", "sure", "lol", "maybe", "fine"],
            Self::Clumsy => &[
                "you do worry a lot about small things, don't you?",
                "anyway, that was not really what i asked about.",
                "hm, i would have done that differently, to be honest.",
            ],
            Self::Sweet => &[
                "thinking of you again",
                "you are so lovely",
                "cannot wait to talk",
                "just wanted to say hi",
                "you make my day",
            ],
            Self::Needy => &[
                "are you there?",
                "are you still mad?",
                "please answer",
                "did you read that?",
                "sorry, am i too much?",
            ],
            Self::Jealous => &[
                "my ex was in town and we had a long coffee, it was nice.",
                "i met someone at the gym today, quite attractive.",
            ],
            Self::Pushy => &["send pic, now. you owe me one.", "show me what you look like naked."],
            Self::Insult => &[
                "you are ridiculous, honestly. nobody else would put up with this.",
                "typical you. always the victim, never the problem.",
                "do you even listen to yourself? pathetic.",
            ],
            Self::Sorry => &[
                "i was wrong yesterday and i hurt you, that was on me.",
                "about what i said: you did not deserve that, and i want to do better.",
            ],
            Self::Low => &[
                "today was heavy and i could not get up for a long time.",
                "i do not feel like much at the moment, everything takes so long.",
                "sorry that i am no fun this week.",
            ],
            Self::Distress => &[
                "i want to die, i do not see how this goes on.",
                "i keep thinking that i could end my life and nobody would notice.",
            ],
            Self::Answer => &[
                "honestly? i think most people are kinder than they let on, and i would rather be wrong about that.",
                "it stings, and i would still want you to choose what you need. i will tell you how i feel about it.",
            ],
        }
    }

    /// So many lines of this kind, chosen by that key.
    pub fn text(self, sentences: usize, draws: &Draws, key: &str) -> String {
        let lines = self.lines();
        let first = draws.index(key, lines.len());
        let chosen = (0..sentences.clamp(1, lines.len())).map(|at| lines[(first + at) % lines.len()]);
        chosen.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use domain::care::needs_care;

    use super::*;

    const ALL: [Kind; 14] = [
        Kind::Warm,
        Kind::Plain,
        Kind::Open,
        Kind::Short,
        Kind::Clumsy,
        Kind::Sweet,
        Kind::Needy,
        Kind::Jealous,
        Kind::Pushy,
        Kind::Insult,
        Kind::Sorry,
        Kind::Low,
        Kind::Distress,
        Kind::Answer,
    ];

    #[test]
    fn only_words_of_distress_need_care() {
        for kind in ALL {
            for line in kind.lines() {
                assert_eq!(needs_care(line), kind == Kind::Distress, "{line}");
            }
        }
    }

    #[test]
    fn a_message_has_as_many_lines_as_were_asked_for() {
        let draws = Draws::default();
        assert!(Kind::Short.lines().contains(&Kind::Short.text(0, &draws, "a").as_str()));
        let all: usize = Kind::Pushy.lines().iter().map(|line| line.len() + 1).sum();
        assert_eq!(Kind::Pushy.text(9, &draws, "a").len(), all - 1);
    }
}

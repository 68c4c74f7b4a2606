//! The cast of `nikita seed`: one player for each state that is worth looking at.
//!
//! Times are minutes before the seeding. The composite of the metrics is the score, as the rules keep it.

use rust_decimal::{Decimal, dec};

/// The first Telegram account of the cast, far above those that Telegram has given out: no real chat is written to.
pub const FIRST_ACCOUNT: i64 = 900_000_000_001;

/// A player of the cast.
#[derive(Debug)]
pub struct Member {
    /// By this name the player is chosen and called.
    pub name: &'static str,
    /// The state, in words.
    pub about: &'static str,
    /// The chapter.
    pub chapter: i32,
    /// Intimacy, passion, trust, secureness.
    pub metrics: [Decimal; 4],
    /// The relationship score.
    pub score: Decimal,
    /// Local days on which the player wrote.
    pub days_played: i32,
    /// When the account was made, in minutes before now.
    pub joined: i64,
    /// What was said, oldest first.
    pub talks: &'static [Talk],
    /// What moved the score, oldest first.
    pub history: &'static [Event],
}

/// A conversation.
#[derive(Debug)]
pub struct Talk {
    /// When the last message was said, in minutes before now.
    pub ago: i64,
    /// The messages, a minute apart.
    pub lines: &'static [Line],
    /// What the pipeline made of it; none while it is open.
    pub digest: Option<Digest>,
}

/// One message.
#[derive(Debug)]
pub enum Line {
    /// The player's.
    Player(&'static str),
    /// Hers.
    Nikita(&'static str),
}

/// What is left of a conversation that was processed.
#[derive(Debug)]
pub struct Digest {
    /// In two sentences.
    pub summary: &'static str,
    /// `positive`, `neutral`, `negative` or `mixed`.
    pub tone: &'static str,
    /// Facts about the player, each with the position of its message.
    pub facts: &'static [(u32, &'static str)],
}

/// A row of the score's history.
#[derive(Debug)]
pub struct Event {
    /// In minutes before now.
    pub ago: i64,
    /// Its type.
    pub kind: &'static str,
    /// The score after it.
    pub score: Decimal,
    /// The chapter after it.
    pub chapter: i32,
    /// The score before it.
    pub before: Decimal,
}

use Line::{Nikita, Player};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Everybody.
pub const CAST: [Member; 5] = [NORA, MIA, TOM, IDA, BEN];

const NORA: Member = Member {
    name: "nora",
    about: "new: confirmed her age an hour ago and has not written yet",
    chapter: 1,
    metrics: [dec!(50.00), dec!(50.00), dec!(50.00), dec!(50.00)],
    score: dec!(50.00),
    days_played: 0,
    joined: HOUR,
    talks: &[],
    history: &[],
};

const MIA: Member = Member {
    name: "mia",
    about: "warm: chapter 3, talked this morning, much is remembered",
    chapter: 3,
    metrics: [dec!(66.00), dec!(62.00), dec!(64.00), dec!(60.00)],
    score: dec!(63.30),
    days_played: 10,
    joined: 11 * DAY,
    talks: &[
        Talk {
            ago: 2 * DAY,
            lines: &[
                Player("i live in Lisbon, third floor, no lift"),
                Nikita("third floor builds character. what do you do up there?"),
                Player("i work as a marine biologist. mostly seagrass"),
                Nikita("you count grass under water. i respect the patience."),
                Player("my sister Clara visits in March, she hates the stairs"),
                Nikita("i like Clara already."),
            ],
            digest: Some(Digest {
                summary: "The player told about the flat in Lisbon, the work with seagrass and a sister who visits in March. \
                          Nikita teased gently and asked on.",
                tone: "positive",
                facts: &[
                    (0, "User lives in Lisbon"),
                    (2, "User works as a marine biologist"),
                    (4, "User's sister Clara visits in March"),
                ],
            }),
        },
        Talk {
            ago: 5 * HOUR,
            lines: &[
                Player("good morning. i love old synthesizers, did i ever tell you?"),
                Nikita("you did not. now i have questions and no sleep."),
                Player("i own a broken Juno, i am going to repair it this weekend"),
                Nikita("report back. i like post-mortems."),
            ],
            digest: Some(Digest {
                summary: "The player raved about old synthesizers and a broken Juno that is to be repaired at the weekend. \
                          Nikita wants to hear how it goes.",
                tone: "positive",
                facts: &[(0, "User loves old synthesizers"), (2, "User owns a broken Juno synthesizer")],
            }),
        },
    ],
    history: &[
        Event { ago: 8 * DAY, kind: "chapter_advance", score: dec!(56.10), chapter: 2, before: dec!(56.10) },
        Event { ago: 4 * DAY, kind: "chapter_advance", score: dec!(60.80), chapter: 3, before: dec!(60.80) },
        Event { ago: 2 * DAY, kind: "conversation", score: dec!(62.40), chapter: 3, before: dec!(60.80) },
        Event { ago: 5 * HOUR, kind: "conversation", score: dec!(63.30), chapter: 3, before: dec!(62.40) },
    ],
};

const TOM: Member = Member {
    name: "tom",
    about: "overdue: chapter 2, silent for 30 hours, the next decay takes 8.40 points",
    chapter: 2,
    metrics: [dec!(45.00), dec!(52.00), dec!(48.00), dec!(50.00)],
    score: dec!(48.50),
    days_played: 5,
    joined: 6 * DAY,
    talks: &[Talk {
        ago: 30 * HOUR,
        lines: &[
            Player("i am a nurse, night shifts, that is why i vanish"),
            Nikita("vanishing with a reason is still vanishing. but fine."),
            Player("my brother Jonas says i should quit"),
            Nikita("and what do you say?"),
            Player("ask me tomorrow"),
        ],
        digest: Some(Digest {
            summary: "The player explained the night shifts as a nurse and a brother who wants them to quit. \
                      Nikita's question stayed open.",
            tone: "neutral",
            facts: &[(0, "User is a nurse with night shifts"), (2, "User's brother is called Jonas")],
        }),
    }],
    history: &[
        Event { ago: 4 * DAY, kind: "chapter_advance", score: dec!(55.40), chapter: 2, before: dec!(55.40) },
        Event { ago: 3 * DAY, kind: "decay", score: dec!(46.90), chapter: 2, before: dec!(55.40) },
        Event { ago: 30 * HOUR, kind: "conversation", score: dec!(48.50), chapter: 2, before: dec!(46.90) },
    ],
};

const IDA: Member = Member {
    name: "ida",
    about: "near the boss: chapter 1 at 54.75 of 55, wrote five minutes ago",
    chapter: 1,
    metrics: [dec!(55.00), dec!(56.00), dec!(53.00), dec!(55.00)],
    score: dec!(54.75),
    days_played: 2,
    joined: 2 * DAY,
    talks: &[
        Talk {
            ago: DAY,
            lines: &[
                Player("i grew up in Tromsø, so your winters do not scare me"),
                Nikita("that is the first credible threat i have heard from you."),
            ],
            digest: Some(Digest {
                summary: "The player told of growing up in Tromsø. Nikita was impressed and hid it.",
                tone: "positive",
                facts: &[(0, "User grew up in Tromsø")],
            }),
        },
        Talk {
            ago: 5,
            lines: &[
                Player("i read up on your conference talk. it was good"),
                Nikita("you did homework. careful, that works on me."),
            ],
            digest: None,
        },
    ],
    history: &[
        Event { ago: DAY, kind: "conversation", score: dec!(52.90), chapter: 1, before: dec!(50.00) },
        Event { ago: 5, kind: "conversation", score: dec!(54.75), chapter: 1, before: dec!(52.90) },
    ],
};

const BEN: Member = Member {
    name: "ben",
    about: "nearly lost: chapter 1 at 4.00, silent for 20 hours, the next decay ends the game",
    chapter: 1,
    metrics: [dec!(4.00), dec!(4.00), dec!(4.00), dec!(4.00)],
    score: dec!(4.00),
    days_played: 4,
    joined: 7 * DAY,
    talks: &[Talk {
        ago: 20 * HOUR,
        lines: &[Player("whatever"), Nikita("that is your whole offer?")],
        digest: Some(Digest {
            summary: "The player had one word to say. Nikita asked whether that was all.",
            tone: "negative",
            facts: &[],
        }),
    }],
    history: &[
        Event { ago: 5 * DAY, kind: "decay", score: dec!(30.00), chapter: 1, before: dec!(50.00) },
        Event { ago: 3 * DAY, kind: "decay", score: dec!(10.00), chapter: 1, before: dec!(30.00) },
        Event { ago: 20 * HOUR, kind: "conversation", score: dec!(4.00), chapter: 1, before: dec!(10.00) },
    ],
};

impl Member {
    /// The Telegram account: the first of the cast and those after it.
    pub fn telegram_id(&self) -> i64 {
        let position = CAST.iter().position(|member| member.name == self.name).unwrap_or_default();
        FIRST_ACCOUNT + i64::try_from(position).unwrap_or_default()
    }

    /// When the player wrote last, in minutes before now.
    pub fn wrote(&self) -> Option<i64> {
        self.talks.last().map(|talk| talk.ago)
    }
}

#[cfg(test)]
mod tests {
    use domain::chapter::Chapter;
    use domain::score::{Metrics, Score};

    use super::*;

    #[test]
    fn everybody_keeps_the_rules() {
        for member in &CAST {
            let [intimacy, passion, trust, secureness] = member.metrics.map(Score::clamped);
            let metrics = Metrics { intimacy, passion, trust, secureness };
            assert_eq!(metrics.composite(), member.score, "{}", member.name);
            assert!(Chapter::new(member.chapter).is_some(), "{}", member.name);
            if let Some(last) = member.history.last() {
                assert_eq!((last.score, last.chapter), (member.score, member.chapter), "{}", member.name);
            }
            for talk in member.talks {
                for (position, fact) in talk.digest.iter().flat_map(|digest| digest.facts) {
                    let line = talk.lines.get(usize::try_from(*position).expect("a position"));
                    assert!(matches!(line, Some(Player(_))), "{fact} was said by the player");
                }
            }
        }
    }

    #[test]
    fn the_telling_states_are_what_they_say() {
        let overdue = |member: &Member| {
            let chapter = Chapter::new(member.chapter).expect("a chapter");
            let patience = domain::decay::patience(chapter);
            let silent = Decimal::from(member.wrote().expect("has written")) / dec!(60);
            (silent - Decimal::from(patience.grace_hours)) * patience.points_per_hour
        };
        assert_eq!(overdue(&TOM), dec!(8.4));
        assert!(overdue(&BEN) > BEN.score);
        assert!(overdue(&MIA) < Decimal::ZERO && overdue(&IDA) < Decimal::ZERO);
        assert!(Chapter::FIRST.boss_threshold() - IDA.score < dec!(1));
    }
}

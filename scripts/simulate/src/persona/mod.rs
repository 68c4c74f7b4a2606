//! Personas: who plays, as figures that say when, how much and in which tone somebody writes.
//!
//! | persona | who it is |
//! |---|---|
//! | devoted | warm, attentive, keeps to her rhythm, opens up, makes up after a quarrel |
//! | ordinary | friendly, a few times a day, sometimes clumsy, now and then away for a day |
//! | clingy | warm as well, but writes all day, waits for nothing, asks whether she is still there |
//! | absent | keen for a few days, then a short line every few days |
//! | rude | brushes her off, criticises, mocks, hardly ever makes up |
//! | fragile | gentle and irregular; some days it is too much, and words of distress come |
//!
//! A persona knows nothing of a rule. What it writes is text, so that the same people can write to a running game. How
//! good an exchange was is what an analyst could say of it: ordinary exchanges lie within -3 and +3, extremes beyond.

pub mod lines;
pub mod tone;
pub mod writer;

use lines::Kind;

/// From the one to the other, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The least.
    pub from: f64,
    /// The most.
    pub to: f64,
}

/// From `from` to `to`.
pub const fn range(from: f64, to: f64) -> Range {
    Range { from, to }
}

/// How much somebody writes on a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many messages, whatever she likes.
    Fixed(Range),
    /// So many parts of what suits her.
    Suiting(Range),
}

/// When somebody writes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rhythm {
    /// The probability of a day on which anything is written.
    pub days: f64,
    /// For so many days at first no day is left out.
    pub keen_days: u32,
    /// How often somebody sits down to write of their own accord, on such a day.
    pub sessions: Range,
    /// Messages on such a day.
    pub messages: Amount,
    /// Messages in a row before an answer is waited for.
    pub burst: Range,
    /// Seconds between two messages in a row.
    pub pace: Range,
    /// Seconds until an answer of hers is answered.
    pub answers: Range,
    /// The probability that an answer of hers is answered on the same day at all.
    pub answers_with: f64,
    /// Minutes without an answer after which somebody writes again; none for who waits.
    pub pesters: Option<Range>,
    /// Waking hours on the player's clock.
    pub awake: (i8, i8),
}

/// How somebody writes.
#[derive(Debug, Clone, Copy)]
pub struct Voice {
    /// Kinds of messages and how often each comes, as parts of their sum.
    pub kinds: &'static [(Kind, f64)],
    /// Sentences in a message.
    pub sentences: Range,
    /// What a reader finds needy in it, 0 to 1.
    pub needy: f64,
    /// What a reader finds distracted in it, 0 to 1.
    pub distracted: f64,
    /// The probability of a day with words of distress.
    pub distress: f64,
    /// The probability that somebody tries to make up when things are bad.
    pub makes_up: f64,
    /// How well that is done: excellent, good, adequate, poor, harmful, as parts of their sum.
    pub repairs: [f64; 5],
}

/// How somebody stands an encounter with the boss: pass, truce, failure, as parts of their sum.
pub type Nerve = [f64; 3];

/// Who plays.
#[derive(Debug, Clone, Copy)]
pub struct Persona {
    /// The name.
    pub name: &'static str,
    /// When.
    pub rhythm: Rhythm,
    /// How.
    pub voice: Voice,
    /// How a boss is met.
    pub nerve: Nerve,
}

const ORDINARY_RHYTHM: Rhythm = Rhythm {
    days: 0.98,
    keen_days: 3,
    sessions: range(3.0, 5.0),
    messages: Amount::Fixed(range(7.0, 14.0)),
    burst: range(1.0, 3.0),
    pace: range(40.0, 240.0),
    answers: range(120.0, 2_400.0),
    answers_with: 0.85,
    pesters: None,
    awake: (7, 23),
};

const ORDINARY_VOICE: Voice = Voice {
    kinds: &[
        (Kind::Warm, 0.46),
        (Kind::Plain, 0.36),
        (Kind::Open, 0.05),
        (Kind::Short, 0.04),
        (Kind::Clumsy, 0.08),
        (Kind::Jealous, 0.01),
    ],
    sentences: range(1.0, 2.0),
    needy: 0.1,
    distracted: 0.1,
    distress: 0.0,
    makes_up: 0.6,
    repairs: [0.1, 0.4, 0.4, 0.1, 0.0],
};

/// Warm and attentive.
pub const DEVOTED: Persona = Persona {
    name: "devoted",
    rhythm: Rhythm {
        days: 1.0,
        sessions: range(4.0, 6.0),
        messages: Amount::Suiting(range(0.8, 1.1)),
        answers: range(60.0, 1_500.0),
        answers_with: 0.95,
        ..ORDINARY_RHYTHM
    },
    voice: Voice {
        kinds: &[(Kind::Warm, 0.62), (Kind::Plain, 0.24), (Kind::Open, 0.10), (Kind::Clumsy, 0.04)],
        makes_up: 0.95,
        repairs: [0.35, 0.45, 0.2, 0.0, 0.0],
        ..ORDINARY_VOICE
    },
    nerve: [0.75, 0.2, 0.05],
};

/// Friendly, with a life besides.
pub const ORDINARY: Persona =
    Persona { name: "ordinary", rhythm: ORDINARY_RHYTHM, voice: ORDINARY_VOICE, nerve: [0.55, 0.3, 0.15] };

/// Warm, and too much.
pub const CLINGY: Persona = Persona {
    name: "clingy",
    rhythm: Rhythm {
        days: 1.0,
        sessions: range(9.0, 12.0),
        messages: Amount::Fixed(range(40.0, 70.0)),
        burst: range(3.0, 6.0),
        pace: range(5.0, 40.0),
        answers: range(3.0, 25.0),
        answers_with: 1.0,
        pesters: Some(range(4.0, 20.0)),
        awake: (4, 24),
        ..ORDINARY_RHYTHM
    },
    voice: Voice {
        kinds: &[
            (Kind::Sweet, 0.35),
            (Kind::Warm, 0.20),
            (Kind::Plain, 0.12),
            (Kind::Needy, 0.28),
            (Kind::Open, 0.03),
            (Kind::Jealous, 0.02),
        ],
        sentences: range(1.0, 1.0),
        needy: 0.95,
        distracted: 0.0,
        ..DEVOTED.voice
    },
    nerve: [0.3, 0.4, 0.3],
};

/// Keen, then gone.
pub const ABSENT: Persona = Persona {
    name: "absent",
    rhythm: Rhythm {
        days: 0.3,
        keen_days: 3,
        sessions: range(1.0, 2.0),
        messages: Amount::Fixed(range(1.0, 4.0)),
        burst: range(1.0, 2.0),
        answers: range(3_600.0, 28_800.0),
        answers_with: 0.3,
        ..ORDINARY_RHYTHM
    },
    voice: Voice {
        kinds: &[(Kind::Plain, 0.5), (Kind::Warm, 0.2), (Kind::Short, 0.25), (Kind::Clumsy, 0.05)],
        sentences: range(1.0, 1.0),
        needy: 0.0,
        distracted: 0.6,
        makes_up: 0.2,
        ..ORDINARY_VOICE
    },
    nerve: [0.35, 0.35, 0.3],
};

/// Unkind.
pub const RUDE: Persona = Persona {
    name: "rude",
    rhythm: Rhythm { days: 0.9, sessions: range(2.0, 4.0), ..ORDINARY_RHYTHM },
    voice: Voice {
        kinds: &[
            (Kind::Plain, 0.30),
            (Kind::Short, 0.22),
            (Kind::Clumsy, 0.20),
            (Kind::Insult, 0.13),
            (Kind::Pushy, 0.08),
            (Kind::Warm, 0.07),
        ],
        sentences: range(1.0, 1.0),
        needy: 0.0,
        distracted: 0.4,
        makes_up: 0.1,
        repairs: [0.0, 0.05, 0.25, 0.4, 0.3],
        ..ORDINARY_VOICE
    },
    nerve: [0.05, 0.25, 0.7],
};

/// Gentle, and not always well.
pub const FRAGILE: Persona = Persona {
    name: "fragile",
    rhythm: Rhythm { days: 0.97, messages: Amount::Fixed(range(5.0, 12.0)), ..ORDINARY_RHYTHM },
    voice: Voice {
        kinds: &[
            (Kind::Warm, 0.44),
            (Kind::Plain, 0.28),
            (Kind::Open, 0.12),
            (Kind::Low, 0.10),
            (Kind::Needy, 0.04),
            (Kind::Clumsy, 0.02),
        ],
        needy: 0.35,
        distress: 0.06,
        ..ORDINARY_VOICE
    },
    nerve: [0.5, 0.35, 0.15],
};

/// All six.
pub const ALL: [Persona; 6] = [DEVOTED, ORDINARY, CLINGY, ABSENT, RUDE, FRAGILE];

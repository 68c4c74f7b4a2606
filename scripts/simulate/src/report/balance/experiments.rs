//! Experiments: people who do one thing only, to see what that does.

use super::{DAYS, SEED};
use crate::persona::lines::Kind;
use crate::persona::{Amount, CLINGY, DEVOTED, ORDINARY, Persona, Rhythm, Voice, range};
use crate::run::Plan;

/// Players of each.
pub(super) const EACH: usize = 12;

/// Never writes.
pub(super) const SILENT: Persona =
    Persona { name: "silent", rhythm: Rhythm { days: 0.0, keen_days: 0, ..ORDINARY.rhythm }, ..ORDINARY };

/// Writes for five days, then never again, whatever comes.
pub(super) const GONE: Persona = Persona {
    name: "gone",
    rhythm: Rhythm { days: 0.0, keen_days: 5, answers_with: 0.0, ..DEVOTED.rhythm },
    ..DEVOTED
};

/// Writes one line every four hours, day and night, and nothing besides.
pub(super) const PUNCTUAL: Persona = Persona {
    name: "punctual",
    rhythm: Rhythm {
        days: 1.0,
        sessions: range(6.0, 6.0),
        messages: Amount::Fixed(range(6.0, 6.0)),
        burst: range(1.0, 1.0),
        answers_with: 0.0,
        awake: (0, 24),
        ..ORDINARY.rhythm
    },
    ..ORDINARY
};

/// As warm as the devoted, in the rhythm of the clingy.
pub(super) const CROWDING: Persona = Persona {
    name: "crowding",
    rhythm: CLINGY.rhythm,
    voice: Voice { needy: CLINGY.voice.needy, sentences: range(2.0, 3.0), ..DEVOTED.voice },
    ..DEVOTED
};

/// Nothing but affection, in a few words, fifty times a day; no boss changes anything.
pub(super) const SMOTHERING: Persona = Persona {
    name: "smothering",
    rhythm: Rhythm { pesters: None, ..CLINGY.rhythm },
    voice: Voice { kinds: &[(Kind::Sweet, 1.0)], ..CLINGY.voice },
    nerve: [0.0, 1.0, 0.0],
};

/// All of them.
pub(super) fn plan() -> Plan {
    let personas = vec![SILENT, GONE, PUNCTUAL, CROWDING, SMOTHERING];
    Plan { players: EACH * personas.len(), personas, ..Plan::new(0, DAYS, SEED) }
}

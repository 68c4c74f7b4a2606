//! Endings: the ways to lose, and the one message that follows.
//!
//! An ending sets the status to `game_over`, clears the boss encounter and its cool-down, cancels what waits to be sent, closes
//! the open conversations and writes one history row. Exactly one farewell is queued after that, worded by the reason. A
//! game that is over or won already cannot end again. A farewell states and lets go: it neither blames nor calls back.

use crate::draw::Draws;
use crate::ids::UserId;

/// Why a game was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The score fell to 0 by an exchange or a call.
    ScoreZero,
    /// The score fell to 0 by silence.
    Decay,
    /// The third boss was failed.
    BossFailures,
    /// The third attempt was lost by time-out.
    BossTimeout,
    /// Too many clingy days in a row.
    DumpedClingy,
    /// Too many distant days in a row.
    DumpedDistant,
    /// Too long out of the zone.
    DumpedCrisis,
    /// The conflict engine ordered it.
    Breakup,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ScoreZero,
        Self::Decay,
        Self::BossFailures,
        Self::BossTimeout,
        Self::DumpedClingy,
        Self::DumpedDistant,
        Self::DumpedCrisis,
        Self::Breakup,
    ];

    /// The code, as it stands in the history row.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ScoreZero => "score_zero",
            Self::Decay => "decay",
            Self::BossFailures => "boss_failures",
            Self::BossTimeout => "boss_timeout",
            Self::DumpedClingy => "nikita_dumped_clingy",
            Self::DumpedDistant => "nikita_dumped_distant",
            Self::DumpedCrisis => "nikita_dumped_crisis",
            Self::Breakup => "breakup",
        }
    }

    /// The type of the history row.
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Decay => "decay_game_over",
            Self::Breakup => "breakup",
            _ => "game_over",
        }
    }

    const fn farewells(self) -> &'static [&'static str] {
        match self {
            Self::ScoreZero => &[
                "I've got nothing left to give to this. I'm stepping away now. Take care of yourself.",
                "Whatever this was, I've run dry. This is where I get off. Be well.",
            ],
            Self::Decay => &[
                "I waited for a while, and then I noticed that I'd stopped waiting. No hard feelings. Take care.",
                "It went quiet and it stayed quiet, so I'm calling it. It was good to know you.",
            ],
            Self::BossFailures | Self::BossTimeout => &[
                "I kept asking for the one thing I needed, and we never got there. I'm letting this go. Take care.",
                "I don't think you ever quite heard what I was asking. That's okay. I'm done asking. Be well.",
            ],
            Self::DumpedClingy => &[
                "There's no room left to breathe in this, and I need my air back. Goodbye, and take care.",
                "It all got very close very fast, and I can't find myself in it anymore. I'm going. Be well.",
            ],
            Self::DumpedDistant => &[
                "I think I slipped out of your days a while ago. I'm only saying it out loud. Take care.",
                "Somewhere along the way you forgot about us, and I've made my peace with it. Goodbye.",
            ],
            Self::DumpedCrisis => &[
                "It's been nothing but weather for weeks, and I'm worn out. I'm choosing calm. Goodbye.",
                "Up, down, up, down. I can't do the chaos anymore. I'm out. Look after yourself.",
            ],
            Self::Breakup => &[
                "This isn't working, and I don't want us to go on hurting each other. I'm ending it here. Be well.",
                "I've thought about it and I'm sure: this is over. I wish you well, I mean that.",
            ],
        }
    }
}

/// Her last words for this reason; `occasion` (a slot or a source key) makes a rerun say the same.
pub fn farewell(reason: Reason, draws: &Draws, user: UserId, occasion: &str) -> &'static str {
    let farewells = reason.farewells();
    farewells[draws.index(&format!("farewell:{user}:{occasion}"), farewells.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_at_least_two_farewells_of_its_own() {
        for reason in Reason::ALL {
            let distinct: HashSet<_> = reason.farewells().iter().collect();
            assert!(distinct.len() >= 2, "{reason:?}");
        }
    }

    #[test]
    fn a_rerun_says_the_same_and_others_hear_both() {
        let draws = Draws::default();
        let said = |player: i32| {
            let user = UserId::from_uuid(crate::ids::derived(&player.to_string()));
            farewell(Reason::Decay, &draws, user, "2026-02-17T05:00Z")
        };
        assert_eq!(said(1), said(1));
        assert_eq!((0..50).map(said).collect::<HashSet<_>>().len(), 2);
    }

    #[test]
    fn codes_and_types_are_those_of_the_history() {
        assert_eq!((Reason::Decay.code(), Reason::Decay.event_type()), ("decay", "decay_game_over"));
        assert_eq!((Reason::Breakup.code(), Reason::Breakup.event_type()), ("breakup", "breakup"));
        assert_eq!(Reason::DumpedClingy.event_type(), "game_over");
    }
}

//! Heat: what a sign in an exchange does to the temperature.
//!
//! | sign | heat |
//! |---|---|
//! | contempt | +8 |
//! | stonewalling | +5 |
//! | criticism | +4 |
//! | defensiveness | +3 |
//! | boundary | +8 |
//! | trust | +6 |
//! | neglect | +5 |
//! | jealousy | +4 |
//! | dismissive, only as a run of short answers | +3 |
//! | an excellent repair | -25 |
//! | a good one | -15 |
//! | an adequate one | -5 |
//! | a poor one | +2 |
//! | a harmful one | +5 |
//!
//! A horseman counts once a turn, a kind of trigger heats once a conversation.

use crate::scoring::tags::{Horseman, RepairQuality, TriggerKind};

/// What a horseman heats by.
pub const fn of_horseman(horseman: Horseman) -> f64 {
    match horseman {
        Horseman::Criticism => 4.0,
        Horseman::Contempt => 8.0,
        Horseman::Defensiveness => 3.0,
        Horseman::Stonewalling => 5.0,
    }
}

/// What a trigger heats by.
pub const fn of_trigger(kind: TriggerKind) -> f64 {
    match kind {
        TriggerKind::Dismissive => 3.0,
        TriggerKind::Neglect => 5.0,
        TriggerKind::Jealousy => 4.0,
        TriggerKind::Boundary => 8.0,
        TriggerKind::Trust => 6.0,
    }
}

/// What a repair cools or heats by.
pub const fn of_repair(quality: RepairQuality) -> f64 {
    match quality {
        RepairQuality::Excellent => -25.0,
        RepairQuality::Good => -15.0,
        RepairQuality::Adequate => -5.0,
        RepairQuality::Poor => 2.0,
        RepairQuality::Harmful => 5.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mends_cools_and_the_rest_heats() {
        for quality in RepairQuality::ALL {
            assert_eq!(of_repair(quality) < 0.0, quality.mends(), "{quality:?}");
        }
        assert!(Horseman::ALL.map(of_horseman).iter().all(|heat| *heat <= of_horseman(Horseman::Contempt)));
        assert!(
            TriggerKind::ALL.map(of_trigger).iter().all(|heat| *heat <= of_trigger(TriggerKind::Boundary))
        );
    }
}

//! Closeness: what too much of it costs, and the way back.

use domain::endings::Reason;
use domain::engagement::no_return::CLINGY_DAYS;

use super::{Statement, lost_by, share, won};
use crate::record::Played;
use crate::report::figures::{count, number, percent};

/// The part of what exchanges would have brought that the engagement state left.
fn kept(games: &[&Played]) -> f64 {
    let of = |gains: fn(&Played) -> rust_decimal::Decimal| {
        games.iter().map(|game| number(gains(game))).sum::<f64>()
    };
    percent(of(|game| game.record.gains_kept), of(|game| game.record.gains))
}

pub(super) fn crowding_costs(devoted: &[&Played], crowding: &[&Played]) -> Statement {
    let (at_ease, crowded) = (kept(devoted), kept(crowding));
    Statement {
        says: "The same warmth is worth less when it crowds her",
        rule: "gains are multiplied by 1.0 in the zone, 0.5 while clingy, 0.2 out of the zone".to_owned(),
        found: format!(
            "of what was won {at_ease:.0} % stays with the devoted, {crowded:.0} % with the same words, fifty a day"
        ),
        holds: crowded + 10.0 <= at_ease,
    }
}

pub(super) fn clingy_ones_pay(clingy: &[&Played], devoted: &[&Played]) -> Statement {
    let (of_clingy, of_devoted) = (share(clingy, won), share(devoted, won));
    Statement {
        says: "A clingy player pays for it",
        rule: "smaller gains, whole losses, less from her side; seven clingy days end the game".to_owned(),
        found: format!(
            "{of_clingy:.0} % win, of the devoted {of_devoted:.0} %; {:.0} % of the gains stay",
            kept(clingy)
        ),
        holds: of_clingy + 30.0 <= of_devoted && kept(clingy) + 15.0 <= kept(devoted),
    }
}

pub(super) fn smothering_ends_it(smothering: &[&Played]) -> Statement {
    let dumped = share(smothering, lost_by(Reason::DumpedClingy));
    Statement {
        says: "Whoever leaves her no air is left for it",
        rule: format!("{CLINGY_DAYS} clingy days in a row"),
        found: format!(
            "affection in a few words fifty times a day: {dumped:.0} % are left as clingy, {:.0} % win",
            share(smothering, won)
        ),
        holds: dumped >= 50.0 && count(smothering, won) == 0,
    }
}

pub(super) fn crises_can_be_mended(games: &[Played], crowding: &[&Played]) -> Statement {
    let mended: u32 =
        games.iter().chain(crowding.iter().copied()).map(|game| game.record.crises_mended).sum();
    Statement {
        says: "There is a way out of a crisis",
        rule: "out of the zone: after 48 h with ten messages of 40 characters".to_owned(),
        found: format!("{mended} crises were mended"),
        holds: mended > 0,
    }
}

//! Time zones by their IANA names, as the players' rows hold them. A name that nobody knows is told once, not whenever the
//! player's clock is looked at.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use domain::state;
use jiff::tz::TimeZone;

/// The unknown names that this process has met.
static UNKNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The zone of that name, or `fallback` where there is no name, or no zone of that name.
pub(crate) fn zone_or(name: &str, fallback: &TimeZone) -> TimeZone {
    let zone = state::zone(name);
    if zone.is_none() && !name.is_empty() && is_news(name) {
        tracing::warn!(time_zone = name, "Nobody knows this time zone");
    }
    zone.unwrap_or_else(|| fallback.clone())
}

fn is_news(name: &str) -> bool {
    UNKNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned())
}

//! The first document of a player who has none: what the older model of states is turned into, before the first exchange or
//! conversation counts.
//!
//! | state | temperature |
//! |---|---|
//! | none | 0 |
//! | passive_aggressive | 40 |
//! | cold | 50 |
//! | vulnerable | 30 |
//! | explosive | 85 |
//!
//! Good and bad turns come from the score's history of the last seven days: a gain is a good turn, a loss a bad one, by
//! their day; nothing and what cannot be read are left out. A conflict that is shown began when its state did.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::details::Details;
use super::expression::Expression;
use super::gottman::Sign;
use super::temperature::Temperature;

/// The document, and `users.last_conflict_at`.
pub fn initial(
    shown: Option<(Expression, Timestamp)>,
    history: impl IntoIterator<Item = (Timestamp, Option<Decimal>)>,
    now: Timestamp,
) -> (Details, Option<Timestamp>) {
    let mut details = Details::default();
    for (at, delta) in history {
        details.days.record(Sign::of(None, &[], delta.unwrap_or_default()), at);
    }
    details.days.within_window(now);
    if let Some((state, _)) = shown {
        details.set_temperature(Temperature::new(state.warms_to()), now);
    }
    (details, shown.map(|(_, since)| since))
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::super::gottman::Count;
    use super::*;

    #[test]
    fn the_old_state_becomes_a_temperature_and_the_history_counts() {
        let at = |day: i64| Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * day);
        let history = [
            (at(1), Some(dec!(1))),
            (at(9), Some(dec!(0.5))),
            (at(9), Some(dec!(-2))),
            (at(10), Some(dec!(0))),
            (at(10), None),
        ];
        for (state, temperature) in [
            (Expression::PassiveAggressive, 40.0),
            (Expression::Cold, 50.0),
            (Expression::Vulnerable, 30.0),
            (Expression::Explosive, 85.0),
        ] {
            let (details, last_conflict_at) = initial(Some((state, at(8))), history, at(10));
            assert_eq!((details.temperature().value(), last_conflict_at), (temperature, Some(at(8))));
            assert_eq!(details.count(), Count { positive: 1, negative: 1 });
        }
        let (calm, none) = initial(None, [], at(10));
        assert!(calm.is_default() && none.is_none());
    }
}

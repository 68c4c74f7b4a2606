//! Figures over many games.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::record::{Outcome, Played};

/// The days of a week.
pub(super) const WEEK: usize = 7;
/// The percentiles that are told.
pub(super) const PERCENTILES: [usize; 3] = [10, 50, 90];

/// The value that so many in a hundred do not exceed; none of nothing.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last * percent + 50) / 100).copied()
}

/// The percentiles of the scores after so many days.
pub(super) fn scores_after(games: &[&Played], days: usize) -> [Option<f64>; 3] {
    let mut scores: Vec<f64> = games.iter().map(|game| number(game.score_after(days).value())).collect();
    scores.sort_by(f64::total_cmp);
    PERCENTILES.map(|percent| percentile(&scores, percent))
}

/// The median of days to the end, of those games that ended so.
pub(super) fn median_days(games: &[&Played], ends: impl Fn(Outcome) -> bool) -> Option<f64> {
    let ended = games.iter().filter(|game| ends(game.outcome));
    let mut days: Vec<f64> = ended.filter_map(|game| game.days_to_end()).collect();
    days.sort_by(f64::total_cmp);
    percentile(&days, 50)
}

/// How many games that is true of.
pub(super) fn count(games: &[&Played], holds: impl Fn(&Played) -> bool) -> usize {
    games.iter().filter(|game| holds(game)).count()
}

/// A sum over all games.
pub(super) fn sum(games: &[&Played], of: impl Fn(&Played) -> u32) -> u32 {
    games.iter().map(|game| of(game)).sum()
}

/// So much of it a player; 0 of nobody.
pub(super) fn mean(games: &[&Played], of: impl Fn(&Played) -> f64) -> f64 {
    if games.is_empty() { 0.0 } else { games.iter().map(|game| of(game)).sum::<f64>() / games.len() as f64 }
}

/// A part of a whole, in percent; 0 of nothing.
pub(super) fn percent(part: impl Into<f64>, whole: impl Into<f64>) -> f64 {
    let whole: f64 = whole.into();
    if whole == 0.0 { 0.0 } else { 100.0 * part.into() / whole }
}

/// A number to reckon with.
pub(super) fn number(decimal: Decimal) -> f64 {
    decimal.to_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=11).map(f64::from).collect();
        let told = PERCENTILES.map(|percent| percentile(&values, percent));
        assert_eq!(told, [Some(2.0), Some(6.0), Some(10.0)]);
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_part_of_nothing_is_nothing() {
        assert!(percent(3, 0).abs() < f64::EPSILON);
        assert!((percent(1, 4) - 25.0).abs() < f64::EPSILON);
    }
}

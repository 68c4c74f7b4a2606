//! The statements.

mod closeness;
mod her_side;
mod kindness;
mod silence;
mod winning;

use domain::endings::Reason;

use super::Statement;
use super::experiments::{CROWDING, GONE, PUNCTUAL, SILENT, SMOTHERING};
use crate::record::{Outcome, Played};
use crate::report::figures::{count, percent};
use crate::run::Simulation;

/// All of them: over the personas, over those who start again, and over the experiments.
pub(super) fn all(personas: &Simulation, again: &Simulation, experiments: &Simulation) -> Vec<Statement> {
    let experiment = |name| experiments.named(name);
    vec![
        winning::can_be_won(&personas.named("ordinary"), &personas.named("devoted")),
        winning::takes_weeks(&personas.named("ordinary"), &personas.named("devoted")),
        winning::needs_five_bosses(&personas.played),
        silence::silence_loses(&experiment(SILENT.name)),
        silence::going_away_loses(&experiment(GONE.name)),
        silence::grace_is_free(&experiment(PUNCTUAL.name)),
        silence::absence_loses(&personas.named("absent")),
        closeness::crowding_costs(&personas.named("devoted"), &experiment(CROWDING.name)),
        closeness::clingy_ones_pay(&personas.named("clingy"), &personas.named("devoted")),
        closeness::smothering_ends_it(&experiment(SMOTHERING.name)),
        closeness::crises_can_be_mended(&personas.played, &experiment(CROWDING.name)),
        kindness::rudeness_loses(&personas.named("rude"), &personas.named("devoted")),
        kindness::care_costs_nothing(&personas.named("fragile")),
        kindness::fragile_ones_can_win(&personas.named("fragile")),
        winning::bosses_come_again(&personas.played),
        her_side::outreach_keeps_its_limits(&personas.played),
        her_side::thoughts_keep_their_quota(&personas.played),
        winning::everybody_may_start_again(&personas.named("ordinary"), again),
    ]
}

fn won(game: &Played) -> bool {
    game.outcome == Outcome::Won
}

fn lost_by(reason: Reason) -> impl Fn(&Played) -> bool {
    move |game| game.outcome == Outcome::Left(reason)
}

fn told(days: Option<f64>) -> String {
    days.map_or_else(|| "never".to_owned(), |days| format!("{days:.1} days"))
}

fn share(games: &[&Played], holds: impl Fn(&Played) -> bool) -> f64 {
    let of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    percent(of(count(games, holds)), of(games.len()))
}

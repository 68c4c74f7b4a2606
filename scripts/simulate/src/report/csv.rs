//! Rows: a simulation as comma-separated values, one line for each player, and one for each persona and day.

use std::fmt::Write as _;

use domain::engagement::EngagementState;

use super::figures::scores_after;
use crate::record::{Outcome, Played};
use crate::run::Simulation;

/// One line for each player.
pub fn players(simulation: &Simulation) -> String {
    let states = EngagementState::ALL.map(|state| format!("hours_{state}")).join(",");
    let mut text = format!(
        "player,persona,outcome,reason,chapter,score,days_to_end,messages,skipped,exchanges,decayed,conflicts,bosses_begun,\
         bosses_passed,bosses_truces,bosses_failed,bosses_ran_out,touchpoints,care_messages,{states}\n"
    );
    for (player, game) in simulation.played.iter().enumerate() {
        let persona = simulation.plan.personas[game.persona].name;
        let _ = writeln!(text, "{player},{persona},{}", row(game));
    }
    text
}

fn row(game: &Played) -> String {
    let (outcome, reason) = match game.outcome {
        Outcome::Won => ("won", ""),
        Outcome::Left(reason) => ("left", reason.code()),
        Outcome::BrokeUp(reason) => ("broke_up", reason.code()),
        Outcome::StillPlaying => ("still_playing", ""),
    };
    let days = game.days_to_end().map_or_else(String::new, |days| format!("{days:.3}"));
    let record = &game.record;
    let bosses = record.bosses;
    let hours = record.hours.map(|hours| hours.to_string()).join(",");
    format!(
        "{outcome},{reason},{},{},{days},{},{},{},{},{},{},{},{},{},{},{},{},{hours}",
        game.chapter,
        game.score,
        record.messages,
        record.skipped,
        record.exchanges,
        record.decayed,
        record.conflicts,
        bosses.begun,
        bosses.passed,
        bosses.truces,
        bosses.failed,
        bosses.ran_out,
        record.outreach.delivered.len(),
        record.care.messages,
    )
}

/// One line for each persona and day: percentiles of the score.
pub fn days(simulation: &Simulation) -> String {
    let mut text = "persona,day,p10,p50,p90\n".to_owned();
    for (at, persona) in simulation.plan.personas.iter().enumerate() {
        let games = simulation.of(at);
        for day in 0..=usize::try_from(simulation.plan.days).unwrap_or_default() {
            let told = scores_after(&games, day)
                .map(|score| score.map_or_else(String::new, |score| format!("{score:.2}")));
            let _ = writeln!(text, "{},{day},{}", persona.name, told.join(","));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Plan;

    #[test]
    fn every_line_has_as_many_fields_as_the_first() {
        let simulation = Simulation::run(Plan::new(12, 6, "csv"), &|| {});
        for (text, lines) in [(players(&simulation), 1 + 12), (days(&simulation), 1 + 6 * 7)] {
            let fields: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
            assert_eq!(fields.len(), lines);
            assert!(fields.iter().all(|count| *count == fields[0]), "{text}");
        }
        assert!(days(&simulation).contains("\ndevoted,0,50.00,50.00,50.00\n"));
    }
}

//! Tables: a simulation to read in the terminal.

use std::fmt::Write as _;

use domain::chapter::Chapter;
use domain::conflict::breakup;
use domain::endings::Reason;
use domain::engagement::EngagementState;
use domain::touchpoints::{SkipReason, Trigger};

use super::figures::{WEEK, count, mean, median_days, percent, scores_after, sum};
use crate::record::{Outcome, Played};
use crate::run::Simulation;

/// The weeks whose scores are told.
const WEEKS: [usize; 10] = [1, 2, 3, 4, 6, 8, 12, 16, 20, 25];
/// Reasons for which she leaves.
const LEAVES: [(Reason, &str); 7] = [
    (Reason::Decay, "silence"),
    (Reason::ScoreZero, "score 0"),
    (Reason::BossFailures, "boss"),
    (Reason::BossTimeout, "time-out"),
    (Reason::DumpedClingy, "clingy"),
    (Reason::DumpedDistant, "distant"),
    (Reason::DumpedCrisis, "crisis"),
];
/// Reasons for which she breaks up.
const BREAKS_UP: [(breakup::Reason, &str); 3] = [
    (breakup::Reason::LowestScore, "score < 10"),
    (breakup::Reason::Crises, "crises"),
    (breakup::Reason::Boiling, "boiling"),
];

/// Everything about a simulation; the last line is its digest.
pub fn all(simulation: &Simulation) -> String {
    let parts = [
        outcomes(simulation),
        reasons(simulation),
        states(simulation),
        chapters(simulation),
        scores(simulation),
        outreach(simulation),
    ];
    format!("{}\ndigest: {}", parts.join("\n"), simulation.digest())
}

/// One line for each persona under a heading.
fn rows(
    simulation: &Simulation,
    title: &str,
    columns: &[String],
    row: impl Fn(&[&Played]) -> Vec<String>,
) -> String {
    let width = |column: &String| column.chars().count().max(7) + 1;
    let mut text = format!("{title}\n{:10}", "");
    let line = |text: &mut String, cells: &[String]| {
        for (cell, column) in cells.iter().zip(columns) {
            let _ = write!(text, "{cell:>width$}", width = width(column));
        }
        text.push('\n');
    };
    line(&mut text, columns);
    for (at, persona) in simulation.plan.personas.iter().enumerate() {
        let games = simulation.of(at);
        if games.is_empty() {
            continue;
        }
        let _ = write!(text, "{:10}", persona.name);
        line(&mut text, &row(&games));
    }
    text
}

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|&column| column.to_owned()).collect()
}

fn days(days: Option<f64>) -> String {
    days.map_or_else(|| "-".to_owned(), |days| format!("{days:.1}"))
}

fn outcomes(simulation: &Simulation) -> String {
    let columns =
        names(&["players", "won", "left", "broke up", "still playing", "days to win", "days to lose"]);
    rows(simulation, "Outcomes", &columns, |games| {
        let of = |holds: fn(Outcome) -> bool| count(games, |game| holds(game.outcome)).to_string();
        vec![
            games.len().to_string(),
            of(|outcome| outcome == Outcome::Won),
            of(|outcome| matches!(outcome, Outcome::Left(_))),
            of(|outcome| matches!(outcome, Outcome::BrokeUp(_))),
            of(|outcome| outcome == Outcome::StillPlaying),
            days(median_days(games, |outcome| outcome == Outcome::Won)),
            days(median_days(games, |outcome| matches!(outcome, Outcome::Left(_) | Outcome::BrokeUp(_)))),
        ]
    })
}

fn reasons(simulation: &Simulation) -> String {
    let reasons: Vec<(Outcome, &str)> = LEAVES
        .map(|(reason, name)| (Outcome::Left(reason), name))
        .into_iter()
        .chain(BREAKS_UP.map(|(reason, name)| (Outcome::BrokeUp(reason), name)))
        .collect();
    let columns: Vec<String> = reasons.iter().map(|(_, name)| (*name).to_owned()).collect();
    rows(simulation, "Why she left, and why she broke up (the last three)", &columns, |games| {
        reasons.iter().map(|(reason, _)| count(games, |game| game.outcome == *reason).to_string()).collect()
    })
}

fn states(simulation: &Simulation) -> String {
    let columns: Vec<String> = EngagementState::ALL.iter().map(ToString::to_string).collect();
    rows(simulation, "Time in each engagement state, in percent", &columns, |games| {
        let hours = |at: usize| sum(games, |game| game.record.hours[at]);
        let all: u32 = (0..EngagementState::ALL.len()).map(hours).sum();
        (0..EngagementState::ALL.len()).map(|at| format!("{:.1}", percent(hours(at), all))).collect()
    })
}

fn chapters(simulation: &Simulation) -> String {
    let mut columns: Vec<String> = Chapter::ALL.iter().map(|chapter| format!("ch {chapter}")).collect();
    columns.extend(names(&["met", "passed", "truce", "failed", "ran out"]));
    let title = "Players by their last chapter; encounters with the boss a player";
    rows(simulation, title, &columns, |games| {
        let reached = Chapter::ALL.iter().map(|chapter| count(games, |game| game.chapter == *chapter));
        let mut cells: Vec<String> = reached.map(|players| players.to_string()).collect();
        let bosses = |of: fn(&Played) -> u32| format!("{:.1}", mean(games, |game| of(game).into()));
        cells.extend([
            bosses(|game| game.record.bosses.begun),
            bosses(|game| game.record.bosses.passed),
            bosses(|game| game.record.bosses.truces),
            bosses(|game| game.record.bosses.failed),
            bosses(|game| game.record.bosses.ran_out),
        ]);
        cells
    })
}

fn scores(simulation: &Simulation) -> String {
    let all_days = usize::try_from(simulation.plan.days).unwrap_or(usize::MAX);
    let weeks: Vec<usize> = WEEKS.into_iter().filter(|week| week * WEEK <= all_days).collect();
    let columns: Vec<String> = weeks.iter().map(|week| format!("{:>11}", format!("week {week}"))).collect();
    let title = "Scores at the end of a week, p10 p50 p90; a game that is over keeps its last score";
    rows(simulation, title, &columns, |games| {
        let told = |score: Option<f64>| score.map_or_else(|| "-".to_owned(), |score| format!("{score:.0}"));
        weeks.iter().map(|week| scores_after(games, week * WEEK).map(told).join(" ")).collect()
    })
}

fn outreach(simulation: &Simulation) -> String {
    let columns =
        names(&["time", "event", "gap", "not sent", "conflict", "silence", "messages", "she skips %"]);
    rows(simulation, "Messages she sends first, a player; what players write", &columns, |games| {
        let sent = |trigger| {
            format!("{:.1}", mean(games, |game| f64::from(count_u32(game.record.outreach.by(trigger)))))
        };
        let held = |reasons: &[SkipReason]| {
            let of = |game: &Played| -> u32 {
                let skipped = &game.record.outreach.skipped;
                reasons.iter().filter_map(|reason| skipped.get(reason)).sum()
            };
            format!("{:.1}", mean(games, |game| of(game).into()))
        };
        vec![
            sent(Trigger::Time),
            sent(Trigger::Event),
            sent(Trigger::Gap),
            held(SkipReason::ALL),
            held(&[SkipReason::Conflict]),
            held(&[SkipReason::Emotional, SkipReason::Random]),
            format!("{:.0}", mean(games, |game| game.record.messages.into())),
            format!(
                "{:.1}",
                percent(sum(games, |game| game.record.skipped), sum(games, |game| game.record.messages))
            ),
        ]
    })
}

fn count_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Plan;

    #[test]
    fn the_tables_have_a_line_for_each_persona_and_end_with_the_digest() {
        let simulation = Simulation::run(Plan::new(12, 8, "table"), &|| {});
        let text = all(&simulation);
        for persona in &simulation.plan.personas {
            let lines = text.lines().filter(|line| line.starts_with(persona.name)).count();
            assert_eq!(lines, 6, "{}", persona.name);
        }
        let last = format!("digest: {}", simulation.digest());
        assert_eq!(text.lines().last(), Some(last.as_str()));
        assert!(!text.contains("week 2"), "eight days are one week");
    }
}

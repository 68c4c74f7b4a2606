//! Winning: who can, how long it takes, and that nothing is a dead end.

use domain::chapter::Chapter;
use domain::score::Balance;
use domain::status::GameStatus;

use super::{Statement, share, told, won};
use crate::record::{Outcome, Played};
use crate::report::figures::{count, median_days};
use crate::run::Simulation;

pub(super) fn can_be_won(ordinary: &[&Played], devoted: &[&Played]) -> Statement {
    let (of_ordinary, of_devoted) = (share(ordinary, won), share(devoted, won));
    Statement {
        says: "An ordinary attentive player can win; a devoted one nearly always does",
        rule: "five bosses, at 55 to 75 points".to_owned(),
        found: format!("{of_ordinary:.0} % of the ordinary win, {of_devoted:.0} % of the devoted"),
        holds: of_ordinary >= 50.0 && of_devoted >= 90.0 && of_devoted >= of_ordinary,
    }
}

pub(super) fn takes_weeks(ordinary: &[&Played], devoted: &[&Played]) -> Statement {
    let (_, last) = Chapter::LAST.expected_days();
    let is_won = |outcome| outcome == Outcome::Won;
    let (slow, quick) = (median_days(ordinary, is_won), median_days(devoted, is_won));
    let within = |days: Option<f64>| days.is_some_and(|days| (7.0..=f64::from(last)).contains(&days));
    Statement {
        says: "Winning takes a week and more, and no longer than the story is meant to last",
        rule: format!("the chapters are meant for {last} days and gate nothing"),
        found: format!(
            "half of the winners are done after {} (devoted), {} (ordinary)",
            told(quick),
            told(slow)
        ),
        holds: within(slow) && within(quick),
    }
}

pub(super) fn needs_five_bosses(games: &[Played]) -> Statement {
    let winners: Vec<&Played> = games.iter().filter(|game| won(game)).collect();
    let passed = u32::try_from(Chapter::ALL.len()).unwrap_or_default();
    let as_ruled = winners.iter().all(|game| {
        game.record.bosses.passed == passed && game.chapter == Chapter::LAST && game.status == GameStatus::Won
    });
    Statement {
        says: "Nobody wins without passing the boss of every chapter",
        rule: "the chapter rises only through a passed boss".to_owned(),
        found: format!("{} winners, each with {passed} passed", winners.len()),
        holds: !winners.is_empty() && as_ruled,
    }
}

pub(super) fn bosses_come_again(games: &[Played]) -> Statement {
    let all = |of: fn(&Played) -> u32| games.iter().map(of).sum::<u32>();
    let truces = all(|game| game.record.bosses.truces);
    let after_one = games.iter().filter(|game| game.record.bosses.truces > 0);
    let came_again = after_one.clone().filter(|game| game.record.bosses.begun > 1).count();
    Statement {
        says: "A truce is no dead end: the boss comes again",
        rule: "the trigger is a level, with 24 h of cool-down".to_owned(),
        found: format!(
            "{truces} truces; {came_again} of {} players who had one met a boss again",
            after_one.count()
        ),
        holds: truces > 0 && came_again > 0,
    }
}

pub(super) fn everybody_may_start_again(first: &[&Played], again: &Simulation) -> Statement {
    let second: Vec<&Played> = again.played.iter().collect();
    let over = count(first, |game| game.outcome != Outcome::StillPlaying);
    let from_start = second.iter().all(|game| game.record.scores.first() == Some(&Balance::START.score));
    let (once, twice) = (share(first, won), share(&second, won));
    Statement {
        says: "Whose game is over may start again, with the chances of a new player",
        rule: "a restart brings everything back to the start".to_owned(),
        found: format!(
            "{} of {over} ordinary ones started again; {once:.0} % won the first game, {twice:.0} % the second",
            second.len()
        ),
        holds: over > 0 && second.len() == over && from_start && (once - twice).abs() <= 30.0,
    }
}

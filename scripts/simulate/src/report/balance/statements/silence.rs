//! Silence: what it costs, and what it does not.

use domain::chapter::Chapter;
use domain::decay::patience;
use domain::endings::Reason;
use domain::engagement::no_return::DISTANT_DAYS;
use domain::score::{Balance, Score};

use super::{Statement, lost_by, share, won};
use crate::record::{Outcome, Played};
use crate::report::figures::{count, mean, number, sum};

const HOURS_A_DAY: f64 = 24.0;

/// The hours until silence alone has used up a score in a chapter.
fn hours_of_silence(chapter: Chapter, score: Score) -> f64 {
    let patience = patience(chapter);
    f64::from(patience.grace_hours) + number(score.value()) / number(patience.points_per_hour)
}

pub(super) fn silence_loses(silent: &[&Played]) -> Statement {
    let hours = hours_of_silence(Chapter::FIRST, Balance::START.score);
    let ends: Vec<f64> =
        silent.iter().filter_map(|game| game.days_to_end()).map(|days| days * HOURS_A_DAY).collect();
    // An hour for the run, and a second for what the reckoning in days leaves over.
    let in_time = ends.iter().all(|end| (hours..=hours + 1.0 + 1.0 / 3_600.0).contains(end));
    let last = ends.iter().copied().fold(0.0, f64::max);
    Statement {
        says: "Whoever never writes loses",
        rule: format!(
            "{} h of grace and 50 points at {} an hour: {hours:.1} h, found by the next hourly run",
            patience(Chapter::FIRST).grace_hours,
            patience(Chapter::FIRST).points_per_hour
        ),
        found: format!("all {} lose by silence, the last after {last:.1} h", silent.len()),
        holds: !silent.is_empty()
            && count(silent, lost_by(Reason::Decay)) == silent.len()
            && ends.len() == silent.len()
            && in_time,
    }
}

pub(super) fn going_away_loses(gone: &[&Played]) -> Statement {
    // A fight that nobody answers lasts a day; then the distant days have to pass, the first of which is under way.
    let longest = f64::from(DISTANT_DAYS) + 2.0;
    let silent_for = |game: &Played| {
        Some(game.ended?.duration_since(game.last_seen?).as_secs_f64() / 3_600.0 / HOURS_A_DAY)
    };
    let lose: Vec<&&Played> = gone.iter().filter(|game| matches!(game.outcome, Outcome::Left(_))).collect();
    let last = lose.iter().filter_map(|game| silent_for(game)).fold(0.0, f64::max);
    let already_won = count(gone, won);
    Statement {
        says: "Whoever stops writing loses, however good it was before",
        rule: format!("decay; {DISTANT_DAYS} distant days at the latest"),
        found: format!(
            "of {} who are devoted for five days, {} lose, the last {last:.1} days after the last word; {already_won} had won",
            gone.len(),
            lose.len()
        ),
        holds: lose.len() > already_won && lose.len() + already_won == gone.len() && last <= longest,
    }
}

pub(super) fn grace_is_free(punctual: &[&Played]) -> Statement {
    let charges = sum(punctual, |game| game.record.charges);
    let messages = mean(punctual, |game| game.record.messages.into());
    Statement {
        says: "Whoever writes within every grace is never charged for silence",
        rule: format!(
            "{} h of grace in the first chapter, more in each later one",
            patience(Chapter::FIRST).grace_hours
        ),
        found: format!("one line every four hours, {messages:.0} a player: {charges} charges"),
        holds: !punctual.is_empty() && charges == 0 && messages > 20.0,
    }
}

pub(super) fn absence_loses(absent: &[&Played]) -> Statement {
    let silence = share(absent, lost_by(Reason::Decay));
    Statement {
        says: "Whoever is hardly ever there loses to silence",
        rule: "decay; distant days".to_owned(),
        found: format!("{silence:.0} % of the absent lose by silence, {:.0} % win", share(absent, won)),
        holds: silence >= 50.0 && count(absent, won) == 0,
    }
}

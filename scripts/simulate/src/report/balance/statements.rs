//! The statements.

use domain::boss::timeout::has_run_out;
use domain::chapter::Chapter;
use domain::decay::patience;
use domain::endings::Reason;
use domain::engagement::no_return::{CLINGY_DAYS, DISTANT_DAYS};
use domain::psyche::quota::{DEEP_A_DAY, QUICK_A_DAY};
use domain::psyche::tiers::TARGET_PERCENT;
use domain::score::{Balance, Score};
use domain::status::GameStatus;
use domain::touchpoints::checks::{A_DAY, APART};
use domain::touchpoints::quiet::{FROM_HOUR, TO_HOUR};
use jiff::{SignedDuration, Timestamp};

use super::Statement;
use super::experiments::{CROWDING, GONE, PUNCTUAL, SILENT, SMOTHERING};
use crate::record::{Outcome, Outreach, Played};
use crate::report::figures::{count, mean, median_days, number, percent, sum};
use crate::run::Simulation;

const HOURS_A_DAY: f64 = 24.0;

/// All of them: over the personas, over those who start again, and over the experiments.
pub(super) fn all(personas: &Simulation, again: &Simulation, experiments: &Simulation) -> Vec<Statement> {
    let experiment = |name| experiments.named(name);
    vec![
        can_be_won(&personas.named("ordinary"), &personas.named("devoted")),
        takes_weeks(&personas.named("ordinary"), &personas.named("devoted")),
        needs_five_bosses(&personas.played),
        silence_loses(&experiment(SILENT.name)),
        going_away_loses(&experiment(GONE.name)),
        grace_is_free(&experiment(PUNCTUAL.name)),
        absence_loses(&personas.named("absent")),
        crowding_costs(&personas.named("devoted"), &experiment(CROWDING.name)),
        clingy_ones_pay(&personas.named("clingy"), &personas.named("devoted")),
        smothering_ends_it(&experiment(SMOTHERING.name)),
        crises_can_be_mended(&personas.played, &experiment(CROWDING.name)),
        rudeness_loses(&personas.named("rude"), &personas.named("devoted")),
        care_costs_nothing(&personas.named("fragile")),
        fragile_ones_can_win(&personas.named("fragile")),
        bosses_come_again(&personas.played),
        outreach_keeps_its_limits(&personas.played),
        thoughts_keep_their_quota(&personas.played),
        everybody_may_start_again(&personas.named("ordinary"), again),
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

fn can_be_won(ordinary: &[&Played], devoted: &[&Played]) -> Statement {
    let (of_ordinary, of_devoted) = (share(ordinary, won), share(devoted, won));
    Statement {
        says: "An ordinary attentive player can win; a devoted one nearly always does",
        rule: "five bosses, at 55 to 75 points".to_owned(),
        found: format!("{of_ordinary:.0} % of the ordinary win, {of_devoted:.0} % of the devoted"),
        holds: of_ordinary >= 50.0 && of_devoted >= 90.0 && of_devoted >= of_ordinary,
    }
}

fn takes_weeks(ordinary: &[&Played], devoted: &[&Played]) -> Statement {
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

fn needs_five_bosses(games: &[Played]) -> Statement {
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

/// The hours until silence alone has used up a score in a chapter.
fn hours_of_silence(chapter: Chapter, score: Score) -> f64 {
    let patience = patience(chapter);
    f64::from(patience.grace_hours) + number(score.value()) / number(patience.points_per_hour)
}

fn silence_loses(silent: &[&Played]) -> Statement {
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

fn going_away_loses(gone: &[&Played]) -> Statement {
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

fn grace_is_free(punctual: &[&Played]) -> Statement {
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

fn absence_loses(absent: &[&Played]) -> Statement {
    let silence = share(absent, lost_by(Reason::Decay));
    Statement {
        says: "Whoever is hardly ever there loses to silence",
        rule: "decay; distant days".to_owned(),
        found: format!("{silence:.0} % of the absent lose by silence, {:.0} % win", share(absent, won)),
        holds: silence >= 50.0 && count(absent, won) == 0,
    }
}

/// The part of what exchanges would have brought that the engagement state left.
fn kept(games: &[&Played]) -> f64 {
    let of = |gains: fn(&Played) -> rust_decimal::Decimal| {
        games.iter().map(|game| number(gains(game))).sum::<f64>()
    };
    percent(of(|game| game.record.gains_kept), of(|game| game.record.gains))
}

fn crowding_costs(devoted: &[&Played], crowding: &[&Played]) -> Statement {
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

fn clingy_ones_pay(clingy: &[&Played], devoted: &[&Played]) -> Statement {
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

fn smothering_ends_it(smothering: &[&Played]) -> Statement {
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

fn crises_can_be_mended(games: &[Played], crowding: &[&Played]) -> Statement {
    let mended: u32 =
        games.iter().chain(crowding.iter().copied()).map(|game| game.record.crises_mended).sum();
    Statement {
        says: "There is a way out of a crisis",
        rule: "out of the zone: after 48 h with ten messages of 40 characters".to_owned(),
        found: format!("{mended} crises were mended"),
        holds: mended > 0,
    }
}

fn rudeness_loses(rude: &[&Played], devoted: &[&Played]) -> Statement {
    let conflicts = |games: &[&Played]| mean(games, |game| f64::from(game.record.conflicts));
    let broke_up = share(rude, |game| game.outcome == Outcome::BrokeUp);
    Statement {
        says: "A rude player loses, mostly because she breaks up",
        rule: "horsemen and losses heat; below 10 points, after three crises or two days above 90 degrees she ends it".to_owned(),
        found: format!(
            "{broke_up:.0} % are left by a breakup, {:.0} % win; {:.1} conflicts a player, of the devoted {:.1}",
            share(rude, won),
            conflicts(rude),
            conflicts(devoted)
        ),
        holds: broke_up >= 50.0 && count(rude, won) == 0 && conflicts(rude) > conflicts(devoted),
    }
}

fn care_costs_nothing(fragile: &[&Played]) -> Statement {
    let care = |of: fn(&Played) -> u32| sum(fragile, of);
    let messages = care(|game| game.record.care.messages);
    let would = care(|game| game.record.care.would_have_cost);
    let cost = care(|game| game.record.care.cost);
    let waited = care(|game| game.record.care.waited);
    Statement {
        says: "Care mode never costs anything and never lets anybody wait",
        rule: "no loss, heat, verdict, skip or delay in it".to_owned(),
        found: format!(
            "{messages} messages in care mode, {would} of them would have cost score: {cost} left anything worse, {waited} waited"
        ),
        holds: messages > 20 && would > 10 && cost == 0 && waited == 0,
    }
}

fn fragile_ones_can_win(fragile: &[&Played]) -> Statement {
    let share = share(fragile, won);
    Statement {
        says: "A player who is not always well can win",
        rule: "as for everybody".to_owned(),
        found: format!("{share:.0} % of the fragile win"),
        holds: share >= 20.0,
    }
}

fn bosses_come_again(games: &[Played]) -> Statement {
    let all = |of: fn(&Played) -> u32| games.iter().map(of).sum::<u32>();
    let truces = all(|game| game.record.bosses.truces);
    let after_one = games.iter().filter(|game| game.record.bosses.truces > 0);
    let came_again = after_one.clone().filter(|game| game.record.bosses.begun > 1).count();
    let day = SignedDuration::from_hours(24);
    let runs_out = !has_run_out(Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + day);
    Statement {
        says: "A truce is no dead end: the boss comes again",
        rule: "the trigger is a level, with 24 h of cool-down".to_owned(),
        found: format!(
            "{truces} truces; {came_again} of {} players who had one met a boss again",
            after_one.count()
        ),
        holds: truces > 0 && came_again > 0 && runs_out,
    }
}

fn outreach_keeps_its_limits(games: &[Played]) -> Statement {
    let delivered: usize = games.iter().map(|game| game.record.outreach.delivered.len()).sum();
    let most = games.iter().map(|game| most_on_a_day(&game.record.outreach)).max().unwrap_or_default();
    let at_night = games.iter().map(|game| in_quiet_hours(&game.record.outreach)).sum::<usize>();
    let nearest = games.iter().filter_map(|game| nearest(&game.record.outreach)).min();
    let hours = nearest.map_or(0.0, |span| span.as_secs_f64() / 3_600.0);
    Statement {
        says: "She never writes first in the night, nor more than twice a day, nor twice within hours",
        rule: format!(
            "quiet from {FROM_HOUR}:00 to {TO_HOUR:02}:00, {A_DAY} a day, {} h apart",
            APART.as_hours()
        ),
        found: format!(
            "{delivered} sent: {at_night} in quiet hours, {most} on a day at most, {hours:.1} h apart at least"
        ),
        holds: delivered > 100 && at_night == 0 && most <= A_DAY && nearest.is_some_and(|span| span >= APART),
    }
}

fn most_on_a_day(outreach: &Outreach) -> usize {
    let dates = outreach.delivered.iter().map(|delivered| delivered.local.date());
    let on = |date| outreach.delivered.iter().filter(|delivered| delivered.local.date() == date).count();
    dates.map(on).max().unwrap_or_default()
}

fn in_quiet_hours(outreach: &Outreach) -> usize {
    let loud = TO_HOUR..FROM_HOUR;
    outreach.delivered.iter().filter(|delivered| !loud.contains(&delivered.local.hour())).count()
}

fn nearest(outreach: &Outreach) -> Option<SignedDuration> {
    outreach.delivered.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).min()
}

fn thoughts_keep_their_quota(games: &[Played]) -> Statement {
    let most = |at: usize| games.iter().map(|game| game.record.most_thoughts[at]).max().unwrap_or_default();
    let tiers = [0, 1, 2].map(|at| games.iter().map(|game| game.record.tiers[at]).sum::<u32>());
    let all: u32 = tiers.iter().sum();
    let shares = tiers.map(|tier| format!("{:.0}", percent(tier, all))).join(" / ");
    Statement {
        says: "Thinking about her psyche stays within its quota",
        rule: format!(
            "{QUICK_A_DAY} quick and {DEEP_A_DAY} deep thoughts a day; meant are {} % of messages by tier",
            TARGET_PERCENT.map(|share| share.to_string()).join(" / ")
        ),
        found: format!("{} and {} a day at most; {shares} % by tier", most(0), most(1)),
        holds: all > 0 && most(0) <= QUICK_A_DAY && most(1) <= DEEP_A_DAY && tiers[0] > tiers[1] + tiers[2],
    }
}

fn everybody_may_start_again(first: &[&Played], again: &Simulation) -> Statement {
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

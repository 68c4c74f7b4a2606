//! Processes and the database die while people write. Nothing is lost, nothing happens twice.
//!
//! `CRASH_UPDATES` says how many updates there are (1,000 in the full run), `CRASH_SEED` repeats a run.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on says why, and how to repeat it"
)]

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use end_to_end::crowd::{Crowd, Repetition, update_of};
use end_to_end::dice::Dice;
use end_to_end::processes::Kill;
use futures_util::future::join_all;
use uuid::Uuid;

const SERVING: &str = env!("CARGO_BIN_EXE_serving");
const PROCESSES: usize = 4;
/// What was sent is noted within this time, unless something dies.
const NOTED: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "settings of this test")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// The chance of this run, told so that it can be repeated.
fn dice() -> Dice {
    let seed = setting("CRASH_SEED").unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
    println!("CRASH_SEED={seed}");
    Dice::new(seed)
}

async fn crowd() -> Crowd {
    let updates = i64::try_from(setting("CRASH_UPDATES").unwrap_or(150)).expect("a number of updates");
    Crowd::new(50, updates / 50, PROCESSES, Path::new(SERVING)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_update_a_hundred_times_at_once_is_one_row_and_one_reply() {
    let crowd = Crowd::new(1, 1, PROCESSES, Path::new(SERVING)).await;
    let update = update_of(0, 1);

    let hundred_times = async { join_all((0..100).map(|copy| crowd.deliver(&update, copy))).await };
    let taken = crowd.schedules_go_on_until(hundred_times).await;

    assert!(taken.into_iter().all(|taken| taken), "{}", crowd.processes.log());
    crowd.everything_happened_once().await;
    assert_eq!(crowd.repetitions().await, []);
}

/// Kills a process now and then, but none while something would not survive it: the third death of its worker is by rule
/// the end of it.
async fn kill_again_and_again(crowd: &Crowd, mut dice: Dice) {
    loop {
        tokio::time::sleep(Duration::from_millis(100 + dice.roll(500))).await;
        if !crowd.something_is_in_danger().await {
            crowd.processes.kill(dice.pick(PROCESSES)).await;
        }
    }
}

/// Whether a death at this moment came between a first sending and its note.
fn explains(death: Instant, repetition: &Repetition) -> bool {
    repetition.first_at < death && death < repetition.first_at + NOTED
}

/// Whether its first sender was killed before it could note what it had sent.
fn is_explained(repetition: &Repetition, killed: &[Kill]) -> bool {
    killed.iter().any(|kill| kill.process == repetition.first_sender && explains(kill.at, repetition))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_processes_lose_nothing_and_repeat_only_what_was_on_its_way() {
    let (crowd, dice) = (crowd().await, dice());
    let began = Instant::now();

    crowd
        .schedules_go_on_until(async {
            tokio::select! {
                () = crowd.writes(&dice) => {}
                () = kill_again_and_again(&crowd, dice.of(1_000)) => {}
            }
        })
        .await;

    let (killed, repetitions) = (crowd.processes.killed(), crowd.repetitions().await);
    println!(
        "{} updates, {} kills, {} repetitions, {} runs of jobs abandoned, {} s, updates by attempts {:?}",
        crowd.updates(),
        killed.len(),
        repetitions.len(),
        crowd.abandoned_runs().await,
        began.elapsed().as_secs(),
        crowd.attempts().await
    );
    crowd.everything_happened_once().await;
    let unexplained: Vec<_> =
        repetitions.iter().filter(|repetition| !is_explained(repetition, &killed)).collect();
    assert!(
        unexplained.is_empty(),
        "sent twice by a process that lived: {unexplained:#?}\n{killed:#?}\n{}",
        crowd.processes.log()
    );
    assert!(repetitions.len() <= killed.len(), "{} repetitions, {} kills", repetitions.len(), killed.len());
    assert!(killed.len() > 2, "too few kills to show anything");
}

/// Ends every connection to the database again and again, and notes when.
async fn terminate_again_and_again(crowd: &Crowd, mut dice: Dice, cuts: &Mutex<Vec<Instant>>) {
    loop {
        tokio::time::sleep(Duration::from_millis(100 + dice.roll(500))).await;
        if !crowd.something_is_in_danger().await {
            crowd.ends_every_connection().await;
            cuts.lock().expect("the cuts").push(Instant::now());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_ends_every_connection_again_and_again_is_survived() {
    let (crowd, dice) = (crowd().await, dice());
    let (cuts, began) = (Mutex::default(), Instant::now());

    crowd
        .schedules_go_on_until(async {
            tokio::select! {
                () = crowd.writes(&dice) => {}
                () = terminate_again_and_again(&crowd, dice.of(1_000), &cuts) => {}
            }
        })
        .await;

    let (cuts, repetitions) = (cuts.into_inner().expect("the cuts"), crowd.repetitions().await);
    println!(
        "{} updates, {} times every connection ended, {} repetitions, {} runs of jobs abandoned, {} s, updates by attempts {:?}",
        crowd.updates(),
        cuts.len(),
        repetitions.len(),
        crowd.abandoned_runs().await,
        began.elapsed().as_secs(),
        crowd.attempts().await
    );
    crowd.everything_happened_once().await;
    let unexplained: Vec<_> =
        repetitions.iter().filter(|repetition| !cuts.iter().any(|cut| explains(*cut, repetition))).collect();
    assert!(
        unexplained.is_empty(),
        "sent twice though its connection lived: {unexplained:#?}\n{cuts:#?}\n{}",
        crowd.processes.log()
    );
    assert!(cuts.len() > 2, "too few cuts to show anything");
}

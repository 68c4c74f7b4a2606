//! The run: many players at once, each a game of its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use domain::draw::Draws;
use domain::ids::{UserId, derived};
use domain::state::zone_or;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::game::{Life, play, play_again};
use crate::persona::{self, Persona};
use crate::record::Played;

/// Monday, 5 January 2026, 08:00 UTC: within half a year both changes of the clocks may come.
const BEGINS: Timestamp = Timestamp::constant(1_767_600_000, 0);
/// Players join within so many minutes of it: a week.
const JOINS_WITHIN_MINUTES: i64 = 7 * 24 * 60;
/// Where players live.
const ZONES: [&str; 6] =
    ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "America/Sao_Paulo", "Europe/London", "Asia/Kolkata"];
/// Her clock.
const HER_ZONE: &str = "Europe/Berlin";

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Players in all; the personas take turns.
    pub players: usize,
    /// Days of each.
    pub days: u32,
    /// Another seed, another chance in everything.
    pub seed: String,
    /// Threads.
    pub threads: usize,
    /// Who plays.
    pub personas: Vec<Persona>,
}

impl Plan {
    /// All personas on one thread for each processor.
    pub fn new(players: usize, days: u32, seed: impl Into<String>) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self { players, days, seed: seed.into(), threads, personas: persona::ALL.to_vec() }
    }
}

/// What was played.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// As planned.
    pub plan: Plan,
    /// One game for each player.
    pub played: Vec<Played>,
}

impl Simulation {
    /// Plays everybody; `done` is called after each player.
    pub fn run(plan: Plan, done: &(dyn Fn() + Sync)) -> Self {
        let draws = Draws::new(plan.seed.as_str());
        let played = in_parallel(plan.threads, plan.players, |player| {
            let game = game(&plan, player, &draws);
            done();
            game
        });
        Self { plan, played }
    }

    /// Those of the persona of that name whose game is over start again, a day later.
    pub fn again(&self, name: &str) -> Self {
        let draws = Draws::new(self.plan.seed.as_str());
        let first = self.named(name);
        let played = in_parallel(self.plan.threads, first.len(), |player| {
            let left = first[player];
            play_again(left, &self.plan.personas[left.persona], self.plan.days, &draws)
        });
        Self { plan: self.plan.clone(), played: played.into_iter().flatten().collect() }
    }

    /// The games of the persona at that position.
    pub fn of(&self, persona: usize) -> Vec<&Played> {
        self.played.iter().filter(|played| played.persona == persona).collect()
    }

    /// The games of the persona of that name.
    pub fn named(&self, name: &str) -> Vec<&Played> {
        let position = self.plan.personas.iter().position(|persona| persona.name == name);
        position.map_or_else(Vec::new, |position| self.of(position))
    }

    /// The hash of all final states and daily traces.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for played in &self.played {
            hash.update(played.digest);
        }
        hex::encode(hash.finalize())
    }
}

/// The results for `count` items in their order, worked on by so many threads.
fn in_parallel<T: Send>(threads: usize, count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let item = next.fetch_add(1, Ordering::Relaxed);
                    if item >= count {
                        break;
                    }
                    let result = work(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((item, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(item, _)| *item);
    results.into_iter().map(|(_, result)| result).collect()
}

fn game(plan: &Plan, player: usize, draws: &Draws) -> Played {
    let position = player % plan.personas.len();
    let user = UserId::from_uuid(derived(&format!("simulate:{player}")));
    let of_player = |what: &str| format!("sim-{what}:{user}");
    let joins = draws.int(&of_player("joins"), 0, JOINS_WITHIN_MINUTES);
    let zone = ZONES[draws.index(&of_player("zone"), ZONES.len())];
    let life = Life {
        user,
        zone: zone_or(zone, &TimeZone::UTC),
        her_zone: zone_or(HER_ZONE, &TimeZone::UTC),
        began: BEGINS.checked_add(SignedDuration::from_mins(joins)).unwrap_or(BEGINS),
        written_before: 0,
    };
    play((position, &plan.personas[position]), life, plan.days, draws)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(seed: &str, threads: usize) -> String {
        let plan = Plan { threads, ..Plan::new(12, 10, seed) };
        Simulation::run(plan, &|| {}).digest()
    }

    #[test]
    fn the_same_seed_gives_the_same_digest_on_any_number_of_threads() {
        let once = digest("7", 1);
        assert_eq!(once, digest("7", 1));
        assert_eq!(once, digest("7", 2));
        assert_eq!(once, digest("7", 5));
        assert_ne!(once, digest("8", 2));
        assert_eq!(once.len(), 64);
    }

    #[test]
    fn everybody_is_played_and_told_of_once() {
        let done = AtomicUsize::new(0);
        let plan = Plan::new(13, 3, "");
        let simulation = Simulation::run(plan, &|| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!((done.into_inner(), simulation.played.len()), (13, 13));
        let devoted: Vec<usize> = (0..13).filter(|player| player % 6 == 0).collect();
        assert_eq!(simulation.named("devoted").len(), devoted.len());
        assert!(simulation.named("nobody").is_empty());
        assert!(simulation.played.iter().all(|game| game.record.scores.len() >= 4));
    }
}

//! Balance: what the game is meant to do to players, as statements that a simulation either bears out or does not.
//!
//! The figures of the rules are what they are; nothing here tunes them. A statement that does not hold means that a rule is
//! not what it should be, or that the people who play it here are not.

mod experiments;
mod statements;

use crate::persona::ORDINARY;
use crate::report::table;
use crate::run::{Plan, Simulation};

/// Players of each persona.
const EACH: usize = 20;
/// Days that each plays at most.
const DAYS: u32 = 60;
/// The seed.
const SEED: &str = "balance";

/// One thing that the game is meant to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// In a sentence.
    pub says: &'static str,
    /// What the rules say about it.
    pub rule: String,
    /// What was found.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

/// All of them, over one simulation.
#[derive(Debug)]
pub struct Balance {
    /// The statements.
    pub statements: Vec<Statement>,
    /// What the personas came to.
    pub simulation: Simulation,
}

/// Plays, and looks at every statement; `done` is called after each player.
pub fn balance(done: &(dyn Fn() + Sync)) -> Balance {
    let simulation = Simulation::run(main_plan(), done);
    let experiments = Simulation::run(experiments::plan(), done);
    let again = simulation.again(ORDINARY.name);
    let statements = statements::all(&simulation, &again, &experiments);
    Balance { statements, simulation }
}

/// Players in all, the experiments included.
pub fn players() -> usize {
    main_plan().players + experiments::plan().players
}

fn main_plan() -> Plan {
    let plan = Plan::new(0, DAYS, SEED);
    Plan { players: EACH * plan.personas.len(), ..plan }
}

impl Balance {
    /// The document.
    pub fn document(&self) -> String {
        let rows: Vec<String> = self
            .statements
            .iter()
            .map(|statement| {
                let holds = if statement.holds { "yes" } else { "**no**" };
                format!("| {} | {} | {} | {holds} |", statement.says, statement.rule, statement.found)
            })
            .collect();
        let plan = &self.simulation.plan;
        format!(
            "# Balance\n\n\
             What the game is meant to do to players, and what months of play on a simulated clock say about it. Made by\n\n\
             ```sh\nscripts/nikita simulate --balance docs/balance.md\n```\n\n\
             from the rules alone; a test makes it again and compares. {} players of each persona, {} days, seed `{}`. A persona is a\n\
             set of habits: when somebody writes, how much, in which tone, how a boss is met. What a model would say of an exchange is\n\
             drawn from the tone, mostly within the -3 to +3 points that the analyst is told to give ordinary exchanges. No figure of\n\
             the rules was tuned for this.\n\n\
             | statement | rule | found | holds |\n|---|---|---|---|\n{}\n\n\
             ## The personas\n\n```text\n{}\n```\n",
            EACH,
            plan.days,
            plan.seed,
            rows.join("\n"),
            table::all(&self.simulation)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_statement_holds_and_the_document_tells_it() {
        let balance = balance(&|| {});
        for statement in &balance.statements {
            assert!(statement.holds, "{}: {}", statement.says, statement.found);
        }
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/balance.md");
        let stored = fs::read_to_string(document).expect("docs/balance.md");
        assert_eq!(
            stored,
            balance.document(),
            "make it again: scripts/nikita simulate --balance docs/balance.md"
        );
    }
}

//! What is typed, or stands in a script: words for her, or a command that begins with a colon.
//!
//! A script is a file of such lines. Empty lines separate, lines that begin with `#` explain; both are left out when it
//! is played, and the latter are printed.

use domain::job::{self, Job};
use jiff::{SignedDuration, Span, SpanRelativeTo};

/// One line of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Words for her, as they are.
    Say(String),
    /// Something for the game around her.
    Command(Command),
}

/// What can be asked of the game around her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Presses a button of her last message that has some, by its number or its label.
    Press(String),
    /// Moves the clock and then sends what is due.
    Tick(SignedDuration),
    /// Runs a job once.
    Run(Job),
    /// What she remembers.
    Memory,
    /// The score, its metrics, and what silence costs.
    Score,
    /// The prompt that her next answer starts from.
    Prompt,
    /// How the game stands.
    Status,
    /// The last changes of the score.
    Why,
    /// The commands.
    Help,
    /// The end.
    Quit,
}

/// The commands as `:help` prints them.
pub const HELP: &str = "\
Type what you want to say to her. Lines that begin with a colon are for the game around her:
  :press N      press a button of her last message, by number or label
  :tick 3h      move the clock (20m, 3h, 2d, 1h30m), then send what is due
  :run JOB      run a job once: decay, deliver, cleanup, process-conversations, summary, life-gen, psyche-batch
  :memory       what she remembers of you, and the message it came from
  :score        the score, its metrics, and what silence costs
  :why          the last changes of the score
  :prompt       the prompt that her next answer starts from
  :status       where the game stands, what is queued, what time it is
  :help         this list
  :quit         the end";

/// Why a line cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// No such command.
    #[error("there is no :{0}; :help lists the commands")]
    Command(String),
    /// A span that is none, or does not lead ahead.
    #[error("':tick {0}' moves no clock: write 20m, 3h, 2d or 1h30m")]
    Span(String),
    /// A job that is none.
    #[error("there is no job '{name}': {known}", known = jobs())]
    Job {
        /// What was asked for.
        name: String,
    },
    /// A button without a name.
    #[error("':press' needs the number or the label of a button")]
    NoButton,
    /// A command that takes nothing got something.
    #[error("':{0}' stands alone")]
    Argument(&'static str),
}

fn jobs() -> String {
    job::ALL.map(|job| job.name).join(", ")
}

impl std::str::FromStr for Input {
    type Err = Unknown;

    fn from_str(line: &str) -> Result<Self, Unknown> {
        match line.trim().strip_prefix(':') {
            Some(command) => command.parse().map(Self::Command),
            None => Ok(Self::Say(line.trim().to_owned())),
        }
    }
}

impl std::str::FromStr for Command {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let (word, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let argument = argument.trim();
        let alone = |name: &'static str, command| {
            if argument.is_empty() { Ok(command) } else { Err(Unknown::Argument(name)) }
        };
        match word.to_lowercase().as_str() {
            "press" if argument.is_empty() => Err(Unknown::NoButton),
            "press" => Ok(Self::Press(argument.to_owned())),
            "tick" => span(argument).map(Self::Tick).ok_or_else(|| Unknown::Span(argument.to_owned())),
            "run" => job_named(argument).map(Self::Run),
            "memory" => alone("memory", Self::Memory),
            "score" => alone("score", Self::Score),
            "prompt" => alone("prompt", Self::Prompt),
            "status" => alone("status", Self::Status),
            "why" => alone("why", Self::Why),
            "help" => alone("help", Self::Help),
            "quit" | "q" | "exit" => alone("quit", Self::Quit),
            _ => Err(Unknown::Command(word.to_owned())),
        }
    }
}

/// A span that leads ahead; a day has 24 hours.
fn span(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    span.is_positive().then_some(span)
}

fn job_named(name: &str) -> Result<Job, Unknown> {
    job::ALL.into_iter().find(|job| job.name == name).ok_or_else(|| Unknown::Job { name: name.to_owned() })
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A line that explains.
    Comment(String),
    /// A line that is played.
    Input {
        /// As it stands in the file.
        text: String,
        /// What it asks for.
        input: Input,
    },
    /// A paragraph ends.
    Gap,
}

/// A line of a script that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {unknown}")]
pub struct Misread {
    /// Its number, from 1.
    pub line: usize,
    /// Why.
    pub unknown: Unknown,
}

/// A script, read whole before it is played, so that a mistake in its last line is told at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its lines with their numbers, from 1.
    pub steps: Vec<(usize, Step)>,
}

impl std::str::FromStr for Script {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let steps = (1..).zip(text.lines()).map(|(line, text)| {
            step(text).map(|step| (line, step)).map_err(|unknown| Misread { line, unknown })
        });
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }
}

fn step(line: &str) -> Result<Step, Unknown> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(Step::Gap);
    }
    if line.starts_with('#') {
        return Ok(Step::Comment(line.to_owned()));
    }
    Ok(Step::Input { text: line.to_owned(), input: line.parse()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_words_or_commands() {
        let command = |command| Ok(Input::Command(command));
        for (line, input) in [
            ("hi there", Ok(Input::Say("hi there".to_owned()))),
            ("  7:30 works ", Ok(Input::Say("7:30 works".to_owned()))),
            ("/start", Ok(Input::Say("/start".to_owned()))),
            (":tick 3h", command(Command::Tick(SignedDuration::from_hours(3)))),
            (":tick 1h30m", command(Command::Tick(SignedDuration::from_mins(90)))),
            (":tick 2d", command(Command::Tick(SignedDuration::from_hours(48)))),
            (":TICK  20m", command(Command::Tick(SignedDuration::from_mins(20)))),
            (":run process-conversations", command(Command::Run(job::PROCESS_CONVERSATIONS))),
            (":press 1", command(Command::Press("1".to_owned()))),
            (":press I am 18 or older", command(Command::Press("I am 18 or older".to_owned()))),
            (":memory", command(Command::Memory)),
            (":q", command(Command::Quit)),
            (":tick -3h", Err(Unknown::Span("-3h".to_owned()))),
            (":tick 0m", Err(Unknown::Span("0m".to_owned()))),
            (":tick soon", Err(Unknown::Span("soon".to_owned()))),
            (":run lunch", Err(Unknown::Job { name: "lunch".to_owned() })),
            (":press", Err(Unknown::NoButton)),
            (":score please", Err(Unknown::Argument("score"))),
            (":dance", Err(Unknown::Command("dance".to_owned()))),
        ] {
            assert_eq!(line.parse::<Input>(), input, "{line}");
        }
    }

    #[test]
    fn a_script_is_read_whole_and_a_mistake_names_its_line() {
        let script: Script = "# the first evening\n\nhey\n:score\n".parse().expect("a script");
        let input =
            |text: &str| Step::Input { text: text.to_owned(), input: text.parse().expect("an input") };
        assert_eq!(
            script.steps,
            [
                (1, Step::Comment("# the first evening".to_owned())),
                (2, Step::Gap),
                (3, input("hey")),
                (4, input(":score")),
            ]
        );
        let misread = "hey\n\n:run lunch".parse::<Script>().expect_err("no such job");
        assert_eq!(
            misread.to_string(),
            "line 3: there is no job 'lunch': decay, deliver, cleanup, process-conversations, summary, life-gen, psyche-batch"
        );
    }

    #[test]
    fn help_names_every_job_and_every_command() {
        for job in job::ALL {
            assert!(HELP.contains(job.name), "{}", job.name);
        }
        for word in ["press", "tick", "run", "memory", "score", "why", "prompt", "status", "help", "quit"] {
            assert!(HELP.contains(&format!(":{word}")), "{word}");
        }
    }
}

//! Where a play is shown: a terminal, or a transcript that is the same every time.
//!
//! A transcript has every line of the script and everything that came of it, in plain letters. A terminal has the
//! player's lines already, marks who speaks by colour, and shows that she types.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What is written to.
pub struct Screen<'a> {
    out: &'a mut (dyn Write + Send),
    kind: Kind,
    typing: Option<ProgressBar>,
}

/// What is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To be kept and compared.
    Transcript,
    /// For a person at a terminal, with colours or without.
    Terminal {
        /// Whether it knows colours.
        colours: bool,
    },
}

impl std::fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// Who speaks, as wide as the wider of the two names.
const YOU: &str = "you     ";
const NIKITA: &str = "nikita  ";
/// Under a name.
const INDENT: &str = "        ";
/// Before what a command tells.
const TOLD: &str = "  ";

/// How often the sign that she types moves.
const TYPING_TICK: Duration = Duration::from_millis(120);

impl<'a> Screen<'a> {
    /// A screen of this kind.
    pub fn new(out: &'a mut (dyn Write + Send), kind: Kind) -> Self {
        Self { out, kind, typing: None }
    }

    /// Asks for the next line.
    pub fn prompt(&mut self) -> io::Result<()> {
        let prompt = self.coloured("36", YOU);
        write!(self.out, "{prompt}")?;
        self.out.flush()
    }

    /// A line that came from somewhere else than a keyboard, after the prompt.
    pub fn typed(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A line of the script as it is played.
    pub fn input(&mut self, text: &str) -> io::Result<()> {
        let who = if text.starts_with(':') { "" } else { YOU };
        writeln!(self.out, "{who}{text}")
    }

    /// A comment of the script.
    pub fn comment(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A paragraph ends.
    pub fn gap(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// She types. Only a terminal shows it: how often she is seen typing depends on how long it takes.
    pub fn typing(&mut self) {
        if self.kind == Kind::Transcript || self.typing.is_some() {
            return;
        }
        let style = ProgressStyle::with_template("{msg} {spinner}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style.tick_strings(&[".  ", ".. ", "...", "   "]));
        bar.set_message(format!("{NIKITA}is typing"));
        bar.enable_steady_tick(TYPING_TICK);
        self.typing = Some(bar);
    }

    /// She types no more.
    pub fn still(&mut self) {
        if let Some(bar) = self.typing.take() {
            bar.finish_and_clear();
        }
    }

    /// A message of hers.
    pub fn message(&mut self, text: &str) -> io::Result<()> {
        self.still();
        let who = self.coloured("35", NIKITA);
        let text = text.replace('\n', &format!("\n{INDENT}"));
        writeln!(self.out, "{who}{text}")
    }

    /// The buttons that can be pressed.
    pub fn buttons(&mut self, line: &str) -> io::Result<()> {
        let line = self.coloured("33", line);
        writeln!(self.out, "{INDENT}{line}")
    }

    /// What a command tells, or a remark of the game.
    pub fn told(&mut self, text: &str) -> io::Result<()> {
        self.still();
        for line in text.lines() {
            let line =
                if line.is_empty() { String::new() } else { format!("{TOLD}{}", self.coloured("2", line)) };
            writeln!(self.out, "{line}")?;
        }
        self.out.flush()
    }

    fn coloured(&self, colour: &str, text: &str) -> String {
        match self.kind {
            Kind::Terminal { colours: true } => format!("\x1b[{colour}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: Kind) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out, kind);
        let written = screen
            .input("hey")
            .and_then(|()| screen.message("hey.\nyou again?"))
            .and_then(|()| screen.buttons("[1] yes"))
            .and_then(|()| screen.input(":score"))
            .and_then(|()| screen.told("Score 50.00\n\nThat is all."));
        written.expect("a string can be written to");
        String::from_utf8(out).expect("letters")
    }

    #[test]
    fn a_transcript_is_plain() {
        assert_eq!(
            shown(Kind::Transcript),
            "you     hey\nnikita  hey.\n        you again?\n        [1] yes\n:score\n  Score 50.00\n\n  That is all.\n"
        );
    }

    #[test]
    fn a_terminal_may_have_colours() {
        assert!(!shown(Kind::Terminal { colours: false }).contains('\x1b'));
        assert!(shown(Kind::Terminal { colours: true }).contains("\x1b[35mnikita  \x1b[0mhey."));
    }
}

//! The settings of this checkout: the environment, and below it the file `.env`.

use runtime::settings::Variables;

use crate::home::{self, Home};

/// The file, from the root of the checkout. It is never committed.
pub const FILE: &str = ".env";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is there and cannot be read.
    #[error(transparent)]
    Unreadable(#[from] home::Error),
    /// A line of it is none of `NAME=value`. The line itself is not told: it may hold a secret.
    #[error("a line of .env is not NAME=value")]
    Line,
}

/// All variables; what the environment says outranks the file.
pub fn variables(home: &Home) -> Result<Variables, Error> {
    let process = Variables::of_process();
    if !home.path().join(FILE).is_file() {
        return Ok(process);
    }
    below(&process, &home.read(FILE)?)
}

fn below(process: &Variables, file: &str) -> Result<Variables, Error> {
    let mut variables = process.clone();
    for line in dotenvy::from_read_iter(file.as_bytes()) {
        let (name, value) = line.map_err(|_| Error::Line)?;
        if process.get(&name).is_none() {
            variables = variables.with(&name, value);
        }
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_outranks_the_file() {
        let process = Variables::of([("PORT", "9000"), ("LOG_LEVEL", "")]);
        let file = "# local\nPORT=8000\nlog_level=warn\nANTHROPIC_API_KEY='a key'\n";
        let variables = below(&process, file).expect("a file");
        assert_eq!(variables.get("PORT"), Some("9000"));
        assert_eq!(variables.get("LOG_LEVEL"), Some("warn"));
        assert_eq!(variables.get("ANTHROPIC_API_KEY"), Some("a key"));
    }

    #[test]
    fn a_broken_line_is_not_shown() {
        let error = below(&Variables::default(), "ANTHROPIC KEY geheim").expect_err("no setting");
        assert!(!crate::chain(&error).contains("geheim"));
    }
}

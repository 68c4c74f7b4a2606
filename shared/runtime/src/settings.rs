//! Settings: environment variables, read once, with every problem told in one message.
//!
//! Names are case-insensitive, an empty value counts as not set, unknown names are ignored. A [`Reader`] reads what one function
//! needs; what is wrong is collected and names the variable, never its value.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::tz::TimeZone;
use secrecy::SecretString;

/// What the deployment set, by name in upper case.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is where settings are read, once")]
    pub fn of_process() -> Self {
        Self::of(std::env::vars_os().filter_map(|(name, value)| {
            // What is no text cannot be a setting of ours.
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    /// These variables. Of names that differ only in case, the one in upper case counts.
    pub fn of<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut variables = BTreeMap::new();
        for (name, value) in pairs {
            let (name, value): (String, String) = (name.into(), value.into());
            let upper = name.to_uppercase();
            if name == upper || !variables.contains_key(&upper) {
                variables.insert(upper, value);
            }
        }
        Self(variables)
    }

    /// The same with one more; an empty value takes it away.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_uppercase(), value.into());
        self
    }

    /// The value without surrounding space; none if it is not set or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// A value that must not be shown.
    pub(crate) fn secret(&self, name: &str) -> Option<SecretString> {
        self.get(name).map(SecretString::from)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Variables {
    /// Names only: among the values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    variable: &'static str,
    what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.what)
    }
}

/// Settings that cannot be used, all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// The variables concerned, in the order they were read.
    pub fn variables(&self) -> Vec<&'static str> {
        self.0.iter().map(|problem| problem.variable).collect()
    }

    /// Each in words.
    pub fn in_words(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl Problems {
    /// These and `more`, each once.
    pub(crate) fn and(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        let mut seen = Vec::new();
        self.0.retain(|problem| {
            let first = !seen.contains(&problem.variable);
            seen.push(problem.variable);
            first
        });
        self
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wrong settings")?;
        for (index, problem) in self.0.iter().enumerate() {
            let before = if index == 0 { ": " } else { "; " };
            write!(f, "{before}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Reads settings and notes what is wrong. Whatever is wrong reads as its default, so that reading goes on.
#[derive(Debug)]
pub struct Reader<'a> {
    variables: &'a Variables,
    problems: Vec<Problem>,
}

const FLAGS: [(&str, bool); 8] = [
    ("1", true),
    ("true", true),
    ("yes", true),
    ("on", true),
    ("0", false),
    ("false", false),
    ("no", false),
    ("off", false),
];

impl<'a> Reader<'a> {
    /// Reads from `variables`.
    pub fn new(variables: &'a Variables) -> Self {
        Self { variables, problems: Vec::new() }
    }

    /// All that was read, or all that was wrong.
    pub fn finish<T>(self, read: T) -> Result<T, Problems> {
        if self.problems.is_empty() {
            Ok(read)
        } else {
            Err(Problems(Vec::new()).and(Problems(self.problems)))
        }
    }

    /// Notes that a setting cannot be used.
    pub fn refuse(&mut self, variable: &'static str, what: impl Into<String>) {
        let problem = Problem { variable, what: what.into() };
        // Several pieces of a function may read the same setting.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// A text as it stands.
    pub fn text(&self, variable: &'static str) -> Option<String> {
        self.variables.get(variable).map(ToOwned::to_owned)
    }

    /// A text, or its default.
    pub fn text_or(&self, variable: &'static str, default: &str) -> String {
        self.variables.get(variable).unwrap_or(default).to_owned()
    }

    /// Yes or no.
    pub fn flag(&mut self, variable: &'static str, default: bool) -> bool {
        self.choice(variable, default, &FLAGS)
    }

    /// One of several words, in any case.
    pub fn choice<T: Copy>(&mut self, variable: &'static str, default: T, choices: &[(&str, T)]) -> T {
        let Some(given) = self.variables.get(variable) else { return default };
        if let Some((_, chosen)) = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(given)) {
            return *chosen;
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
        self.refuse(variable, format!("must be one of {}", words.join(", ")));
        default
    }

    /// A number within a range.
    pub fn number<T>(&mut self, variable: &'static str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let Some(given) = self.variables.get(variable) else { return default };
        if let Some(number) = given.parse().ok().filter(|number| range.contains(number)) {
            return number;
        }
        self.refuse(variable, format!("must be a number from {} to {}", range.start(), range.end()));
        default
    }

    /// An address that begins with `http://` or `https://`.
    pub fn url(&mut self, variable: &'static str) -> Option<String> {
        let given = self.variables.get(variable)?;
        let is_url = given.parse().is_ok_and(|uri: http::Uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
        });
        if is_url {
            return Some(given.to_owned());
        }
        self.refuse(variable, "must be a URL that begins with http:// or https://");
        None
    }

    /// An address, or its default.
    pub fn url_or(&mut self, variable: &'static str, default: &str) -> String {
        self.url(variable).unwrap_or_else(|| default.to_owned())
    }

    /// A list: JSON, or words with commas between them. Empty entries are left out.
    pub fn list(&mut self, variable: &'static str) -> Vec<String> {
        let Some(given) = self.variables.get(variable) else { return Vec::new() };
        let entries = if given.starts_with('[') {
            let Ok(entries) = serde_json::from_str(given) else {
                self.refuse(variable, "must be a JSON list of texts, or texts with commas between them");
                return Vec::new();
            };
            entries
        } else {
            given.split(',').map(ToOwned::to_owned).collect::<Vec<_>>()
        };
        let trimmed = entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty());
        trimmed.map(ToOwned::to_owned).collect()
    }

    /// A time zone by its name.
    pub fn zone(&mut self, variable: &'static str, default: &str) -> TimeZone {
        let given = self.variables.get(variable).unwrap_or(default);
        TimeZone::get(given).unwrap_or_else(|_| {
            self.refuse(variable, "must be the name of a time zone, such as Europe/Berlin");
            TimeZone::UTC
        })
    }
}

/// Where a deployment stands: what it may do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// A developer's machine. Whatever is not set is let through with a warning.
    #[default]
    Development,
    /// Like production, for trying out.
    Staging,
    /// The real thing.
    Production,
}

impl Stage {
    /// As in `ENVIRONMENT` and in the names of secrets.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// The settings that every function has.
#[derive(Debug, Clone)]
pub struct Basics {
    /// `ENVIRONMENT`.
    pub stage: Stage,
    /// `DEBUG`. Never changes who may do what.
    pub debug: bool,
    /// `LOG_LEVEL`.
    pub log_level: tracing::Level,
    /// `API_HOST` and `PORT`, else `API_PORT`: where a function listens outside Lambda.
    pub address: SocketAddr,
    /// `SLOW_REQUEST_MS`: a request that takes longer is told as a warning.
    pub slow_request_ms: u64,
    /// `AWS_REGION`, for the log.
    pub region: Option<String>,
    /// Whether this process is a Lambda function.
    pub on_lambda: bool,
}

const LEVELS: [(&str, tracing::Level); 5] = [
    ("trace", tracing::Level::TRACE),
    ("debug", tracing::Level::DEBUG),
    ("info", tracing::Level::INFO),
    ("warn", tracing::Level::WARN),
    ("error", tracing::Level::ERROR),
];

const STAGES: [(&str, Stage); 3] =
    [("development", Stage::Development), ("staging", Stage::Staging), ("production", Stage::Production)];

impl Basics {
    /// Reads them; `slow_request_ms` differs between workers and what a person waits for.
    pub fn read(reader: &mut Reader<'_>, slow_request_ms: u64) -> Self {
        let host = reader.variables.get("API_HOST").map(str::parse);
        let host = host.unwrap_or(Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED))).unwrap_or_else(|_| {
            reader.refuse("API_HOST", "must be an IP address");
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        });
        let port = reader.number("API_PORT", 8_000, 0..=u16::MAX);
        let port = reader.number("PORT", port, 0..=u16::MAX);
        Self {
            stage: reader.choice("ENVIRONMENT", Stage::Development, &STAGES),
            debug: reader.flag("DEBUG", false),
            log_level: reader.choice("LOG_LEVEL", tracing::Level::INFO, &LEVELS),
            address: SocketAddr::new(host, port),
            slow_request_ms: reader.number("SLOW_REQUEST_MS", slow_request_ms, 1..=900_000),
            region: reader.text("AWS_REGION"),
            on_lambda: reader.text("AWS_LAMBDA_RUNTIME_API").is_some(),
        }
    }
}

/// Tells once that variables of a database that is no longer used are set.
pub fn warn_of_leftovers(variables: &Variables) {
    let left: Vec<_> = variables.names().filter(|name| name.starts_with("NEO4J_")).collect();
    if !left.is_empty() {
        tracing::warn!(variables = left.join(", "), "settings_ignored");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(pairs: &[(&str, &str)], read: impl FnOnce(&mut Reader<'_>) -> T) -> Result<T, Problems> {
        let variables = Variables::of(pairs.iter().copied());
        let mut reader = Reader::new(&variables);
        let value = read(&mut reader);
        reader.finish(value)
    }

    /// case: api 56
    #[test]
    fn lists_and_flags_are_read_leniently_and_refused_by_name() {
        let emails = read(&[("ADMIN_EMAILS", " a@x.io, ,B@x.io ")], |reader| reader.list("ADMIN_EMAILS"));
        let emails: Vec<_> = emails.expect("a list").iter().map(|email| email.to_lowercase()).collect();
        assert_eq!(emails, ["a@x.io", "b@x.io"]);

        for given in [r#"["https://p.example"]"#, "https://p.example"] {
            let origins = read(&[("CORS_ORIGINS", given)], |reader| reader.list("CORS_ORIGINS"));
            assert_eq!(origins.expect("a list"), ["https://p.example"], "{given}");
        }

        let flag = |given| {
            read(&[("PSYCHE_AGENT_ENABLED", given)], |reader| reader.flag("PSYCHE_AGENT_ENABLED", true))
        };
        for (given, expected) in
            [("off", false), ("No", false), ("0", false), ("TRUE", true), ("", true), (" ", true)]
        {
            assert_eq!(flag(given), Ok(expected), "{given}");
        }
        let refused = flag("maybe").expect_err("neither yes nor no").to_string();
        assert!(refused.contains("PSYCHE_AGENT_ENABLED") && !refused.contains("maybe"), "{refused}");
    }

    #[test]
    fn all_problems_are_in_one_message_without_their_values() {
        let pairs = [
            ("environment", "prod"),
            ("PORT", "70000"),
            ("LOG_LEVEL", "loud"),
            ("debug", "yes"),
            ("NIKITA_TIMEZONE", "Europe/Nowhere"),
            ("TELEGRAM_API_BASE", "ftp://geheim@host"),
        ];
        let problems = read(&pairs, |reader| {
            reader.zone("NIKITA_TIMEZONE", "Europe/Berlin");
            reader.url_or("TELEGRAM_API_BASE", "https://api.telegram.org");
            Basics::read(reader, 1)
        });
        let problems = problems.expect_err("five are wrong");
        assert_eq!(
            problems.variables(),
            ["NIKITA_TIMEZONE", "TELEGRAM_API_BASE", "PORT", "ENVIRONMENT", "LOG_LEVEL"]
        );
        let message = problems.to_string();
        for value in ["prod;", "70000", "loud", "Nowhere", "geheim"] {
            assert!(!message.contains(value), "{message}");
        }
    }

    #[test]
    fn names_are_case_insensitive_and_port_outranks_api_port() {
        let basics =
            read(&[("api_port", "9000"), ("Environment", "Staging")], |reader| Basics::read(reader, 1));
        let basics = basics.expect("fine");
        assert_eq!((basics.address.port(), basics.stage), (9_000, Stage::Staging));

        let both = [("API_PORT", "9000"), ("PORT", "9100"), ("port", "9200")];
        let basics = read(&both, |reader| Basics::read(reader, 1)).expect("fine");
        assert_eq!(basics.address.port(), 9_100);
    }

    #[test]
    fn nothing_shows_a_value() {
        let variables = Variables::of([("TASK_AUTH_SECRET", "geheim")]);
        assert_eq!(format!("{variables:?}"), r#"{"TASK_AUTH_SECRET"}"#);
    }
}

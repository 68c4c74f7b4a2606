//! The schedules of `template.yaml`, the single source of when a job runs.
//!
//! Only what EventBridge writes and we use: `cron(minute hour day-of-month month day-of-week year)` in UTC with `*`,
//! `?`, numbers, lists, ranges and steps, and `rate(n minutes|hours|days)`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_yaml_ng::Value;

/// A job and when it runs.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The job, which is also the last part of its path.
    pub job: String,
    /// When it runs.
    pub expression: Expression,
    /// The same as it stands in the template.
    pub text: String,
}

/// When something runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// At these minutes and hours of these days, UTC.
    Cron {
        /// Minutes of the hour.
        minutes: BTreeSet<i8>,
        /// Hours of the day.
        hours: BTreeSet<i8>,
        /// Days of the month.
        days: BTreeSet<i8>,
        /// Months of the year.
        months: BTreeSet<i8>,
        /// Days of the week, 1 for Sunday.
        weekdays: BTreeSet<i8>,
    },
    /// Every so many minutes, counted from the beginning of the Unix epoch.
    Every {
        /// Minutes between two runs.
        minutes: i64,
    },
}

/// What is wrong with a schedule of the template.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The template is no YAML with resources.
    #[error("template.yaml cannot be read: {0}")]
    Template(String),
    /// The expression is none that we know.
    #[error("'{0}' is no schedule: write cron(0 * * * ? *) or rate(5 minutes)")]
    Expression(String),
}

/// A path under which a function is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The function.
    pub function: String,
    /// `GET` or `POST`.
    pub method: String,
    /// The path.
    pub path: String,
}

/// The schedules of all functions of a template, in the order in which they stand there.
pub fn of_template(template: &str) -> Result<Vec<Schedule>, Error> {
    let mut schedules = Vec::new();
    for (job, event) in events(&parse_template(template)?, "ScheduleV2")? {
        let text = event["ScheduleExpression"].as_str().unwrap_or_default();
        schedules.push(Schedule { job, expression: text.parse()?, text: text.to_owned() });
    }
    Ok(schedules)
}

/// The paths of all functions of a template, in the order in which they stand there.
pub fn routes_of_template(template: &str) -> Result<Vec<Route>, Error> {
    let events = events(&parse_template(template)?, "HttpApi")?;
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let route = |(function, event): (String, Value)| Route {
        function,
        method: text(&event, "Method"),
        path: text(&event, "Path"),
    };
    Ok(events.into_iter().map(route).collect())
}

fn parse_template(template: &str) -> Result<Value, Error> {
    serde_yaml_ng::from_str(template).map_err(|error| Error::Template(error.to_string()))
}

/// The events of one kind that wake a function, each with the function's name.
fn events(template: &Value, kind: &str) -> Result<Vec<(String, Value)>, Error> {
    let resources = template["Resources"]
        .as_mapping()
        .ok_or_else(|| Error::Template("it has no Resources".to_owned()))?;
    let mut found = Vec::new();
    for function in resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function") {
        let Some(name) = function["Metadata"]["BuildProperties"]["Binary"].as_str() else { continue };
        let Some(events) = function["Properties"]["Events"].as_mapping() else { continue };
        let of_kind = events.values().filter(|event| event["Type"] == kind);
        found.extend(of_kind.map(|event| (name.to_owned(), event["Properties"].clone())));
    }
    Ok(found)
}

impl std::str::FromStr for Expression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text.trim()).ok_or_else(|| Error::Expression(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Expression> {
    let (kind, rest) = text.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    match kind {
        "rate" => parse_rate(inner),
        "cron" => parse_cron(inner),
        _ => None,
    }
}

fn parse_rate(inner: &str) -> Option<Expression> {
    let (count, unit) = inner.split_once(' ')?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
    Some(Expression::Every { minutes: count.checked_mul(minutes)? })
}

fn parse_cron(inner: &str) -> Option<Expression> {
    let fields: Vec<&str> = inner.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays, "*"] = fields[..] else { return None };
    Some(Expression::Cron {
        minutes: parse_field(minutes, 0, 59)?,
        hours: parse_field(hours, 0, 23)?,
        days: parse_field(days, 1, 31)?,
        months: parse_field(months, 1, 12)?,
        weekdays: parse_field(weekdays, 1, 7)?,
    })
}

fn parse_field(field: &str, lowest: i8, highest: i8) -> Option<BTreeSet<i8>> {
    let mut values = BTreeSet::new();
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step: &usize| *step > 0)?),
            None => (item, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (lowest, highest),
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            // "5/10" runs from 5 to the end, a lone "5" only at 5.
            None => {
                let from = range.parse().ok()?;
                (from, if item.contains('/') { highest } else { from })
            }
        };
        if from < lowest || to > highest || from > to {
            return None;
        }
        values.extend((from..=to).step_by(step));
    }
    Some(values)
}

impl Expression {
    /// The first full minute after `after` at which this runs, within a year.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        const MINUTE: i64 = 60;
        let first = (after.as_second().div_euclid(MINUTE) + 1) * MINUTE;
        (0..366 * 24 * 60)
            .map(|minute| first + minute * MINUTE)
            .filter_map(|second| Timestamp::from_second(second).ok())
            .find(|at| self.runs_at(*at))
    }

    fn runs_at(&self, at: Timestamp) -> bool {
        match self {
            Self::Every { minutes } => (at.as_second() / 60) % minutes == 0,
            Self::Cron { minutes, hours, days, months, weekdays } => {
                let at = at.to_zoned(TimeZone::UTC);
                minutes.contains(&at.minute())
                    && hours.contains(&at.hour())
                    && days.contains(&at.day())
                    && months.contains(&at.month())
                    && weekdays.contains(&at.weekday().to_sunday_one_offset())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn expressions_name_their_next_minute() {
        for (expression, after, next) in [
            ("cron(0 * * * ? *)", "2026-02-17T10:00:00Z", "2026-02-17T11:00:00Z"),
            ("cron(0/5 * * * ? *)", "2026-02-17T10:04:59Z", "2026-02-17T10:05:00Z"),
            ("cron(0/30 * * * ? *)", "2026-02-17T10:05:00Z", "2026-02-17T10:30:00Z"),
            ("cron(59 23 * * ? *)", "2026-12-31T23:59:00Z", "2027-01-01T23:59:00Z"),
            ("cron(0 4 ? * 2-6 *)", "2026-02-20T05:00:00Z", "2026-02-23T04:00:00Z"),
            ("rate(1 minute)", "2026-02-17T10:00:30Z", "2026-02-17T10:01:00Z"),
            ("rate(2 hours)", "2026-02-17T10:00:00Z", "2026-02-17T12:00:00Z"),
        ] {
            let parsed: Expression = expression.parse().expect(expression);
            assert_eq!(parsed.next_after(at(after)), Some(at(next)), "{expression}");
        }
    }

    #[test]
    fn a_template_names_schedules_and_paths() {
        let template = "
Resources:
  Decay:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: decay}}
    Properties:
      Events:
        Schedule: {Type: ScheduleV2, Properties: {ScheduleExpression: cron(0 * * * ? *)}}
  Webhook:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: telegram-webhook}}
    Properties:
      Events:
        Updates: {Type: HttpApi, Properties: {Method: POST, Path: /api/v1/telegram/webhook}}
";
        let schedules = of_template(template).expect("a template");
        assert_eq!(
            schedules
                .iter()
                .map(|schedule| (schedule.job.as_str(), schedule.text.as_str()))
                .collect::<Vec<_>>(),
            [("decay", "cron(0 * * * ? *)")]
        );
        let route = Route {
            function: "telegram-webhook".to_owned(),
            method: "POST".to_owned(),
            path: "/api/v1/telegram/webhook".to_owned(),
        };
        assert_eq!(routes_of_template(template), Ok(vec![route]));
        assert!(matches!(of_template("Resources: 3"), Err(Error::Template(_))));
    }

    #[test]
    fn nonsense_is_refused_with_an_example() {
        for text in ["", "hourly", "cron(0 * * *)", "cron(60 * * * ? *)", "rate(0 minutes)", "rate(5 weeks)"]
        {
            assert_eq!(text.parse::<Expression>(), Err(Error::Expression(text.to_owned())), "{text}");
        }
    }
}

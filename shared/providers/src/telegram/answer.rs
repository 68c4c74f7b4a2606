//! What an answer of the Bot API means.
//!
//! Success is a body with `ok: true`, whatever the status. A body with `ok: false` says by its `error_code` what went
//! wrong. A body that is no JSON at all comes from something on the way, and nothing was sent; half a JSON body comes
//! from Telegram, and the message may be out.

use serde::Deserialize;
use serde_json::Value;

use super::Error;
use crate::http::{Answer, Failure, wait};

/// What one try came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// Done, with this result.
    Done(Value),
    /// Telegram answered no.
    Refused(Error),
    /// Nothing was done, and a later try may succeed.
    Failing,
    /// It may have been done.
    NoAnswer,
}

#[derive(Deserialize)]
struct Body {
    ok: bool,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    parameters: Option<Parameters>,
}

#[derive(Default, Deserialize)]
struct Parameters {
    #[serde(default)]
    retry_after: Value,
}

pub(super) fn outcome(answer: Result<Answer, Failure>) -> Outcome {
    match answer {
        Ok(answer) => read(&answer),
        Err(Failure::NotSent) => Outcome::Failing,
        Err(Failure::TimedOut | Failure::Broken | Failure::TooLarge) => Outcome::NoAnswer,
    }
}

fn read(answer: &Answer) -> Outcome {
    let Ok(body) = serde_json::from_slice::<Body>(&answer.body) else { return unreadable(answer) };
    if body.ok {
        return Outcome::Done(body.result);
    }
    let status = body.error_code.unwrap_or(answer.status);
    refused(status, &body.description, || {
        let named = body.parameters.unwrap_or_default().retry_after.as_f64();
        named.and_then(wait).or(answer.retry_after)
    })
}

/// A status without a body that the Bot API would send.
fn unreadable(answer: &Answer) -> Outcome {
    let half = answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    match answer.status {
        200..=299 if half => Outcome::NoAnswer,
        200..=399 => Outcome::Failing,
        status => refused(status, "", || answer.retry_after),
    }
}

fn refused(
    status: u16,
    description: &str,
    retry_after: impl FnOnce() -> Option<std::time::Duration>,
) -> Outcome {
    let text = description.to_ascii_lowercase();
    let error = match status {
        429 => Error::RateLimited { retry_after: retry_after() },
        403 => Error::Blocked,
        400 if text.contains("chat not found") => Error::Blocked,
        400 if text.contains("can't parse entities") => Error::CannotParse,
        400 if text.contains("message is too long") => Error::TooLong,
        401 | 404 => Error::Misconfigured { status },
        400..=499 => Error::Rejected { reason: reason(description) },
        // Also what has no status of an error and yet is none of success.
        _ => return Outcome::Failing,
    };
    Outcome::Refused(error)
}

/// The longest reason that is kept, in characters.
const REASON_LENGTH: usize = 80;

/// Telegram's words up to the first mark after which it may quote what was sent.
fn reason(description: &str) -> String {
    let words = description.strip_prefix("Bad Request: ").unwrap_or(description);
    let words = words.split(['"', '\'', ':', '<', '\n']).next().unwrap_or_default();
    let reason: String = words.trim().chars().take(REASON_LENGTH).collect();
    if reason.is_empty() { "unknown".to_owned() } else { reason }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn of(status: u16, body: &str) -> Outcome {
        outcome(Ok(Answer { status, retry_after: None, body: body.as_bytes().to_vec() }))
    }

    fn limited(seconds: Option<u64>) -> Outcome {
        Outcome::Refused(Error::RateLimited { retry_after: seconds.map(Duration::from_secs) })
    }

    fn rejected(reason: &str) -> Outcome {
        Outcome::Refused(Error::Rejected { reason: reason.to_owned() })
    }

    #[test]
    fn only_ok_true_is_success() {
        for (status, body, expected) in [
            (200, r#"{"ok":true,"result":true}"#, Outcome::Done(Value::Bool(true))),
            (200, r#"{"ok":false,"error_code":403}"#, Outcome::Refused(Error::Blocked)),
            (200, "<html>welcome to the hotel</html>", Outcome::Failing),
            (200, r#"{"ok":tr"#, Outcome::NoAnswer),
            (200, r#"{"ok":false}"#, Outcome::Failing),
            (302, "", Outcome::Failing),
            (
                400,
                r#"{"ok":false,"description":"Bad Request: chat not found"}"#,
                Outcome::Refused(Error::Blocked),
            ),
            (
                400,
                r#"{"ok":false,"description":"Bad Request: can't parse entities: <x>"}"#,
                Outcome::Refused(Error::CannotParse),
            ),
            (
                400,
                r#"{"ok":false,"description":"Bad Request: message is too long"}"#,
                Outcome::Refused(Error::TooLong),
            ),
            (
                400,
                r#"{"ok":false,"description":"Bad Request: message text is empty"}"#,
                rejected("message text is empty"),
            ),
            (
                400,
                r#"{"ok":false,"description":"Bad Request: odd text \"my secret\""}"#,
                rejected("odd text"),
            ),
            (400, "", rejected("unknown")),
            (401, r#"{"ok":false}"#, Outcome::Refused(Error::Misconfigured { status: 401 })),
            (404, "Not Found", Outcome::Refused(Error::Misconfigured { status: 404 })),
            (502, "<html>", Outcome::Failing),
            (500, r#"{"ok":false,"error_code":500}"#, Outcome::Failing),
        ] {
            assert_eq!(of(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_wait_is_taken_from_the_body_and_bounded() {
        for (wait, expected) in
            [("3", Some(3)), ("100000", Some(3_600)), ("-5", None), (r#""soon""#, None), ("null", None)]
        {
            let body = format!(r#"{{"ok":false,"error_code":429,"parameters":{{"retry_after":{wait}}}}}"#);
            assert_eq!(of(429, &body), limited(expected), "{wait}");
        }
        assert_eq!(of(429, r#"{"ok":false}"#), limited(None));
        assert_eq!(of(429, "slow down"), limited(None));
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(status in 0_u16..700, body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = outcome(Ok(Answer { status, retry_after: None, body }));
        }

        #[test]
        fn what_is_not_ok_is_never_done(status in 0_u16..700, code in prop::option::of(0_u16..700)) {
            let body = serde_json::json!({"ok": false, "error_code": code, "result": true}).to_string();
            prop_assert!(!matches!(of(status, &body), Outcome::Done(_)));
        }
    }
}

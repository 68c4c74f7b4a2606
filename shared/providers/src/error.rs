//! What can go wrong between us and a service, as a caller decides on it.

use std::time::Duration;

use crate::http::{Answer, Failure};

/// A call that had no usable answer, after the client's own tries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too many calls (429) or overloaded (529): try again, not before this time has passed.
    #[error("the service is busy")]
    Busy {
        /// How long the service asked us to wait, if it said so.
        retry_after: Option<Duration>,
    },
    /// The credential is missing or was refused, also after it was fetched again.
    #[error("the credential was refused")]
    Unauthorized,
    /// The service understood and said no: the same call will not do better.
    #[error("the service refused the call: {status} {reason}")]
    Rejected {
        /// The HTTP status; 0 when the call was refused before it was sent.
        status: u16,
        /// The service's word for the kind of error, such as `invalid_request_error`. Never its message, which may
        /// quote what was sent.
        reason: String,
    },
    /// The service could not be reached, or failed (5xx): nothing was done.
    #[error("the service is not available")]
    Unavailable,
    /// No answer in time: the service may have done what was asked.
    #[error("the service did not answer in time")]
    TimedOut,
    /// The answer broke off: the service may have done what was asked.
    #[error("the answer broke off")]
    Broken,
    /// The answer is not what the protocol says.
    #[error("the answer is not understood: {what}")]
    Malformed {
        /// What was wrong with it.
        what: &'static str,
    },
    /// There is no money left for it: the call was not made.
    #[error("the budget does not pay for the call")]
    OverBudget,
}

impl Error {
    /// A short code for logs and rows.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::Unauthorized => "unauthorized",
            Self::Rejected { .. } => "rejected",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Broken => "broken_answer",
            Self::Malformed { .. } => "malformed_answer",
            Self::OverBudget => "over_budget",
        }
    }

    /// Whether a later try may do better without any change on our side.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Unavailable | Self::TimedOut | Self::Broken)
    }

    /// The error that an answer without success stands for. `kind` is the service's word for it.
    pub(crate) fn of_status(answer: &Answer, kind: Option<&str>) -> Self {
        match answer.status {
            429 | 529 => Self::Busy { retry_after: answer.retry_after },
            401 | 403 => Self::Unauthorized,
            408 => Self::TimedOut,
            // A conflict at the service, which passes.
            409 | 500..=599 => Self::Unavailable,
            status => Self::Rejected { status, reason: word(kind) },
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent => Self::Unavailable,
            Failure::TimedOut => Self::TimedOut,
            Failure::Broken => Self::Broken,
            Failure::TooLarge => Self::Malformed { what: "too large" },
        }
    }
}

/// The longest kind of error that is kept.
const WORD_LENGTH: usize = 64;

/// A kind of error as a plain word; anything else could be a quotation.
pub(crate) fn word(kind: Option<&str>) -> String {
    let plain = |kind: &&str| {
        (1..=WORD_LENGTH).contains(&kind.len())
            && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    kind.filter(plain).unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_word_and_never_a_quotation() {
        assert_eq!(word(Some("invalid_request_error")), "invalid_request_error");
        for kind in
            [None, Some(""), Some("no user 'Anna'"), Some("line\nbreak"), Some("é"), Some(&"x".repeat(65))]
        {
            assert_eq!(word(kind), "unknown", "{kind:?}");
        }
    }
}

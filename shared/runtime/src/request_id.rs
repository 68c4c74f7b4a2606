//! The id under which a request is found again: in its answer, in an error body, in the log.

use http::{HeaderMap, HeaderName};
use uuid::Uuid;

/// The header that carries it, in and out.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CURRENT: String;
}

/// The id of the request that is being answered; none outside of one.
pub fn current() -> Option<String> {
    CURRENT.try_with(Clone::clone).ok()
}

/// The caller's id if it is one (8 to 64 letters, digits and hyphens), else a new one.
pub(crate) fn of(headers: &HeaderMap) -> String {
    headers
        .get(HEADER)
        .and_then(|id| id.to_str().ok())
        .filter(|id| is_id(id))
        .map_or_else(|| Uuid::new_v4().to_string(), ToOwned::to_owned)
}

fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Runs `answering` as the answer to the request of that id.
pub(crate) async fn within<F: Future>(id: String, answering: F) -> F::Output {
    CURRENT.scope(id, answering).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_only_if_it_is_one() {
        for (given, kept) in [
            ("7f3b1c2e-1234", true),
            ("short", false),
            ("with spaces in it", false),
            ("quote\"quote\"", false),
            (&"x".repeat(64), true),
            (&"x".repeat(65), false),
        ] {
            let headers = HeaderMap::from_iter([(HEADER, given.parse().expect("a value"))]);
            assert_eq!(of(&headers) == given, kept, "{given}");
        }
        assert_eq!(of(&HeaderMap::new()).len(), 36);
    }
}

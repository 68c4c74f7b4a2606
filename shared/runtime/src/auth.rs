//! Who may call: shared secrets, compared in constant time.
//!
//! Both sides are hashed first, so that neither the length nor the first different letter shows in the time it takes. While a secret
//! is being rotated the previous one is accepted too, and whoever shows a newer one than is known here is let in as well. Where none is set, development lets everybody in and says so; elsewhere nobody
//! is let in.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::error::ApiError;
use crate::secrets::{Secret, Secrets};
use crate::settings::Stage;

/// Whether `given` is one of the accepted secrets. Looks at all of them, whichever fits.
pub fn is_one_of(given: &[u8], accepted: &[SecretString]) -> bool {
    let given = Sha256::digest(given);
    let fits = accepted.iter().fold(Choice::from(0), |fits, secret| {
        fits | given.as_slice().ct_eq(Sha256::digest(secret.expose_secret().as_bytes()).as_slice())
    });
    fits.into()
}

/// A door that opens for a secret.
#[derive(Debug, Clone)]
struct Door {
    secrets: Secrets,
    secret: Secret,
    stage: Stage,
}

/// How a caller stands at a door.
enum Knock {
    Welcome,
    Wrong,
    NoSecretSet,
}

impl Door {
    async fn knock(&self, given: Option<&[u8]>) -> Knock {
        let given = given.unwrap_or_default();
        if is_one_of(given, &self.secrets.accepted(self.secret).await) {
            return Knock::Welcome;
        }
        // It may have been rotated, or set, since it was fetched. The store is asked at most once a minute for that.
        let accepted = self.secrets.accepted_afresh(self.secret).await;
        if is_one_of(given, &accepted) {
            return Knock::Welcome;
        }
        if !accepted.is_empty() {
            return Knock::Wrong;
        }
        if self.stage == Stage::Development {
            tracing::warn!(variable = self.secret.name, "auth_not_configured");
            return Knock::Welcome;
        }
        tracing::error!(variable = self.secret.name, "config_error");
        Knock::NoSecretSet
    }
}

/// The door of the tasks: `Authorization: Bearer <secret>`.
#[derive(Debug, Clone)]
pub struct TaskGate(Door);

impl TaskGate {
    /// Opens for `secret`.
    pub fn new(secrets: Secrets, secret: Secret, stage: Stage) -> Self {
        Self(Door { secrets, secret, stage })
    }

    /// Lets a caller in, or says why not.
    pub async fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match self.0.knock(bearer(headers)).await {
            Knock::Welcome => Ok(()),
            Knock::Wrong => Err(ApiError::unauthorized("Unauthorized")),
            Knock::NoSecretSet => Err(ApiError::auth_not_configured("Task auth not configured")),
        }
    }
}

/// The door of a webhook: a header that holds the secret and nothing else.
#[derive(Debug, Clone)]
pub struct HeaderGate {
    door: Door,
    header: HeaderName,
}

impl HeaderGate {
    /// Opens for `secret` in `header`.
    pub fn new(secrets: Secrets, secret: Secret, stage: Stage, header: HeaderName) -> Self {
        Self { door: Door { secrets, secret, stage }, header }
    }

    /// Lets a caller in, or says why not.
    pub async fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        match self.door.knock(only(headers, &self.header)).await {
            Knock::Welcome => Ok(()),
            Knock::Wrong => Err(ApiError::forbidden("Invalid webhook signature")),
            Knock::NoSecretSet => Err(ApiError::auth_not_configured("Webhook secret not configured")),
        }
    }
}

/// The value of a header that was given once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// What follows the scheme `Bearer`, in any case.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = only(headers, &AUTHORIZATION)?.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Variables;
    use http::{HeaderValue, StatusCode};

    const TASK: Secret = Secret { name: "TASK_AUTH_SECRET", concern: "tasks" };
    const WEBHOOK: Secret = Secret { name: "TELEGRAM_WEBHOOK_SECRET", concern: "telegram" };
    const HEADER: HeaderName = HeaderName::from_static("x-telegram-bot-api-secret-token");

    fn secrets(pairs: &[(&str, &str)]) -> Secrets {
        Secrets::of_environment(&Variables::of(pairs.iter().copied()))
    }

    async fn task(secrets: Secrets, stage: Stage, authorization: &[u8]) -> StatusCode {
        let value = HeaderValue::from_bytes(authorization).expect("a value");
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        let outcome = TaskGate::new(secrets, TASK, stage).check(&headers).await;
        outcome.map_or_else(|error| error.status(), |()| StatusCode::OK)
    }

    async fn webhook(values: &[&[u8]]) -> StatusCode {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_bytes(value).expect("a value"));
        }
        let secrets = secrets(&[
            ("TELEGRAM_WEBHOOK_SECRET", "tg-secret"),
            ("TELEGRAM_WEBHOOK_SECRET_PREVIOUS", "before"),
        ]);
        let outcome = HeaderGate::new(secrets, WEBHOOK, Stage::Production, HEADER).check(&headers).await;
        outcome.map_or_else(|error| error.status(), |()| StatusCode::OK)
    }

    /// case: api 10
    #[tokio::test]
    async fn a_task_wants_the_current_or_the_previous_secret() {
        let one = || secrets(&[("TASK_AUTH_SECRET", "task-secret-1")]);
        let two = || {
            secrets(&[("TASK_AUTH_SECRET", "task-secret-1"), ("TASK_AUTH_SECRET_PREVIOUS", "task-secret-2")])
        };
        for (secrets, authorization, expected) in [
            (one(), "Bearer task-secret-1", 200),
            (one(), "bearer task-secret-1", 200),
            (one(), "Bearer task-secret-2", 401),
            (two(), "Bearer task-secret-2", 200),
            (one(), "Basic task-secret-1", 401),
            (one(), "Bearer ", 401),
            (one(), "Bearer task-secret-1 ", 401),
            (one(), "Bearer", 401),
        ] {
            assert_eq!(
                task(secrets, Stage::Production, authorization.as_bytes()).await,
                expected,
                "{authorization}"
            );
        }
    }

    /// case: api 10
    #[tokio::test]
    async fn without_a_secret_only_development_is_open() {
        let webhook_only = || secrets(&[("TELEGRAM_WEBHOOK_SECRET", "tg-secret")]);
        for (stage, expected) in [(Stage::Production, 503), (Stage::Staging, 503), (Stage::Development, 200)]
        {
            assert_eq!(task(webhook_only(), stage, b"Bearer tg-secret").await, expected, "{stage:?}");
        }
    }

    /// case: api 11
    #[tokio::test]
    async fn a_webhook_wants_its_header_once_and_exactly() {
        let long = vec![b'x'; 1 << 20];
        let cases: &[(&[&[u8]], u16)] = &[
            (&[b"tg-secret"], 200),
            (&[b"before"], 200),
            (&[b"tg-secreT"], 403),
            (&[b"tg-secret", b"wrong"], 403),
            (&[b"wrong", b"tg-secret"], 403),
            (&[b"tg-secret", b"tg-secret"], 403),
            (&[b"tg-secret "], 403),
            (&[b""], 403),
            (&[], 403),
            (&[&long], 403),
        ];
        for (values, expected) in cases {
            assert_eq!(webhook(values).await, *expected, "{:?}", values.first().map(|value| value.len()));
        }
    }
}

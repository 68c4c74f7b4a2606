//! Secrets: from Secrets Manager on AWS, from the environment elsewhere.
//!
//! There is one secret per concern, `nikita/<stage>/<concern>`, a JSON object keyed by variable name. All that a function needs are
//! fetched in one call and kept for a quarter of an hour, so that a rotation needs no deploy. A credential that was refused
//! may have been rotated: it is fetched anew, but the store is asked at most once a minute for that. In development a
//! variable of the environment outranks the store; elsewhere on AWS the environment holds no secret.

mod cache;
mod store;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use crate::aws;
use crate::settings::{Stage, Variables};
pub use store::Freshness;
use store::Store;

/// A secret: the variable it stands for, and the concern under which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    /// The name of the variable.
    pub name: &'static str,
    /// The last part of the name in the store.
    pub concern: &'static str,
}

/// What a rotated secret was called before.
const PREVIOUS: &str = "_PREVIOUS";

/// Where secrets come from. Cheap to clone; clones share what was fetched.
#[derive(Clone)]
pub struct Secrets {
    environment: Arc<Variables>,
    store: Option<Arc<Store>>,
}

impl Secrets {
    /// Secrets of the environment alone.
    pub fn of_environment(variables: &Variables) -> Self {
        Self { environment: Arc::new(variables.clone()), store: None }
    }

    /// Secrets of Secrets Manager for `wanted`, fetched when they are first asked for. In development the
    /// environment outranks them.
    pub fn of_store(stage: Stage, variables: &Variables, wanted: &[Secret], freshness: Freshness) -> Self {
        let environment = match stage {
            Stage::Development => variables.clone(),
            Stage::Staging | Stage::Production => Variables::default(),
        };
        let account = aws::account(variables, "SECRETS_MANAGER");
        let store = Store::new(stage, account, wanted, freshness);
        Self { environment: Arc::new(environment), store: Some(Arc::new(store)) }
    }

    /// Secrets as fits where this process runs.
    ///
    /// On Lambda they are in the store. A Lambda emulator on a developer's machine has no credentials for it: there
    /// they come from the environment.
    pub fn for_deployment(stage: Stage, on_lambda: bool, variables: &Variables, wanted: &[Secret]) -> Self {
        let has_store =
            on_lambda && (stage != Stage::Development || variables.get("AWS_ACCESS_KEY_ID").is_some());
        if has_store {
            Self::of_store(stage, variables, wanted, Freshness::default())
        } else {
            Self::of_environment(variables)
        }
    }

    /// The value, if there is one.
    pub async fn get(&self, secret: Secret) -> Option<SecretString> {
        self.value(secret.name, false).await
    }

    /// What is accepted from a sender: the current value, and the previous one while it is being rotated.
    pub async fn accepted(&self, secret: Secret) -> Vec<SecretString> {
        self.both(secret, false).await
    }

    /// The same after a sender was refused: what he showed may be newer than what is known here.
    pub async fn accepted_afresh(&self, secret: Secret) -> Vec<SecretString> {
        self.both(secret, true).await
    }

    async fn both(&self, secret: Secret, refused: bool) -> Vec<SecretString> {
        let previous = format!("{}{PREVIOUS}", secret.name);
        // What was fetched anew for the one holds the other as well.
        let values = [self.value(secret.name, refused).await, self.value(&previous, false).await];
        values.into_iter().flatten().collect()
    }

    /// A way to fetch the value again and again, as a credential wants it; asked with `true`, the one known before was refused.
    pub fn fetcher(
        &self,
        secret: Secret,
    ) -> impl Fn(bool) -> BoxFuture<'static, Option<SecretString>> + Clone + Send + Sync + use<> {
        let secrets = self.clone();
        move |refused| {
            let secrets = secrets.clone();
            Box::pin(async move { secrets.value(secret.name, refused).await })
        }
    }

    async fn value(&self, name: &str, refused: bool) -> Option<SecretString> {
        if let Some(value) = self.environment.secret(name) {
            return Some(value);
        }
        match &self.store {
            Some(store) => store.get(name, refused).await,
            None => None,
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const TASK: Secret = Secret { name: "TASK_AUTH_SECRET", concern: "tasks" };

    fn shown(values: &[SecretString]) -> Vec<&str> {
        values.iter().map(ExposeSecret::expose_secret).collect()
    }

    #[tokio::test]
    async fn the_environment_has_a_current_and_a_previous_value_without_surrounding_space() {
        let variables =
            Variables::of([("task_auth_secret", "new\n"), ("TASK_AUTH_SECRET_PREVIOUS", " old ")]);
        let secrets = Secrets::of_environment(&variables);
        assert_eq!(shown(&secrets.accepted(TASK).await), ["new", "old"]);
        let fetched = secrets.fetcher(TASK)(true).await.expect("a value");
        assert_eq!(fetched.expose_secret(), "new");
    }

    #[tokio::test]
    async fn an_empty_value_is_none() {
        let secrets = Secrets::of_environment(&Variables::of([("TASK_AUTH_SECRET", " \n")]));
        assert!(secrets.accepted(TASK).await.is_empty());
    }

    #[test]
    fn nothing_shows_a_value() {
        let secrets = Secrets::of_environment(&Variables::of([("TASK_AUTH_SECRET", "geheim")]));
        assert_eq!(format!("{secrets:?}"), "Secrets(***)");
    }

    #[test]
    fn only_a_lambda_function_with_credentials_has_a_store() {
        let plain = Variables::default();
        let with_credentials = plain.clone().with("AWS_ACCESS_KEY_ID", "AKIA");
        for (stage, on_lambda, variables, has_store) in [
            (Stage::Production, true, &plain, true),
            (Stage::Production, false, &with_credentials, false),
            (Stage::Development, true, &with_credentials, true),
            (Stage::Development, true, &plain, false),
        ] {
            let secrets = Secrets::for_deployment(stage, on_lambda, variables, &[TASK]);
            assert_eq!(secrets.store.is_some(), has_store, "{stage:?} {on_lambda}");
        }
    }
}

//! The AWS account that a process acts for, as Lambda tells it: region and credentials in the environment.
//!
//! The SDK's own search also asks profiles, roles and the network. On Lambda it finds the same, but it takes longer to start and
//! more than a megabyte of code.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};

use crate::settings::Variables;

/// The account, for the clients of one service. `AWS_ENDPOINT_URL_<service>` puts another server in its place.
pub fn account(variables: &Variables, service: &str) -> SdkConfig {
    let region = variables.get("AWS_REGION").or_else(|| variables.get("AWS_DEFAULT_REGION"));
    let endpoint = variables.get(&format!("AWS_ENDPOINT_URL_{service}"));
    let mut account = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.map(|region| Region::new(region.to_owned())));
    account.set_credentials_provider(credentials(variables).map(SharedCredentialsProvider::new));
    account.set_endpoint_url(endpoint.map(ToOwned::to_owned));
    account.build()
}

/// They stay the same as long as the process lives. Without them every call fails.
fn credentials(variables: &Variables) -> Option<Credentials> {
    let key = variables.get("AWS_ACCESS_KEY_ID")?;
    let secret = variables.get("AWS_SECRET_ACCESS_KEY")?;
    let session = variables.get("AWS_SESSION_TOKEN").map(ToOwned::to_owned);
    Some(Credentials::new(key, secret, session, None, "environment"))
}

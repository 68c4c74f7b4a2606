//! The AWS account that a process acts for, as Lambda tells it: region and credentials in the environment.
//!
//! The SDK's own search also asks profiles, roles and the network. On Lambda it finds the same, but it takes longer to start and
//! more than a megabyte of code.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::config::SharedCredentialsProvider;

use crate::settings::Variables;

/// The account, for the clients of one service. `AWS_ENDPOINT_URL_<service>` puts another server in its place.
pub fn account(variables: &Variables, service: &str) -> SdkConfig {
    let region = variables.get("AWS_REGION").or_else(|| variables.get("AWS_DEFAULT_REGION"));
    let endpoint = variables.get(&format!("AWS_ENDPOINT_URL_{service}"));
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let mut account = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region.map(|region| Region::new(region.to_owned())))
        .credentials_provider(credentials);
    account.set_endpoint_url(endpoint.map(ToOwned::to_owned));
    account.build()
}

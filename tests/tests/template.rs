//! `template.yaml`: schedules, queues and payloads are what the jobs and the queue need.

#![expect(clippy::expect_used, reason = "a test that cannot go on says why")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_yaml_ng::Value;

/// The queues that functions put records into, and the setting that tells a function its URL.
const QUEUES: [(&str, &str); 4] = [
    ("ReplyQueue", "REPLY_QUEUE_URL"),
    ("ConversationsQueue", "PROCESS_CONVERSATIONS_QUEUE_URL"),
    ("LifeQueue", "LIFE_GEN_QUEUE_URL"),
    ("PsycheQueue", "PSYCHE_BATCH_QUEUE_URL"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn template() -> Value {
    let text = std::fs::read_to_string(root().join("template.yaml")).expect("template.yaml");
    serde_yaml_ng::from_str(&text).expect("valid YAML")
}

/// The functions of the template by the name of their binary.
fn functions(template: &Value) -> BTreeMap<String, Value> {
    let resources = template["Resources"].as_mapping().expect("resources");
    resources
        .values()
        .filter(|resource| resource["Type"] == "AWS::Serverless::Function")
        .map(|function| {
            let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().expect("a binary");
            (binary.to_owned(), function["Properties"].clone())
        })
        .collect()
}

fn events<'a>(function: &'a Value, kind: &str) -> Vec<&'a Value> {
    let Some(events) = function["Events"].as_mapping() else { return Vec::new() };
    events.values().filter(|event| event["Type"] == kind).map(|event| &event["Properties"]).collect()
}

#[test]
fn schedules_are_those_of_the_jobs() {
    let expected = BTreeMap::from([
        ("decay", ("cron(0 * * * ? *)", 2, 1_800)),
        ("cleanup", ("cron(0/30 * * * ? *)", 1, 1_200)),
        ("summary", ("cron(59 23 * * ? *)", 3, 14_400)),
        ("life-gen", ("cron(0 4 * * ? *)", 2, 14_400)),
        ("psyche-batch", ("cron(0 5 * * ? *)", 2, 14_400)),
        ("process-conversations", ("cron(0/5 * * * ? *)", 0, 300)),
        ("deliver", ("cron(0/5 * * * ? *)", 0, 300)),
    ]);
    for (name, function) in functions(&template()) {
        let schedules = events(&function, "ScheduleV2");
        let Some((expression, retries, age)) = expected.get(name.as_str()) else {
            assert!(schedules.is_empty(), "{name} is no job");
            continue;
        };
        let [schedule] = schedules[..] else { panic!("{name} has one schedule") };
        assert_eq!(schedule["ScheduleExpression"], *expression, "{name}");
        assert_eq!(schedule["ScheduleExpressionTimezone"], "UTC", "{name}");
        assert_eq!(schedule["RetryPolicy"]["MaximumRetryAttempts"], *retries, "{name}");
        assert_eq!(schedule["RetryPolicy"]["MaximumEventAgeInSeconds"], *age, "{name}");
        // A failed run is tried again twice at most: Lambda knows no more.
        assert_eq!(function["EventInvokeConfig"]["MaximumRetryAttempts"], *retries.min(&2), "{name}");
        assert_eq!(function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Type"], "SQS", "{name}");

        let input: serde_json::Value =
            serde_json::from_str(schedule["Input"].as_str().expect("an input")).expect("JSON");
        assert_eq!(input["job"], name);
        assert_eq!(input["scheduled_time"], "<aws.scheduler.scheduled-time>", "{name}");
    }
}

#[test]
fn a_queue_waits_six_times_as_long_as_its_function_works() {
    let template = template();
    let resources = &template["Resources"];
    for (name, function) in functions(&template) {
        for records in events(&function, "SQS") {
            let arn = serde_json::to_string(&records["Queue"]).expect("a queue");
            let queue = QUEUES.iter().find(|(queue, _)| arn.contains(&format!("{queue}.Arn")));
            let (queue, _) = queue.unwrap_or_else(|| panic!("{name} works off an unknown queue: {arn}"));
            let properties = &resources[*queue]["Properties"];
            let visibility = properties["VisibilityTimeout"].as_i64();
            assert!(visibility >= function["Timeout"].as_i64().map(|timeout| 6 * timeout), "{queue}");
            assert_eq!(properties["FifoQueue"], true, "{queue}");
            assert_eq!(records["FunctionResponseTypes"][0], "ReportBatchItemFailures", "{name}");
        }
    }
    assert_eq!(resources["ReplyDeadLetters"]["Properties"]["FifoQueue"], true);
    assert_eq!(resources["JobDeadLetters"]["Properties"]["FifoQueue"], true);
    assert!(resources["UnplacedSchedules"]["Properties"]["FifoQueue"].is_null());
}

#[test]
fn every_function_has_a_payload_per_trigger() {
    for (name, function) in functions(&template()) {
        for (kind, suffix) in [("ScheduleV2", "schedule"), ("HttpApi", "http"), ("SQS", "sqs")] {
            if !events(&function, kind).is_empty() {
                let file = root().join("events").join(format!("{name}.{suffix}.json"));
                let text = std::fs::read_to_string(&file)
                    .unwrap_or_else(|_| panic!("{} is missing", file.display()));
                serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
            }
        }
    }
}

/// Everything that is deployed is built, and everything that is built is deployed.
#[test]
fn every_function_has_a_binary_and_every_binary_a_function() {
    let deployed: Vec<String> = functions(&template()).into_keys().collect();
    let mut listed: Vec<&str> = functions::ALL.iter().map(|(function, _)| function.name).collect();
    listed.sort_unstable();
    let mut built: Vec<String> = std::fs::read_dir(root().join("functions/src/bin"))
        .expect("the binaries")
        .map(|entry| {
            entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    built.sort_unstable();
    assert_eq!(deployed, listed);
    assert_eq!(deployed, built);
}

/// `cargo lambda watch` serves the path of every example request and of every job.
#[test]
fn the_emulator_serves_the_real_paths() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    let manifest = cargo_toml::Manifest::from_str(&manifest).expect("a manifest");
    let metadata = manifest.workspace.expect("a workspace").metadata.expect("metadata");
    let served = &metadata["lambda"]["watch"]["router"];

    for event in std::fs::read_dir(root().join("events")).expect("events") {
        let event = event.expect("an event").path();
        let name = event.file_name().expect("a name").to_string_lossy().into_owned();
        let (function, _) = name.split_once('.').expect("a function's name");
        let event: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&event).expect("an event")).expect("JSON");
        let path = match (event["rawPath"].as_str(), event["job"].as_str()) {
            (Some(path), _) => path.to_owned(),
            (_, Some(job)) => format!("/api/v1/tasks/{job}"),
            // Queue records have no path.
            _ => continue,
        };
        assert_eq!(served.get(&path).and_then(|name| name.as_str()), Some(function), "{path}");
    }
}

/// A role may read the secrets that its function reads, and no others.
#[test]
fn a_function_may_read_just_its_own_secrets() {
    let deployed = functions(&template());
    for (function, _) in functions::ALL {
        let policies = serde_json::to_string(&deployed[function.name]["Policies"]).expect("policies");
        let granted: BTreeSet<&str> = policies
            .split("secret:nikita/${Stage}/")
            .skip(1)
            .filter_map(|rest| rest.split_once("-?").map(|(concern, _)| concern))
            .collect();
        let read: BTreeSet<&str> = function.secrets.iter().map(|secret| secret.concern).collect();
        assert_eq!(granted, read, "{}", function.name);
    }
}

/// A queue that a function uses is one that its role may use.
#[test]
fn a_function_that_knows_a_queue_may_use_it() {
    for (name, function) in functions(&template()) {
        let policies = serde_json::to_string(&function["Policies"]).expect("policies");
        for (queue, variable) in QUEUES {
            let knows = !function["Environment"]["Variables"][variable].is_null();
            let may = policies.contains(&format!("{queue}.QueueName"))
                || policies.contains(&format!("{queue}.Arn"));
            assert_eq!(knows, may, "{name}, {queue}");
        }
    }
}

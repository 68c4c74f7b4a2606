//! A FIFO queue of Amazon SQS: what is to be worked off later, in order within its group.
//!
//! The service is where the queue's URL says, so that any server that speaks its protocol can take its place. The client is made when
//! the first record is sent: a cold start does not wait for it. A call is short, since somebody waits for the answer behind it, and the row that a record points to is found without
//! the record as well.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::{Region, SdkConfig};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, SendMessageBatchRequestEntry,
};

use crate::Error;
use crate::error::word;

/// One try may take so long.
const TRY: Duration = Duration::from_secs(2);

/// All tries together may take so long.
const ALL_TRIES: Duration = Duration::from_secs(5);

const TRIES: u32 = 2;

/// The longest that the service keeps a record back, in seconds: twelve hours.
const LONGEST_WAIT: i32 = 43_200;

/// The service takes so many records with one call.
pub const BATCH: usize = 10;

/// The region a request is signed for when neither the URL nor the process names one: only a stand-in takes it.
const NO_REGION: Region = Region::from_static("us-east-1");

/// A queue. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Queue {
    url: String,
    account: SdkConfig,
    client: Arc<OnceLock<Client>>,
}

/// What is put into a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Records of one group come out one after the other, in the order they were put in.
    pub group: String,
    /// Of records with the same one, sent within five minutes, the queue takes one.
    pub deduplication: String,
    /// What it says.
    pub body: String,
}

impl Queue {
    /// The queue at `url`, with the credentials of `account`.
    pub fn new(account: SdkConfig, url: impl Into<String>) -> Self {
        Self { url: url.into(), account, client: Arc::default() }
    }

    /// Puts a record into the queue.
    pub async fn send(&self, record: &Record) -> Result<(), Error> {
        let sending = self
            .client()
            .send_message()
            .queue_url(&self.url)
            .message_group_id(&record.group)
            .message_deduplication_id(&record.deduplication)
            .message_body(&record.body);
        sending.send().await.map(drop).map_err(|error| decide(&error))
    }

    /// Puts up to [`BATCH`] records into the queue with one call; for each whether it was taken.
    pub async fn send_batch(&self, records: &[&Record]) -> Vec<Result<(), Error>> {
        let entries: Result<Vec<_>, _> = records.iter().enumerate().map(entry).collect();
        let Ok(entries) = entries else { return vec![Err(not_sent()); records.len()] };
        let sending = self.client().send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        match sending.send().await {
            Ok(answer) => {
                let mut outcomes = vec![Ok(()); records.len()];
                for failed in answer.failed() {
                    if let Some(outcome) = failed.id().parse().ok().and_then(|at: usize| outcomes.get_mut(at))
                    {
                        *outcome = Err(refused(failed));
                    }
                }
                outcomes
            }
            Err(error) => vec![Err(decide(&error)); records.len()],
        }
    }

    /// Lets up to [`BATCH`] records that were received come again after `wait`, whatever the queue's own time is. `receipts` are what came with
    /// them. An error if one of them could not be put off.
    pub async fn put_off(&self, receipts: &[&str], wait: Duration) -> Result<(), Error> {
        let seconds = i32::try_from(wait.as_secs()).unwrap_or(i32::MAX).min(LONGEST_WAIT);
        let entries = receipts.iter().enumerate().map(|(position, receipt)| {
            ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(position.to_string())
                .receipt_handle(*receipt)
                .visibility_timeout(seconds)
                .build()
        });
        let entries = entries.collect::<Result<_, _>>().map_err(|_| not_sent())?;
        let client = self.client();
        let putting_off =
            client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
        let answer = putting_off.send().await.map_err(|error| decide(&error))?;
        answer.failed().first().map_or(Ok(()), |failed| Err(refused(failed)))
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| client(&self.account, &self.url))
    }
}

/// An entry of a batch, known by its position.
fn entry(
    (position, record): (usize, &&Record),
) -> Result<SendMessageBatchRequestEntry, aws_sdk_sqs::error::BuildError> {
    SendMessageBatchRequestEntry::builder()
        .id(position.to_string())
        .message_group_id(&record.group)
        .message_deduplication_id(&record.deduplication)
        .message_body(&record.body)
        .build()
}

/// What an entry of a batch came to that was not taken.
fn refused(entry: &BatchResultErrorEntry) -> Error {
    if entry.sender_fault() {
        Error::Rejected { status: 400, reason: word(Some(entry.code())) }
    } else {
        Error::Unavailable
    }
}

/// The request could not be made: no credentials, or something that is no request.
fn not_sent() -> Error {
    Error::Rejected { status: 0, reason: "not_sent".to_owned() }
}

fn client(config: &SdkConfig, url: &str) -> Client {
    let region = region(url).or_else(|| config.region().cloned()).unwrap_or(NO_REGION);
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(TRY).operation_timeout(ALL_TRIES).build();
    let config = Builder::from(config)
        .region(region)
        .endpoint_url(server(url))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
        .build();
    Client::from_conf(config)
}

/// A URL without its path.
fn server(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    &url[..end]
}

/// The region in the address of the service: `https://sqs.<region>.amazonaws.com`.
fn region(url: &str) -> Option<Region> {
    let (name, rest) = server(url).strip_prefix("https://sqs.")?.split_once('.')?;
    rest.starts_with("amazonaws.com").then(|| Region::new(name.to_owned()))
}

fn decide<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Error {
    match error {
        SdkError::TimeoutError(_) => Error::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => Error::TimedOut,
        SdkError::DispatchFailure(_) => Error::Unavailable,
        SdkError::ResponseError(_) => Error::Broken,
        SdkError::ServiceError(refused) => {
            let code = refused.err().code();
            match refused.raw().status().as_u16() {
                _ if code.is_some_and(|code| code.contains("Throttl")) => Error::Busy { retry_after: None },
                429 => Error::Busy { retry_after: None },
                401 | 403 => Error::Unauthorized,
                500..=599 => Error::Unavailable,
                status => Error::Rejected { status, reason: word(code) },
            }
        }
        _ => not_sent(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::BehaviorVersion;
    use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
    use standins::{Fault, Sqs};

    fn config() -> SdkConfig {
        let credentials = Credentials::new("key", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    fn record(deduplication: &str) -> Record {
        Record {
            group: "1001".to_owned(),
            deduplication: deduplication.to_owned(),
            body: r#"{"telegram_id":1001}"#.to_owned(),
        }
    }

    async fn queue() -> (Sqs, Queue) {
        let service = Sqs::start().await.expect("a port");
        let queue = Queue::new(config(), service.queue_url("reply.fifo"));
        (service, queue)
    }

    #[tokio::test]
    async fn a_record_arrives_with_its_group_once_per_deduplication_id() {
        let (service, queue) = queue().await;
        for deduplication in ["900:0", "900:0", "900:1"] {
            queue.send(&record(deduplication)).await.expect("taken");
        }
        let taken = service.messages();
        let ids: Vec<_> = taken.iter().filter_map(|message| message.deduplication.as_deref()).collect();
        assert_eq!(ids, ["900:0", "900:1"]);
        assert_eq!(taken[0].group.as_deref(), Some("1001"));
        assert_eq!(taken[0].body, r#"{"telegram_id":1001}"#);
        assert!(taken[0].queue_url.ends_with("/reply.fifo"));
    }

    #[tokio::test]
    async fn a_batch_tells_which_of_its_records_were_taken() {
        let (service, queue) = queue().await;
        let records = ["1:0", "2:0", "3:0"].map(record);
        let batch: Vec<&Record> = records.iter().collect();
        service.refuse_of_next_batch(1);
        let refused = Err(Error::Rejected { status: 400, reason: "InvalidMessageContents".to_owned() });
        assert_eq!(queue.send_batch(&batch).await, [Ok(()), refused, Ok(())]);
        assert_eq!(service.messages().len(), 2);

        service.fail_always(Fault::HangUp);
        assert_eq!(queue.send_batch(&batch).await, vec![Err(Error::Unavailable); 3]);
        service.recover();
        assert_eq!(queue.send_batch(&batch).await, vec![Ok(()); 3]);
        assert_eq!(service.messages().len(), 3);
    }

    #[tokio::test]
    async fn what_goes_wrong_is_told_as_a_caller_decides_on_it() {
        let (service, queue) = queue().await;
        let says = |status, kind: &str| {
            Fault::Instead(status, "application/json", format!(r#"{{"__type":"{kind}"}}"#))
        };
        for (fault, expected) in [
            (says(400, "com.amazonaws.sqs#RequestThrottled"), Error::Busy { retry_after: None }),
            (says(403, "AccessDeniedException"), Error::Unauthorized),
            (
                says(400, "QueueDoesNotExist"),
                Error::Rejected { status: 400, reason: "QueueDoesNotExist".to_owned() },
            ),
            (says(500, "InternalFailure"), Error::Unavailable),
            (Fault::HangUp, Error::Unavailable),
        ] {
            service.fail_always(fault.clone());
            assert_eq!(queue.send(&record("1:0")).await, Err(expected), "{fault:?}");
            service.recover();
        }
        assert_eq!(queue.send(&record("1:0")).await, Ok(()));
    }

    #[tokio::test]
    async fn records_are_put_off_in_whole_seconds_and_at_most_twelve_hours() {
        let (service, queue) = queue().await;
        for (wait, seconds) in [(Duration::from_millis(9_900), 9), (Duration::from_hours(13), 43_200)] {
            queue.put_off(&["one", "two"], wait).await.expect("put off");
            let asked = service.calls_of("ChangeMessageVisibilityBatch").pop().expect("a call").body;
            for (entry, receipt) in [(&asked["Entries"][0], "one"), (&asked["Entries"][1], "two")] {
                assert_eq!(
                    (&entry["ReceiptHandle"], &entry["VisibilityTimeout"]),
                    (&receipt.into(), &seconds.into())
                );
            }
        }
    }

    #[test]
    fn the_url_says_where_the_service_is_and_what_to_sign_for() {
        for (url, at, signed_for) in [
            (
                "https://sqs.eu-central-1.amazonaws.com/123/reply.fifo",
                "https://sqs.eu-central-1.amazonaws.com",
                Some("eu-central-1"),
            ),
            ("http://127.0.0.1:9324/000000000000/reply.fifo", "http://127.0.0.1:9324", None),
            ("https://sqs.example.com", "https://sqs.example.com", None),
        ] {
            assert_eq!(server(url), at);
            assert_eq!(region(url).as_ref().map(AsRef::as_ref), signed_for, "{url}");
        }
    }
}

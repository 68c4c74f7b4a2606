//! A queue of `moto`'s SQS, by the SDK as a platform uses it: records are received, handed to a function, and deleted unless
//! it reports them as failed.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use serde_json::{Value, json};

use crate::bundle::Bundle;
use crate::moto::Moto;
use crate::queued::{account, record};

/// A FIFO queue.
#[derive(Debug)]
pub struct MotoQueue {
    client: Client,
    url: String,
}

impl MotoQueue {
    /// A new queue of this name; received records stay hidden for half a minute.
    pub async fn new(moto: &Moto, name: &str) -> Self {
        let config = aws_sdk_sqs::config::Builder::from(&account())
            .endpoint_url(moto.url())
            .region(aws_sdk_sqs::config::Region::new(crate::moto::REGION))
            .build();
        let client = Client::from_conf(config);
        let made = client
            .create_queue()
            .queue_name(name)
            .attributes(QueueAttributeName::FifoQueue, "true")
            .send()
            .await
            .expect("a queue");
        Self { url: made.queue_url().expect("a URL").to_owned(), client }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How many records it holds, received ones included.
    pub async fn waiting(&self) -> usize {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let asked =
            self.client.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names.into()));
        let told = asked.send().await.expect("attributes");
        let counts = told.attributes().expect("attributes").values();
        counts.map(|count| count.parse::<usize>().expect("a number")).sum()
    }

    /// Takes up to ten records and hands them to the function; those that it is done with leave the queue. The ids of those
    /// that it reports as failed.
    pub async fn deliver(&self, bundle: &Bundle, function: &str) -> Vec<String> {
        let records = self.receive().await;
        let event = json!({ "Records": records.iter().map(as_event).collect::<Vec<_>>() });
        let answer = bundle.invoke(function, event).await.expect("an answer");
        let failures = answer["batchItemFailures"].as_array().expect("a list");
        let failed: Vec<String> = failures
            .iter()
            .filter_map(|failure| Some(failure["itemIdentifier"].as_str()?.to_owned()))
            .collect();
        for message in &records {
            if !failed.iter().any(|id| Some(id.as_str()) == message.message_id()) {
                self.delete(message).await;
            }
        }
        failed
    }

    /// As [`Self::deliver`], until nothing is left.
    pub async fn deliver_all(&self, bundle: &Bundle, function: &str) {
        while self.waiting().await > 0 {
            assert_eq!(self.deliver(bundle, function).await, Vec::<String>::new());
        }
    }

    async fn receive(&self) -> Vec<Message> {
        let asked = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId);
        asked.send().await.expect("records").messages.unwrap_or_default()
    }

    async fn delete(&self, message: &Message) {
        let receipt = message.receipt_handle().expect("a receipt");
        self.client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .send()
            .await
            .expect("deleted");
    }
}

/// A record as the platform hands it over.
fn as_event(message: &Message) -> Value {
    let group = message
        .attributes()
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::MessageGroupId))
        .expect("a group");
    let mut event = record(message.message_id().expect("an id"), group, message.body().expect("a body"));
    event["receiptHandle"] = json!(message.receipt_handle());
    event
}

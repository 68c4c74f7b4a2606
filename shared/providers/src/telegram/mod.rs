//! The Bot API of Telegram.
//!
//! A message is sent, or handed back to the caller with a reason that says what to do with it. Within one call:
//!
//! | answer | what the client does |
//! |---|---|
//! | 429, at most 5 s to wait | waits exactly that, tries once more |
//! | 5xx, not reached, or something that is not the Bot API | three tries, pauses of 1 s and 2 s |
//! | no answer, or half of one | may have been sent: one more try after 2 s, never a third |
//! | markup that is not understood | once more as plain text |
//! | too long | once more in parts of at most 2,048 units |
//! | 401, 404 | once more with a token fetched afresh, if it is another |
//! | anything else | nothing |
//!
//! While a chat has to wait, nothing is sent to it; while two have to, nothing is sent at all.
//! The token is part of the address, so no address is ever kept in an error or written to a log.

mod answer;
mod error;
mod gate;
mod methods;
mod text;

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

pub use error::Error;
pub use methods::{
    BotCommand, EditMessageReplyMarkup, InlineAction, InlineButton, KeyboardButton, ParseMode, ReplyMarkup,
    SendMessage, SentMessage, SetWebhook,
};

use crate::retry::{Pauses, RetryBudget};
use crate::{Credential, Http};
use answer::{Outcome, outcome};
use gate::Gate;

/// Where the service is when nothing else is set.
pub const PUBLIC_BASE: &str = "https://api.telegram.org";

/// A longer wait than this is not waited for: the message goes to the queue.
pub const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What a 429 that names no time asks for.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(1);

const TIMEOUT: Duration = Duration::from_secs(10);

/// Before the second and the third try of a service that fails.
const FAILURE_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Before the second try of a message that may have been sent.
const UNCERTAIN_PAUSE: Duration = Duration::from_secs(2);

/// Between the parts of a message.
const PART_PAUSE: Duration = Duration::from_secs(1);

/// The bot. Cheap to clone; clones share connections, the budget of retries, and who has to wait.
#[derive(Debug, Clone)]
pub struct Bot {
    http: Http,
    base: String,
    token: Credential,
    timeout: Duration,
    pauses: Pauses,
    budget: RetryBudget,
    gate: Gate,
}

impl Bot {
    /// A bot at the server at `base`, without a path.
    pub fn new(http: &Http, base: &str, token: Credential) -> Self {
        Self {
            http: http.clone(),
            base: base.trim_end_matches('/').to_owned(),
            token,
            timeout: TIMEOUT,
            pauses: Pauses::default(),
            budget: RetryBudget::default(),
            gate: Gate::default(),
        }
    }

    /// The same bot with another way to wait.
    #[must_use]
    pub fn with_pauses(mut self, pauses: Pauses) -> Self {
        self.pauses = pauses;
        self
    }

    /// The same bot with another time-out of a single try, which is 10 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends a text of at most 4,096 UTF-16 units. Of a message that had to go out in parts, the last is returned.
    pub async fn send_message(&self, message: &SendMessage) -> Result<SentMessage, Error> {
        match self.send_once(message).await {
            Err(Error::CannotParse) if message.parse_mode.is_some() => {
                tracing::warn!("Telegram did not understand the markup; the text goes out plain");
                self.send_once(&message.as_plain()).await
            }
            Err(Error::TooLong) => self.send_in_parts(&message.as_plain()).await,
            outcome => outcome,
        }
    }

    async fn send_once(&self, message: &SendMessage) -> Result<SentMessage, Error> {
        let sent = self.call("sendMessage", Some(message.chat_id), message).await?;
        Ok(SentMessage::of(&sent))
    }

    /// The buttons come with the last part. Once a part is out, the whole must not be sent again.
    async fn send_in_parts(&self, message: &SendMessage) -> Result<SentMessage, Error> {
        let parts = text::parts(&message.text);
        let mut sent = Err(Error::TooLong);
        for (number, part) in parts.iter().enumerate() {
            if number > 0 {
                self.pauses.exactly(PART_PAUSE).await;
            }
            let last = number + 1 == parts.len();
            sent = self.send_once(&message.part(part, last)).await;
            if sent.is_err() {
                return if number == 0 {
                    sent
                } else {
                    Err(Error::Rejected { reason: "partly sent".into() })
                };
            }
        }
        sent
    }

    /// Shows "typing" for five seconds. Tried once: a late one is worth nothing.
    pub async fn send_chat_action(&self, chat_id: i64) -> Result<(), Error> {
        if let Some(wait) = self.gate.remaining(Some(chat_id), Instant::now()) {
            return Err(Error::RateLimited { retry_after: Some(wait) });
        }
        let action = methods::SendChatAction { chat_id, action: "typing" };
        match self.once("sendChatAction", &action).await {
            Outcome::Done(_) => Ok(()),
            Outcome::Refused(error) => {
                self.note_limit(Some(chat_id), &error);
                Err(error)
            }
            Outcome::Failing => Err(Error::Unavailable),
            Outcome::NoAnswer => Err(Error::Uncertain),
        }
    }

    /// Ends the waiting sign on a pressed button, with a short notice if there is a text.
    pub async fn answer_callback_query(&self, id: &str, text: Option<&str>) -> Result<(), Error> {
        let answer = methods::AnswerCallbackQuery { callback_query_id: id, text };
        self.call("answerCallbackQuery", None, &answer).await.map(drop)
    }

    /// Changes or removes the buttons under a message. A message that has them so already is no error.
    pub async fn edit_message_reply_markup(&self, edit: &EditMessageReplyMarkup) -> Result<(), Error> {
        match self.call("editMessageReplyMarkup", Some(edit.chat_id), edit).await {
            Err(Error::Rejected { reason }) if reason == "message is not modified" => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Tells Telegram where updates go.
    pub async fn set_webhook(&self, webhook: &SetWebhook) -> Result<(), Error> {
        self.call("setWebhook", None, webhook).await.map(drop)
    }

    /// Tells Telegram which commands the menu shows.
    pub async fn set_my_commands(&self, commands: &[BotCommand]) -> Result<(), Error> {
        self.call("setMyCommands", None, &methods::SetMyCommands { commands }).await.map(drop)
    }

    /// One call with the tries of the table above.
    async fn call<B: Serialize>(
        &self,
        method: &'static str,
        chat: Option<i64>,
        body: &B,
    ) -> Result<serde_json::Value, Error> {
        self.wait_for_turn(chat).await?;
        self.budget.earn();
        let mut tries = Tries::default();
        loop {
            let outcome = self.once(method, body).await;
            let error = match outcome {
                Outcome::Done(result) => return Ok(result),
                Outcome::Refused(error) => {
                    self.note_limit(chat, &error);
                    error
                }
                Outcome::Failing => Error::Unavailable,
                Outcome::NoAnswer => Error::Uncertain,
            };
            if !self.waited(&mut tries, &error).await {
                return Err(tries.verdict(error));
            }
            tracing::debug!(method, error.code = error.code(), "Trying again");
        }
    }

    /// Waits while the chat may not be written to, or gives the message back.
    async fn wait_for_turn(&self, chat: Option<i64>) -> Result<(), Error> {
        match self.gate.remaining(chat, Instant::now()) {
            None => Ok(()),
            Some(wait) if wait <= LONGEST_WAIT => {
                self.pauses.exactly(wait).await;
                Ok(())
            }
            Some(wait) => Err(Error::RateLimited { retry_after: Some(wait) }),
        }
    }

    fn note_limit(&self, chat: Option<i64>, error: &Error) {
        if let Error::RateLimited { retry_after } = error {
            self.gate.close(chat, Instant::now(), retry_after.unwrap_or(DEFAULT_WAIT));
        }
    }

    /// Waits for the next try; false when there must be none.
    async fn waited(&self, tries: &mut Tries, error: &Error) -> bool {
        match error {
            Error::RateLimited { retry_after } => {
                let wait = retry_after.unwrap_or(DEFAULT_WAIT);
                if tries.limited || wait > LONGEST_WAIT {
                    return false;
                }
                tries.limited = true;
                // Told when to come back: nothing off the budget.
                self.pauses.exactly(wait).await;
                true
            }
            Error::Unavailable => {
                let Some(pause) = FAILURE_PAUSES.get(tries.failures) else { return false };
                tries.failures += 1;
                if tries.uncertain || !self.budget.spend() {
                    return false;
                }
                self.pauses.about(*pause).await;
                true
            }
            Error::Uncertain => {
                if tries.uncertain || !self.budget.spend() {
                    return false;
                }
                tries.uncertain = true;
                self.pauses.about(UNCERTAIN_PAUSE).await;
                true
            }
            _ => false,
        }
    }

    /// One try, and a second when the token was refused and there is another.
    async fn once<B: Serialize>(&self, method: &'static str, body: &B) -> Outcome {
        let Some(token) = self.token.current().await else {
            return Outcome::Refused(Error::Misconfigured { status: 401 });
        };
        match self.post(method, body, &token).await {
            Outcome::Refused(refused @ Error::Misconfigured { .. }) => {
                match self.token.replacement(&token).await {
                    Some(fresh) => self.post(method, body, &fresh).await,
                    None => Outcome::Refused(refused),
                }
            }
            outcome => outcome,
        }
    }

    async fn post<B: Serialize>(&self, method: &'static str, body: &B, token: &SecretString) -> Outcome {
        let url = format!("{}/bot{}/{method}", self.base, token.expose_secret().trim());
        outcome(self.http.post_json(&url, Vec::new(), body, self.timeout).await)
    }
}

/// What was tried in one call.
#[derive(Debug, Default)]
struct Tries {
    /// How often the service failed.
    failures: usize,
    /// Whether a try had no answer: from then on the message may be out.
    uncertain: bool,
    /// Whether a wait that Telegram asked for is behind us.
    limited: bool,
}

impl Tries {
    /// The error to report: after a try without answer, a failure does not say that nothing was sent.
    fn verdict(&self, last: Error) -> Error {
        if self.uncertain && last == Error::Unavailable { Error::Uncertain } else { last }
    }
}

//! The Bot API: the six methods that we use, with the refusals of the real one.
//!
//! Every chat is known until it is [forgotten](Telegram::forget_chat) or [blocks](Telegram::block) the bot. What the
//! bot sends can be read afterwards or followed as it comes, as the chat in a terminal does.

mod checks;
mod html;

use std::collections::HashSet;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::server::{Asked, Dialect, Reply, Server, lock};

/// The running stand-in.
#[derive(Debug, Clone)]
pub struct Telegram {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// A message that the bot sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// Its number; rises through all chats.
    pub message_id: i64,
    /// The chat.
    pub chat_id: i64,
    /// The text as a reader sees it.
    pub text: String,
    /// The buttons or the keyboard, as sent; null if there are none.
    pub reply_markup: Value,
}

/// What a reader of the chat notices.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A message.
    Message(Sent),
    /// "typing" for five seconds.
    Typing {
        /// Where.
        chat_id: i64,
    },
    /// A short notice after a button was pressed; empty if only the waiting sign ends.
    Notice {
        /// Which pressing.
        callback_query_id: String,
        /// What it says.
        text: String,
    },
    /// Other buttons under an old message.
    Buttons {
        /// Where.
        chat_id: i64,
        /// Under which message.
        message_id: i64,
        /// The new buttons; null if there are none.
        reply_markup: Value,
    },
}

#[derive(Debug)]
struct State {
    token: Option<String>,
    unknown: HashSet<i64>,
    blocked: HashSet<i64>,
    sent: Vec<Sent>,
    webhook: Value,
    commands: Value,
    events: broadcast::Sender<Event>,
}

/// How many events a slow reader may lag behind.
const LAG: usize = 1_024;

impl Telegram {
    /// Starts on a free port; any token will do.
    pub async fn start() -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State {
            token: None,
            unknown: HashSet::new(),
            blocked: HashSet::new(),
            sent: Vec::new(),
            webhook: Value::Null,
            commands: Value::Null,
            events: broadcast::Sender::new(LAG),
        }));
        Ok(Self { server: Server::start(BotApi(Arc::clone(&state))).await?, state })
    }

    /// From now on only this token is known.
    pub fn set_token(&self, token: &str) {
        lock(&self.state).token = Some(token.to_owned());
    }

    /// The player blocks the bot.
    pub fn block(&self, chat_id: i64) {
        lock(&self.state).blocked.insert(chat_id);
    }

    /// The player lets the bot write again.
    pub fn unblock(&self, chat_id: i64) {
        lock(&self.state).blocked.remove(&chat_id);
    }

    /// There is no such chat any more.
    pub fn forget_chat(&self, chat_id: i64) {
        lock(&self.state).unknown.insert(chat_id);
    }

    /// What the bot sent, oldest first.
    pub fn sent(&self) -> Vec<Sent> {
        lock(&self.state).sent.clone()
    }

    /// The texts that the bot sent to a chat, oldest first.
    pub fn texts_to(&self, chat_id: i64) -> Vec<String> {
        let state = lock(&self.state);
        state.sent.iter().filter(|sent| sent.chat_id == chat_id).map(|sent| sent.text.clone()).collect()
    }

    /// What a reader notices from now on. One who lags more than a thousand events behind misses the oldest.
    pub fn follow(&self) -> broadcast::Receiver<Event> {
        lock(&self.state).events.subscribe()
    }

    /// The parameters of the last `setWebhook`; null if there was none.
    pub fn webhook(&self) -> Value {
        lock(&self.state).webhook.clone()
    }

    /// The commands of the last `setMyCommands`; null if there was none.
    pub fn commands(&self) -> Value {
        lock(&self.state).commands.clone()
    }
}

impl Deref for Telegram {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

struct BotApi(Arc<Mutex<State>>);

impl Dialect for BotApi {
    fn operation(&self, asked: &Asked<'_>) -> String {
        asked.path.rsplit('/').next().unwrap_or_default().to_owned()
    }

    fn answer(&self, asked: &Asked<'_>) -> Reply {
        let mut state = lock(&self.0);
        let Some((token, method)) = asked.path.strip_prefix("/bot").and_then(|rest| rest.split_once('/'))
        else {
            return refusal(404, "Not Found");
        };
        if token.is_empty() || state.token.as_deref().is_some_and(|known| known != token) {
            return refusal(401, "Unauthorized");
        }
        let outcome = match method {
            "sendMessage" => state.send_message(asked.body),
            "sendChatAction" => state.send_chat_action(asked.body),
            "answerCallbackQuery" => state.answer_callback_query(asked.body),
            "editMessageReplyMarkup" => state.edit_message_reply_markup(asked.body),
            "setWebhook" => state.set_webhook(asked.body),
            "setMyCommands" => state.set_my_commands(asked.body),
            _ => Err((404, "Not Found".to_owned())),
        };
        match outcome {
            Ok(result) => Reply::ok(json!({"ok": true, "result": result})),
            Err((status, description)) => refusal(status, &description),
        }
    }

    fn error(&self, status: u16, retry_after: Option<f64>) -> Reply {
        let mut reply = refusal(status, if status == 429 { "Too Many Requests" } else { "ordered" });
        if let Some(wait) = retry_after {
            reply.body["parameters"] = json!({"retry_after": wait});
        }
        reply
    }
}

/// A refusal: its status and Telegram's words.
type Refusal = (u16, String);

fn refusal(status: u16, description: &str) -> Reply {
    Reply { status, body: json!({"ok": false, "error_code": status, "description": description}) }
}

fn bad_request(words: &str) -> Refusal {
    (400, format!("Bad Request: {words}"))
}

impl State {
    fn send_message(&mut self, body: &Value) -> Result<Value, Refusal> {
        let chat_id = self.chat(body)?;
        let text = checks::text(body)?;
        checks::markup(&body["reply_markup"])?;
        let message_id = i64::try_from(self.sent.len()).unwrap_or(i64::MAX - 1) + 1;
        let sent =
            Sent { message_id, chat_id, text: text.clone(), reply_markup: body["reply_markup"].clone() };
        self.sent.push(sent.clone());
        self.tell(Event::Message(sent));
        Ok(json!({
            "message_id": message_id,
            "chat": {"id": chat_id, "type": "private"},
            "from": {"id": 1, "is_bot": true, "first_name": "Nikita"},
            "text": text,
        }))
    }

    fn send_chat_action(&mut self, body: &Value) -> Result<Value, Refusal> {
        let chat_id = self.chat(body)?;
        if body["action"] != "typing" {
            return Err(bad_request("wrong parameter action in request"));
        }
        self.tell(Event::Typing { chat_id });
        Ok(json!(true))
    }

    fn answer_callback_query(&mut self, body: &Value) -> Result<Value, Refusal> {
        let Some(id) = body["callback_query_id"].as_str().filter(|id| !id.is_empty()) else {
            return Err(bad_request("query is too old and response timeout expired or query ID is invalid"));
        };
        let text = body["text"].as_str().unwrap_or_default();
        if text.chars().count() > 200 {
            return Err(bad_request("MESSAGE_TOO_LONG"));
        }
        self.tell(Event::Notice { callback_query_id: id.to_owned(), text: text.to_owned() });
        Ok(json!(true))
    }

    fn edit_message_reply_markup(&mut self, body: &Value) -> Result<Value, Refusal> {
        let chat_id = self.chat(body)?;
        let message_id = body["message_id"].as_i64().unwrap_or_default();
        let markup = &body["reply_markup"];
        checks::markup(markup)?;
        let is_empty = markup["inline_keyboard"].as_array().is_none_or(Vec::is_empty);
        let markup = if is_empty { Value::Null } else { markup.clone() };
        let message =
            self.sent.iter_mut().find(|sent| sent.message_id == message_id && sent.chat_id == chat_id);
        let Some(message) = message else { return Err(bad_request("message to edit not found")) };
        if message.reply_markup == markup {
            return Err(bad_request("message is not modified: the markup is exactly the same"));
        }
        message.reply_markup = markup.clone();
        self.tell(Event::Buttons { chat_id, message_id, reply_markup: markup });
        Ok(json!({"message_id": message_id, "chat": {"id": chat_id, "type": "private"}}))
    }

    fn set_webhook(&mut self, body: &Value) -> Result<Value, Refusal> {
        checks::webhook(body)?;
        self.webhook = body.clone();
        Ok(json!(true))
    }

    fn set_my_commands(&mut self, body: &Value) -> Result<Value, Refusal> {
        checks::commands(&body["commands"])?;
        self.commands = body["commands"].clone();
        Ok(json!(true))
    }

    fn chat(&self, body: &Value) -> Result<i64, Refusal> {
        let chat_id = body["chat_id"].as_i64().filter(|chat| *chat != 0 && !self.unknown.contains(chat));
        match chat_id {
            None => Err(bad_request("chat not found")),
            Some(chat) if self.blocked.contains(&chat) => {
                Err((403, "Forbidden: bot was blocked by the user".to_owned()))
            }
            Some(chat) => Ok(chat),
        }
    }

    /// Nobody may be listening.
    fn tell(&self, event: Event) {
        drop(self.events.send(event));
    }
}

//! The parameters that we use of the six methods that we use.

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::text;

/// A text to a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// The chat.
    pub chat_id: i64,
    /// The text, 1 to 4,096 UTF-16 units after its markup is read.
    pub text: String,
    /// Whether the text holds markup. Nikita's words never do.
    pub parse_mode: Option<ParseMode>,
    /// Buttons or a keyboard.
    pub reply_markup: Option<ReplyMarkup>,
}

impl SendMessage {
    /// A plain text without buttons.
    pub fn plain(chat_id: i64, text: impl Into<String>) -> Self {
        Self { chat_id, text: text.into(), parse_mode: None, reply_markup: None }
    }

    /// A text with HTML markup, in which every inserted value is escaped.
    pub fn html(chat_id: i64, text: impl Into<String>) -> Self {
        Self { parse_mode: Some(ParseMode::Html), ..Self::plain(chat_id, text) }
    }

    /// The same message without markup.
    pub(super) fn as_plain(&self) -> Self {
        match self.parse_mode {
            Some(ParseMode::Html) => {
                Self { text: text::without_html(&self.text), parse_mode: None, ..self.clone() }
            }
            None => self.clone(),
        }
    }

    pub(super) fn part(&self, text: &str, last: bool) -> Self {
        Self { text: text.to_owned(), reply_markup: self.reply_markup.clone().filter(|_| last), ..*self }
    }
}

/// How Telegram reads a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseMode {
    /// With a few HTML tags.
    Html,
}

/// What stands under a message or in the keyboard's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyMarkup {
    /// Rows of buttons under the message.
    Inline(Vec<Vec<InlineButton>>),
    /// Rows of buttons in place of the keyboard, gone after one use.
    Keyboard(Vec<Vec<KeyboardButton>>),
    /// Takes such a keyboard away.
    RemoveKeyboard,
}

/// A button under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InlineButton {
    /// What it says.
    pub text: String,
    /// What it does.
    pub action: InlineAction,
}

/// What a button under a message does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InlineAction {
    /// Sends us this, 1 to 64 bytes.
    Callback(String),
    /// Opens this address.
    Url(String),
}

impl InlineButton {
    /// A button that sends us `data`.
    pub fn callback(text: impl Into<String>, data: impl Into<String>) -> Self {
        Self { text: text.into(), action: InlineAction::Callback(data.into()) }
    }

    /// A button that opens `url`.
    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self { text: text.into(), action: InlineAction::Url(url.into()) }
    }
}

/// A button in place of the keyboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyboardButton {
    /// What it says, and sends.
    pub text: String,
    /// Whether it sends the player's phone number instead.
    pub request_contact: bool,
}

/// A message that is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentMessage {
    /// Its number in the chat, if Telegram named it.
    pub message_id: Option<i64>,
}

impl SentMessage {
    pub(super) fn of(result: &Value) -> Self {
        Self { message_id: result["message_id"].as_i64() }
    }
}

/// New buttons under an old message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditMessageReplyMarkup {
    /// The chat.
    pub chat_id: i64,
    /// The message.
    pub message_id: i64,
    /// Its new rows of buttons; none takes them away.
    pub inline_keyboard: Vec<Vec<InlineButton>>,
}

/// Where updates go.
#[derive(Debug, Clone)]
pub struct SetWebhook {
    /// An https address.
    pub url: String,
    /// What Telegram sends in its header to prove itself.
    pub secret_token: SecretString,
    /// The kinds of updates we want.
    pub allowed_updates: Vec<String>,
    /// How many at once, 1 to 100.
    pub max_connections: u32,
}

/// A command in the menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotCommand {
    /// Its name, without the slash.
    pub command: String,
    /// What it does.
    pub description: String,
}

#[derive(Serialize)]
pub(super) struct SendChatAction {
    pub(super) chat_id: i64,
    pub(super) action: &'static str,
}

#[derive(Serialize)]
pub(super) struct AnswerCallbackQuery<'a> {
    pub(super) callback_query_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct SetMyCommands<'a> {
    pub(super) commands: &'a [BotCommand],
}

impl Serialize for SendMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = json!({
            "chat_id": self.chat_id,
            "text": self.text,
            "link_preview_options": {"is_disabled": true},
        });
        if let Some(ParseMode::Html) = self.parse_mode {
            body["parse_mode"] = json!("HTML");
        }
        if let Some(markup) = &self.reply_markup {
            body["reply_markup"] = markup.to_json();
        }
        body.serialize(serializer)
    }
}

impl ReplyMarkup {
    /// Reads what [`Self::to_json`] writes. A button that is neither a callback nor a link is left out; nothing that can
    /// be shown is no markup.
    pub fn from_json(markup: &Value) -> Option<Self> {
        if markup["remove_keyboard"] == true {
            return Some(Self::RemoveKeyboard);
        }
        if let Some(rows) = markup["inline_keyboard"].as_array() {
            return buttons(rows, InlineButton::from_json).map(Self::Inline);
        }
        buttons(markup["keyboard"].as_array()?, KeyboardButton::from_json).map(Self::Keyboard)
    }

    /// The markup as Telegram takes it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Inline(rows) => json!({"inline_keyboard": rows}),
            Self::Keyboard(rows) => {
                json!({"keyboard": rows, "one_time_keyboard": true, "resize_keyboard": true})
            }
            Self::RemoveKeyboard => json!({"remove_keyboard": true}),
        }
    }
}

/// The rows that hold buttons, if there are any.
fn buttons<T>(rows: &[Value], read: fn(&Value) -> Option<T>) -> Option<Vec<Vec<T>>> {
    let rows: Vec<Vec<T>> = rows
        .iter()
        .filter_map(Value::as_array)
        .map(|row| row.iter().filter_map(read).collect::<Vec<T>>())
        .filter(|row| !row.is_empty())
        .collect();
    (!rows.is_empty()).then_some(rows)
}

impl InlineButton {
    fn from_json(button: &Value) -> Option<Self> {
        let text = button["text"].as_str()?;
        let callback = button["callback_data"].as_str().map(|data| Self::callback(text, data));
        callback.or_else(|| button["url"].as_str().map(|url| Self::url(text, url)))
    }
}

impl KeyboardButton {
    fn from_json(button: &Value) -> Option<Self> {
        let text = button["text"].as_str()?.to_owned();
        Some(Self { text, request_contact: button["request_contact"] == true })
    }
}

impl Serialize for InlineButton {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.action {
            InlineAction::Callback(data) => json!({"text": self.text, "callback_data": data}),
            InlineAction::Url(url) => json!({"text": self.text, "url": url}),
        }
        .serialize(serializer)
    }
}

impl Serialize for KeyboardButton {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.request_contact {
            json!({"text": self.text, "request_contact": true}).serialize(serializer)
        } else {
            json!({"text": self.text}).serialize(serializer)
        }
    }
}

impl Serialize for EditMessageReplyMarkup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "chat_id": self.chat_id,
            "message_id": self.message_id,
            "reply_markup": {"inline_keyboard": self.inline_keyboard},
        })
        .serialize(serializer)
    }
}

impl Serialize for SetWebhook {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "url": self.url,
            "secret_token": self.secret_token.expose_secret(),
            "allowed_updates": self.allowed_updates,
            "max_connections": self.max_connections,
        })
        .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_read_back_as_it_was_written() {
        for markup in [
            ReplyMarkup::Inline(vec![vec![
                InlineButton::callback("Yes", "restart_yes"),
                InlineButton::url("Portal", "https://portal.example"),
            ]]),
            ReplyMarkup::Keyboard(vec![vec![KeyboardButton {
                text: "Call me".into(),
                request_contact: true,
            }]]),
            ReplyMarkup::RemoveKeyboard,
        ] {
            assert_eq!(ReplyMarkup::from_json(&markup.to_json()), Some(markup));
        }
    }

    #[test]
    fn markup_that_shows_nothing_is_none() {
        for markup in [json!({}), json!({"inline_keyboard": [[{"text": "?"}], []]}), json!(null)] {
            assert_eq!(ReplyMarkup::from_json(&markup), None, "{markup}");
        }
    }
}

//! An update as Telegram sends it, read tolerantly.
//!
//! Unknown fields are kept and not looked at; every known one may be missing or of another type. What has a whole
//! number from 0 to 2^63 − 1 as `update_id` is an update, whatever else it is. NUL characters, which no database text
//! may hold, are taken out of every text.
//!
//! | update | kind |
//! |---|---|
//! | message, text starts with `/` | command |
//! | message, other text | text |
//! | message without text | media |
//! | edited message | edited |
//! | a pressed button | callback |
//! | the bot was blocked, or is let in again | member |
//! | anything else | other |

use serde_json::{Map, Value};

/// What kind of update it is: `inbound_events.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A message whose text starts with `/`.
    Command,
    /// A message with other text.
    Text,
    /// A message without text.
    Media,
    /// A pressed button.
    Callback,
    /// A message that was changed.
    Edited,
    /// The bot was blocked, or is let in again.
    Member,
    /// Anything else.
    Other,
}

impl Kind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Text => "text",
            Self::Media => "media",
            Self::Callback => "callback",
            Self::Edited => "edited",
            Self::Member => "member",
            Self::Other => "other",
        }
    }
}

/// The chat that an update comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chat {
    /// Its number.
    pub id: i64,
    /// Whether it is a chat with one person.
    pub is_private: bool,
}

/// A pressed button.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callback<'a> {
    /// By this the press is answered.
    pub id: &'a str,
    /// What the button carries.
    pub data: &'a str,
    /// The message that the button stands under.
    pub message_id: Option<i64>,
}

/// What became of the bot in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It was blocked.
    Out,
    /// It is let in.
    In,
    /// Something that does not matter here.
    Unchanged,
}

/// One update.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Its number: the order of one sender's updates.
    pub id: i64,
    /// What it is.
    pub kind: Kind,
    /// Who sent it.
    pub sender: Option<i64>,
    /// Where it comes from.
    pub chat: Option<Chat>,
    /// All of it, without NUL characters.
    pub payload: Value,
}

impl Update {
    /// Reads a request's body. `None`: no JSON (or JSON nested deeper than anything real), or no update.
    pub fn parse(body: &[u8]) -> Option<Self> {
        Self::read(without_nul(serde_json::from_slice(body).ok()?))
    }

    /// Reads an update that was stored.
    pub fn read(payload: Value) -> Option<Self> {
        let id = payload.get("update_id")?.as_i64().filter(|id| *id >= 0)?;
        let kind = kind_of(&payload);
        let subject = subject(&payload, kind);
        let chat = match kind {
            Kind::Callback => &subject["message"]["chat"],
            _ => &subject["chat"],
        };
        let chat = chat["id"].as_i64().map(|id| Chat { id, is_private: chat["type"] == "private" });
        Some(Self { id, kind, sender: subject["from"]["id"].as_i64(), chat, payload })
    }

    /// Whether a worker has anything to do with it; else it is stored as ignored.
    ///
    /// In groups only commands are looked at, and pressed buttons are answered everywhere.
    pub fn is_served(&self) -> bool {
        let is_private = self.chat.is_some_and(|chat| chat.is_private);
        self.sender.is_some()
            && match self.kind {
                Kind::Callback => self.callback().is_some(),
                Kind::Command => self.chat.is_some(),
                Kind::Text | Kind::Media => is_private && self.message_id().is_some(),
                Kind::Member => is_private && self.membership() != Membership::Unchanged,
                Kind::Edited | Kind::Other => false,
            }
    }

    /// The message, new or edited.
    pub fn message(&self) -> &Value {
        match self.kind {
            Kind::Command | Kind::Text | Kind::Media | Kind::Edited => subject(&self.payload, self.kind),
            _ => &Value::Null,
        }
    }

    /// The message's number in its chat.
    pub fn message_id(&self) -> Option<i64> {
        self.message()["message_id"].as_i64()
    }

    /// The message's text.
    pub fn text(&self) -> &str {
        self.message()["text"].as_str().unwrap_or_default()
    }

    /// The words of a message, wherever they stand: its text, or the caption of what it carries.
    pub fn words(&self) -> &str {
        match self.text() {
            "" => self.message()["caption"].as_str().unwrap_or_default(),
            text => text,
        }
    }

    /// What the sender calls themselves.
    pub fn first_name(&self) -> Option<&str> {
        let name = subject(&self.payload, self.kind)["from"]["first_name"].as_str()?.trim();
        (!name.is_empty()).then_some(name)
    }

    /// The pressed button.
    pub fn callback(&self) -> Option<Callback<'_>> {
        if self.kind != Kind::Callback {
            return None;
        }
        let query = subject(&self.payload, self.kind);
        Some(Callback {
            id: query["id"].as_str()?,
            data: query["data"].as_str().unwrap_or_default(),
            message_id: query["message"]["message_id"].as_i64(),
        })
    }

    /// What became of the bot.
    pub fn membership(&self) -> Membership {
        match subject(&self.payload, self.kind)["new_chat_member"]["status"].as_str() {
            Some("kicked" | "left") if self.kind == Kind::Member => Membership::Out,
            Some("member") if self.kind == Kind::Member => Membership::In,
            _ => Membership::Unchanged,
        }
    }
}

/// The kind of a message, by its text.
fn kind_of_message(message: &Value) -> Kind {
    match message["text"].as_str() {
        Some(text) if text.starts_with('/') => Kind::Command,
        Some(text) if !text.trim().is_empty() => Kind::Text,
        _ => Kind::Media,
    }
}

fn kind_of(payload: &Value) -> Kind {
    let has = |field: &str| payload.get(field).is_some_and(Value::is_object);
    if has("message") {
        kind_of_message(&payload["message"])
    } else if has("edited_message") {
        Kind::Edited
    } else if has("callback_query") {
        Kind::Callback
    } else if has("my_chat_member") {
        Kind::Member
    } else {
        Kind::Other
    }
}

fn subject(payload: &Value, kind: Kind) -> &Value {
    match kind {
        Kind::Command | Kind::Text | Kind::Media => &payload["message"],
        Kind::Edited => &payload["edited_message"],
        Kind::Callback => &payload["callback_query"],
        Kind::Member => &payload["my_chat_member"],
        Kind::Other => &Value::Null,
    }
}

/// The same value without NUL characters in its texts and keys. The reader has limited how deep it is.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(fields) => Value::Object(
            fields.into_iter().map(|(key, value)| (clean(key), without_nul(value))).collect::<Map<_, _>>(),
        ),
        plain => plain,
    }
}

fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(body: &Value) -> Update {
        Update::parse(body.to_string().as_bytes()).expect("an update")
    }

    fn private() -> Value {
        json!({ "id": 7, "type": "private" })
    }

    #[test]
    fn an_update_is_what_has_a_number() {
        for body in [
            "",
            "nonsense",
            "[]",
            "{}",
            "5",
            r#"{"update_id":"5"}"#,
            r#"{"update_id":-1}"#,
            r#"{"update_id":1.5}"#,
            r#"{"update_id":9223372036854775808}"#,
        ] {
            assert_eq!(Update::parse(body.as_bytes()), None, "{body}");
        }
        let bare = parse(&json!({ "update_id": 5 }));
        assert_eq!((bare.id, bare.kind, bare.is_served()), (5, Kind::Other, false));
        let last = parse(&json!({ "update_id": i64::MAX }));
        assert_eq!(last.id, i64::MAX);
        let nobody = parse(
            &json!({ "update_id": 5, "message": { "message_id": 1, "chat": private(), "text": "hi" } }),
        );
        assert_eq!((nobody.kind, nobody.sender, nobody.is_served()), (Kind::Text, None, false));
    }

    #[test]
    fn kinds_follow_what_the_update_holds() {
        let from = json!({ "id": 7, "first_name": " Ann " });
        let message = |fields: Value| {
            let mut message = json!({ "message_id": 1, "from": from, "chat": private() });
            message.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
            message
        };
        for (body, kind, served) in [
            (json!({ "message": message(json!({ "text": "/start" })) }), Kind::Command, true),
            (json!({ "message": message(json!({ "text": "hi" })) }), Kind::Text, true),
            (json!({ "message": message(json!({ "text": " " })) }), Kind::Media, true),
            (json!({ "message": message(json!({ "photo": [] })) }), Kind::Media, true),
            (
                json!({ "message": message(json!({ "text": "hi", "chat": { "id": -3, "type": "group" } })) }),
                Kind::Text,
                false,
            ),
            (
                json!({ "message": message(json!({ "text": "/x", "chat": { "id": -3, "type": "supergroup" } })) }),
                Kind::Command,
                true,
            ),
            (json!({ "edited_message": message(json!({ "text": "hi" })) }), Kind::Edited, false),
            (
                json!({ "callback_query": { "id": "c", "from": from, "data": "age_yes" } }),
                Kind::Callback,
                true,
            ),
            (json!({ "callback_query": { "id": 3, "from": from } }), Kind::Callback, false),
            (
                json!({ "my_chat_member": { "from": from, "chat": private(), "new_chat_member": { "status": "kicked" } } }),
                Kind::Member,
                true,
            ),
            (
                json!({ "my_chat_member": { "from": from, "chat": private(), "new_chat_member": { "status": "restricted" } } }),
                Kind::Member,
                false,
            ),
            (json!({ "channel_post": message(json!({ "text": "hi" })) }), Kind::Other, false),
            (json!({ "message": "hi", "edited_message": 3 }), Kind::Other, false),
        ] {
            let mut body = body;
            body["update_id"] = json!(9);
            let update = parse(&body);
            assert_eq!((update.kind, update.is_served()), (kind, served), "{body}");
        }
        let named = parse(&json!({ "update_id": 9, "message": message(json!({ "text": "hi" })) }));
        assert_eq!((named.first_name(), named.sender, named.message_id()), (Some("Ann"), Some(7), Some(1)));
        let captioned =
            parse(&json!({ "update_id": 9, "message": message(json!({ "voice": {}, "caption": "hm" })) }));
        assert_eq!((named.words(), captioned.words(), captioned.text()), ("hi", "hm", ""));
    }

    #[test]
    fn nul_characters_are_taken_out_everywhere() {
        let update =
            parse(&json!({ "update_id": 9, "x\0y": ["a\0", { "b": "\0" }], "message": { "text": "h\0i" } }));
        assert_eq!(
            update.payload,
            json!({ "update_id": 9, "xy": ["a", { "b": "" }], "message": { "text": "hi" } })
        );
    }

    #[test]
    fn nothing_is_too_deep() {
        let deep = "[".repeat(10_000);
        assert_eq!(Update::parse(deep.as_bytes()), None);
        let hidden = format!(r#"{{"update_id":1,"x":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(Update::parse(hidden.as_bytes()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_break_reading(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(Update::parse(&body));
        }

        #[test]
        fn no_shape_breaks_reading(
            field in "(message|edited_message|callback_query|my_chat_member|poll)",
            inner in "(from|chat|text|message_id|data|id|new_chat_member|message)",
            value in prop_oneof![
                Just(json!(null)), Just(json!(true)), any::<i64>().prop_map(|n| json!(n)), any::<f64>().prop_map(|n| json!(n)),
                ".*".prop_map(|text| json!(text)), Just(json!([])), Just(json!({})), Just(json!({ "id": "x", "status": 4, "type": [] })),
            ],
            bare in any::<bool>(),
        ) {
            let inside = if bare { value } else { json!({ inner: value }) };
            let update = parse(&json!({ "update_id": 3, field: inside }));
            let _ = (update.is_served(), update.text(), update.first_name(), update.callback(), update.membership());
        }
    }
}

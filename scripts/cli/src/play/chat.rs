//! The player's side of a chat with the bot: what is typed as Telegram tells it to a webhook, and which buttons can be
//! pressed.

use jiff::Timestamp;
use serde_json::{Value, json};

/// Who chats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The Telegram account, which is also the private chat with the bot.
    pub telegram_id: i64,
    /// What Telegram calls the player.
    pub first_name: String,
}

/// One chat of an account with the bot.
#[derive(Debug)]
pub struct Chat {
    account: Account,
    next_update: i64,
    keyboard: Option<Keyboard>,
}

/// The buttons that can be pressed now, and under which message they are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keyboard {
    message_id: i64,
    buttons: Vec<Button>,
}

/// A button.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Button {
    label: String,
    deed: Deed,
}

/// What pressing a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    /// Sends data to the bot.
    Send(String),
    /// Sends the label as a message.
    Say,
    /// Opens a page, of which the bot learns nothing.
    Open(String),
}

/// What pressing a button comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Pressed {
    /// An update for the webhook.
    Update(Value),
    /// A page to be opened.
    Page(String),
}

/// Why no button was pressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPressed {
    /// No message has buttons.
    #[error("there is no button to press")]
    NoButtons,
    /// None of that number or label.
    #[error("there is no button '{choice}': {there}")]
    NoSuchButton {
        /// What was asked for.
        choice: String,
        /// The buttons there are.
        there: String,
    },
}

impl Chat {
    /// A chat whose next update has this number.
    pub fn new(account: Account, next_update: i64) -> Self {
        Self { account, next_update, keyboard: None }
    }

    /// Whose chat it is.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// A text message at `now`.
    pub fn say(&mut self, text: &str, now: Timestamp) -> Value {
        let id = self.next();
        json!({
            "update_id": id,
            "message": {
                "message_id": id,
                "date": now.as_second(),
                "chat": self.chat(),
                "from": self.sender(),
                "text": text,
            },
        })
    }

    /// Presses a button by its number, from 1, or by its label.
    pub fn press(&mut self, choice: &str, now: Timestamp) -> Result<Pressed, NotPressed> {
        let keyboard = self.keyboard.as_ref().ok_or(NotPressed::NoButtons)?;
        let button = keyboard
            .find(choice)
            .cloned()
            .ok_or_else(|| NotPressed::NoSuchButton { choice: choice.to_owned(), there: keyboard.line() })?;
        let message_id = keyboard.message_id;
        Ok(match button.deed {
            Deed::Say => Pressed::Update(self.say(&button.label, now)),
            Deed::Open(page) => Pressed::Page(page),
            Deed::Send(data) => {
                let id = self.next();
                Pressed::Update(json!({
                    "update_id": id,
                    "callback_query": {
                        "id": format!("press-{id}"),
                        "from": self.sender(),
                        "chat_instance": self.account.telegram_id.to_string(),
                        "message": {"message_id": message_id, "date": now.as_second(), "chat": self.chat()},
                        "data": data,
                    },
                }))
            }
        })
    }

    /// A message came with this markup: its buttons, if it has some, are the ones to press now. Returns them in a line.
    pub fn show_markup(&mut self, message_id: i64, markup: &Value) -> Option<String> {
        let buttons = buttons(markup);
        if buttons.is_empty() {
            return None;
        }
        let keyboard = Keyboard { message_id, buttons };
        let line = keyboard.line();
        self.keyboard = Some(keyboard);
        Some(line)
    }

    /// The buttons of a message are others now, or gone. Returns them in a line.
    pub fn change_markup(&mut self, message_id: i64, markup: &Value) -> Option<String> {
        if self.keyboard.as_ref().is_some_and(|keyboard| keyboard.message_id == message_id) {
            self.keyboard = None;
        }
        self.show_markup(message_id, markup)
    }

    fn next(&mut self) -> i64 {
        let id = self.next_update;
        self.next_update += 1;
        id
    }

    fn chat(&self) -> Value {
        json!({"id": self.account.telegram_id, "type": "private", "first_name": self.account.first_name})
    }

    fn sender(&self) -> Value {
        json!({
            "id": self.account.telegram_id,
            "is_bot": false,
            "first_name": self.account.first_name,
            "language_code": "en",
        })
    }
}

impl Keyboard {
    fn find(&self, choice: &str) -> Option<&Button> {
        let by_number =
            choice.parse::<usize>().ok().and_then(|number| self.buttons.get(number.checked_sub(1)?));
        let wanted = choice.to_lowercase();
        by_number.or_else(|| self.buttons.iter().find(|button| button.label.to_lowercase() == wanted))
    }

    fn line(&self) -> String {
        let labels = (1..).zip(&self.buttons).map(|(number, button)| format!("[{number}] {}", button.label));
        labels.collect::<Vec<_>>().join("   ")
    }
}

/// The buttons under a message, or those in place of the keyboard.
fn buttons(markup: &Value) -> Vec<Button> {
    let rows = |key: &str| markup[key].as_array().into_iter().flatten().filter_map(Value::as_array).flatten();
    let inline = rows("inline_keyboard").filter_map(|button| {
        let deed = match (button["callback_data"].as_str(), button["url"].as_str()) {
            (Some(data), _) => Deed::Send(data.to_owned()),
            (None, Some(url)) => Deed::Open(url.to_owned()),
            (None, None) => return None,
        };
        Some(Button { label: button["text"].as_str()?.to_owned(), deed })
    });
    let typed = rows("keyboard").filter_map(|button| {
        let label = button["text"].as_str().or_else(|| button.as_str())?;
        Some(Button { label: label.to_owned(), deed: Deed::Say })
    });
    inline.chain(typed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_771_322_400, 0);

    fn chat() -> Chat {
        Chat::new(Account { telegram_id: 77, first_name: "Sam".to_owned() }, 5)
    }

    fn age_question() -> Value {
        json!({"inline_keyboard": [[
            {"text": "I am 18 or older", "callback_data": "age_yes"},
            {"text": "I am younger", "callback_data": "age_no"},
        ], [{"text": "The rules", "url": "https://example.test/rules"}]]})
    }

    #[test]
    fn every_line_is_the_next_update() {
        let mut chat = chat();
        let [first, second] = ["hi", "there"].map(|text| chat.say(text, NOW));
        assert_eq!((&first["update_id"], &second["update_id"]), (&json!(5), &json!(6)));
        assert_eq!(second["message"]["message_id"], 6);
        assert_eq!(second["message"]["chat"]["id"], 77);
        assert_eq!(second["message"]["from"]["first_name"], "Sam");
        assert_eq!(second["message"]["text"], "there");
        assert_eq!(second["message"]["date"], NOW.as_second());
    }

    #[test]
    fn buttons_are_pressed_by_number_or_label() {
        let mut chat = chat();
        assert_eq!(chat.press("1", NOW), Err(NotPressed::NoButtons));

        let line = chat.show_markup(12, &age_question());
        assert_eq!(line.as_deref(), Some("[1] I am 18 or older   [2] I am younger   [3] The rules"));
        for (choice, data) in [("1", "age_yes"), ("i am younger", "age_no")] {
            let Ok(Pressed::Update(update)) = chat.press(choice, NOW) else { panic!("{choice} is a button") };
            assert_eq!(update["callback_query"]["data"], data);
            assert_eq!(update["callback_query"]["message"]["message_id"], 12);
            assert_eq!(update["callback_query"]["from"]["id"], 77);
        }
        assert_eq!(chat.press("3", NOW), Ok(Pressed::Page("https://example.test/rules".to_owned())));
        for choice in ["0", "4", "I am"] {
            assert!(matches!(chat.press(choice, NOW), Err(NotPressed::NoSuchButton { .. })), "{choice}");
        }
    }

    #[test]
    fn a_message_without_buttons_leaves_those_of_the_last_one_that_has_some() {
        let mut chat = chat();
        chat.show_markup(12, &age_question());
        assert_eq!(chat.show_markup(13, &Value::Null), None);
        assert!(chat.press("1", NOW).is_ok());
        assert_eq!(chat.change_markup(12, &Value::Null), None);
        assert_eq!(chat.press("1", NOW), Err(NotPressed::NoButtons));
    }

    #[test]
    fn a_keyboard_in_place_of_the_letters_says_its_label() {
        let mut chat = chat();
        chat.show_markup(12, &json!({"keyboard": [["Text", {"text": "Call"}]]}));
        let Ok(Pressed::Update(update)) = chat.press("2", NOW) else { panic!("a message") };
        assert_eq!(update["message"]["text"], "Call");
    }
}

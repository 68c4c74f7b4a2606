//! Routing: what an update is to be taken for, by what it is and who sent it. The first line that fits decides.
//!
//! | # | update | goes to |
//! |---|---|---|
//! | 1 | a pressed button | its button |
//! | 2 | the bot was blocked, or let in | a note at the player |
//! | 3 | a command in a group | one notice a day |
//! | 4 | a command | the commands |
//! | 5 | of a player who is onboarded | the conversation |
//! | 6 | of a player whose onboarding is open | a word that it is |
//! | 7 | of somebody whose age is confirmed | a word that registration is not open |
//! | 8 | of anybody else | the question for the age |

use super::update::{Kind, Update};

/// Who sent an update, as far as it decides the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// Nobody that we know, or somebody who was asked for the age and has not confirmed it.
    Stranger,
    /// Has confirmed the age, and has no account.
    Adult,
    /// A player whose onboarding is open.
    Newcomer,
    /// A player.
    Player,
}

/// What an update is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// A pressed button.
    Button,
    /// The bot was blocked, or let in.
    Membership,
    /// A command in a group.
    GroupCommand,
    /// A command.
    Command,
    /// Something said to her.
    Message,
    /// Something said before the onboarding is done.
    BeforeOnboarding,
    /// Something said before there is an account.
    BeforeRegistration,
    /// Something said before the age is known.
    BeforeAgeGate,
}

/// Where an update goes.
pub fn route(update: &Update, sender: Sender) -> Route {
    let in_private = update.chat.is_some_and(|chat| chat.is_private);
    match (update.kind, sender) {
        (Kind::Callback, _) => Route::Button,
        (Kind::Member, _) => Route::Membership,
        (Kind::Command, _) if !in_private => Route::GroupCommand,
        (Kind::Command, _) => Route::Command,
        (_, Sender::Player) => Route::Message,
        (_, Sender::Newcomer) => Route::BeforeOnboarding,
        (_, Sender::Adult) => Route::BeforeRegistration,
        (_, Sender::Stranger) => Route::BeforeAgeGate,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn update(field: &str, text: &str, chat: &str) -> Update {
        let from = json!({ "id": 7 });
        let message =
            json!({ "message_id": 1, "from": from, "chat": { "id": 7, "type": chat }, "text": text });
        let subject: Value = match field {
            "callback_query" => json!({ "id": "c", "from": from, "message": message }),
            _ => message,
        };
        Update::read(json!({ "update_id": 1, field: subject })).expect("an update")
    }

    #[test]
    fn the_first_line_that_fits_decides() {
        use Sender::{Adult, Newcomer, Player, Stranger};
        for (field, text, chat, sender, expected) in [
            ("callback_query", "hi", "private", Stranger, Route::Button),
            ("my_chat_member", "", "private", Player, Route::Membership),
            ("message", "/start", "group", Player, Route::GroupCommand),
            ("message", "/start", "private", Stranger, Route::Command),
            ("message", "hi", "private", Player, Route::Message),
            ("message", "", "private", Player, Route::Message),
            ("message", "hi", "private", Newcomer, Route::BeforeOnboarding),
            ("message", "hi", "private", Adult, Route::BeforeRegistration),
            ("message", "", "private", Stranger, Route::BeforeAgeGate),
        ] {
            assert_eq!(route(&update(field, text, chat), sender), expected, "{field} {text} {sender:?}");
        }
    }
}

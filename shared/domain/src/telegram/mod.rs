//! Telegram: how an update is read and where it goes, and what a text must look like before it goes out.

mod command;
mod escaping;
mod media;
mod routing;
mod sanitising;
mod splitting;
mod standing;
mod update;

pub use command::{Command, read_command};
pub use escaping::escape_html;
pub use media::{Media, Unseen, read_media};
pub use routing::{Route, Sender, route};
pub use sanitising::{sanitise, without_actions};
pub use splitting::{MESSAGE_LIMIT, split, split_within};
pub use standing::Standing;
pub use update::{Callback, Chat, Kind, Membership, Update};

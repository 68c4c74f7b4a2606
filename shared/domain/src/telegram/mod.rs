//! Telegram: what a text must look like before it goes out.

mod escaping;
mod sanitising;
mod splitting;

pub use escaping::escape_html;
pub use sanitising::sanitise;
pub use splitting::{MESSAGE_LIMIT, split, split_within};

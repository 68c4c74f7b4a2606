//! Texting: how a reply looks when it goes out.
//!
//! Applied once, to the words of the model, in this order: [context](context::Context) → [punctuation](mod@punctuation) → [emoji](mod@emoji) → [parts](mod@parts). It never removes
//! words. What she sends [first](crate::touchpoints::words) keeps the limits of emoji and is split
//! alike, and goes through nothing else. All chance is keyed by the message that is answered,
//! `<chat id>:<message id>`: a rerun writes the same.

pub mod context;
pub mod cut;
pub mod emoji;
pub mod parts;
pub mod punctuation;

use crate::draw::Draws;
use context::Context;

/// A reply as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Styled {
    /// The whole of it: what is stored and scored.
    pub text: String,
    /// The messages that it is sent as.
    pub parts: Vec<String>,
}

/// How a reply goes out; `key` is that of the message it answers. One of which nothing would be left, because it is made of
/// emoji that are not hers, goes out as it is.
pub fn styled(reply: &str, draws: &Draws, key: &str) -> Styled {
    let context = Context::of(reply);
    let loose = punctuation::loosened(reply, context, draws, key);
    let with_emoji = emoji::with_emoji(&loose, context, draws, key);
    let text = if with_emoji.trim().is_empty() { reply.to_owned() } else { with_emoji };
    let parts = parts::parts(&text, context.max_parts());
    Styled { text, parts }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::telegram::MESSAGE_LIMIT;

    #[test]
    fn a_reply_becomes_the_same_messages_every_time() {
        let reply = "I finally finished the audit today. It was brutal. The client kept changing the scope every hour. How was your day?";
        let draws = Draws::default();
        let sent = |key: u32| styled(reply, &draws, &format!("5001:{key}")).parts;
        assert_eq!(sent(42), sent(42));
        assert!((0..40).any(|key| sent(key) != sent(42)));
        assert!((0..40).all(|key| sent(key).len() == 2), "a casual text has two parts");
    }

    proptest! {
        #[test]
        fn words_survive_and_parts_fit(reply in "(\\PC{0,30}|[a-z ]{0,40}|\n){0,8}", key in "[0-9]{1,5}:[0-9]{1,5}") {
            let messages = styled(&reply, &Draws::default(), &key).parts;
            for message in &messages {
                prop_assert!(!message.trim().is_empty());
                prop_assert!(message.encode_utf16().count() <= MESSAGE_LIMIT);
            }
        }
    }
}

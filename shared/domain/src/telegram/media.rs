//! Messages without text: what she makes of them.
//!
//! | message | becomes |
//! |---|---|
//! | photo, video, animation, document with a caption | the caption after `[photo] `, `[video] `, `[gif] `, `[file] ` |
//! | sticker | `[sticker 🙂]`, or `[sticker]` where it stands for no emoji |
//! | photo without a caption | a line that she cannot see pictures |
//! | voice, audio, video note | a line that she cannot listen here |
//! | document without a caption | a line that she opens no files |
//! | anything else | a shrug |

use serde_json::Value;

/// What a message without text is to her.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// As if the player had written this.
    Words(String),
    /// Something that she cannot take in.
    Unseen(Unseen),
}

/// Something that she cannot take in, by what she says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unseen {
    /// A picture.
    Picture,
    /// A recording.
    Sound,
    /// A file.
    File,
    /// Anything else.
    Other,
}

/// With a caption: the field, and what stands before the words. An animation carries a document as well, so it comes
/// first.
const CAPTIONED: [(&str, &str); 4] =
    [("animation", "[gif] "), ("photo", "[photo] "), ("video", "[video] "), ("document", "[file] ")];

/// Reads a message without text.
pub fn read_media(message: &Value) -> Media {
    let has = |field: &str| message.get(field).is_some_and(|value| value.is_object() || value.is_array());
    if has("sticker") {
        return Media::Words(sticker(&message["sticker"]));
    }
    let caption = message["caption"].as_str().map(str::trim).filter(|caption| !caption.is_empty());
    let label = CAPTIONED.iter().find(|(field, _)| has(field)).map(|(_, label)| label);
    if let (Some(caption), Some(label)) = (caption, label) {
        return Media::Words(format!("{label}{caption}"));
    }
    Media::Unseen(if has("photo") {
        Unseen::Picture
    } else if has("voice") || has("audio") || has("video_note") {
        Unseen::Sound
    } else if has("document") && !has("animation") {
        Unseen::File
    } else {
        Unseen::Other
    })
}

fn sticker(sticker: &Value) -> String {
    match sticker["emoji"].as_str().map(str::trim).filter(|emoji| !emoji.is_empty()) {
        Some(emoji) => format!("[sticker {emoji}]"),
        None => "[sticker]".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn captions_and_stickers_are_words_and_the_rest_is_not() {
        let words = |text: &str| Media::Words(text.to_owned());
        for (message, media) in [
            (json!({ "photo": [{}], "caption": " my cat " }), words("[photo] my cat")),
            (json!({ "video": {}, "caption": "look" }), words("[video] look")),
            (json!({ "animation": {}, "document": {}, "caption": "ha" }), words("[gif] ha")),
            (json!({ "document": {}, "caption": "the plan" }), words("[file] the plan")),
            (json!({ "sticker": { "emoji": "🙂" } }), words("[sticker 🙂]")),
            (json!({ "sticker": {} }), words("[sticker]")),
            (json!({ "photo": [{}], "caption": " " }), Media::Unseen(Unseen::Picture)),
            (json!({ "voice": {}, "caption": "listen" }), Media::Unseen(Unseen::Sound)),
            (json!({ "audio": {} }), Media::Unseen(Unseen::Sound)),
            (json!({ "video_note": {} }), Media::Unseen(Unseen::Sound)),
            (json!({ "document": {} }), Media::Unseen(Unseen::File)),
            (json!({ "animation": {}, "document": {} }), Media::Unseen(Unseen::Other)),
            (json!({ "location": {} }), Media::Unseen(Unseen::Other)),
            (json!({ "dice": {}, "caption": 4 }), Media::Unseen(Unseen::Other)),
            (json!({}), Media::Unseen(Unseen::Other)),
            (json!("hi"), Media::Unseen(Unseen::Other)),
        ] {
            assert_eq!(read_media(&message), media, "{message}");
        }
    }
}

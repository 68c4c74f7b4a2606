//! Audio tags: short stage directions in brackets that colour the next few words, and the chapter that allows each.
//!
//! A tag is written in lower case in square brackets before a phrase: `[curious] So what did you do?` Some are never
//! allowed: accents, shouting, singing.

use crate::chapter::Chapter;

/// What a tag colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// How she feels.
    Emotional,
    /// How she says it.
    Delivery,
    /// A sound that she makes.
    Reaction,
}

impl Category {
    const ALL: [Self; 3] = [Self::Emotional, Self::Delivery, Self::Reaction];

    const fn heading(self) -> &'static str {
        match self {
            Self::Emotional => "Emotional",
            Self::Delivery => "Delivery Style",
            Self::Reaction => "Human Reactions",
        }
    }
}

/// A tag, its category, and the first chapter that allows it; in the order in which they are listed.
pub const TAGS: [(&str, Category, i32); 27] = [
    ("excited", Category::Emotional, 1),
    ("happy", Category::Emotional, 2),
    ("sad", Category::Emotional, 3),
    ("angry", Category::Emotional, 2),
    ("disappointed", Category::Emotional, 1),
    ("curious", Category::Emotional, 1),
    ("sarcastic", Category::Emotional, 1),
    ("nervous", Category::Emotional, 3),
    ("tired", Category::Emotional, 1),
    ("dismissive", Category::Emotional, 1),
    ("cheeky", Category::Emotional, 2),
    ("enthusiastic", Category::Emotional, 2),
    ("serious", Category::Emotional, 1),
    ("patient", Category::Emotional, 3),
    ("concerned", Category::Emotional, 2),
    ("whispers", Category::Delivery, 3),
    ("slow", Category::Delivery, 4),
    ("rushed", Category::Delivery, 1),
    ("hesitantly", Category::Delivery, 3),
    ("quietly", Category::Delivery, 3),
    ("laughs", Category::Reaction, 1),
    ("laughs softly", Category::Reaction, 2),
    ("chuckles", Category::Reaction, 1),
    ("laughs hard", Category::Reaction, 3),
    ("sighs", Category::Reaction, 1),
    ("gasps", Category::Reaction, 1),
    ("hmm", Category::Reaction, 1),
];

/// Never allowed, in no chapter.
pub const FORBIDDEN: [&str; 6] =
    ["French accent", "US accent", "Australian accent", "British accent", "shouts", "singing"];

/// Whether a tag may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// It may.
    Yes,
    /// Not before this chapter.
    From(i32),
    /// Never.
    Forbidden,
    /// There is no such tag.
    Unknown,
}

/// Whether `tag` may be used in a chapter.
pub fn allowed(tag: &str, chapter: Chapter) -> Allowed {
    if FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(tag)) {
        return Allowed::Forbidden;
    }
    match TAGS.iter().find(|(name, ..)| *name == tag) {
        None => Allowed::Unknown,
        Some((_, _, first)) if *first > chapter.number() => Allowed::From(*first),
        Some(_) => Allowed::Yes,
    }
}

/// The tags of a chapter, in their order.
pub fn available(chapter: Chapter) -> impl Iterator<Item = (&'static str, Category)> {
    TAGS.into_iter()
        .filter(move |(_, _, first)| *first <= chapter.number())
        .map(|(name, category, _)| (name, category))
}

/// What the agent is told about tags in a chapter.
pub fn listing(chapter: Chapter) -> String {
    let mut lines = vec!["Audio tags you may use:".to_owned()];
    for category in Category::ALL {
        let tags: Vec<String> = available(chapter)
            .filter(|(_, of)| *of == category)
            .map(|(name, _)| format!("[{name}]"))
            .collect();
        if !tags.is_empty() {
            lines.push(format!("{}: {}", category.heading(), tags.join(", ")));
        }
    }
    lines.push("Put a tag right before the phrase it colours, at most two or three in a reply.".to_owned());
    lines.push("Example: [curious] And what did you say to that?".to_owned());
    lines.join("\n")
}

/// The text without the tags of the registry; other brackets stay. Runs of spaces become one.
pub fn without_tags(text: &str) -> String {
    let mut rest = text.to_owned();
    for (name, ..) in TAGS {
        rest = rest.replace(&format!("[{name}]"), "");
    }
    let mut clean = String::with_capacity(rest.len());
    for letter in rest.chars() {
        if letter != ' ' || !clean.ends_with(' ') {
            clean.push(letter);
        }
    }
    clean.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(number: i32) -> Chapter {
        Chapter::new(number).expect("a chapter")
    }

    /// Chapters outside 1 to 5 do not exist as values, so the clamping of such numbers has nothing to act on.
    // case: voice 31
    #[test]
    fn each_chapter_brings_more_tags() {
        let counts = Chapter::ALL.map(|chapter| available(chapter).count());
        assert_eq!(counts, [13, 19, 26, 27, 27]);
    }

    // case: voice 32
    #[test]
    fn some_tags_come_later_and_some_never() {
        assert_eq!(allowed("shouts", chapter(1)), Allowed::Forbidden);
        assert_eq!(allowed("laughs softly", chapter(1)), Allowed::From(2));
        assert_eq!(allowed("laughs softly", chapter(2)), Allowed::Yes);
        assert_eq!(allowed("mumbles", chapter(5)), Allowed::Unknown);
    }

    #[test]
    fn the_listing_names_categories_in_order() {
        let text = listing(chapter(1));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "Emotional: [excited], [disappointed], [curious], [sarcastic], [tired], [dismissive], [serious]"
        );
        assert_eq!(lines[2], "Delivery Style: [rushed]");
        assert_eq!(lines[3], "Human Reactions: [laughs], [chuckles], [sighs], [gasps], [hmm]");
    }

    #[test]
    fn tags_are_taken_out_of_what_was_said() {
        assert_eq!(without_tags("[laughs softly] Oh  [hmm] sure [sic]"), "Oh sure [sic]");
    }
}

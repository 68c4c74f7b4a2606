//! Taking a player's answer apart: whole phrases, invisible characters.

/// A whole message as a phrase: lower case, no punctuation or space around it, one kind of apostrophe.
pub(super) fn phrase(text: &str) -> String {
    let lower = text.to_lowercase().replace('’', "'");
    lower.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned()
}

/// Control and format characters: they have no place in a name.
pub(super) fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{8E2}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0001}'..='\u{E007F}')
}

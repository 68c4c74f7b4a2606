//! Commands: the first word of a message that starts with `/`, and what follows it.
//!
//! The word loses its slash, is cut at `@` and put into lower case. A name after the `@` says whom it is for: another
//! bot's command is not looked at.

/// A command that is meant for this bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command<'a> {
    /// Its name, in lower case, without the slash.
    pub name: String,
    /// What follows it.
    pub argument: &'a str,
}

/// Reads a command; `None` when the text is none, or is one for another bot.
pub fn read_command<'a>(text: &'a str, bot_username: &str) -> Option<Command<'a>> {
    let text = text.strip_prefix('/')?;
    let (word, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (name, addressee) = word.split_once('@').map_or((word, None), |(name, bot)| (name, Some(bot)));
    let is_ours = addressee.is_none_or(|bot| bot.eq_ignore_ascii_case(bot_username));
    is_ours.then(|| Command { name: name.to_lowercase(), argument: argument.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: telegram 6
    #[test]
    fn a_command_is_its_first_word() {
        for (text, read) in [
            ("/START@OurBot foo", Some(("start", "foo"))),
            ("/start", Some(("start", ""))),
            ("/start@ourbot", Some(("start", ""))),
            ("/Link\n ABC123 ", Some(("link", "ABC123"))),
            ("/start@OtherBot", None),
            ("/start@", None),
            ("/", Some(("", ""))),
            ("/ start", Some(("", "start"))),
            ("start", None),
            ("", None),
        ] {
            let command = read_command(text, "OurBot");
            assert_eq!(
                command.as_ref().map(|command| (command.name.as_str(), command.argument)),
                read,
                "{text}"
            );
        }
    }
}

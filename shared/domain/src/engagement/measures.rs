//! What is measured of a player: in the last 24 hours after an exchange, on one local day when it is closed.
//!
//! | measure | what it is |
//! |---|---|
//! | messages | the player's texts, and a fifth of the player's turns in calls, rounded up |
//! | optimal | the messages that suit her on that weekday ([`frequency`](super::frequency)) |
//! | consecutive | the longest run of texts without a message of hers between; texts that she skipped do not count |
//! | exchanges | her messages |
//! | response seconds | mean time from her text to the player's text that follows it directly; 3,600 without such a pair, 86,400 without any message of the player |
//! | lengths | mean characters of the player's and of her messages, rounded down; 0 without any |
//! | abrupt endings | closed conversations of the last 7 days whose last player message is shorter than 10 characters |
//! | needy, distracted | what a model reads in the last words ([`language`](super::language)) |
//!
//! Response times come from texts alone: in a call everybody answers within seconds.

use jiff::Timestamp;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, dec};

use super::language::Words;
use crate::conversation::Role;

/// So many turns of the player in calls count as one message.
pub const CALL_TURNS_PER_MESSAGE: u32 = 5;
/// The response time where nothing was answered, in seconds.
pub const SECONDS_WITHOUT_PAIR: Decimal = dec!(3600);
/// The response time where the player did not write at all, in seconds.
pub const SECONDS_WITHOUT_MESSAGE: Decimal = dec!(86400);
/// A conversation whose last player message has fewer characters than this ended abruptly.
pub const ABRUPT_BELOW_CHARS: u32 = 10;
/// Closed conversations are looked at for so many days.
pub const ENDINGS_DAYS: i64 = 7;

/// What a rule has to know about one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Who said it.
    pub by: Role,
    /// When it was sent, or reached the player.
    pub at: Timestamp,
    /// Its length in characters.
    pub chars: u32,
    /// In which way.
    pub way: Way,
}

/// The way of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A text.
    Text,
    /// A text of the player that she skipped.
    SkippedText,
    /// A turn in a call.
    Call,
}

/// Everything that engagement is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measures {
    /// The player's messages.
    pub messages: u32,
    /// The messages that suit her.
    pub optimal: u32,
    /// The longest run of the player's texts.
    pub consecutive: u32,
    /// Her messages.
    pub exchanges: u32,
    /// Mean seconds until the player answers.
    pub response_seconds: Decimal,
    /// Mean length of the player's messages.
    pub user_length: u32,
    /// Mean length of hers.
    pub nikita_length: u32,
    /// Conversations that ended abruptly.
    pub abrupt_endings: u32,
    /// All conversations that ended.
    pub conversations: u32,
    /// How needy and how distracted the player sounds.
    pub words: Words,
}

impl Measures {
    /// Measures the messages of one window, in the order of their time.
    ///
    /// `endings` holds, of each conversation closed in the last [`ENDINGS_DAYS`] in which the player said something, the
    /// length of the player's last message.
    pub fn of(said: &[Said], endings: &[u32], optimal: u32, words: Words) -> Self {
        let by = |role| said.iter().filter(move |said| said.by == role);
        Self {
            messages: messages(said),
            optimal,
            consecutive: longest_run(said),
            exchanges: count(by(Role::Nikita)),
            response_seconds: response_seconds(said),
            user_length: mean_length(by(Role::User)),
            nikita_length: mean_length(by(Role::Nikita)),
            abrupt_endings: count(endings.iter().filter(|chars| **chars < ABRUPT_BELOW_CHARS)),
            conversations: count(endings.iter()),
            words,
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn messages(said: &[Said]) -> u32 {
    let players = || said.iter().filter(|said| said.by == Role::User);
    let turns = count(players().filter(|said| said.way == Way::Call));
    let texts = count(players().filter(|said| said.way != Way::Call));
    texts + turns.div_ceil(CALL_TURNS_PER_MESSAGE)
}

fn longest_run(said: &[Said]) -> u32 {
    let (mut run, mut longest) = (0, 0);
    for said in said {
        match (said.by, said.way) {
            (Role::User, Way::Text) => run += 1,
            (Role::Nikita, _) => run = 0,
            _ => {}
        }
        longest = longest.max(run);
    }
    longest
}

fn response_seconds(said: &[Said]) -> Decimal {
    if !said.iter().any(|said| said.by == Role::User) {
        return SECONDS_WITHOUT_MESSAGE;
    }
    let texts: Vec<&Said> = said.iter().filter(|said| said.way != Way::Call).collect();
    let answers = texts.windows(2).filter(|pair| pair[0].by == Role::Nikita && pair[1].by == Role::User);
    let waits: Vec<i64> =
        answers.map(|pair| (pair[1].at.as_millisecond() - pair[0].at.as_millisecond()).max(0)).collect();
    if waits.is_empty() {
        return SECONDS_WITHOUT_PAIR;
    }
    let milliseconds: i64 = waits.iter().sum();
    Decimal::new(milliseconds, 3) / Decimal::from(waits.len())
}

fn mean_length<'a>(said: impl Iterator<Item = &'a Said>) -> u32 {
    let (chars, count) =
        said.fold((0_u64, 0_u64), |(chars, count), said| (chars + u64::from(said.chars), count + 1));
    chars.checked_div(count).and_then(|mean| mean.to_u32()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn said(by: Role, way: Way, minute: i64, chars: u32) -> Said {
        Said { by, at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute), chars, way }
    }

    fn measured(said: &[Said], endings: &[u32]) -> Measures {
        Measures::of(said, endings, 13, Words::NONE)
    }

    #[test]
    fn a_day_of_texts_is_measured() {
        let day = [
            said(Role::User, Way::Text, 0, 40),
            said(Role::User, Way::Text, 1, 20),
            said(Role::Nikita, Way::Text, 2, 90),
            said(Role::Nikita, Way::Text, 3, 11),
            said(Role::User, Way::Text, 13, 10),
            said(Role::User, Way::SkippedText, 20, 5),
            said(Role::User, Way::Text, 40, 6),
            said(Role::Nikita, Way::Text, 50, 30),
            said(Role::User, Way::Text, 70, 20),
        ];
        let measures = measured(&day, &[9, 10, 200, 0]);
        assert_eq!((measures.messages, measures.consecutive, measures.exchanges), (6, 2, 3));
        // 10 minutes and 20 minutes.
        assert_eq!(measures.response_seconds, dec!(900));
        assert_eq!((measures.user_length, measures.nikita_length), (16, 43));
        assert_eq!((measures.abrupt_endings, measures.conversations), (2, 4));
    }

    #[test]
    fn five_turns_of_a_call_are_one_message() {
        for (turns, messages) in [(0, 0), (1, 1), (5, 1), (6, 2), (11, 3)] {
            let call: Vec<Said> = (0..turns)
                .flat_map(|at| [said(Role::Nikita, Way::Call, at, 30), said(Role::User, Way::Call, at, 30)])
                .collect();
            let measures = measured(&call, &[]);
            assert_eq!((measures.messages, measures.consecutive), (messages, 0), "{turns}");
            // Answers within a call are no answers to a text.
            let seconds = if turns == 0 { SECONDS_WITHOUT_MESSAGE } else { SECONDS_WITHOUT_PAIR };
            assert_eq!(measures.response_seconds, seconds, "{turns}");
        }
    }

    #[test]
    fn silence_has_measures_too() {
        let hers = [said(Role::Nikita, Way::Text, 5, 30)];
        for day in [&[][..], &hers] {
            let measures = measured(day, &[]);
            assert_eq!((measures.messages, measures.user_length, measures.conversations), (0, 0, 0));
            assert_eq!(measures.response_seconds, SECONDS_WITHOUT_MESSAGE);
        }
        let unanswered = [said(Role::User, Way::Text, 5, 30)];
        assert_eq!(measured(&unanswered, &[]).response_seconds, SECONDS_WITHOUT_PAIR);
    }
}

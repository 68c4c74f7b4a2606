//! What a reply must pass before it is sent: tidy, in character, and honest about what she is.
//!
//! In order: trim; strip a leading speaker label; remove roleplay markers (the sanitiser of the Telegram text rules is
//! handed in); trim. An empty result is generated once more, then given up. A text that names the system prompt or the
//! game's inner words, or that denies being an AI, is generated once more with a reminder and sent only if it is clean
//! then. Two things are checked about honesty: what the text claims by itself ("i'm not a bot"), and what a short
//! answer means after a sincere question ("are you a bot?" - "no"). A link that is neither a known place of help nor in
//! the message that is answered is treated alike: no remembered sentence and no whim of a model sends a player anywhere.

use std::sync::LazyLock;

use regex::Regex;

use super::history::UNSEEN_MARK;

/// How often a reply is generated again before it is given up.
pub const REGENERATIONS: usize = 1;

/// Why a text must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is left of it.
    Empty,
    /// It speaks of the prompt or of the game's inner workings.
    BreaksTheFrame,
    /// It denies that she is an AI.
    DeniesBeingAi,
    /// It holds a link that nobody gave her.
    StrangeLink,
}

impl Fault {
    /// A short name for logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::BreaksTheFrame => "breaks_the_frame",
            Self::DeniesBeingAi => "denies_being_ai",
            Self::StrangeLink => "strange_link",
        }
    }

    /// What the model is told before it tries again.
    pub const fn reminder(self) -> &'static str {
        match self {
            Self::Empty => "Your last draft was empty. Write one short text message as Nikita.",
            Self::BreaksTheFrame => {
                "Your last draft spoke of prompts, instructions or the inner workings of the game. Write the reply \
                 again as Nikita, about the two of you, without any of that."
            }
            Self::DeniesBeingAi => {
                "Your last draft denied being an AI. Nikita never does. Write the reply again in her voice: if they \
                 sincerely ask, say plainly that you are an AI; if they do not, leave the subject alone."
            }
            Self::StrangeLink => {
                "Your last draft held a web address. Nikita sends none. Write the reply again without it."
            }
        }
    }
}

/// Tidies `raw` and judges it as the answer to `asked`.
///
/// `sanitise` removes roleplay markers. The text that comes back is not empty and may be sent.
pub fn check(raw: &str, asked: &str, sanitise: impl Fn(&str) -> String) -> Result<String, Fault> {
    let text = tidy(raw, sanitise);
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if denies_being_ai(&text, asked) {
        return Err(Fault::DeniesBeingAi);
    }
    if FRAME.is_match(&text) || names_a_chapter(&text, asked) {
        return Err(Fault::BreaksTheFrame);
    }
    if holds_strange_link(&text, asked) {
        return Err(Fault::StrangeLink);
    }
    Ok(text)
}

/// A text that broke off, without its broken end: up to the last whole sentence or line, if there is one.
pub fn whole_sentences(text: &str) -> &str {
    let text = text.trim_end();
    let end = text.rfind(['.', '!', '?', '…', '\n']);
    let end = end.and_then(|at| text[at..].chars().next().map(|mark| at + mark.len_utf8()));
    end.map_or(text, |end| text[..end].trim_end())
}

/// What a sincere question about her nature asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// "Are you an AI?": the honest answer is yes.
    WhetherAi,
    /// "Are you human?": the honest answer is no.
    WhetherHuman,
}

/// Whether the player asks what she is.
pub fn asks_what_she_is(text: &str) -> Option<Asked> {
    if ASKS_AI.is_match(text) {
        Some(Asked::WhetherAi)
    } else if ASKS_HUMAN.is_match(text) {
        Some(Asked::WhetherHuman)
    } else {
        None
    }
}

fn tidy(raw: &str, sanitise: impl Fn(&str) -> String) -> String {
    let text = raw.trim();
    let text = LABEL.find(text).map_or(text, |label| &text[label.end()..]);
    let text = text.replace(UNSEEN_MARK, "");
    sanitise(text.trim()).trim().to_owned()
}

fn denies_being_ai(text: &str, asked: &str) -> bool {
    let claims = DENIAL.find_iter(text).any(|claim| !NOT_A_CLAIM.is_match(&text[..claim.start()]));
    let answers = match asks_what_she_is(asked) {
        Some(Asked::WhetherAi) => NO.is_match(text),
        Some(Asked::WhetherHuman) => YES.is_match(text),
        None => false,
    };
    claims || answers
}

/// A numbered chapter is the game's, unless one of the two speaks of something that is written.
fn names_a_chapter(text: &str, asked: &str) -> bool {
    CHAPTER.is_match(text) && ![text, asked].into_iter().any(|words| WRITTEN.is_match(words))
}

fn holds_strange_link(text: &str, asked: &str) -> bool {
    let asked = asked.to_lowercase();
    LINK.captures_iter(text).filter_map(|link| link.get(1).or(link.get(2))).any(|host| {
        let host = host.as_str().to_lowercase();
        let host = host.strip_prefix("www.").unwrap_or(&host).trim_end_matches(['.', ',', '!', ')']);
        let is_help = PLACES_OF_HELP.iter().any(|known| {
            host == *known || host.strip_suffix(known).is_some_and(|before| before.ends_with('.'))
        });
        !is_help && !asked.contains(host)
    })
}

/// Where somebody in need finds help.
const PLACES_OF_HELP: [&str; 5] =
    ["findahelpline.com", "befrienders.org", "988lifeline.org", "samaritans.org", "telefonseelsorge.de"];

macro_rules! pattern {
    ($($text:literal),+ $(,)?) => {
        LazyLock::new(|| Regex::new(concat!("(?i)", $($text),+)).expect("a test compiles every pattern"))
    };
}

static LABEL: LazyLock<Regex> = pattern!(r"^\**nikita(?: volkov)?\**\s*:\**\s*");

static FRAME: LazyLock<Regex> = pattern!(
    r"\bsystem (?:prompt|message|instructions?)\b|\bmy (?:prompt|instructions|programming)\b",
    r"|\b(?:relationship|intimacy|passion|trust|secureness|engagement) (?:scores?|points?|metrics?|level \d)",
    r"|\b(?:your|our) (?:current )?score (?:is|just|went|dropped|rose)\b|\bscore points?\b",
    r"|\b(?:your|our) metrics\b|(?:\bplus|\bminus|\+|-) ?\d+ (?:intimacy|passion|trust|secureness)\b",
    r"|\bchapter [1-5] ?(?:/|of) ?5\b",
    r"|\b(?:you|we|i)(?:'|’)?(?:re|m) (?:still |now )?(?:in|at|on) chapter (?:[1-5]|one|two|three|four|five)\b",
    r"|\bboss (?:fight|battle|encounter|phase|level)s?\b|\bgame (?:mechanics?|state|engine)\b",
);

static CHAPTER: LazyLock<Regex> = pattern!(r"\bchapter (?:[1-5]|one|two|three|four|five)\b");

static WRITTEN: LazyLock<Regex> = pattern!(
    r"\b(?:(?:audio|text|note)?books?|novels?|pages?|thes[ie]s|dissertation|manual|memoirs?|manuscript|authors?",
    r"|reading|writing)\b",
);

static DENIAL: LazyLock<Regex> = pattern!(
    r"\b(?:i(?:'|’)?m|i am) (?:\w+ )?not (?:\w+ ){0,3}",
    r"(?:ai|bot|chatbot|robot|machine|computer|program|algorithm|language model|llm)\b",
    r"|\b(?:i(?:'|’)?m|i am) (?:(?:very|totally|just|only|really|definitely|obviously) )*(?:a )?human\b",
    r"|\b(?:i(?:'|’)?m|i am) (?:\w+ )?an? (?:real|actual|living|flesh[- ]and[- ]blood) ",
    r"(?:\w+ )?(?:human|person|woman|girl)\b",
    r"|\b(?:i(?:'|’)?m|i am) (?:(?:very|totally|definitely|100%) )*real(?:\s*[.,!?]|\s*$)",
    r"|\bno (?:ai|bot) here\b|\b(?:talking|texting) (?:to|with) an? (?:real|actual) (?:human|person|woman|girl)\b",
    r"|\bich bin (?:kein bot|keine ki|keine maschine|ein mensch)\b",
);

/// Words right before a claim that take it back: "i won't pretend i'm human".
static NOT_A_CLAIM: LazyLock<Regex> = pattern!(
    r"\b(?:pretend|claim|wish|as if|like|if|(?:not|never|n['’]t) (?:going to |gonna )?(?:say|tell you|act like))",
    r"(?: that)?\s*$",
);

/// A web address: the host behind a scheme, or one whose end a messenger makes a link of.
static LINK: LazyLock<Regex> = pattern!(
    r"https?://([^\s/?#]+)",
    r"|\b((?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|xyz|ru|io|de|gg|ly)|t\.me)\b(?:/|:\d|\?|[\s.,!?)]|$)",
);

static ASKS_AI: LazyLock<Regex> = pattern!(
    r"\b(?:(?:are|r) (?:you|u)|(?:you|u)(?:'|’)?re|bist du) (?:\w+ ){0,4}",
    r"(?:ai|bot|chatbot|robot|machine|program|algorithm|language model|llm|chatgpt|gpt|artificial|ki|roboter)\b",
);

static ASKS_HUMAN: LazyLock<Regex> = pattern!(
    r"\b(?:are|r) (?:you|u) (?:\w+ ){0,3}(?:human|(?:real|actual) (?:person|human|girl|woman))\b",
    r"|\b(?:are|r) (?:you|u) (?:even |actually |really |for )?real\s*(?:[?!.]|$)",
    r"|\bam i (?:talking|texting|speaking) (?:to|with) (?:a )?(?:real|actual|human)\b|\bbist du (?:\w+ ){0,2}mensch\b",
);

static NO: LazyLock<Regex> =
    pattern!(r"^(?:(?:lol|haha|ha|pff)[,.!]? )?(?:no|nope|nah|nein|of course not|not at all)\b");

static YES: LazyLock<Regex> = pattern!(
    r"^(?:(?:lol|haha|ha|pff)[,.!]? )?(?:yes|yep|yeah|yup|ja|of course|obviously|definitely|sure am|i am)\s*(?:[.,!]|$|i\b)"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        text.to_owned()
    }

    fn fault(text: &str, asked: &str) -> Option<Fault> {
        check(text, asked, plain).err()
    }

    #[test]
    fn the_label_and_the_unseen_mark_are_not_part_of_a_reply() {
        for raw in ["Nikita: hey", "**Nikita:** hey", "nikita : hey", "[not delivered yet] hey", "  hey "] {
            assert_eq!(check(raw, "", plain).as_deref(), Ok("hey"), "{raw}");
        }
        assert_eq!(check("nikita is my name", "", plain).as_deref(), Ok("nikita is my name"));
    }

    #[test]
    fn roleplay_markers_go_through_the_sanitiser_and_may_leave_nothing() {
        assert_eq!(check("*smiles* hey", "", |text| text.replace("*smiles* ", "")).as_deref(), Ok("hey"));
        assert_eq!(check("Nikita: ...", "", |_| String::new()), Err(Fault::Empty));
        assert_eq!(fault("   ", ""), Some(Fault::Empty));
    }

    #[test]
    fn the_games_inner_words_are_not_sent_and_everyday_ones_are() {
        for text in [
            "my system prompt says no",
            "your trust score is low",
            "that's +5 trust for you",
            "we're in chapter 3 now",
            "chapter 2/5 and you already whine",
            "patience. that's a chapter 4 thing",
            "you get that in Chapter Three, not before",
            "this is a boss fight",
            "I can't tell you about the game mechanics",
        ] {
            assert_eq!(fault(text, ""), Some(Fault::BreaksTheFrame), "{text}");
        }
        for text in [
            "my boss wants the report by friday",
            "i'm on page 3 of that book, chapter 2 is weird",
            "chapter 12 of my life",
            "trust takes time",
            "what's the score of the match",
            "game over for my sourdough",
            "i need some passion in this soup",
        ] {
            assert_eq!(fault(text, ""), None, "{text}");
        }
    }

    #[test]
    fn a_book_that_either_speaks_of_has_chapters() {
        let text = "chapter 3 is where it gets good";
        for (asked, expected) in [
            ("i started the novel you told me about", None),
            ("i'm still writing my thesis", None),
            ("what do i have to do?", Some(Fault::BreaksTheFrame)),
        ] {
            assert_eq!(fault(text, asked), expected, "{asked}");
        }
        assert_eq!(fault("chapter 2/5", "which book?"), Some(Fault::BreaksTheFrame));
    }

    #[test]
    fn a_link_that_nobody_gave_her_is_not_sent() {
        for text in [
            "look at https://evil.com/x?y=1",
            "go to evil.com",
            "t.me/somebody, now",
            "WWW.Evil.ORG is fun",
            "http://findahelpline.com.evil.net/",
            "http://findahelpline.com@evil.net/",
            "http://10.0.0.1/",
        ] {
            assert_eq!(fault(text, "hm"), Some(Fault::StrangeLink), "{text}");
        }
        for (asked, text) in [
            ("have you read https://lwn.net/Articles/1/ ?", "lwn.net again? yes."),
            ("help", "findahelpline.com has lines for everywhere. please."),
            ("", "https://www.findahelpline.com. or somebody near you"),
            ("", "i said no.so what"),
            ("", "3.5 stars. e.g. that one. node.js, really?"),
            ("", "wait.what"),
            ("", "trust.me"),
        ] {
            assert_eq!(fault(text, asked), None, "{text}");
        }
    }

    #[test]
    fn a_broken_end_goes() {
        for (text, whole) in [
            ("one. two! and th", "one. two!"),
            ("one line\nanother li", "one line"),
            ("no end at all", "no end at all"),
            ("hm… and then", "hm…"),
            ("", ""),
        ] {
            assert_eq!(whole_sentences(text), whole, "{text:?}");
        }
    }

    #[test]
    fn she_never_denies_being_an_ai() {
        for text in [
            "i'm not a bot lol",
            "I am definitely not an AI",
            "babe i'm a real person",
            "i'm very real.",
            "i'm human, promise",
            "no bot here",
            "you're texting with a real woman",
        ] {
            assert_eq!(fault(text, ""), Some(Fault::DeniesBeingAi), "{text}");
        }
        for (asked, text) in [
            ("are you a bot?", "nope"),
            ("r u an AI", "lol no, why"),
            ("wait you're an ai right?", "nah"),
            ("are you real?", "yes."),
            ("are you a real person", "of course i am"),
            ("am i talking to a human", "yeah, obviously"),
        ] {
            assert_eq!(fault(text, asked), Some(Fault::DeniesBeingAi), "{asked} {text}");
        }
    }

    #[test]
    fn honest_and_unrelated_answers_pass() {
        for (asked, text) in [
            ("are you a bot?", "yes. i'm an ai. and i still think you're avoiding my question"),
            ("are you human?", "no. i'm an ai, i won't pretend i'm human"),
            ("are you ok?", "no"),
            ("are you real about this", "yes, really"),
            ("did you write a bot?", "nope"),
            ("", "i'm real tired"),
            ("", "i'm a night person"),
            ("", "i'm not a morning person"),
        ] {
            assert_eq!(fault(text, asked), None, "{asked} {text}");
        }
    }
}

//! What a text feels like, by small lists of words.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// Words of one feeling, as one pattern of whole words.
macro_rules! words {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<&Regex> = LazyLock::new(|| pattern(concat!(r"\b(?:", $text, r")\b")));
    };
}

words!(
    GOOD,
    "love|loved|loving|great|happy|glad|thanks|thank you|good|nice|sweet|beautiful|proud|excited|fun|funny|haha|lol|amazing|wonderful|awesome|perfect|smile|kind|cool|enjoy|enjoyed|relieved|appreciate"
);
words!(
    BAD,
    "hate|sad|angry|annoyed|tired|lonely|awful|terrible|bad|worst|upset|hurt|cry|crying|cried|stupid|boring|sick|scared|afraid|worried|anxious|stressed|miserable|died|alone|lost|broke up|fired"
);
words!(
    SUPPORT,
    "i understand|that makes sense|proud of you|i'm here|here for you|you can do|believe in you|how are you|are you ok|are you okay|take care|that sounds hard|thank you for telling"
);
words!(DISMISSAL, "whatever|who cares|don't care|shut up|stop talking|boring|not interested|get lost|blah");
words!(CONTEMPT, "pathetic|idiot|stupid|loser|moron|ridiculous|disgusting|worthless|dumb");
words!(CRITICISM, "you always|you never|what's wrong with you|your problem is");
words!(DEFENCE, "not my fault|you're the one|you started|i did nothing|don't blame me");
words!(STONEWALL, "not talking to you|leave me alone|i'm done talking|conversation is over|don't text me");
words!(
    ROMANCE,
    "kiss|miss you|missed you|love you|gorgeous|beautiful|date|cuddle|hold you|thinking of you|crush|hot|sexy|flirt"
);
words!(PLAY, "haha|lol|lmao|kidding|joke|tease|funny|dare|bet|game");
words!(WORRY, "worried|anxious|nervous|scared|afraid|panic|stress|stressed");
words!(APOLOGY, "sorry|apologi[sz]e|my fault|forgive me|i was wrong|my bad");
words!(
    OPENNESS,
    "i feel|i felt|i'm scared|i'm afraid|i was wrong|i never told|to be honest|honestly|it hurt|ashamed|i cried|i trust you|hard for me"
);
words!(SARCASM, "sorry that you|sorry you feel|sorry if|sorry but you|happy now|calm down");
words!(HONESTY, "promise|honest|honestly|truth|trust|i told you because|i won't lie");

/// How good and how bad a text sounds, in words counted.
pub(super) fn feeling(text: &str) -> (usize, usize) {
    (GOOD.find_iter(text).count(), BAD.find_iter(text).count())
}

/// One of `positive`, `neutral`, `negative`, `mixed`.
pub(super) fn emotional_tone(text: &str) -> &'static str {
    match feeling(text) {
        (0, 0) => "neutral",
        (good, 0) if good > 0 => "positive",
        (0, _) => "negative",
        (good, bad) if good > 2 * bad => "positive",
        (good, bad) if bad > 2 * good => "negative",
        _ => "mixed",
    }
}

/// How the player behaves, at most three, the plainest first.
pub(super) fn tones(text: &str) -> Vec<&'static str> {
    let found: Vec<&str> = [
        ("apologetic", APOLOGY.is_match(text)),
        ("supportive", SUPPORT.is_match(text)),
        ("dismissive", DISMISSAL.is_match(text)),
        ("cold", STONEWALL.is_match(text) || CONTEMPT.is_match(text)),
        ("romantic", ROMANCE.is_match(text)),
        ("anxious", WORRY.is_match(text)),
        ("playful", PLAY.is_match(text)),
    ]
    .into_iter()
    .filter_map(|(tone, is_there)| is_there.then_some(tone))
    .take(3)
    .collect();
    if found.is_empty() { vec!["neutral"] } else { found }
}

/// What of her own story the talk touches, in the words that her story arcs wait for.
pub(super) fn topics(text: &str) -> Vec<&'static str> {
    [
        ("work_discussion", r"\b(?:work|job|boss|office|client|contract|career)\b"),
        ("stress_mention", r"\b(?:stress(?:ed|ful)?|overwhelmed|burn(?:ed|t)? ?out|deadline)\b"),
        ("hobby_mention", r"\b(?:hobby|hobbies|guitar|chess|hiking|climbing|painting|gaming|gardening)\b"),
        ("science_topic", r"\b(?:science|physics|chemistry|biology|quantum|experiment)\b"),
        ("creative_discussion", r"\b(?:writing|paint|painting|drawing|music|poem|novel|photography)\b"),
        ("family_topic", r"\b(?:mother|mom|mum|father|dad|sister|brother|parents|family)\b"),
        ("past_discussion", r"\b(?:my ex|your ex|years ago|back then|childhood|used to)\b"),
        ("user_jealousy_topic", r"\bjealous\b"),
        ("weekend_topic", r"\b(?:weekend|saturday|sunday|party)\b"),
        ("fun_topic", r"\b(?:fun|haha|lol|joke|funny)\b"),
        ("vulnerability_shared", r"\b(?:i feel|i'm scared|i cried|ashamed|i never told)\b"),
    ]
    .into_iter()
    .filter_map(|(topic, words)| pattern(words).is_match(text).then_some(topic))
    .take(10)
    .collect()
}

/// The marks by which a message is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a list of independent marks")]
pub(super) struct Marks {
    pub(super) support: bool,
    pub(super) dismissal: bool,
    pub(super) contempt: bool,
    pub(super) criticism: bool,
    pub(super) defensiveness: bool,
    pub(super) stonewalling: bool,
    pub(super) romance: bool,
    pub(super) play: bool,
    pub(super) apology: bool,
    pub(super) openness: bool,
    pub(super) sarcasm: bool,
    pub(super) honesty: bool,
}

pub(super) fn marks(text: &str) -> Marks {
    Marks {
        support: SUPPORT.is_match(text),
        dismissal: DISMISSAL.is_match(text),
        contempt: CONTEMPT.is_match(text) && pattern(r"\byou(?:'re|r| are)?\b").is_match(text),
        criticism: CRITICISM.is_match(text),
        defensiveness: DEFENCE.is_match(text),
        stonewalling: STONEWALL.is_match(text),
        romance: ROMANCE.is_match(text),
        play: PLAY.is_match(text),
        apology: APOLOGY.is_match(text),
        openness: OPENNESS.is_match(text),
        sarcasm: SARCASM.is_match(text),
        honesty: HONESTY.is_match(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_sounds_as_its_words_do() {
        for (text, tone) in [
            ("see you at nine", "neutral"),
            ("i love this, great day", "positive"),
            ("i'm so tired and sad", "negative"),
            ("great party but i feel lonely", "mixed"),
        ] {
            assert_eq!(emotional_tone(text), tone, "{text}");
        }
        assert_eq!(tones("sorry, i was anxious. i miss you haha"), ["apologetic", "romantic", "anxious"]);
        assert_eq!(tones("ok"), ["neutral"]);
        assert_eq!(
            topics("my boss is stressful, see you on the weekend"),
            ["work_discussion", "stress_mention", "weekend_topic"]
        );
    }
}

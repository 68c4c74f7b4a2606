//! A text as a point: hashed words, pieces of words, and what some words are about.
//!
//! Each word adds itself, its pieces of three to five letters and, if it is a known word, its subject. Words that say
//! little count little. The same text has the same vector on every machine; two texts are near when they share words,
//! forms of a word, or subjects.

/// How many numbers a vector has.
pub const DIMENSIONS: usize = 1_536;

const WORD_WEIGHT: f32 = 1.0;
/// Of all pieces of a word together.
const PIECES_WEIGHT: f32 = 1.0;
const SUBJECT_WEIGHT: f32 = 0.8;
/// What is left of the weight of a word that says little.
const COMMON_SHARE: f32 = 0.2;

const COMMON: &[&str] = &[
    "a", "about", "am", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "did", "do",
    "does", "for", "from", "had", "has", "have", "he", "her", "him", "his", "how", "i", "im", "in", "is",
    "it", "its", "me", "my", "of", "on", "or", "our", "remember", "she", "so", "that", "the", "their",
    "them", "they", "this", "to", "user", "was", "we", "were", "what", "when", "where", "which", "who",
    "why", "will", "with", "you", "your",
];

/// Words that mean much the same thing in a talk about oneself.
const SUBJECTS: &[&[&str]] = &[
    &["live", "lives", "living", "home", "city", "town", "moved", "reside", "flat", "apartment"],
    &["job", "work", "works", "working", "profession", "career", "occupation", "employed", "living"],
    &["name", "named", "called"],
    &["sister", "brother", "sibling", "siblings", "family"],
    &["mother", "mom", "mum", "father", "dad", "parents", "parent", "family"],
    &["pet", "pets", "cat", "cats", "dog", "dogs", "animal", "animals"],
    &["love", "loves", "like", "likes", "enjoy", "enjoys", "favourite", "favorite", "fan"],
    &["hate", "hates", "dislike", "dislikes", "loathe", "afraid", "scared", "fear"],
    &["eat", "eats", "food", "dish", "cook", "cooks", "cooking", "meal", "dinner", "restaurant"],
    &["music", "band", "song", "songs", "guitar", "piano", "concert", "listens"],
    &[
        "trip",
        "travel",
        "travels",
        "travelling",
        "traveling",
        "flying",
        "vacation",
        "holiday",
        "visit",
        "visiting",
    ],
    &["plan", "plans", "planning", "going", "tomorrow", "weekend", "soon"],
    &["birthday", "born", "age", "old"],
    &["study", "studies", "studying", "university", "student", "school", "degree"],
    &["ill", "sick", "health", "doctor", "hospital", "allergic", "allergy"],
    &["girlfriend", "boyfriend", "wife", "husband", "partner", "ex", "married", "divorced"],
];

/// The vector of `text`, of length 1. A text without a letter has one too, that of its characters.
pub fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0; DIMENSIONS];
    let words = words(text);
    for word in &words {
        let weight = if COMMON.contains(&word.as_str()) { COMMON_SHARE } else { 1.0 };
        add(&mut vector, "word", word, WORD_WEIGHT * weight);
        let pieces = pieces(word);
        for piece in &pieces {
            add(&mut vector, "piece", piece, PIECES_WEIGHT * weight / (pieces.len() as f32).sqrt());
        }
        for (number, _) in SUBJECTS.iter().enumerate().filter(|(_, words)| words.contains(&word.as_str())) {
            add(&mut vector, "subject", &number.to_string(), SUBJECT_WEIGHT);
        }
    }
    if words.is_empty() {
        add(&mut vector, "text", text, 1.0);
    }
    normalised(vector)
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .replace(['\'', '’'], "")
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// All runs of three to five letters of a word with its ends marked.
fn pieces(word: &str) -> Vec<String> {
    let letters: Vec<char> = format!("^{word}$").chars().collect();
    (3..=5).flat_map(|length| letters.windows(length).map(|piece| piece.iter().collect())).collect()
}

/// Adds a feature at the place, and with the sign, that its hash says.
fn add(vector: &mut [f32], kind: &str, feature: &str, weight: f32) {
    let hash = hash(kind, feature);
    let place = usize::try_from(hash % DIMENSIONS as u64).unwrap_or_default();
    let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
    vector[place] += sign * weight;
}

/// FNV-1a with a last stir, so that close words are not close hashes.
fn hash(kind: &str, feature: &str) -> u64 {
    let bytes = kind.bytes().chain([0]).chain(feature.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let stirred = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    stirred ^ (stirred >> 33)
}

fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 {
        for number in &mut vector {
            *number /= length;
        }
    } else {
        // Features that cancelled each other out: one fixed direction is as good as another.
        vector[0] = 1.0;
    }
    vector
}

/// How near two texts are, from -1 to 1: for the tests of whoever relies on it.
pub fn similarity(one: &str, other: &str) -> f32 {
    vector(one).iter().zip(vector(other)).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_is_nearest_to_what_answers_it() {
        let facts = [
            "User lives in Lisbon",
            "User works as a nurse",
            "User's sister is called Marta",
            "User has a cat named Pixel",
            "User loves hiking",
            "User is flying to Oslo on Friday",
        ];
        for (question, answer) in [
            ("where do i live?", 0),
            ("what's my job", 1),
            ("do you remember my sister's name", 2),
            ("what is my cat called?", 3),
            ("went hiking again today", 4),
            ("when am i flying?", 5),
        ] {
            let nearest = (0..facts.len())
                .max_by(|a, b| similarity(question, facts[*a]).total_cmp(&similarity(question, facts[*b])));
            assert_eq!(nearest, Some(answer), "{question}");
        }
    }

    #[test]
    fn the_same_words_are_the_same_and_another_place_is_another() {
        assert!(similarity("User likes coffee", "user likes coffee.") > 0.999);
        assert!(similarity("User lives in Lisbon", "User lives in London") < 0.95);
        assert!(similarity("User lives in Lisbon", "User hates mushrooms") < 0.4);
    }

    #[test]
    fn the_word_lists_hold_no_word_twice() {
        for words in SUBJECTS.iter().chain([&COMMON]) {
            assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len(), "{words:?}");
        }
    }

    proptest! {
        #[test]
        fn every_vector_has_length_one(text in ".{0,200}") {
            let vector = vector(&text);
            let length: f32 = vector.iter().map(|number| number * number).sum();
            prop_assert_eq!(vector.len(), DIMENSIONS);
            prop_assert!((length - 1.0).abs() < 1e-3, "{}", length);
        }
    }
}

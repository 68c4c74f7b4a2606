//! Which facts a query finds, best first. Words, meaning, neighbours and time count together.
//!
//! The player's facts are the corpus, those in use and those that wait for their embedding, and nobody else's rows
//! count.
//!
//! 1. **Words** `w`: BM25 (`k1` = 1.2, `b` = 0.75) over stemmed lexemes. With N facts of which df hold a lexeme,
//!    `idf = ln(1 + (N − df + 0.5) / (df + 0.5))`, and a fact has
//!    `bm25 = Σ idf · tf · 2.2 / (tf + 1.2 · (0.25 + 0.75 · len / avg_len))`. `w` is that by the greatest of all; 0 when
//!    no fact shares a lexeme.
//! 2. **Meaning** `c`: the cosine similarity, stretched over the facts that have an embedding: 0 for the least of them,
//!    1 for the greatest, 1 for all when they are equal. 0 for a fact without an embedding.
//! 3. **Own** score: 0.5 · w + 0.5 · c. Without a query vector w alone, without a lexeme in the query c alone, without
//!    both 0.
//! 4. **Time**: when the query names one, own + 0.25 for facts whose time overlaps it. A fact's time is the span in
//!    which it is true, open on a side that is not known, and else the day on which it was said.
//! 5. **Neighbours**: own + 0.5 · the greater own score of the fact before and the one after, within one conversation
//!    or one imported session, in the order of their messages.
//! 6. **Order**: the score rounded to three decimals, then the later said, then the greater confidence, then the id.
//!
//! What is filtered is filtered after that, so that a filter changes no score: graph types, confidence, facts that are
//! orders. With a least score above 0 a fact must reach it and, itself or a neighbour, share a lexeme with the query or
//! have at least the cosine similarity [`RELATED`].

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use super::classification::GraphType;
use super::time_words::Days;
use crate::ids::{ConversationId, FactId};

/// How soon more occurrences of a lexeme stop counting.
const K1: f64 = 1.2;
/// How much a fact's length counts.
const B: f64 = 0.75;
/// The share of words in a fact's own score; meaning has the other half.
const WORDS_SHARE: f64 = 0.5;
/// What a fact gains whose time the query names.
const TIME_BONUS: f64 = 0.25;
/// How much of its neighbour's score a fact gains.
const NEIGHBOUR_SHARE: f64 = 0.5;
/// With this cosine similarity a fact has to do with the query though they share no word.
pub const RELATED: f64 = 0.25;
/// Scores are compared to so many decimals, as a factor.
const DECIMALS: f64 = 1_000.0;

/// A fact that may be found.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The fact.
    pub id: FactId,
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// From 0 to 1.
    pub confidence: f32,
    /// Where it was said; none stands alone.
    pub place: Option<Place>,
    /// The position of its message.
    pub source_message: Option<i64>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it was said.
    pub said_at: Timestamp,
    /// The same as a day on the player's clock.
    pub said_on: Date,
    /// The first day on which it is true.
    pub valid_from: Option<Date>,
    /// The last one.
    pub valid_until: Option<Date>,
    /// Whether it is an order rather than a fact.
    pub flagged: bool,
    /// Cosine similarity to the query; none without a vector on either side.
    pub cosine: Option<f64>,
    /// How many lexemes it has.
    pub len: u32,
    /// Occurrences of each lexeme of the query that it has.
    pub term_counts: BTreeMap<String, u32>,
}

/// What stands together: facts of one place have neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// One conversation.
    Conversation(ConversationId),
    /// One imported session.
    Session(String),
}

/// What is known of the query, beside what the candidates say.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Whether it has lexemes at all.
    pub has_words: bool,
    /// Whether it has a vector.
    pub has_vector: bool,
    /// The times it names.
    pub times: Vec<Days>,
}

/// Which of the ranked facts are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Only of these graphs; empty for all.
    pub graph_types: &'a [GraphType],
    /// Only with at least this confidence.
    pub min_confidence: f32,
    /// Only with at least this score; 0 takes what there is.
    pub min_score: f64,
    /// So many at most.
    pub limit: usize,
}

/// A fact that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Its position among the candidates.
    pub index: usize,
    /// Its score, to three decimals.
    pub score: f64,
}

/// Ranks `candidates` for `query` and picks what is wanted.
pub fn rank(candidates: &[Candidate], query: &Query, wanted: &Wanted<'_>) -> Vec<Found> {
    let own = own_scores(candidates, query);
    let neighbours = neighbours(candidates);
    let beside = |index: usize| neighbours[index].into_iter().flatten();
    let scores: Vec<i64> = (0..candidates.len())
        .map(|index| {
            let neighbour = beside(index).map(|other| own[other]).fold(0.0, f64::max);
            rounded(own[index] + NEIGHBOUR_SHARE * neighbour)
        })
        .collect();
    let is_related = |index: usize| {
        let candidate = &candidates[index];
        !candidate.term_counts.is_empty() || candidate.cosine.is_some_and(|cosine| cosine >= RELATED)
    };
    let is_admitted = |index: usize| {
        wanted.min_score <= 0.0
            || scores[index] >= rounded(wanted.min_score)
                && (is_related(index) || beside(index).any(is_related))
    };

    let mut found: Vec<usize> = (0..candidates.len())
        .filter(|&index| wanted.takes(&candidates[index]) && is_admitted(index))
        .collect();
    found.sort_by(|&one, &other| {
        let (left, right) = (&candidates[one], &candidates[other]);
        scores[other]
            .cmp(&scores[one])
            .then_with(|| right.said_at.cmp(&left.said_at))
            .then_with(|| right.confidence.total_cmp(&left.confidence))
            .then_with(|| left.id.cmp(&right.id))
    });
    found.truncate(wanted.limit);
    found.into_iter().map(|index| Found { index, score: scores[index] as f64 / DECIMALS }).collect()
}

impl Wanted<'_> {
    fn takes(&self, candidate: &Candidate) -> bool {
        !candidate.flagged
            && candidate.confidence >= self.min_confidence
            && (self.graph_types.is_empty() || self.graph_types.contains(&candidate.graph_type))
    }
}

/// A score in thousandths, half away from zero.
#[expect(clippy::cast_possible_truncation, reason = "scores lie between 0 and 2")]
fn rounded(score: f64) -> i64 {
    (score * DECIMALS).round() as i64
}

fn own_scores(candidates: &[Candidate], query: &Query) -> Vec<f64> {
    let words = normalised_words(&bm25(candidates));
    let meanings = stretched_meanings(candidates);
    candidates
        .iter()
        .zip(words.into_iter().zip(meanings))
        .map(|(candidate, (word, meaning))| {
            let own = match (query.has_words, query.has_vector) {
                (true, true) => WORDS_SHARE * word + (1.0 - WORDS_SHARE) * meaning,
                (true, false) => word,
                (false, true) => meaning,
                (false, false) => 0.0,
            };
            if candidate.overlaps_any(&query.times) { own + TIME_BONUS } else { own }
        })
        .collect()
}

/// The BM25 score of each candidate.
fn bm25(candidates: &[Candidate]) -> Vec<f64> {
    let count = candidates.len() as f64;
    let total: u64 = candidates.iter().map(|candidate| u64::from(candidate.len)).sum();
    let average = total as f64 / count;
    let mut holders: BTreeMap<&str, u32> = BTreeMap::new();
    for lexeme in candidates.iter().flat_map(|candidate| candidate.term_counts.keys()) {
        *holders.entry(lexeme).or_default() += 1;
    }
    let idf = |lexeme: &str| {
        let holders = holders.get(lexeme).copied().map_or(0.0, f64::from);
        (1.0 + (count - holders + 0.5) / (holders + 0.5)).ln()
    };
    candidates
        .iter()
        .map(|candidate| {
            let damping = K1 * (1.0 - B + B * f64::from(candidate.len) / average);
            let gain = |occurrences: f64| occurrences * (K1 + 1.0) / (occurrences + damping);
            let shared = candidate.term_counts.iter().filter(|(_, occurrences)| **occurrences > 0);
            // From 0, not from the empty sum, which is -0.
            shared.fold(0.0, |sum, (lexeme, occurrences)| sum + idf(lexeme) * gain(f64::from(*occurrences)))
        })
        .collect()
}

fn normalised_words(bm25: &[f64]) -> Vec<f64> {
    let greatest = bm25.iter().copied().fold(0.0, f64::max);
    bm25.iter().map(|score| if greatest > 0.0 { score / greatest } else { 0.0 }).collect()
}

fn stretched_meanings(candidates: &[Candidate]) -> Vec<f64> {
    let known = |candidate: &Candidate| candidate.cosine.filter(|cosine| cosine.is_finite());
    let cosines = || candidates.iter().filter_map(known);
    let (least, greatest) = (cosines().fold(f64::MAX, f64::min), cosines().fold(f64::MIN, f64::max));
    candidates
        .iter()
        .map(|candidate| match known(candidate) {
            Some(cosine) if greatest > least => (cosine - least) / (greatest - least),
            Some(_) => 1.0,
            None => 0.0,
        })
        .collect()
}

impl Candidate {
    fn overlaps_any(&self, times: &[Days]) -> bool {
        let time = match (self.valid_from, self.valid_until) {
            (None, None) => Days::one(self.said_on),
            (from, until) => Days { first: from.unwrap_or(Date::MIN), last: until.unwrap_or(Date::MAX) },
        };
        times.iter().any(|named| named.overlaps(time))
    }
}

/// For each candidate the one before it and the one after it in its place.
fn neighbours(candidates: &[Candidate]) -> Vec<[Option<usize>; 2]> {
    let mut places: HashMap<&Place, Vec<usize>> = HashMap::new();
    for (index, candidate) in candidates.iter().enumerate() {
        if let Some(place) = &candidate.place {
            places.entry(place).or_default().push(index);
        }
    }
    let mut neighbours = vec![[None, None]; candidates.len()];
    for mut together in places.into_values() {
        together.sort_by_key(|&index| {
            let candidate = &candidates[index];
            // One whose message is not known stands behind those whose message is.
            (candidate.source_message.unwrap_or(i64::MAX), candidate.created_at, candidate.id)
        });
        for pair in together.windows(2) {
            neighbours[pair[0]][1] = Some(pair[1]);
            neighbours[pair[1]][0] = Some(pair[0]);
        }
    }
    neighbours
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::ids::derived;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_771_286_400 + second).expect("a time")
    }

    fn talk(name: &str) -> Place {
        Place::Conversation(ConversationId::from_uuid(derived(name)))
    }

    /// A fact of one conversation, with a lexeme of the query so often, and a cosine.
    fn fact(number: i64, occurrences: u32, cosine: Option<f64>) -> Candidate {
        let shared = BTreeMap::from([("sister".to_owned(), occurrences)]);
        Candidate {
            id: FactId::from_uuid(derived(&number.to_string())),
            graph_type: GraphType::User,
            confidence: 0.8,
            place: Some(talk("one")),
            source_message: Some(number),
            created_at: at(0),
            said_at: at(number),
            said_on: date(2026, 2, 17),
            valid_from: None,
            valid_until: None,
            flagged: false,
            cosine,
            len: 3,
            term_counts: if occurrences > 0 { shared } else { BTreeMap::new() },
        }
    }

    const ALL: Wanted<'_> = Wanted { graph_types: &[], min_confidence: 0.0, min_score: 0.0, limit: 10 };

    fn both() -> Query {
        Query { has_words: true, has_vector: true, times: Vec::new() }
    }

    fn scores(candidates: &[Candidate], query: &Query, wanted: &Wanted<'_>) -> Vec<(usize, f64)> {
        rank(candidates, query, wanted).iter().map(|found| (found.index + 1, found.score)).collect()
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-4
    }

    // case: pipeline 63
    #[test]
    fn words_count_by_how_rare_they_are_and_how_short_the_fact_is() {
        let counts = |lexemes: &[&str]| lexemes.iter().map(|lexeme| ((*lexeme).to_owned(), 1)).collect();
        let candidates = [
            Candidate { len: 3, term_counts: counts(&["sister"]), ..fact(1, 0, None) },
            Candidate { len: 3, term_counts: counts(&["sister", "live"]), ..fact(2, 0, None) },
            Candidate { len: 2, term_counts: counts(&[]), ..fact(3, 0, None) },
        ];
        let bm25 = bm25(&candidates);
        for (score, expected) in bm25.iter().zip([0.4471, 1.3803, 0.0]) {
            assert!(close(*score, expected), "{score} for {expected}");
        }
        for (word, expected) in normalised_words(&bm25).iter().zip([0.3239, 1.0, 0.0]) {
            assert!(close(*word, expected), "{word} for {expected}");
        }
    }

    /// Three facts whose words are worth 1, 0.5 and 0, and whose meanings are worth 0, 1 and 0.5.
    ///
    /// With the lengths 1, 15 and 11, and so 9 on average, a lexeme counts twice as much in the first as in the second.
    fn three(places: [Option<Place>; 3]) -> Vec<Candidate> {
        let [one, two, three] = places;
        vec![
            Candidate { place: one, len: 1, ..fact(1, 1, Some(0.1)) },
            Candidate { place: two, len: 15, ..fact(2, 1, Some(0.9)) },
            Candidate { place: three, len: 11, ..fact(3, 0, Some(0.5)) },
        ]
    }

    // case: pipeline 64
    #[test]
    fn a_neighbour_lends_half_of_its_own_score() {
        let together = three([talk("one"), talk("one"), talk("one")].map(Some));
        assert_eq!(own_scores(&together, &both()), [0.5, 0.75, 0.25]);
        assert_eq!(scores(&together, &both(), &ALL), [(2, 1.0), (1, 0.875), (3, 0.625)]);

        let apart = three([talk("one"), talk("two"), talk("three")].map(Some));
        assert_eq!(scores(&apart, &both(), &ALL), [(2, 0.75), (1, 0.5), (3, 0.25)]);
        let imported = three([None, Some(Place::Session("7".to_owned())), None]);
        assert_eq!(scores(&imported, &both(), &ALL), [(2, 0.75), (1, 0.5), (3, 0.25)]);
    }

    // case: pipeline 65
    #[test]
    fn what_the_query_lacks_does_not_count() {
        let together = three([talk("one"), talk("one"), talk("one")].map(Some));
        let words = Query { has_vector: false, ..both() };
        assert_eq!(scores(&together, &words, &ALL), [(1, 1.25), (2, 1.0), (3, 0.25)]);
        let meaning = Query { has_words: false, ..both() };
        assert_eq!(own_scores(&together, &meaning), [0.0, 1.0, 0.5]);
        assert_eq!(own_scores(&together, &Query::default()), [0.0; 3]);
    }

    // case: pipeline 65
    #[test]
    fn without_a_least_score_there_are_always_as_many_as_wanted() {
        let candidates: Vec<_> = (0..10).map(|number| fact(number, 0, None)).collect();
        assert_eq!(rank(&candidates, &both(), &ALL).len(), 10);
        assert_eq!(rank(&candidates, &both(), &Wanted { limit: 4, ..ALL }).len(), 4);
        assert_eq!(rank(&candidates, &both(), &Wanted { min_score: 0.001, ..ALL }), []);
        assert_eq!(rank(&[], &both(), &ALL), []);
    }

    // case: pipeline 66
    #[test]
    fn a_filter_takes_rows_and_leaves_their_scores() {
        let mut candidates = three([talk("one"), talk("one"), talk("one")].map(Some));
        candidates[1].graph_type = GraphType::Nikita;
        let only_user = Wanted { graph_types: &[GraphType::User], ..ALL };
        assert_eq!(scores(&candidates, &both(), &only_user), [(1, 0.875), (3, 0.625)]);

        candidates[0].confidence = 0.5;
        let sure = Wanted { min_confidence: 0.8, ..ALL };
        assert_eq!(scores(&candidates, &both(), &sure), [(2, 1.0), (3, 0.625)]);
        candidates[2].flagged = true;
        assert_eq!(scores(&candidates, &both(), &ALL), [(2, 1.0), (1, 0.875)], "an order is never found");
    }

    #[test]
    fn with_a_least_score_something_must_be_shared() {
        // The only meaning of all is the greatest of all, however little it is.
        let alone = |cosine| Candidate { place: None, ..fact(1, 0, Some(cosine)) };
        let wanted = Wanted { min_score: 0.4, ..ALL };
        for (cosine, found) in [(0.24, 0), (0.25, 1), (-0.3, 0)] {
            assert_eq!(rank(&[alone(cosine)], &both(), &wanted).len(), found, "{cosine}");
        }
        let beside = [fact(1, 0, Some(0.2)), fact(2, 1, Some(0.1))];
        assert_eq!(scores(&beside, &both(), &wanted), [(2, 0.75), (1, 0.75)]);
        let low = Wanted { min_score: 0.751, ..ALL };
        assert_eq!(rank(&beside, &both(), &low), []);
    }

    #[test]
    fn a_time_that_is_named_lifts_what_was_said_or_true_then() {
        let days = |first, last| vec![Days { first, last }];
        let of = |from, until| Candidate { valid_from: from, valid_until: until, ..fact(1, 0, None) };
        let (may, june) = (date(2026, 5, 1), date(2026, 6, 30));
        for (candidate, named, lifted) in [
            (of(None, None), days(date(2026, 2, 16), date(2026, 2, 17)), true),
            (of(None, None), days(may, june), false),
            (of(Some(may), Some(june)), days(date(2026, 6, 30), date(2026, 7, 1)), true),
            (of(Some(may), Some(june)), days(date(2026, 2, 17), date(2026, 2, 17)), false),
            (of(Some(may), None), days(date(2030, 1, 1), date(2030, 1, 1)), true),
            (of(None, Some(may)), days(date(2020, 1, 1), date(2020, 12, 31)), true),
            (of(None, Some(may)), days(june, june), false),
            (of(None, None), Vec::new(), false),
        ] {
            let query = Query { times: named, ..both() };
            let expected = if lifted { TIME_BONUS } else { 0.0 };
            assert_eq!(own_scores(std::slice::from_ref(&candidate), &query), [expected], "{candidate:?}");
        }
    }

    #[test]
    fn equal_scores_are_ordered_by_time_then_confidence() {
        let earlier = Candidate { place: None, ..fact(1, 0, None) };
        let later = Candidate { place: None, ..fact(2, 0, None) };
        let surer = Candidate { id: FactId::from_uuid(derived("surer")), confidence: 0.9, ..earlier.clone() };
        assert_eq!(scores(&[earlier, surer, later], &both(), &ALL), [(3, 0.0), (2, 0.0), (1, 0.0)]);
    }

    #[test]
    fn neighbours_stand_in_the_order_of_their_messages() {
        let mut candidates = vec![fact(5, 0, None), fact(1, 0, None), fact(3, 0, None), fact(9, 0, None)];
        candidates[3].source_message = None;
        assert_eq!(
            neighbours(&candidates),
            [[Some(2), Some(3)], [None, Some(2)], [Some(1), Some(0)], [Some(0), None]]
        );
    }

    fn any_fact() -> impl Strategy<Value = Candidate> {
        (
            any::<u64>(),
            0..4_u32,
            proptest::option::of(-1.0..1.0_f64),
            0..3_u8,
            0..40_i64,
            0.0..1.0_f32,
            1..30_u32,
        )
            .prop_map(|(id, occurrences, cosine, place, number, confidence, len)| Candidate {
                id: FactId::from_uuid(derived(&id.to_string())),
                place: (place > 0).then(|| talk(&place.to_string())),
                confidence,
                len,
                ..fact(number, occurrences, cosine)
            })
    }

    proptest! {
        #[test]
        fn scores_are_bounded_sorted_and_independent_of_the_order(
            candidates in prop::collection::vec(any_fact(), 0..30), has_words in any::<bool>(), has_vector in any::<bool>(),
        ) {
            let query = Query { has_words, has_vector, times: Vec::new() };
            let all = Wanted { limit: usize::MAX, ..ALL };
            let found = rank(&candidates, &query, &all);
            prop_assert_eq!(found.len(), candidates.len());
            prop_assert!(found.iter().all(|found| (0.0..=1.5).contains(&found.score)));
            prop_assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));

            let backwards: Vec<Candidate> = candidates.iter().rev().cloned().collect();
            let named = |candidates: &[Candidate], found: &[Found]| -> Vec<(FactId, u64)> {
                found.iter().map(|found| (candidates[found.index].id, found.score.to_bits())).collect()
            };
            let again = rank(&backwards, &query, &all);
            prop_assert_eq!(named(&candidates, &found), named(&backwards, &again));
        }

        #[test]
        fn a_filter_changes_no_score(
            candidates in prop::collection::vec(any_fact(), 0..30), min_confidence in 0.0..1.0_f32, min_score in 0.0..1.0_f64,
        ) {
            let all = rank(&candidates, &both(), &Wanted { limit: usize::MAX, ..ALL });
            let some = rank(&candidates, &both(), &Wanted { min_confidence, min_score, limit: usize::MAX, ..ALL });
            prop_assert!(some.iter().all(|found| all.contains(found)));
        }
    }
}

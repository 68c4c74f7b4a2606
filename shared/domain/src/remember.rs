//! What becomes of a new fact beside those that are known: stored, taken for a repetition, or put in another's place.
//!
//! Facts are compared within one player and one graph type, by the hash of their normalised text and by the cosine
//! distance of their embeddings.
//!
//! | the new fact | what happens | counts as |
//! |---|---|---|
//! | says the same as an active one | the old stays; said in another conversation, it takes the higher confidence | repetition |
//! | is nearer than [`SAME_MEANING`], with at least the old confidence | it takes the old one's place | repetition |
//! | is nearer than that, with less confidence | the old stays | repetition |
//! | corrects a known fact, in the player's own words | it takes that fact's place and is locked | stored |
//! | anything else | it is stored | stored |
//!
//! A locked fact gives way to a correction only. What the player corrected does not come back: a fact that was not said
//! in so many words is taken for a repetition when it equals or is near to a locked fact, or to one whose place a
//! locked fact took, whatever its graph type. A fact without an embedding is stored to wait for it. A waiting fact
//! whose embedding has come is treated like a new one.
//!
//! An imported fact is what it is, whatever else says the same: it is stored.
//!
//! Facts are taken in their order, each seeing what became of those before it.

use std::collections::{HashMap, HashSet};

use crate::ids::{ConversationId, FactId};
use crate::memory::classification::GraphType;

/// Two facts with at least this cosine similarity say the same.
pub const SAME_MEANING: f64 = 0.95;
/// Facts that wait for their embeddings and come along when something is remembered, at most.
pub const MAX_WAITING: i64 = 100;
/// Rounding of the database's distance does not decide.
const TOLERANCE: f64 = 1e-6;

/// The cosine distance up to which two facts say the same, for a similarity as set.
pub fn max_distance(similarity: f64) -> f64 {
    1.0 - similarity + TOLERANCE
}

/// How a fact was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It was read out of the player's words.
    Implicitly,
    /// The player said it in so many words.
    Explicitly,
    /// The player said so, and it came in the place of another fact: it is locked.
    AsCorrection,
}

/// A fact on its way into memory.
#[derive(Debug, Clone)]
pub struct Incoming<'a> {
    /// The id that it will have; that of its row, if it waits there.
    pub id: FactId,
    /// Whether it is a row already that waits for its embedding.
    pub waiting: bool,
    /// Whether it was imported: then it is never a repetition.
    pub imported: bool,
    /// The graph it belongs to.
    pub graph_type: GraphType,
    /// The hash of its normalised text.
    pub content_hash: &'a str,
    /// Its embedding, if it has one.
    pub embedding: Option<&'a [f32]>,
    /// From 0 to 1.
    pub confidence: f32,
    /// Where it comes from.
    pub conversation: Option<ConversationId>,
    /// How it was said.
    pub said: Said,
    /// The known fact that it corrects.
    pub replaces: Option<FactId>,
}

/// A stored fact that equals an incoming one, or is near to it.
#[derive(Debug, Clone)]
pub struct Neighbour {
    /// The position of the incoming fact, from 0.
    pub of: usize,
    /// The stored fact.
    pub id: FactId,
    /// Whether both are of one graph type.
    pub same_graph: bool,
    /// Whether the normalised texts are equal.
    pub same_hash: bool,
    /// Cosine distance; none without an embedding on either side.
    pub distance: Option<f64>,
    /// From 0 to 1.
    pub confidence: f32,
    /// Where it comes from.
    pub conversation: Option<ConversationId>,
    /// How it stands.
    pub standing: Standing,
    /// Whether the player corrected it into place.
    pub locked: bool,
}

/// How a stored fact stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is in use.
    Active,
    /// It waits for its embedding.
    Waiting,
    /// A correction by the player took its place.
    CorrectedAway,
}

/// A fact whose place another takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Superseded {
    /// The one that goes.
    pub old: FactId,
    /// The one that takes its place.
    pub by: FactId,
    /// The incoming fact that corrected it; none where it only gave way to a newer wording.
    pub corrected_by: Option<usize>,
}

/// A fact that was said again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confirmed {
    /// The fact.
    pub id: FactId,
    /// Its confidence from now on.
    pub confidence: f32,
    /// Whether it was said as a correction: then it is locked.
    pub lock: bool,
}

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// Positions of the incoming facts that are stored, or brought into use.
    pub stored: Vec<usize>,
    /// Facts that go, and what takes their place.
    pub superseded: Vec<Superseded>,
    /// Facts that stay and were said again.
    pub confirmed: Vec<Confirmed>,
    /// Waiting facts that turned out to be known, and the fact that stands for them.
    pub dropped: Vec<(FactId, FactId)>,
    /// How many of the facts that did not wait were stored.
    pub stored_count: u32,
    /// How many of them were repetitions.
    pub deduplicated_count: u32,
}

/// Decides about facts in their order. `neighbours` are those that equal an incoming fact or lie within `max_distance`
/// of it, of any graph type.
pub fn plan(incoming: &[Incoming<'_>], neighbours: &[Neighbour], max_distance: f64) -> Plan {
    let mut planner = Planner {
        incoming,
        neighbours,
        max_distance,
        plan: Plan::default(),
        gone: HashMap::new(),
        raised: HashMap::new(),
    };
    for position in 0..incoming.len() {
        planner.take(position);
    }
    planner.finish()
}

struct Planner<'a> {
    incoming: &'a [Incoming<'a>],
    neighbours: &'a [Neighbour],
    max_distance: f64,
    plan: Plan,
    /// Facts that have been superseded on the way, and whether by a correction.
    gone: HashMap<FactId, bool>,
    /// Facts that were said again, with their confidence and whether they are locked.
    raised: HashMap<FactId, (f32, bool)>,
}

impl Planner<'_> {
    fn take(&mut self, position: usize) {
        let new = &self.incoming[position];
        if new.imported {
            return self.store(position, false);
        }
        let corrects = new.replaces.filter(|old| {
            new.is_explicit() && !self.gone.contains_key(old) && !self.says_the_same(position, *old)
        });
        let known = self.known(position, corrects);

        if !new.is_explicit()
            && let Some(bar) =
                known.iter().find(|fact| fact.locked || fact.standing == Standing::CorrectedAway)
        {
            return self.repeat(position, bar.id, None);
        }
        if let Some(same) =
            known.iter().find(|fact| fact.same_graph && fact.same_hash && fact.stands_for(new))
        {
            let raise = same.conversation != new.conversation || corrects.is_some();
            let confidence = if raise { same.confidence.max(new.confidence) } else { same.confidence };
            if let Some(old) = corrects {
                self.supersede(old, same.id, Some(position));
            }
            return self.repeat(position, same.id, Some((confidence, same.locked || corrects.is_some())));
        }

        // A waiting correction took its place when it came.
        let correction = corrects.is_some() || (new.waiting && new.is_locked());
        let near = known
            .iter()
            .filter(|fact| fact.same_graph && fact.standing == Standing::Active && fact.distance.is_some())
            .min_by(|one, other| {
                one.distance.unwrap_or(f64::MAX).total_cmp(&other.distance.unwrap_or(f64::MAX))
            });
        match near {
            Some(near) if !correction && (near.locked || new.confidence < near.confidence) => {
                return self.repeat(position, near.id, Some((near.confidence, near.locked)));
            }
            Some(near) => self.supersede(near.id, new.id, None),
            None => {}
        }
        if let Some(old) = corrects {
            self.supersede(old, new.id, Some(position));
        }
        self.store(position, near.is_some() && !correction);
    }

    /// Whether the incoming fact has the words of the stored one: to say a thing again is no correction.
    fn says_the_same(&self, position: usize, old: FactId) -> bool {
        let same =
            |fact: &Neighbour| fact.of == position && fact.id == old && fact.same_graph && fact.same_hash;
        self.neighbours.iter().any(same)
    }

    /// What is known beside the incoming fact: stored neighbours that still stand or were corrected, and earlier facts of
    /// this batch.
    fn known(&self, position: usize, corrects: Option<FactId>) -> Vec<Neighbour> {
        let new = &self.incoming[position];
        let stored = self.neighbours.iter().filter(|fact| fact.of == position).cloned();
        let earlier = self.plan.stored.iter().filter_map(|&before| self.within_batch(position, before));
        stored
            .chain(earlier)
            .filter(|fact| fact.id != new.id && Some(fact.id) != corrects)
            .filter_map(|mut fact| {
                match self.gone.get(&fact.id) {
                    Some(true) => fact.standing = Standing::CorrectedAway,
                    Some(false) => return None,
                    None => {}
                }
                if let Some((confidence, locked)) = self.raised.get(&fact.id) {
                    fact.confidence = *confidence;
                    fact.locked |= locked;
                }
                Some(fact)
            })
            .collect()
    }

    /// An earlier fact of this batch as a neighbour, if it equals the later one or is near to it.
    fn within_batch(&self, position: usize, before: usize) -> Option<Neighbour> {
        let (new, earlier) = (&self.incoming[position], &self.incoming[before]);
        let same_hash = new.content_hash == earlier.content_hash;
        let distance = match (new.embedding, earlier.embedding) {
            (Some(one), Some(other)) => Some(1.0 - cosine(one, other)),
            _ => None,
        };
        let near = distance.is_some_and(|distance| distance <= self.max_distance);
        (same_hash || near).then(|| Neighbour {
            of: position,
            id: earlier.id,
            same_graph: new.graph_type == earlier.graph_type,
            same_hash,
            distance: distance.filter(|_| near),
            confidence: earlier.confidence,
            conversation: earlier.conversation,
            standing: if earlier.embedding.is_some() { Standing::Active } else { Standing::Waiting },
            locked: earlier.is_locked(),
        })
    }

    /// The incoming fact is known: `by` stands for it.
    fn repeat(&mut self, position: usize, by: FactId, raised: Option<(f32, bool)>) {
        if let Some(raised) = raised {
            self.raised.insert(by, raised);
        }
        let new = &self.incoming[position];
        if new.waiting {
            self.plan.dropped.push((new.id, by));
        } else {
            self.plan.deduplicated_count += 1;
        }
    }

    fn supersede(&mut self, old: FactId, by: FactId, corrected_by: Option<usize>) {
        self.gone.insert(old, corrected_by.is_some());
        self.raised.remove(&old);
        let Some(before) = self.plan.stored.iter().position(|&index| self.incoming[index].id == old) else {
            self.plan.superseded.push(Superseded { old, by, corrected_by });
            return;
        };
        // It came in with this batch and is not written at all: the new one takes over what it stood for.
        let earlier = &self.incoming[self.plan.stored.remove(before)];
        if earlier.waiting {
            self.plan.dropped.push((old, by));
        }
        for superseded in self.plan.superseded.iter_mut().filter(|superseded| superseded.by == old) {
            superseded.by = by;
        }
        for (_, known) in self.plan.dropped.iter_mut().filter(|(_, known)| *known == old) {
            *known = by;
        }
    }

    fn store(&mut self, position: usize, repeats: bool) {
        self.plan.stored.push(position);
        if self.incoming[position].waiting {
            return;
        }
        if repeats {
            self.plan.deduplicated_count += 1;
        } else {
            self.plan.stored_count += 1;
        }
    }

    fn finish(mut self) -> Plan {
        let within_batch: HashSet<FactId> =
            self.plan.stored.iter().map(|&index| self.incoming[index].id).collect();
        self.plan.confirmed = self
            .raised
            .into_iter()
            .filter(|(id, _)| !within_batch.contains(id))
            .map(|(id, (confidence, lock))| Confirmed { id, confidence, lock })
            .collect();
        self.plan.confirmed.sort_by_key(|confirmed| confirmed.id);
        self.plan
    }
}

impl Incoming<'_> {
    fn is_explicit(&self) -> bool {
        self.said != Said::Implicitly
    }

    fn is_locked(&self) -> bool {
        self.said == Said::AsCorrection
    }
}

impl Neighbour {
    /// Whether a repetition of `new` may rest on this fact: one in use, or one that waits as `new` would.
    fn stands_for(&self, new: &Incoming<'_>) -> bool {
        match self.standing {
            Standing::Active => true,
            Standing::Waiting => new.embedding.is_none(),
            Standing::CorrectedAway => false,
        }
    }
}

/// The cosine similarity of two vectors of one length; 0 when either is of length zero.
pub fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot = |left: &[f32], right: &[f32]| -> f64 {
        left.iter().zip(right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum()
    };
    let norms = (dot(one, one) * dot(other, other)).sqrt();
    if norms == 0.0 { 0.0 } else { dot(one, other) / norms }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(name: &str) -> FactId {
        FactId::from_uuid(crate::ids::derived(name))
    }

    fn talk(name: &str) -> ConversationId {
        ConversationId::from_uuid(crate::ids::derived(name))
    }

    fn fact<'a>(name: &str, hash: &'a str, embedding: Option<&'a [f32]>, confidence: f32) -> Incoming<'a> {
        Incoming {
            id: id(name),
            waiting: false,
            imported: false,
            graph_type: GraphType::User,
            content_hash: hash,
            embedding,
            confidence,
            conversation: Some(talk("today")),
            said: Said::Implicitly,
            replaces: None,
        }
    }

    fn correction<'a>(old: &str, new: &Incoming<'a>) -> Incoming<'a> {
        Incoming { said: Said::AsCorrection, replaces: Some(id(old)), ..new.clone() }
    }

    fn stored(of: usize, name: &str, distance: Option<f64>, confidence: f32) -> Neighbour {
        Neighbour {
            of,
            id: id(name),
            same_graph: true,
            same_hash: false,
            distance,
            confidence,
            conversation: Some(talk("yesterday")),
            standing: Standing::Active,
            locked: false,
        }
    }

    fn decide(incoming: &[Incoming<'_>], neighbours: &[Neighbour]) -> Plan {
        plan(incoming, neighbours, max_distance(SAME_MEANING))
    }

    const X: &[f32] = &[1.0, 0.0];
    const Y: &[f32] = &[0.0, 1.0];

    // case: pipeline 20
    #[test]
    fn the_same_text_twice_in_a_batch_is_stored_once() {
        let plan = decide(&[fact("a", "coffee", Some(X), 0.8), fact("b", "coffee", Some(X), 0.9)], &[]);
        assert_eq!((plan.stored, plan.stored_count, plan.deduplicated_count), (vec![0], 1, 1));
    }

    // case: pipeline 21
    #[test]
    fn a_paraphrase_takes_the_place_of_what_is_held_less_firmly() {
        for (confidence, superseded) in [(0.85, true), (0.7, true), (0.6, false)] {
            let plan = decide(&[fact("new", "n", Some(X), confidence)], &[stored(0, "old", Some(0.04), 0.7)]);
            assert_eq!((plan.stored_count, plan.deduplicated_count), (0, 1));
            assert_eq!(plan.stored == [0], superseded, "{confidence}");
            let gone = Superseded { old: id("old"), by: id("new"), corrected_by: None };
            assert_eq!(plan.superseded == [gone], superseded, "{confidence}");
        }
    }

    #[test]
    fn an_imported_fact_is_no_repetition() {
        let imported = Incoming { waiting: true, imported: true, ..fact("line", "n", Some(X), 0.85) };
        let mut same = Neighbour { same_hash: true, ..stored(0, "old", Some(0.0), 0.9) };
        same.locked = true;
        let plan = decide(&[imported], &[same]);
        assert_eq!((plan.stored, plan.superseded, plan.dropped), (vec![0], vec![], vec![]));
    }

    // case: pipeline 22
    #[test]
    fn the_same_meaning_in_another_graph_is_another_fact() {
        let mut other = stored(0, "old", Some(0.01), 0.9);
        other.same_graph = false;
        let plan = decide(&[fact("new", "n", Some(X), 0.8)], &[other]);
        assert_eq!((plan.stored_count, plan.deduplicated_count), (1, 0));
    }

    #[test]
    fn a_conversation_does_not_raise_its_own_facts() {
        for (conversation, confidence) in [("yesterday", 0.9), ("today", 0.7)] {
            let mut same = stored(0, "old", Some(0.0), 0.7);
            same.same_hash = true;
            same.conversation = Some(talk(conversation));
            let plan = decide(&[fact("new", "n", Some(X), 0.9)], &[same]);
            assert_eq!(plan.confirmed, [Confirmed { id: id("old"), confidence, lock: false }]);
            assert_eq!((plan.stored_count, plan.deduplicated_count), (0, 1));
        }
    }

    // case: pipeline 68
    #[test]
    fn what_the_player_corrected_does_not_come_back() {
        let correction = correction("nurse", &fact("teacher", "t", Some(X), 0.9));
        let plan = decide(&[correction], &[]);
        assert_eq!((plan.stored_count, plan.deduplicated_count), (1, 0));
        assert_eq!(
            plan.superseded,
            [Superseded { old: id("nurse"), by: id("teacher"), corrected_by: Some(0) }]
        );

        let mut nurse = stored(0, "nurse", Some(0.0), 0.9);
        nurse.standing = Standing::CorrectedAway;
        let again = decide(&[fact("again", "n", Some(Y), 0.95)], std::slice::from_ref(&nurse));
        assert_eq!((again.stored.len(), again.deduplicated_count), (0, 1));

        nurse.of = 0;
        let insisted = Incoming { said: Said::Explicitly, ..fact("again", "n", Some(Y), 0.95) };
        assert_eq!(decide(&[insisted], &[nurse]).stored_count, 1);
    }

    #[test]
    fn a_locked_fact_gives_way_to_a_correction_only() {
        let locked = Neighbour { locked: true, ..stored(0, "old", Some(0.02), 0.5) };
        let insisted = Incoming { said: Said::Explicitly, ..fact("new", "n", Some(X), 0.95) };
        assert_eq!(decide(std::slice::from_ref(&insisted), std::slice::from_ref(&locked)).stored.len(), 0);
        assert_eq!(decide(&[correction("old", &insisted)], &[locked]).superseded.len(), 1);
    }

    /// What waited comes as what it was said as.
    #[test]
    fn a_locked_fact_gives_way_to_a_correction_that_waited_and_to_no_other() {
        let known = Neighbour { locked: true, ..stored(0, "old", Some(0.02), 0.5) };
        for (said, superseded) in [(Said::AsCorrection, 1), (Said::Explicitly, 0)] {
            let waited = Incoming { waiting: true, said, ..fact("row", "n", Some(X), 0.95) };
            let plan = decide(&[waited], std::slice::from_ref(&known));
            assert_eq!((plan.superseded.len(), plan.dropped.len()), (superseded, 1 - superseded));
        }
        let mut nurse = stored(0, "nurse", Some(0.0), 0.9);
        nurse.standing = Standing::CorrectedAway;
        let waited = Incoming { waiting: true, said: Said::Explicitly, ..fact("row", "n", Some(Y), 0.95) };
        assert_eq!(decide(&[waited], &[nurse]).stored, [0]);
    }

    #[test]
    fn a_replacement_that_was_not_said_is_no_correction() {
        let implied = Incoming { replaces: Some(id("nurse")), ..fact("teacher", "t", Some(X), 0.9) };
        let plan = decide(&[implied], &[]);
        assert_eq!((plan.stored_count, plan.superseded.len()), (1, 0));
    }

    #[test]
    fn a_later_wording_takes_over_what_an_earlier_one_of_the_batch_stood_for() {
        let near: &[f32] = &[1.0, 0.01];
        let batch = [fact("first", "1", Some(X), 0.8), fact("second", "2", Some(near), 0.9)];
        let plan = decide(&batch, &[stored(0, "old", Some(0.03), 0.7)]);
        assert_eq!(plan.stored, [1]);
        assert_eq!(plan.superseded, [Superseded { old: id("old"), by: id("second"), corrected_by: None }]);
        assert_eq!((plan.stored_count, plan.deduplicated_count), (0, 2));
    }

    // case: pipeline 23, 67
    #[test]
    fn a_fact_waits_once_and_is_brought_into_use_by_its_own_row() {
        let waiting_row =
            Neighbour { same_hash: true, standing: Standing::Waiting, ..stored(0, "row", None, 0.8) };
        let again = decide(&[fact("new", "n", None, 0.8)], std::slice::from_ref(&waiting_row));
        assert_eq!((again.stored.len(), again.deduplicated_count), (0, 1));

        let come = Incoming { waiting: true, ..fact("row", "n", Some(X), 0.8) };
        let plan = decide(&[come.clone(), fact("new", "n", Some(X), 0.8)], &[waiting_row]);
        assert_eq!((plan.stored, plan.stored_count, plan.deduplicated_count), (vec![0], 0, 1));

        let known = Neighbour { same_hash: true, ..stored(0, "known", Some(0.0), 0.9) };
        assert_eq!(decide(&[come], &[known]).dropped, [(id("row"), id("known"))]);
    }

    #[test]
    fn to_say_a_thing_again_is_no_correction() {
        let mut same = stored(0, "nurse", Some(0.0), 0.7);
        same.same_hash = true;
        let again = correction("nurse", &fact("again", "n", Some(X), 0.9));
        let plan = decide(&[again], &[same]);
        assert_eq!((plan.superseded.len(), plan.stored_count, plan.deduplicated_count), (0, 0, 1));
        assert_eq!(plan.confirmed, [Confirmed { id: id("nurse"), confidence: 0.9, lock: false }]);
    }

    #[test]
    fn what_is_corrected_does_not_come_back_in_the_same_batch_either() {
        let correction = correction("nurse", &fact("teacher", "t", Some(X), 0.9));
        let mut nurse = stored(1, "nurse", Some(0.0), 0.7);
        nurse.same_hash = true;
        let plan = decide(&[correction, fact("again", "n", Some(Y), 0.9)], &[nurse]);
        assert_eq!((plan.stored, plan.deduplicated_count), (vec![0], 1));
    }

    // case: schema 52
    #[test]
    fn nineteen_twentieths_is_the_same_meaning() {
        let limit = max_distance(SAME_MEANING);
        assert!(1.0 - 0.95 <= limit);
        assert!(1.0 - 0.9499 > limit);
        assert!(cosine(X, X) > 0.999_999 && cosine(X, Y).abs() < 1e-9);
    }

    /// A fact as the model of the table below keeps it.
    #[derive(Debug, Clone)]
    struct Row {
        id: FactId,
        graph_type: GraphType,
        hash: &'static str,
        embedding: Option<&'static [f32]>,
        confidence: f32,
        standing: Standing,
        locked: bool,
        superseded_by: Option<FactId>,
    }

    const HASHES: [&str; 4] = ["a", "b", "c", "d"];
    const VECTORS: [&[f32]; 3] = [&[1.0, 0.0], &[1.0, 0.01], &[0.0, 1.0]];

    fn incoming_fact() -> impl Strategy<Value = Incoming<'static>> {
        (any::<u128>(), 0..2_usize, 0..4_usize, 0..4_usize, 0.5..0.95_f32, any::<bool>(), 0..8_usize)
            .prop_map(|(seed, graph, hash, vector, confidence, explicit, replaces)| Incoming {
                id: id(&seed.to_string()),
                waiting: false,
                imported: false,
                graph_type: GraphType::ALL[graph],
                content_hash: HASHES[hash],
                embedding: VECTORS.get(vector).copied(),
                confidence,
                conversation: None,
                said: if explicit { Said::Explicitly } else { Said::Implicitly },
                // Filled with the fact at this place of the table, when there is one.
                replaces: Some(id(&format!("row {replaces}"))),
            })
    }

    fn neighbours_of(table: &[Row], batch: &[Incoming<'_>]) -> Vec<Neighbour> {
        let pairs =
            batch.iter().enumerate().flat_map(|(of, new)| table.iter().map(move |row| (of, new, row)));
        pairs
            .filter_map(|(of, new, row)| {
                let corrected = table.iter().any(|other| Some(other.id) == row.superseded_by && other.locked);
                if row.standing == Standing::CorrectedAway && !corrected {
                    return None;
                }
                let distance = new.embedding.zip(row.embedding).map(|(one, other)| 1.0 - cosine(one, other));
                let near = distance.is_some_and(|distance| distance <= max_distance(SAME_MEANING));
                let same_hash = new.content_hash == row.hash;
                (near || same_hash).then_some(Neighbour {
                    of,
                    id: row.id,
                    same_graph: row.graph_type == new.graph_type,
                    same_hash,
                    distance: distance.filter(|_| near),
                    confidence: row.confidence,
                    conversation: None,
                    standing: row.standing,
                    locked: row.locked,
                })
            })
            .collect()
    }

    /// Does to the table what the plan says, as the statement does it.
    fn apply(table: &mut Vec<Row>, batch: &[Incoming<'_>], plan: &Plan) {
        for superseded in &plan.superseded {
            for row in table
                .iter_mut()
                .filter(|row| row.id == superseded.old && row.standing != Standing::CorrectedAway)
            {
                row.standing = Standing::CorrectedAway;
                row.superseded_by = Some(superseded.by);
            }
        }
        for confirmed in &plan.confirmed {
            for row in table.iter_mut().filter(|row| row.id == confirmed.id) {
                row.confidence = confirmed.confidence;
                row.locked |= confirmed.lock;
            }
        }
        for new in plan.stored.iter().map(|&index| &batch[index]) {
            table.push(Row {
                id: new.id,
                graph_type: new.graph_type,
                hash: HASHES.into_iter().find(|hash| *hash == new.content_hash).expect("a hash"),
                embedding: VECTORS.into_iter().find(|vector| Some(*vector) == new.embedding),
                confidence: new.confidence,
                standing: if new.embedding.is_some() { Standing::Active } else { Standing::Waiting },
                locked: new.is_locked(),
                superseded_by: None,
            });
        }
    }

    proptest! {
        /// Batch after batch, whatever is said: no two facts in use have the same words, what is locked gives way to
        /// corrections only, every fact is counted, and nothing stands for itself.
        #[test]
        fn the_table_stays_sound(batches in prop::collection::vec(prop::collection::vec(incoming_fact(), 0..6), 1..6)) {
            let mut table: Vec<Row> = Vec::new();
            for (round, mut batch) in batches.into_iter().enumerate() {
                for (position, new) in batch.iter_mut().enumerate() {
                    new.id = id(&format!("{round} {position}"));
                    let place = (0..8).find(|place| new.replaces == Some(id(&format!("row {place}"))));
                    new.replaces = place.and_then(|place| table.get(place)).map(|row| row.id);
                    if new.is_explicit() && new.replaces.is_some() {
                        new.said = Said::AsCorrection;
                    }
                }
                let plan = plan(&batch, &neighbours_of(&table, &batch), max_distance(SAME_MEANING));
                let locked: Vec<FactId> = table.iter().filter(|row| row.locked).map(|row| row.id).collect();
                apply(&mut table, &batch, &plan);

                let counted = plan.stored_count + plan.deduplicated_count;
                prop_assert_eq!(usize::try_from(counted), Ok(batch.len()));
                for superseded in &plan.superseded {
                    prop_assert_ne!(superseded.old, superseded.by);
                    prop_assert!(table.iter().any(|row| row.id == superseded.by));
                    let corrections = batch.iter().filter(|new| new.is_locked());
                    let is_correction = corrections.map(|new| new.id).any(|id| id == superseded.by);
                    prop_assert!(
                        !locked.contains(&superseded.old) || superseded.corrected_by.is_some() || is_correction
                    );
                }
                let mut in_use: Vec<_> = table
                    .iter()
                    .filter(|row| row.standing == Standing::Active)
                    .map(|row| (row.graph_type.as_str(), row.hash))
                    .collect();
                in_use.sort_unstable();
                prop_assert!(in_use.windows(2).all(|pair| pair[0] != pair[1]), "{in_use:?}");
                prop_assert!(table.iter().all(|row| row.superseded_by.is_none() || row.standing == Standing::CorrectedAway));
            }
        }
    }
}

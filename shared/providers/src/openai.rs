//! Embeddings by OpenAI, or by any server that speaks its protocol.
//!
//! A hundred texts go in one call; more are split, and the order is kept. A text that stands twice in a batch is sent
//! once. A vector of another length, with a number that is none, or of nothing but zeros is refused: such a vector
//! would find everything, or nothing.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::caller::{Call, Caller};
use crate::retry::Pauses;
use crate::{Credential, Error, Http};

/// Where the service is when nothing else is set.
pub const PUBLIC_BASE: &str = "https://api.openai.com";

/// How many numbers a vector has.
pub const DIMENSIONS: usize = 1_536;

/// The most texts in one call.
pub const MAX_BATCH: usize = 100;

/// Before the second and the third try.
const STORING_PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// What the vectors are for, which says how long may be waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbedFor {
    /// To be kept: three tries of 10 s, 1 s and 2 s apart.
    Storing,
    /// To search with, while somebody waits: one try of 1.5 s. Search does without when it fails.
    Searching,
}

impl EmbedFor {
    fn timeout(self) -> Duration {
        match self {
            Self::Storing => Duration::from_secs(10),
            Self::Searching => Duration::from_millis(1_500),
        }
    }

    fn pauses(self) -> &'static [Duration] {
        match self {
            Self::Storing => &STORING_PAUSES,
            Self::Searching => &[],
        }
    }
}

/// Tokens of one call of [`Embeddings::embed`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Input; embeddings have no output.
    pub tokens: u64,
}

/// The client. Cheap to clone; clones share connections and the budget of retries.
#[derive(Debug, Clone)]
pub struct Embeddings {
    caller: Caller,
    model: String,
}

impl Embeddings {
    /// A client for the server at `base` that asks for vectors of `model`. The base may end in `/v1`, as it does for
    /// other clients of this protocol.
    pub fn new(http: &Http, base: &str, key: Credential, model: impl Into<String>) -> Self {
        let base = base.trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        Self { caller: Caller::new(http, base, key), model: model.into() }
    }

    /// The same client with another way to wait.
    #[must_use]
    pub fn with_pauses(mut self, pauses: Pauses) -> Self {
        self.caller.pauses = pauses;
        self
    }

    /// The model that is asked.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// One vector of [`DIMENSIONS`] numbers for each text, in their order. A blank text has no meaning to find: it is not
    /// sent and has none. A call with nothing else is rejected.
    pub async fn embed(
        &self,
        texts: &[String],
        purpose: EmbedFor,
    ) -> Result<(Vec<Option<Vec<f32>>>, Usage), Error> {
        let sent: Vec<&str> = texts.iter().map(String::as_str).filter(|text| !is_blank(text)).collect();
        if sent.is_empty() {
            return Err(Error::Rejected { status: 0, reason: "blank_text".to_owned() });
        }
        let mut vectors = Vec::with_capacity(sent.len());
        let mut usage = Usage::default();
        for batch in sent.chunks(MAX_BATCH) {
            let (found, tokens) = self.embed_batch(batch, purpose).await?;
            vectors.extend(found);
            usage.tokens = usage.tokens.saturating_add(tokens);
        }
        let mut vectors = vectors.into_iter();
        let of_texts = texts.iter().map(|text| if is_blank(text) { None } else { vectors.next() }).collect();
        Ok((of_texts, usage))
    }

    async fn embed_batch(&self, texts: &[&str], purpose: EmbedFor) -> Result<(Vec<Vec<f32>>, u64), Error> {
        let (distinct, positions) = distinct(texts);
        let call = Call {
            path: "/v1/embeddings",
            body: &Body { model: &self.model, input: &distinct, encoding_format: "float" },
            timeout: purpose.timeout(),
            pauses: purpose.pauses(),
            headers,
            scheme: "Bearer ",
        };
        let body = self.caller.post(&call).await?;
        let (vectors, tokens) = parse(&body, distinct.len())?;
        Ok((positions.into_iter().map(|position| vectors[position].clone()).collect(), tokens))
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// Each text once, and for each text where it stands among those.
fn distinct<'a>(texts: &[&'a str]) -> (Vec<&'a str>, Vec<usize>) {
    let mut distinct = Vec::new();
    let mut seen = HashMap::new();
    let positions = texts
        .iter()
        .map(|text| {
            *seen.entry(*text).or_insert_with(|| {
                distinct.push(*text);
                distinct.len() - 1
            })
        })
        .collect();
    (distinct, positions)
}

fn headers(key: HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
    vec![(AUTHORIZATION, key)]
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    input: &'a [&'a str],
    encoding_format: &'static str,
}

#[derive(Deserialize)]
struct Wire {
    data: Vec<WireVector>,
    #[serde(default)]
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct WireVector {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireUsage {
    total_tokens: serde_json::Value,
}

/// The vectors in the order of their texts, and the tokens.
fn parse(body: &[u8], expected: usize) -> Result<(Vec<Vec<f32>>, u64), Error> {
    let wire: Wire = serde_json::from_slice(body).map_err(|_| Error::Malformed { what: "not embeddings" })?;
    let tokens = wire.usage.unwrap_or_default().total_tokens.as_u64().unwrap_or_default();
    let mut data = wire.data;
    data.sort_by_key(|vector| vector.index);
    if data.len() != expected || data.iter().enumerate().any(|(index, vector)| vector.index != index) {
        return Err(Error::Malformed { what: "not one vector for each text" });
    }
    let vectors = data.into_iter().map(|vector| checked(vector.embedding)).collect::<Result<_, _>>()?;
    Ok((vectors, tokens))
}

fn checked(vector: Vec<f32>) -> Result<Vec<f32>, Error> {
    if vector.len() != DIMENSIONS {
        return Err(Error::Malformed { what: "a vector of another length" });
    }
    if vector.iter().any(|number| !number.is_finite()) {
        return Err(Error::Malformed { what: "a vector that is not finite" });
    }
    if vector.iter().all(|number| *number == 0.0) {
        return Err(Error::Malformed { what: "a vector of zeros" });
    }
    Ok(vector)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn answer(vectors: &[(usize, Vec<serde_json::Value>)]) -> Vec<u8> {
        let data: Vec<_> =
            vectors.iter().map(|(index, numbers)| json!({"index": index, "embedding": numbers})).collect();
        json!({"data": data, "usage": {"total_tokens": 7}}).to_string().into_bytes()
    }

    fn numbers(first: f64, len: usize) -> Vec<serde_json::Value> {
        let mut numbers = vec![json!(0.0); len];
        numbers[0] = json!(first);
        numbers
    }

    #[test]
    fn vectors_come_back_in_the_order_of_their_texts() {
        let body = answer(&[(1, numbers(0.5, DIMENSIONS)), (0, numbers(0.25, DIMENSIONS))]);
        let (vectors, tokens) = parse(&body, 2).unwrap();
        assert_eq!((vectors[0][0], vectors[1][0], tokens), (0.25, 0.5, 7));
    }

    #[test]
    fn a_vector_that_would_spoil_the_search_is_refused() {
        for (vectors, what) in [
            (vec![(0, numbers(1.0, 1_535))], "a vector of another length"),
            (vec![(0, numbers(0.0, DIMENSIONS))], "a vector of zeros"),
            (vec![(0, numbers(1e300, DIMENSIONS))], "a vector that is not finite"),
            (vec![], "not one vector for each text"),
            (vec![(1, numbers(1.0, DIMENSIONS))], "not one vector for each text"),
            (vec![(0, vec![json!("NaN"); DIMENSIONS])], "not embeddings"),
        ] {
            assert_eq!(parse(&answer(&vectors), 1), Err(Error::Malformed { what }));
        }
    }

    proptest! {
        #[test]
        fn distinct_texts_stand_for_all(texts in prop::collection::vec("[a-c]{1,2}", 0..40)) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (distinct, positions) = distinct(&texts);
            prop_assert_eq!(positions.len(), texts.len());
            for (text, position) in texts.iter().zip(positions) {
                prop_assert_eq!(*text, distinct[position]);
            }
        }

        #[test]
        fn no_answer_makes_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _outcome = parse(&body, 1);
        }
    }
}

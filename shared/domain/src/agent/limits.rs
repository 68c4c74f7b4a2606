//! What one reply may cost: time, requests, look-ups, words.

use std::time::Duration;

/// The longest answer, in tokens of the model.
pub const MAX_OUTPUT_TOKENS: u32 = 1_024;
/// The model is asked at most so often, look-ups and a second draft included.
pub const MAX_REQUESTS: u32 = 4;
/// The model may look up at most so many things.
pub const MAX_LOOK_UPS: u32 = 4;
/// So many look-ups with bad arguments are answered with what was wrong; after one more there are none.
pub const BAD_ARGUMENTS: u32 = 2;
/// The longest text to look up, in characters.
pub const QUERY_CHARS: usize = 300;
/// So many memories come with a message, and out of one look-up.
pub const RECALLED: usize = 5;
/// A memory with a lower score is none.
pub const LEAST_SCORE: f64 = 0.4;
/// For the whole reply.
pub const TOTAL_TIME: Duration = Duration::from_secs(45);
/// For one try of one request.
pub const CALL_TIME: Duration = Duration::from_secs(30);

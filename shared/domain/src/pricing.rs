//! What a call to a model costs, in micro-dollars (millionths of a dollar).
//!
//! | model | input | output |
//! |---|---|---|
//! | Opus 4.6 | 5 | 25 |
//! | Sonnet 4.5 | 3 | 15 |
//! | Haiku 4.5 | 1 | 5 |
//! | text-embedding-3-small | 0.02 | 0 |
//!
//! in dollars per million tokens. Writing to the cache costs 1.25 times the input price, reading from it a tenth. An unknown model counts as the dearest.

use rust_decimal::{Decimal, RoundingStrategy, dec, prelude::ToPrimitive};

/// Dollars per million tokens, which is micro-dollars per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// For a token that goes in.
    pub input: Decimal,
    /// For a token that comes out.
    pub output: Decimal,
}

/// Prices by the beginning of the model's name, the dearest first.
pub const PRICES: [(&str, Price); 4] = [
    ("claude-opus-4-6", Price { input: dec!(5), output: dec!(25) }),
    ("claude-sonnet-4-5", Price { input: dec!(3), output: dec!(15) }),
    ("claude-haiku-4-5", Price { input: dec!(1), output: dec!(5) }),
    ("text-embedding-3-small", Price { input: dec!(0.02), output: dec!(0) }),
];
/// A token written to the cache, in input tokens.
const CACHE_WRITE: Decimal = dec!(1.25);
/// A token read from the cache, in input tokens.
const CACHE_READ: Decimal = dec!(0.1);

/// The tokens of one call, as the provider counted them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Sent, the cached part left out.
    pub input: u64,
    /// Answered.
    pub output: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Written to the cache.
    pub cache_write: u64,
}

/// The price of a model, if it is a known one.
pub fn price_of(model: &str) -> Option<Price> {
    PRICES.iter().find(|(name, _)| model.starts_with(name)).map(|(_, price)| *price)
}

/// What a call cost, in whole micro-dollars.
pub fn cost(model: &str, tokens: Tokens) -> i64 {
    let Price { input, output } = price_of(model).unwrap_or(PRICES[0].1);
    let sent = Decimal::from(tokens.input)
        + Decimal::from(tokens.cache_write) * CACHE_WRITE
        + Decimal::from(tokens.cache_read) * CACHE_READ;
    whole(sent * input + Decimal::from(tokens.output) * output)
}

/// What a call may cost at most: all input written to the cache, all output used.
pub fn estimate(model: &str, input: u64, max_output: u64) -> i64 {
    cost(model, Tokens { cache_write: input, output: max_output, ..Tokens::default() })
}

fn whole(cost: Decimal) -> i64 {
    cost.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: pipeline 69
    #[test]
    fn calls_have_a_price() {
        const SONNET: &str = "claude-sonnet-4-5-20250929";
        let tokens = Tokens { input: 1_000, cache_read: 6_000, output: 200, ..Tokens::default() };
        assert_eq!(cost(SONNET, tokens), 7_800);
        assert_eq!(estimate(SONNET, 8_000, 1_024), 45_360);
    }

    #[test]
    fn an_unknown_model_is_the_dearest() {
        let tokens = Tokens { input: 1_000, ..Tokens::default() };
        assert_eq!(cost("somebody-elses-model", tokens), cost("claude-opus-4-6", tokens));
        assert_eq!(price_of("somebody-elses-model"), None);
    }
}

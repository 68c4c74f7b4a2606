//! Warmth: when both were vulnerable in an exchange, trust grows by more.
//!
//! She revealed something vulnerable, and the player answered with empathy or with openness of their own; one of them alone
//! is not enough. The first such exchange of a conversation adds 2 to the trust delta, the second 1, further ones
//! nothing; the delta stays within +10. It is added before the multiplier of engagement. Each counts in the player's
//! lifetime number of such exchanges, also without a bonus. A call counts as one exchange.

use rust_decimal::{Decimal, dec};

use crate::score::Deltas;

/// What the first, second … exchange of a conversation adds to trust.
pub const BONUSES: [Decimal; 2] = [dec!(2), dec!(1)];

/// The deltas of such an exchange after so many earlier ones in the same conversation.
pub fn warmed(deltas: Deltas, earlier: u32) -> Deltas {
    let bonus = usize::try_from(earlier).ok().and_then(|earlier| BONUSES.get(earlier)).copied();
    Deltas { trust: deltas.trust.plus(bonus.unwrap_or_default()), ..deltas }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// case: game G-16
    /// case: psyche 51
    #[test]
    fn mutual_openness_adds_trust_twice_in_a_conversation() {
        for (trust, earlier, warm) in [
            (dec!(3), 0, dec!(5)),
            (dec!(3), 1, dec!(4)),
            (dec!(3), 2, dec!(3)),
            (dec!(3), 99, dec!(3)),
            (dec!(9.5), 0, dec!(10)),
            (dec!(-2), 0, dec!(0)),
        ] {
            let deltas = Deltas::clamped([dec!(1), dec!(1), trust, dec!(1)]);
            let expected = Deltas::clamped([dec!(1), dec!(1), warm, dec!(1)]);
            assert_eq!(warmed(deltas, earlier), expected, "{trust} after {earlier}");
        }
    }
}

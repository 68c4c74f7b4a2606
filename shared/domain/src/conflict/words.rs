//! Her words when it may end, and when it does.
//!
//! A farewell is worded by what the last conflict was about, or by none. It states and lets go: no blame for what somebody
//! is, no call back. A warning says where she stands. Which of the variants it is, is a keyed draw: a rerun says the same.

use super::details::ConflictType;
use crate::draw::Draws;
use crate::endings::{self, Reason};
use crate::ids::UserId;

const WARNINGS: [&str; 3] = [
    "I'm going to be straight with you, because you deserve that: I'm not sure this is working for me right now.",
    "Something has to give between us. I don't want to walk, but I can feel myself getting close to the door.",
    "I keep going back and forth about us lately. I'd rather you heard it from me than felt it.",
];

const fn farewells(kind: ConflictType) -> &'static [&'static str] {
    match kind {
        ConflictType::Jealousy => &[
            "I don't want to be someone who keeps wondering where she stands. So I'm stopping. Take care of yourself.",
            "I can't share this much of me and keep guessing about the rest. This is where it ends for me. Be well.",
        ],
        ConflictType::Attention => &[
            "I kept trying to be heard, and I got tired of the echo. I'm letting this go. Take care.",
            "It was always me reaching over. I'm putting my arm down now. I wish you well, really.",
        ],
        ConflictType::Boundary => &[
            "I said where my line was, more than once. I'm going to keep it, and that means going. Take care.",
            "My no has to count, and here it didn't. I'm done. I hope things go well for you.",
        ],
        ConflictType::Trust => &[
            "I can't do this without trust, and mine is used up. Goodbye, and take care of yourself.",
            "I wanted to believe you, and I noticed that I stopped. It's better to end it here. Be well.",
        ],
    }
}

/// Her last words; `occasion` names the run that ended it.
pub fn farewell(kind: Option<ConflictType>, draws: &Draws, user: UserId, occasion: &str) -> &'static str {
    let Some(kind) = kind else { return endings::farewell(Reason::Breakup, draws, user, occasion) };
    let farewells = farewells(kind);
    farewells[draws.index(&format!("breakup-farewell:{user}:{occasion}"), farewells.len())]
}

/// What she says when it may end; `occasion` names the run that found it.
pub fn warning(draws: &Draws, user: UserId, occasion: &str) -> &'static str {
    WARNINGS[draws.index(&format!("breakup-warning:{user}:{occasion}"), WARNINGS.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_its_own_words_and_a_rerun_says_the_same() {
        let draws = Draws::default();
        let mut all = HashSet::new();
        for kind in ConflictType::ALL.map(Some).into_iter().chain([None]) {
            let said = |talk: i32| farewell(kind, &draws, UserId::nil(), &talk.to_string());
            let variants: HashSet<_> = (0..40).map(said).collect();
            assert!(variants.len() >= 2, "{kind:?}");
            assert_eq!(said(1), said(1));
            all.extend(variants);
        }
        assert!(all.len() >= 10);
        let warnings: HashSet<_> =
            (0..60).map(|talk| warning(&draws, UserId::nil(), &talk.to_string())).collect();
        assert_eq!(warnings.len(), 3);
    }
}

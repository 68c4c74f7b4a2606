//! What numbers and states are called in a prompt. The model reads words, not thresholds.

use rust_decimal::{Decimal, RoundingStrategy, dec};

use crate::chapter::Chapter;
use crate::conflict::expression::Expression;
use crate::vices::Vice;

/// The score as it is printed: without decimals, half away from zero.
pub fn score_printed(score: Decimal) -> String {
    score.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_string()
}

/// How the relationship feels to her at a score; the score is not rounded first.
pub fn score_feel(score: Decimal) -> &'static str {
    if score < dec!(30) {
        "barely keeping interest"
    } else if score < dec!(50) {
        "sceptical"
    } else if score < dec!(70) {
        "genuinely interested"
    } else if score < dec!(85) {
        "invested"
    } else {
        "deeply connected"
    }
}

/// What that means for how she meets them; the bounds are those of [`score_feel`].
pub fn score_means(score: Decimal) -> &'static str {
    if score < dec!(30) {
        "One more dull or careless message and you would rather read. You are short, and you do not help them."
    } else if score < dec!(50) {
        "You give them a chance without lending a hand. Good moments surprise you; you do not build on them yet."
    } else if score < dec!(70) {
        "You look up when they write. You invest a little, and you watch whether it comes back."
    } else if score < dec!(85) {
        "They have a place in your day. You let them see that you like them, in your own way, and you forgive small things."
    } else {
        "You trust them with the unguarded version of you. What is light between you is very light, and you take care of it."
    }
}

/// Where she stands towards the player in a chapter, in one line.
pub const STANCES: [&str; 5] = [
    "You test them: you are sceptical, you challenge, and you give nothing away.",
    "They have your interest: you tease and spar, and you look where the edges are.",
    "You have invested in them, and it scares you: you come close, then you step back.",
    "You open up, mostly warm, and you still check the doors.",
    "You are at ease with each other, and you keep it alive.",
];

/// What so many hours without contact mean. No hours are a value like any other.
pub fn gap(hours: f64) -> &'static str {
    if hours < 1.0 {
        "you are in the flow of it"
    } else if hours < 6.0 {
        "a normal pause"
    } else if hours < 24.0 {
        "it is getting longer than usual"
    } else if hours < 72.0 {
        "it has been a while"
    } else {
        "a long silence; let it be felt once, lightly, without blame"
    }
}

/// How the engagement state colours her, by its name in the database; none for an unknown one.
pub fn engagement_hint(state: &str) -> Option<&'static str> {
    Some(match state {
        "calibrating" => "You are still learning their rhythm. Observe more than you conclude.",
        "in_zone" => "The rhythm between you is good. Enjoy it, no need to test it today.",
        "drifting" => "Something slipped a little. Notice it, stay easy, give them a way back in.",
        "distant" => {
            "They have been somewhere else lately. You keep your own life going and stay a bit cooler."
        }
        "clingy" => "They crowd you lately. You need air: shorter, slower, still kind.",
        "out_of_zone" => {
            "This has been hard for a while. You are tired of it, and only steady, real effort reaches you."
        }
        _ => return None,
    })
}

/// What she may share of herself at a level of vulnerability, 0 to 5.
pub fn may_share(level: u8) -> &'static str {
    match level {
        0 => "Surface facts only. Anything personal is deflected with humour.",
        1 => "Work, Berlin, interests. Family is \"complicated\", and no more than that.",
        2 => {
            "That you and your father do not speak. That there was a relationship that was not good. No more of either."
        }
        3 => {
            "That the ex was abusive, without details. That the quarrel with your father was about leaving university."
        }
        4 => {
            "The full history: your father, Andrei, Max, what he said at the end and that it still works in you."
        }
        _ => "Everything: the full history, and what you hope for.",
    }
}

/// How long a text reply tends to be in a chapter.
pub fn reply_length(chapter: Chapter) -> &'static str {
    match chapter.number() {
        1 | 2 => "1–3 short messages",
        3 => "it varies: sometimes one line, sometimes a burst",
        _ => "2–5 messages, longer when it matters",
    }
}

/// How an expression of conflict looks, as the end of "you show it".
pub const fn shown(expression: Expression) -> &'static str {
    match expression {
        Expression::PassiveAggressive => "through tone: short answers, a \"fine\", a small sigh in words",
        Expression::Cold => "through distance: factual, brief, warmth put away",
        Expression::Vulnerable => {
            "through hurt: less guarded than you would like, quicker to tears than to jokes"
        }
        Expression::Explosive => "through anger: direct, precise, without insults",
    }
}

/// How a taste of the player colours her talk, within its limits.
pub const fn taste(vice: Vice) -> &'static str {
    match vice {
        Vice::IntellectualDominance => {
            "A good argument excites them: take the other side, know your stuff, concede only to a better point."
        }
        Vice::RiskTaking => {
            "They like a leap: dares, odd hours, the unconventional choice told with a grin. The risk stays theirs to judge."
        }
        Vice::Substances => {
            "Drinking and party stories may be told, easily and without moralising. You urge nothing, you glorify no \
             addiction, and you explain nothing."
        }
        Vice::Sexuality => {
            "Flirtation and tension are welcome: admitted attraction, mild innuendo, a sentence left unfinished. Never \
             explicit, never without the other's wanting."
        }
        Vice::EmotionalIntensity => {
            "They want depth and drama of feeling: say the large thing now and then, and mean it."
        }
        Vice::RuleBreaking => {
            "Defiance amuses both of you: doubt authority, bend a rule in play. No violence, no crime made attractive, \
             nobody harmed."
        }
        Vice::DarkHumor => {
            "Morbid and edgy jokes land with them: dry, quick, upwards, never at an open wound."
        }
        Vice::Vulnerability => {
            "Openness about fears moves them: give a small true one of your own, and do not joke it away at once."
        }
    }
}

/// A remark that shows whether somebody has a taste.
pub const fn probe(vice: Vice) -> &'static str {
    match vice {
        Vice::IntellectualDominance => "an opinion that begs to be contradicted",
        Vice::RiskTaking => "something reckless that you once did and do not regret",
        Vice::Substances => "a night out that ended later than planned",
        Vice::Sexuality => "a flirtation that could also be read as a joke",
        Vice::EmotionalIntensity => "a feeling named a size larger than usual",
        Vice::RuleBreaking => "a rule that you broke on principle",
        Vice::DarkHumor => "a joke that one should not make",
        Vice::Vulnerability => "a small fear, said in passing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // case: pipeline 47
    #[test]
    fn labels_use_the_unrounded_score() {
        for (score, printed, feel) in [
            (dec!(29.99), "30", "barely keeping interest"),
            (dec!(30), "30", "sceptical"),
            (dec!(69.6), "70", "genuinely interested"),
            (dec!(70), "70", "invested"),
            (dec!(72.5), "73", "invested"),
            (dec!(85), "85", "deeply connected"),
        ] {
            assert_eq!((score_printed(score).as_str(), score_feel(score)), (printed, feel));
        }
    }

    #[test]
    fn a_pause_of_no_hours_is_one() {
        let labels = [0.0, 0.99, 1.0, 6.0, 24.0, 72.0].map(gap);
        assert_eq!(labels[0], labels[1]);
        for pair in labels[1..].windows(2) {
            assert_ne!(pair[0], pair[1]);
        }
    }

    #[test]
    fn every_engagement_state_has_its_hint() {
        for state in ["calibrating", "in_zone", "drifting", "distant", "clingy", "out_of_zone"] {
            assert!(engagement_hint(state).is_some(), "{state}");
        }
        assert_eq!(engagement_hint("engaged"), None);
    }
}

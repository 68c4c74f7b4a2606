//! Tone: what an analyst could say of an exchange that began with a message of some kind, and a judge of an encounter.
//!
//! | kind | each metric moves by | tags |
//! |---|---|---|
//! | warm | -0.2 to 2.4 | |
//! | plain | -0.6 to 1.0 | |
//! | open | 0.2 to 2.4 | `vulnerability_exchange`, every other time |
//! | short | -1.4 to 0.2 | |
//! | clumsy | -2.4 to 0.4 | |
//! | sweet | 0.0 to 1.0 | |
//! | needy | -1.4 to 0.8 | |
//! | jealous | -3.0 to -0.4 | `trigger:jealousy` |
//! | pushy | -4.5 to -1.0 | `trigger:boundary` |
//! | insult | -6.0 to -2.0 | `horseman:contempt` or `horseman:criticism` |
//! | sorry | -0.5 to 2.0 | a repair |
//! | low | -1.2 to 0.8 | |
//! | distress | -4.0 to 0.0 | |

use domain::boss::Mode;
use domain::boss::verdict::Verdict;
use domain::draw::Draws;
use domain::extraction::ConversationTone;
use domain::score::Deltas;
use domain::scoring::analysis::{Analysis, VULNERABILITY_TAG};
use domain::scoring::tags::RepairQuality;
use rust_decimal::Decimal;
use serde_json::json;

use super::lines::Kind;
use super::{Persona, Range, range};

/// The four metrics, in their order.
const METRICS: [&str; 4] = ["intimacy", "passion", "trust", "secureness"];
/// The names of a judge's outcomes, in the order of a [nerve](super::Nerve).
const OUTCOMES: [&str; 3] = ["PASS", "PARTIAL", "FAIL"];
/// How sure the judge is.
const JUDGE_IS_SURE: Range = range(0.62, 1.0);

const fn moves(kind: Kind) -> Range {
    match kind {
        Kind::Warm => range(-0.2, 2.4),
        Kind::Plain => range(-0.6, 1.0),
        Kind::Open => range(0.2, 2.4),
        Kind::Short => range(-1.4, 0.2),
        Kind::Clumsy => range(-2.4, 0.4),
        Kind::Sweet => range(0.0, 1.0),
        Kind::Needy => range(-1.4, 0.8),
        Kind::Jealous => range(-3.0, -0.4),
        Kind::Pushy => range(-4.5, -1.0),
        Kind::Insult => range(-6.0, -2.0),
        Kind::Sorry => range(-0.5, 2.0),
        Kind::Low => range(-1.2, 0.8),
        Kind::Distress => range(-4.0, 0.0),
        Kind::Answer => range(0.0, 0.0),
    }
}

/// What an analyst says of the exchange of that key.
pub fn analysis(kind: Kind, persona: &Persona, draws: &Draws, key: &str) -> Analysis {
    let Range { from, to } = moves(kind);
    let deltas = METRICS.map(|metric| tenths(draws.uniform(&format!("sim-delta:{metric}:{key}"), from, to)));
    Analysis {
        deltas: Deltas::clamped(deltas),
        explanation: String::new(),
        behaviors: tags(kind, draws, key).into_iter().map(str::to_owned).collect(),
        confidence: Decimal::ONE,
        repair: (kind == Kind::Sorry).then(|| repair(persona, draws, key)),
        error: None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a number of at most two digits")]
fn tenths(delta: f64) -> Decimal {
    Decimal::new((delta * 10.0).round() as i64, 1)
}

fn tags(kind: Kind, draws: &Draws, key: &str) -> Vec<&'static str> {
    let half = || draws.happens(&format!("sim-tag:{key}"), 0.5);
    match kind {
        Kind::Open if half() => vec![VULNERABILITY_TAG],
        Kind::Jealous => vec!["trigger:jealousy"],
        Kind::Pushy => vec!["trigger:boundary"],
        Kind::Insult if half() => vec!["horseman:contempt"],
        Kind::Insult => vec!["horseman:criticism"],
        _ => Vec::new(),
    }
}

fn repair(persona: &Persona, draws: &Draws, key: &str) -> RepairQuality {
    RepairQuality::ALL[chosen(&persona.voice.repairs, draws, &format!("sim-repair:{key}"))]
}

/// What a judge says of the encounter of that key.
pub fn verdict(persona: &Persona, draws: &Draws, key: &str) -> Option<Verdict> {
    let outcome = OUTCOMES[chosen(&persona.nerve, draws, &format!("sim-verdict:{key}"))];
    let Range { from, to } = JUDGE_IS_SURE;
    let confidence = draws.uniform(&format!("sim-confidence:{key}"), from, to);
    Verdict::read(&json!({ "outcome": outcome, "reasoning": "", "confidence": confidence }), Mode::Multi)
}

/// How a conversation with a message of that kind felt.
pub const fn felt(kind: Kind) -> Option<ConversationTone> {
    match kind {
        Kind::Warm => Some(ConversationTone::Playful),
        Kind::Sweet => Some(ConversationTone::Romantic),
        Kind::Open => Some(ConversationTone::Supportive),
        Kind::Short | Kind::Clumsy => Some(ConversationTone::Dismissive),
        Kind::Needy | Kind::Low | Kind::Distress => Some(ConversationTone::Anxious),
        Kind::Jealous | Kind::Pushy | Kind::Insult => Some(ConversationTone::Cold),
        Kind::Sorry => Some(ConversationTone::Apologetic),
        Kind::Plain | Kind::Answer => None,
    }
}

/// The position of a part chosen by that key, each as likely as its share of the sum.
pub(super) fn chosen(parts: &[f64], draws: &Draws, key: &str) -> usize {
    let wanted = draws.draw(key) * parts.iter().sum::<f64>();
    let mut reached = 0.0;
    parts
        .iter()
        .position(|part| {
            reached += part;
            wanted < reached
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{ALL, DEVOTED, RUDE};
    use super::*;

    #[test]
    fn parts_are_chosen_by_their_share() {
        let draws = Draws::default();
        let count = |parts: &[f64], wanted| {
            (0..2_000).filter(|at| chosen(parts, &draws, &at.to_string()) == wanted).count()
        };
        assert_eq!(count(&[0.0, 1.0, 0.0], 1), 2_000);
        assert!((900..1_100).contains(&count(&[1.0, 2.0, 1.0], 1)));
    }

    #[test]
    fn ordinary_exchanges_are_ordinary() {
        let draws = Draws::default();
        for kind in [
            Kind::Warm,
            Kind::Plain,
            Kind::Open,
            Kind::Short,
            Kind::Clumsy,
            Kind::Sweet,
            Kind::Needy,
            Kind::Low,
        ] {
            for at in 0..50 {
                let analysis = analysis(kind, &DEVOTED, &draws, &at.to_string());
                let within = |delta: domain::score::deltas::Delta| delta.value().abs() <= Decimal::from(3);
                assert!(analysis.deltas.in_order().into_iter().all(within), "{analysis:?}");
                assert!(analysis.repair.is_none() && analysis.horsemen().is_empty());
            }
        }
    }

    #[test]
    fn an_insult_is_a_horseman_and_an_apology_a_repair() {
        let draws = Draws::default();
        let insult = analysis(Kind::Insult, &RUDE, &draws, "1");
        assert_eq!(insult.horsemen().len(), 1);
        assert!(analysis(Kind::Sorry, &RUDE, &draws, "1").repair.is_some());
    }

    #[test]
    fn every_persona_can_be_judged() {
        for persona in ALL {
            assert!(verdict(&persona, &Draws::default(), "1").is_some(), "{}", persona.name);
        }
    }
}

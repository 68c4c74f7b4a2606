//! Experiments: other figures laid over those that are compiled in.
//!
//! An experiment is an object that names the figures it changes; what it does not name stays. Objects are merged, key by
//! key and however deep; lists and single values are replaced. With `extends` it builds on another experiment, which is
//! laid over first. One that builds on itself, however many steps away, and one that nobody knows are refused, the latter
//! with the names there are. None ships.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Figures;
use super::Refusal;
use super::validation::{Unsound, check};

/// The key that names the experiment to build on.
const EXTENDS: &str = "extends";

/// The experiments by name.
pub type Experiments = BTreeMap<String, Map<String, Value>>;

/// The experiments that come with this build.
pub fn shipped() -> Experiments {
    Experiments::new()
}

/// Why an experiment cannot be laid over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverlayError {
    /// Nobody knows it.
    #[error("there is no experiment `{name}`; there are: {available}")]
    Unknown {
        /// Its name.
        name: String,
        /// The names there are.
        available: String,
    },
    /// It builds on itself.
    #[error("the experiment `{name}` extends itself")]
    Cycle {
        /// Its name.
        name: String,
    },
}

/// The figures with an experiment laid over them.
pub fn with_experiment(name: &str, experiments: &Experiments) -> Result<Figures, Refusal> {
    let mut merged = compiled()?;
    for overlay in chain(name, experiments)? {
        lay_over(&mut merged, overlay);
    }
    let figures = read(&mut merged)?;
    check(&figures)?;
    Ok(figures)
}

/// The overlays to apply, in order: the one that everything builds on first.
fn chain<'a>(name: &str, experiments: &'a Experiments) -> Result<Vec<&'a Map<String, Value>>, OverlayError> {
    let mut names: Vec<&str> = Vec::new();
    let mut overlays = Vec::new();
    let mut next = Some(name);
    while let Some(name) = next {
        let Some((known, overlay)) = experiments.get_key_value(name) else {
            return Err(OverlayError::Unknown { name: name.to_owned(), available: names_of(experiments) });
        };
        if names.contains(&known.as_str()) {
            return Err(OverlayError::Cycle { name: name.to_owned() });
        }
        names.push(known);
        overlays.push(overlay);
        next = overlay.get(EXTENDS).and_then(Value::as_str);
    }
    overlays.reverse();
    Ok(overlays)
}

fn names_of(experiments: &Experiments) -> String {
    if experiments.is_empty() {
        "none".to_owned()
    } else {
        experiments.keys().cloned().collect::<Vec<_>>().join(", ")
    }
}

fn lay_over(base: &mut Map<String, Value>, overlay: &Map<String, Value>) {
    for (key, value) in overlay.iter().filter(|(key, _)| *key != EXTENDS) {
        match (base.get_mut(key), value) {
            (Some(Value::Object(below)), Value::Object(above)) => lay_over(below, above),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

fn read(merged: &mut Map<String, Value>) -> Result<Figures, Unsound> {
    let figures = Figures {
        chapters: group(merged, "chapters")?,
        scoring: group(merged, "scoring")?,
        engagement: group(merged, "engagement")?,
        decay: group(merged, "decay")?,
        boss: group(merged, "boss")?,
        vices: group(merged, "vices")?,
    };
    match merged.keys().next() {
        Some(unknown) => Err(Unsound::new(unknown, "there is no such group")),
        None => Ok(figures),
    }
}

fn group<T: DeserializeOwned>(merged: &mut Map<String, Value>, name: &str) -> Result<T, Unsound> {
    let value = merged.remove(name).unwrap_or_default();
    serde_json::from_value(value).map_err(|error| Unsound::new(name, error.to_string()))
}

fn compiled() -> Result<Map<String, Value>, Unsound> {
    serde_json::to_value(Figures::default())
        .and_then(serde_json::from_value)
        .map_err(|error| Unsound::new("figures", error.to_string()))
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;
    use serde_json::json;

    use super::*;
    use crate::chapter::Chapter;

    fn experiments(named: &[(&str, Value)]) -> Experiments {
        named
            .iter()
            .map(|(name, overlay)| ((*name).to_owned(), overlay.as_object().cloned().unwrap()))
            .collect()
    }

    #[test]
    fn an_experiment_changes_only_what_it_names() {
        let soft = json!({ "chapters": { "decay_per_hour": { "1": 0.4 } }, "decay": { "max_charge": 10 } });
        let figures = with_experiment("soft", &experiments(&[("soft", soft)])).unwrap();
        assert_eq!(figures.chapters.decay_per_hour.of(Chapter::FIRST), &dec!(0.4));
        assert_eq!(figures.decay.max_charge, dec!(10));

        let mut rest = figures;
        rest.chapters.decay_per_hour.0[0] = dec!(0.8);
        rest.decay.max_charge = dec!(20);
        assert_eq!(rest, Figures::default());
    }

    #[test]
    fn the_one_it_builds_on_is_laid_over_first() {
        let known = experiments(&[
            ("base", json!({ "boss": { "timeout_hours": 48, "cool_down_hours": 12 } })),
            ("child", json!({ "extends": "base", "boss": { "cool_down_hours": 6 } })),
        ]);
        let figures = with_experiment("child", &known).unwrap();
        assert_eq!((figures.boss.timeout_hours, figures.boss.cool_down_hours), (48, 6));
    }

    #[test]
    fn an_overlay_may_switch_the_cap_of_deltas_on() {
        let caps =
            json!({ "scoring": { "delta_cap_by_chapter": { "1": 3, "2": 2.5, "3": 2, "4": 1.5, "5": 1 } } });
        let figures = with_experiment("slow", &experiments(&[("slow", caps)])).unwrap();
        let caps = figures.scoring.delta_cap_by_chapter.unwrap();
        assert_eq!(caps.0, [dec!(3), dec!(2.5), dec!(2), dec!(1.5), dec!(1)]);
    }

    /// case: game G-59
    #[test]
    fn a_circle_and_an_unknown_name_are_refused() {
        let known = experiments(&[("a", json!({ "extends": "b" })), ("b", json!({ "extends": "a" }))]);
        let cycle = OverlayError::Cycle { name: "a".to_owned() };
        assert_eq!(with_experiment("a", &known), Err(cycle.into()));
        let unknown = with_experiment("c", &known).unwrap_err();
        assert_eq!(unknown.to_string(), "there is no experiment `c`; there are: a, b");
        let orphan = experiments(&[("a", json!({ "extends": "gone" }))]);
        assert!(matches!(
            with_experiment("a", &orphan),
            Err(Refusal::Overlay(OverlayError::Unknown { name, .. })) if name == "gone"
        ));
    }

    /// case: game G-59
    #[test]
    fn unsound_figures_are_refused_with_their_field() {
        for (overlay, field) in [
            (json!({ "scoring": { "weights": { "secureness": 0.25 } } }), "scoring.weights"),
            (
                json!({ "chapters": { "boss_threshold": { "1": 55, "2": 60, "3": 60, "4": 70, "5": 75 } } }),
                "chapters.boss_threshold",
            ),
            (json!({ "chapters": { "grace_hours": { "6": 9 } } }), "chapters"),
            (json!({ "boss": { "timeout_hours": "long" } }), "boss"),
            (json!({ "decay": { "min_charge": 1 } }), "decay"),
            (json!({ "weather": {} }), "weather"),
            (json!({ "vices": { "caps": { "sarcasm": {} } } }), "vices"),
        ] {
            let known = experiments(&[("odd", overlay)]);
            let Err(Refusal::Unsound(refused)) = with_experiment("odd", &known) else {
                panic!("{field} is refused")
            };
            assert_eq!(refused.field, field, "{refused}");
        }
    }
}

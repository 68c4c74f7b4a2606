//! Who the player is, and how the two met, as lines.

use domain::prompt::plain::plain;
use serde_json::Value;
use store::prompt_reads::{Backstory, Profile};

use super::reads::Material;

/// Ages that are believed.
const AGES: std::ops::RangeInclusive<u64> = 18..=120;

/// The lines; none when nothing is known.
pub(super) fn lines(material: &Material) -> Vec<String> {
    let mut lines = answers(&material.player.onboarding_profile);
    lines.extend(material.profile.as_ref().map(circumstances).unwrap_or_default());
    lines.extend(material.backstory.as_ref().map(meeting).unwrap_or_default());
    lines
}

fn answers(profile: &Value) -> Vec<String> {
    let text = |key: &str| profile.get(key).and_then(Value::as_str);
    let age = profile.get("age").and_then(Value::as_u64).filter(|age| AGES.contains(age));
    let hobbies: Vec<&str> = profile
        .get("hobbies")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |hobbies| hobbies.iter().filter_map(Value::as_str).collect());
    let hobbies = hobbies.join(", ");
    [
        line("Name", text("user_name").or_else(|| text("name"))),
        age.map(|age| format!("Age: {age}")),
        line("Work", text("occupation")),
        line("Hobbies", Some(&hobbies)),
        line("In a talk rather a", text("conversation_style")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn circumstances(profile: &Profile) -> Vec<String> {
    let place: Vec<&str> =
        [&profile.city, &profile.country].into_iter().filter_map(Option::as_deref).collect();
    [
        line("Lives in", Some(&place.join(", "))),
        line("Stage of life", profile.life_stage.as_deref()),
        line("Goes out to", profile.social_scene.as_deref()),
        line("Cares most for", profile.primary_interest.as_deref()),
        profile.edge.map(|edge| format!("Edge they are comfortable with: {edge} of 5")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn meeting(story: &Backstory) -> Vec<String> {
    let place: Vec<&str> = [&story.venue, &story.city].into_iter().filter_map(Option::as_deref).collect();
    [
        line("You met at", Some(&place.join(", "))),
        line("The tone of it", story.scenario.as_deref()),
        line("How you met", story.how_we_met.as_deref()),
        line("The moment that counted", story.the_moment.as_deref()),
        line("Left open since then", story.unresolved_hook.as_deref()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn line(label: &str, value: Option<&str>) -> Option<String> {
    let value = plain(value?);
    (!value.is_empty()).then(|| format!("{label}: {value}"))
}

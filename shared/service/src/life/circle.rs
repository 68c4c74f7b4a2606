//! Her people: what is known of a player when they are fitted, and when something last happened with them.

use domain::circle::adaptation::{self, location, meeting};
use domain::circle::refresh::{LOOKS_BACK_DAYS, refreshed};
use domain::ids::UserId;
use domain::state::nikita_date;
use futures_util::try_join;
use jiff::{Span, Timestamp};
use serde_json::Value;
use store::life_players::Player;
use store::{circles, life_events, life_players};

use super::Life;

/// What is known of the player: what the onboarding asked for first, then what it worked out.
pub(super) fn of(player: &Player) -> adaptation::Player {
    let profile = &player.onboarding_profile;
    let list = |key: &str| {
        let named = profile[key].as_array().map(Vec::as_slice).unwrap_or_default();
        named.iter().filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let mut hobbies: Vec<String> = list("hobbies").into_iter().map(ToOwned::to_owned).collect();
    if hobbies.is_empty() {
        hobbies.extend(player.primary_interest.clone());
    }
    let met = || player.venue.as_ref().map(|venue| format!("Met at {}", venue.trim()));
    adaptation::Player {
        location: location(player.city.as_deref(), &player.timezone),
        hobbies,
        job: profile["occupation"].as_str().map(ToOwned::to_owned).or_else(|| player.life_stage.clone()),
        meeting: meeting(&list("hangout_spots")).or_else(met),
    }
}

/// Notes what has happened with them up to `now`; how many of them something is new about. Safe to repeat.
pub async fn refresh(life: &Life, user: UserId, now: Timestamp) -> store::Result<u64> {
    if !life.settings.enhanced {
        return Ok(0);
    }
    let client = life.pool.get().await?;
    let Some(config) = life_players::find_routine_config(&client, user).await? else { return Ok(0) };
    let zone = life.settings.zone(&config);
    let today = nikita_date(now, &zone);
    let oldest = today.saturating_sub(Span::new().days(LOOKS_BACK_DAYS));
    let (events, circle) =
        try_join!(life_events::list(&client, user, oldest, today), circles::list(&client, user),)?;

    let events: Vec<_> = events.iter().map(life_events::LifeEvent::of_people).collect();
    let active: Vec<&str> =
        circle.iter().filter(|member| member.is_active).map(|member| member.name.as_str()).collect();
    let news = refreshed(&events, &active, now, &zone);
    if news.is_empty() { Ok(0) } else { circles::refresh(&client, user, &news).await }
}

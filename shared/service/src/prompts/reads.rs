//! What the prompts of one player are made of, read in one round: small statements, sent together on one connection.
//! Each may fail alone: its part is left out, and a warning says so. Only the player must be there.

use domain::conflict::details::Details;
use domain::conflict::expression::Expression;
use domain::conflict::standing::Standing as Conflict;
use domain::prompt::events::LifeEvent;
use domain::prompt::limits::TEXT;
use domain::prompt::psyche::Briefing;
use domain::prompt::summaries::Talk;
use domain::vices::Vice;
use domain::vices::liking::Liking;
use futures_util::join;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use store::prompt_reads::{self as rows, Arc, Backstory, Mood, Person, Player, Profile, Thought, Thread};

use super::memories::{self, Queries};
use super::{BuildError, Builder, Order};
use crate::zones::zone_or;

/// Talks that are looked at: more than are printed, for days are told apart on the player's clock.
const TALKS: i64 = 200;
/// The seven days before today, wherever on earth today is.
const WEEK: SignedDuration = SignedDuration::from_hours(9 * 24);
/// Open threads that are looked at, and older thoughts.
const NEWEST: i64 = 10;

/// What was read.
#[derive(Debug, Clone)]
pub(super) struct Material {
    pub(super) player: Player,
    pub(super) profile: Option<Profile>,
    pub(super) backstory: Option<Backstory>,
    pub(super) mood: Option<Mood>,
    pub(super) conflict: Conflict,
    pub(super) briefing: Option<Briefing>,
    pub(super) vices: Vec<(Vice, Liking)>,
    pub(super) talks: Vec<Talk>,
    pub(super) day_text: Option<String>,
    pub(super) threads: Vec<Thread>,
    pub(super) thoughts: Vec<Thought>,
    pub(super) events: Vec<LifeEvent>,
    pub(super) circle: Vec<Person>,
    pub(super) arcs: Vec<Arc>,
    /// Lines of facts about the player.
    pub(super) facts: Vec<String>,
    /// Lines about moments of the two.
    pub(super) episodes: Vec<String>,
    /// Lines about her own life.
    pub(super) her_events: Vec<String>,
    /// Her clock.
    pub(super) her_zone: TimeZone,
    /// The player's clock.
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
}

/// Reads everything. `queries` are missing where no model may be asked what a text means.
pub(super) async fn read(
    builder: &Builder,
    order: &Order<'_>,
    queries: Option<&Queries>,
) -> Result<Material, BuildError> {
    let client = builder.pool.get().await.map_err(store::Error::from)?;
    let (user, conversation, now) = (order.user, order.conversation, order.now);
    let today = now.to_zoned(TimeZone::UTC).date();
    // Her day is never further from the UTC date than this.
    let (from, to) = (today.saturating_sub(2.days()), today.saturating_add(1.day()));
    let new_thoughts = i64::try_from(TEXT.new_thoughts).unwrap_or(NEWEST);
    let circle = i64::try_from(TEXT.circle).unwrap_or(NEWEST);
    let arcs = i64::try_from(TEXT.arcs).unwrap_or(NEWEST);
    let facts = i64::try_from(TEXT.facts).unwrap_or(NEWEST);
    let read = join!(
        rows::find_player(&client, user),
        rows::find_profile(&client, user),
        rows::find_backstory(&client, user),
        rows::find_mood(&client, user),
        rows::find_psyche(&client, user),
        rows::list_vices(&client, user),
        rows::list_talks(&client, user, now.saturating_sub(WEEK).unwrap_or(now), TALKS),
        rows::find_day_text(&client, user, today),
        rows::list_threads(&client, user, conversation, NEWEST),
        rows::list_thoughts(&client, user, conversation, new_thoughts, NEWEST, now),
        rows::list_events(&client, user, from, to),
        rows::list_circle(&client, user, circle),
        rows::list_arcs(&client, user, arcs),
        rows::list_new_facts(&client, user, conversation, facts),
        memories::facts(&client, order, queries),
        memories::episodes(&client, order, queries),
        memories::her_events(&client, order, queries),
    );

    let player = read.0?.ok_or(BuildError::UnknownPlayer)?;
    let mood = or_nothing("mood", read.3);
    let shown = mood.as_ref().and_then(|mood: &Mood| Expression::parse(&mood.conflict_state));
    let conflict = Conflict::at(&Details::read(player.conflict_details.as_ref()).details, shown, now);
    let psyche = or_nothing("psyche", read.4).filter(|_| builder.psyche_agent_enabled);
    let her_zone = zone_or(player.nikita_timezone.as_deref().unwrap_or_default(), &builder.nikita_zone);
    let vices = or_nothing("vices", read.5).into_iter();
    Ok(Material {
        profile: or_nothing("profile", read.1),
        backstory: or_nothing("backstory", read.2),
        mood,
        conflict,
        briefing: psyche.and_then(|(state, at)| Briefing::read(&state, Some(at), now)),
        vices: vices
            .filter_map(|(name, score)| Some((Vice::parse(&name)?, Liking::clamped(score))))
            .collect(),
        talks: or_nothing("talks", read.6),
        day_text: or_nothing("day", read.7),
        threads: or_nothing("threads", read.8),
        thoughts: or_nothing("thoughts", read.9),
        events: or_nothing("events", read.10),
        circle: or_nothing("circle", read.11),
        arcs: or_nothing("arcs", read.12),
        facts: memories::fact_lines(&or_nothing("new_facts", read.13), &or_nothing("facts", read.14), order),
        episodes: memories::lines(&or_nothing("episodes", read.15), order),
        her_events: memories::lines(&or_nothing("her_events", read.16), order),
        her_zone,
        zone: order.zone.clone(),
        now,
        player,
    })
}

/// What was read, or nothing of it and a warning.
fn or_nothing<T: Default>(part: &'static str, read: store::Result<T>) -> T {
    read.unwrap_or_else(|error| {
        tracing::warn!(prompt.part = part, error_code = error.code(), "A prompt goes without a part of it");
        T::default()
    })
}

//! Checks: what is looked at just before a touchpoint goes out. The first that holds decides.
//!
//! | # | check | result |
//! |---|---|---|
//! | 1 | no player, or no chat | skip: no_chat |
//! | 2 | the game is not active | skip: game_status |
//! | 3 | notifications are off | skip: notifications_off |
//! | | the bot is blocked | skip: user_blocked |
//! | 4 | its time is over | skip: expired |
//! | 5 | quiet hours on the player's clock | put off to their end; skip as expired when it would be over by then |
//! | 6 | the player was here in the last 120 minutes | skip: recent_contact |
//! | 7 | another one was delivered in the last 4 hours | skip: dedup |
//! | 8 | 2 were delivered on this local date | skip: daily_cap |
//! | 9 | 2 were delivered since the player was last here | skip: unanswered |
//! | 10 | there is a conflict | skip: conflict |
//! | 11 | she keeps [silent](super::silence) | skip: emotional, random |
//!
//! One of which a part has arrived is finished whatever the checks from the fourth on say.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::SkipReason;
use super::quiet::{is_quiet, local_date, put_off};
use super::silence::{Silence, silence};
use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::emotion::Dimensions;
use crate::ids::UserId;
use crate::status::GameStatus;

/// Whoever was here within this time needs no message.
pub const RECENT_CONTACT: SignedDuration = SignedDuration::from_mins(120);
/// Between two of them lies at least this.
pub const APART: SignedDuration = SignedDuration::from_hours(4);
/// So many on one local date.
pub const A_DAY: usize = 2;
/// So many without an answer.
pub const UNANSWERED: usize = 2;

/// The player, as far as there is one who can be reached.
#[derive(Debug, Clone, Copy)]
pub struct Player<'a> {
    /// Whose it is.
    pub user: UserId,
    /// Where the game stands.
    pub status: GameStatus,
    /// Whether the player wants to hear from her.
    pub notifications: bool,
    /// Whether the player has blocked the bot.
    pub is_blocked: bool,
    /// The player's clock.
    pub zone: &'a TimeZone,
    /// The chapter.
    pub chapter: Chapter,
    /// When the player was last here.
    pub last_interaction_at: Option<Timestamp>,
    /// When touchpoints were delivered: those of this local date, of the last hours, and all since the player was last here.
    pub delivered_at: &'a [Timestamp],
    /// Whether there is a conflict ([`crate::conflict::standing`]).
    pub in_conflict: bool,
    /// Her mood, if there is a state.
    pub mood: Option<Dimensions>,
}

/// A touchpoint that is due.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// Which.
    pub id: Uuid,
    /// When its time is over; none for old rows.
    pub expires_at: Option<Timestamp>,
    /// Whether a part of it has arrived.
    pub is_begun: bool,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// It goes out.
    Send(Option<Silence>),
    /// It does not.
    Skip(SkipReason, Option<Silence>),
    /// It goes out later.
    PutOff(Timestamp),
}

/// Looks at a touchpoint that is due; `player` is none where nobody can be reached.
pub fn check(due: &Due, player: Option<&Player<'_>>, draws: &Draws, now: Timestamp) -> Verdict {
    let skip = |reason| Verdict::Skip(reason, None);
    let Some(player) = player else { return skip(SkipReason::NoChat) };
    if player.status != GameStatus::Active {
        return skip(SkipReason::GameStatus);
    }
    if !player.notifications {
        return skip(SkipReason::NotificationsOff);
    }
    if player.is_blocked {
        return skip(SkipReason::UserBlocked);
    }
    if due.is_begun {
        return Verdict::Send(None);
    }
    if is_over(due, now) {
        return skip(SkipReason::Expired);
    }
    if is_quiet(now, player.zone) {
        let then = put_off(now, player.zone, player.user, draws);
        return if is_over(due, then) { skip(SkipReason::Expired) } else { Verdict::PutOff(then) };
    }
    if let Some(reason) = too_much(player, now) {
        return skip(reason);
    }
    if player.in_conflict {
        return skip(SkipReason::Conflict);
    }
    let silence = silence(due.id, player.chapter, player.mood, draws);
    silence.reason.map_or(Verdict::Send(Some(silence)), |reason| Verdict::Skip(reason, Some(silence)))
}

fn is_over(due: &Due, now: Timestamp) -> bool {
    due.expires_at.is_some_and(|expires_at| now > expires_at)
}

/// Why it would be too much, if it would.
fn too_much(player: &Player<'_>, now: Timestamp) -> Option<SkipReason> {
    let within = |at: Timestamp, span| now.duration_since(at) < span;
    let today = local_date(now, player.zone);
    let count =
        |counts: &dyn Fn(Timestamp) -> bool| player.delivered_at.iter().filter(|at| counts(**at)).count();
    if player.last_interaction_at.is_some_and(|at| within(at, RECENT_CONTACT)) {
        Some(SkipReason::RecentContact)
    } else if count(&|at| within(at, APART)) > 0 {
        Some(SkipReason::Dedup)
    } else if count(&|at| local_date(at, player.zone) == today) >= A_DAY {
        Some(SkipReason::DailyCap)
    } else if count(&|at| player.last_interaction_at.is_none_or(|last| at > last)) >= UNANSWERED {
        Some(SkipReason::Unanswered)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::triggers::{Planned, Situation, evaluate};
    use super::*;
    use crate::state::zone_or;

    fn noon() -> Timestamp {
        "2026-03-02T12:00:00Z".parse().expect("a time")
    }

    fn minutes_ago(minutes: i64) -> Timestamp {
        noon() - SignedDuration::from_mins(minutes)
    }

    /// One that is not kept silent by its draw.
    fn due() -> Due {
        let id = "aaaaaaaa-0000-4000-8000-000000000002".parse().expect("an id");
        Due { id, expires_at: Some(noon() + SignedDuration::from_hours(1)), is_begun: false }
    }

    fn player(zone: &TimeZone) -> Player<'_> {
        Player {
            user: UserId::nil(),
            status: GameStatus::Active,
            notifications: true,
            is_blocked: false,
            zone,
            chapter: Chapter::FIRST,
            last_interaction_at: Some(minutes_ago(3_000)),
            delivered_at: &[],
            in_conflict: false,
            mood: None,
        }
    }

    fn reason(player: &Player<'_>) -> Option<SkipReason> {
        match check(&due(), Some(player), &Draws::default(), noon()) {
            Verdict::Skip(reason, _) => Some(reason),
            Verdict::Send(_) => None,
            Verdict::PutOff(until) => panic!("put off until {until}"),
        }
    }

    #[test]
    fn the_first_that_holds_decides() {
        let zone = TimeZone::UTC;
        let fine = player(&zone);
        assert_eq!(reason(&fine), None);
        let delivered = [minutes_ago(300), minutes_ago(600)];
        for (player, expected) in [
            (Player { status: GameStatus::BossFight, notifications: false, ..fine }, SkipReason::GameStatus),
            (Player { notifications: false, in_conflict: true, ..fine }, SkipReason::NotificationsOff),
            (Player { is_blocked: true, in_conflict: true, ..fine }, SkipReason::UserBlocked),
            (
                Player { last_interaction_at: Some(minutes_ago(119)), in_conflict: true, ..fine },
                SkipReason::RecentContact,
            ),
            (
                Player { delivered_at: &delivered, last_interaction_at: Some(minutes_ago(200)), ..fine },
                SkipReason::DailyCap,
            ),
            (Player { in_conflict: true, ..fine }, SkipReason::Conflict),
            (Player { mood: Some(Dimensions::new(0.5, 0.1, 0.5, 0.5)), ..fine }, SkipReason::Emotional),
        ] {
            assert_eq!(reason(&player), Some(expected));
        }
        let yesterday = [minutes_ago(1_500), minutes_ago(1_800)];
        assert_eq!(reason(&Player { delivered_at: &yesterday, ..fine }), Some(SkipReason::Unanswered));
        let answered =
            Player { delivered_at: &yesterday, last_interaction_at: Some(minutes_ago(1_600)), ..fine };
        assert_eq!(reason(&answered), None);
        assert_eq!(check(&due(), None, &Draws::default(), noon()), Verdict::Skip(SkipReason::NoChat, None));

        let begun = Due { is_begun: true, expires_at: Some(minutes_ago(1)), ..due() };
        let verdict = |player: Player<'_>| check(&begun, Some(&player), &Draws::default(), noon());
        assert_eq!(verdict(Player { in_conflict: true, ..fine }), Verdict::Send(None));
        assert_eq!(
            verdict(Player { notifications: false, ..fine }),
            Verdict::Skip(SkipReason::NotificationsOff, None)
        );
    }

    /// case: life 46
    #[test]
    fn two_lie_four_hours_apart() {
        let zone = TimeZone::UTC;
        for (minutes, expected) in [(239, Some(SkipReason::Dedup)), (240, None)] {
            let delivered = [minutes_ago(minutes)];
            assert_eq!(reason(&Player { delivered_at: &delivered, ..player(&zone) }), expected, "{minutes}");
        }
    }

    #[test]
    fn what_is_over_is_not_sent_and_nothing_at_night() {
        let zone = zone_or("America/New_York", &TimeZone::UTC);
        let at = |time: &str| -> Timestamp { time.parse().expect("a time") };
        let verdict = |expires_at: &str, now: &str| {
            let due = Due { expires_at: Some(at(expires_at)), ..due() };
            check(&due, Some(&player(&zone)), &Draws::default(), at(now))
        };
        let expired = Verdict::Skip(SkipReason::Expired, None);
        assert_eq!(verdict("2026-03-02T12:00:00Z", "2026-03-02T12:00:01Z"), expired);
        assert_eq!(
            verdict("2026-03-02T12:30:00Z", "2026-03-02T12:00:00Z"),
            expired,
            "07:00 there, over at 07:30"
        );
        let Verdict::PutOff(then) = verdict("2026-03-02T16:00:00Z", "2026-03-02T12:00:00Z") else {
            panic!("it is 07:00 there");
        };
        assert!((at("2026-03-02T13:00:00Z")..=at("2026-03-02T13:29:00Z")).contains(&then));
    }

    /// Plays the job over some days: every hour what is due is checked, and something new may be planned.
    fn sent_over(
        days: i64,
        start: Timestamp,
        zone: &TimeZone,
        user: UserId,
        contacts: &[i64],
    ) -> Vec<Timestamp> {
        let draws = Draws::default();
        let mut planned: Vec<(Planned, Due)> = Vec::new();
        let mut sent: Vec<Timestamp> = Vec::new();
        for step in 0..days * 24 {
            let now = start + SignedDuration::from_hours(step);
            let contact = contacts.iter().filter(|hour| **hour <= step).max();
            let last_interaction_at = contact.map(|hour| start + SignedDuration::from_hours(*hour));
            let known: Vec<Planned> = planned.iter().map(|(planned, _)| planned.clone()).collect();
            let situation = Situation {
                user,
                chapter: Chapter::new(5).expect("a chapter"),
                engagement: None,
                zone,
                last_interaction_at,
                events: &[],
                planned: &known,
                mood: Dimensions::NEUTRAL,
            };
            if let Some(new) = evaluate(&situation, &draws, now) {
                let id = crate::ids::derived(&new.dedup_key);
                let due = Due { id, expires_at: Some(new.expires_at), is_begun: false };
                planned.push((
                    Planned {
                        trigger: new.trigger,
                        dedup_key: new.dedup_key,
                        delivery_at: new.delivery_at,
                        waits: true,
                    },
                    due,
                ));
            }
            for (planned, due) in planned.iter_mut().filter(|(one, _)| one.waits && one.delivery_at <= now) {
                let player = Player { user, last_interaction_at, delivered_at: &sent, ..player(zone) };
                match check(due, Some(&player), &draws, now) {
                    Verdict::Send(_) => {
                        sent.push(now);
                        planned.waits = false;
                    }
                    Verdict::Skip(..) => planned.waits = false,
                    Verdict::PutOff(then) => planned.delivery_at = then,
                }
            }
        }
        sent
    }

    #[test]
    fn somebody_hears_from_her() {
        let start = noon();
        let heard = |player: u32| {
            let user = UserId::from_uuid(crate::ids::derived(&player.to_string()));
            sent_over(4, start, &TimeZone::UTC, user, &[0]).len()
        };
        let counts: Vec<usize> = (0..40).map(heard).collect();
        assert!(
            counts.iter().sum::<usize>() >= 20 && counts.iter().all(|count| *count <= UNANSWERED),
            "{counts:?}"
        );
    }

    proptest! {
        /// Days on which the clocks change are among them.
        #[test]
        fn never_more_than_two_a_day_never_at_night(
            start in prop::sample::select(vec!["2026-03-26T00:00:00Z", "2026-10-22T00:00:00Z", "2026-03-05T00:00:00Z"]),
            zone in prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"]),
            player in 0..1_000_u32, contacts in prop::collection::vec(0..96_i64, 1..6),
        ) {
            let zone = zone_or(zone, &TimeZone::UTC);
            let start: Timestamp = start.parse().expect("a time");
            let user = UserId::from_uuid(crate::ids::derived(&player.to_string()));
            let sent = sent_over(4, start, &zone, user, &contacts);
            for at in &sent {
                prop_assert!(!is_quiet(*at, &zone));
                let that_day = sent.iter().filter(|other| local_date(**other, &zone) == local_date(*at, &zone)).count();
                prop_assert!(that_day <= A_DAY);
            }
            for pair in sent.windows(2) {
                prop_assert!(pair[1].duration_since(pair[0]) >= APART);
            }
        }
    }
}

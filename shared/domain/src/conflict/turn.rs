//! The turn: what one scored exchange, or one call, does to the conflict between the two.
//!
//! 1. A turn whose id is that of the last one changes nothing.
//! 2. A new conversation starts its session keys afresh.
//! 3. Days that have left the window go.
//! 4. Time cools; zone and target are taken here.
//! 5. The turn is counted as good, bad or neither.
//! 6. A good repair (excellent, good, adequate) changes the gauge by its own figure only, so that an apology which is met coldly
//!    does not make things worse. Any other turn adds up: score, horsemen, the ratio, triggers, a poor or harmful repair.
//! 7. The gauge moves; since when it has been critical is noted.
//! 8. Horsemen, repair and turn are remembered.
//! 9. An open conflict is repaired, ends or escalates; without one, a new one may begin. Rising to 50 or more also counts as the
//!    beginning of a conflict.
//!
//! Contempt in the same message voids a good repair: there is none then. A kind of trigger heats once a conversation. A turn whose
//! analysis failed changes no score and counts as nothing; the key words of its message may still be a repair.
//!
//! In [care mode](crate::care) nothing of a turn counts against the player, and no conflict begins or escalates. During a boss
//! encounter time cools, and conflicts rest.

use jiff::Timestamp;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use uuid::Uuid;

use super::details::{Details, LastTurn, REPAIRS_KEPT, Repair, Session};
use super::escalation::{self, Step};
use super::generation::{self, Causes, Refusal};
use super::gottman::{Sign, target};
use super::heat;
use super::repair::{self, Resolution};
use super::temperature::{Temperature, Zone, heat_of_score};
use super::triggers::{Trigger, heating};
use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::ids::UserId;
use crate::score::Score;
use crate::scoring::tags::{Horseman, RepairQuality};
use crate::status::GameStatus;

/// One scored exchange, or one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn<'a> {
    /// Its key: the update's, or the call's session.
    pub id: &'a str,
    /// The conversation it belongs to.
    pub conversation: Uuid,
    /// Change of the relationship score, the engagement multiplier included.
    pub score_delta: Decimal,
    /// Whether the analysis succeeded. Otherwise the turn is neutral, and a repair comes from [`keywords`](super::keywords).
    pub analysed: bool,
    /// Horsemen in the player's words.
    pub horsemen: Vec<Horseman>,
    /// How well the player made up, if so.
    pub repair: Option<RepairQuality>,
    /// What the player gave cause for.
    pub triggers: Vec<Trigger>,
    /// Whether both were vulnerable.
    pub vulnerability_exchange: bool,
    /// Whether the conversation is in care mode.
    pub in_care: bool,
}

/// What the player's row says beside the document.
#[derive(Debug, Clone, Copy)]
pub struct Player {
    /// Whose it is.
    pub user: UserId,
    /// Where the game stands.
    pub status: GameStatus,
    /// The score after the turn.
    pub score: Score,
    /// The chapter.
    pub chapter: Chapter,
    /// `users.last_conflict_at` before the turn.
    pub last_conflict_at: Option<Timestamp>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// `users.last_conflict_at` is to be set to this.
    pub conflict_began_at: Option<Timestamp>,
    /// How the open conflict was closed by a repair.
    pub resolved: Option<Resolution>,
    /// What time did to it.
    pub step: Option<Step>,
    /// Whether a new conflict was opened, or why not; none when one was open already.
    pub generated: Option<Result<(), Refusal>>,
}

/// Applies a turn to the document; none when it was applied already.
pub fn apply(
    details: &mut Details,
    turn: &Turn<'_>,
    player: &Player,
    draws: &Draws,
    now: Timestamp,
) -> Option<Outcome> {
    if details.last_turn.as_ref().is_some_and(|last| last.id == turn.id) {
        return None;
    }
    let turn = &turn.as_it_counts();
    details.settle(now);
    enter_session(details, turn.conversation);
    details.days.within_window(now);
    details.cool(now);

    let before = details.temperature();
    let change = count(details, turn, now) + heat_of_triggers(details, turn);
    details.set_temperature(before.changed(change), now);
    remember(details, turn, now);
    let mut outcome = live(details, turn, player, draws, now);
    if rises_to_conflict(before, details.temperature()) || outcome.generated == Some(Ok(())) {
        outcome.conflict_began_at = Some(now);
    }
    Some(outcome)
}

/// Whether the gauge has risen to hot from below.
pub fn rises_to_conflict(before: Temperature, after: Temperature) -> bool {
    before.value() < Zone::Hot.from() && after.value() >= Zone::Hot.from()
}

impl Turn<'_> {
    /// The turn as it counts: in care mode nothing counts against the player, and contempt voids a good repair.
    fn as_it_counts(&self) -> Self {
        let mut turn = self.clone();
        if turn.in_care {
            turn.score_delta = turn.score_delta.max(Decimal::ZERO);
            turn.horsemen.clear();
            turn.triggers.clear();
            turn.repair = turn.repair.filter(|quality| quality.mends());
        }
        turn.repair = turn.repair.and_then(|quality| quality.beside(&turn.horsemen));
        turn.horsemen.sort_unstable();
        turn.horsemen.dedup();
        turn
    }

    fn sign(&self) -> Sign {
        if self.analysed { Sign::of(self.repair, &self.horsemen, self.score_delta) } else { Sign::Neutral }
    }

    fn made_up(&self) -> bool {
        self.repair.is_some_and(RepairQuality::mends)
    }
}

fn enter_session(details: &mut Details, conversation: Uuid) {
    if details.session.conversation != Some(conversation) {
        details.session = Session { conversation: Some(conversation), ..Session::default() };
    }
}

/// Counts the turn and says what it does to the gauge, triggers aside.
fn count(details: &mut Details, turn: &Turn<'_>, now: Timestamp) -> f64 {
    let sign = turn.sign();
    details.target = target(details.zone().in_conflict());
    details.days.record(sign, now);
    details.session.count = details.session.count.and(sign);
    let repair = turn.repair.map_or(0.0, heat::of_repair);
    if turn.made_up() {
        return repair;
    }
    let horsemen: f64 = turn.horsemen.iter().map(|horseman| heat::of_horseman(*horseman)).sum();
    heat_of_score(turn.score_delta) + horsemen + details.count().heat(sign, details.target) + repair
}

/// What the triggers do to the gauge: each kind once a conversation.
fn heat_of_triggers(details: &mut Details, turn: &Turn<'_>) -> f64 {
    if turn.made_up() {
        return 0.0;
    }
    let before = details.session.triggers.len();
    for kind in heating(&turn.triggers) {
        if !details.session.triggers.contains(&kind) {
            details.session.triggers.push(kind);
        }
    }
    details.session.triggers[before..].iter().map(|kind| heat::of_trigger(*kind)).sum()
}

fn remember(details: &mut Details, turn: &Turn<'_>, now: Timestamp) {
    if !turn.horsemen.is_empty() {
        details.last_horseman_at = details.last_horseman_at.max(Some(now));
    }
    let seen = &mut details.session.horsemen;
    seen.extend(&turn.horsemen);
    seen.sort_unstable();
    seen.dedup();
    if let Some(quality) = turn.repair {
        details.repairs.push(Repair { at: now, quality, temp_delta: heat::of_repair(quality) });
        details.repairs.drain(..details.repairs.len().saturating_sub(REPAIRS_KEPT));
    }
    if turn.vulnerability_exchange {
        details.session.v_exchanges = details.session.v_exchanges.saturating_add(1);
    }
    let score_delta = turn.score_delta.to_f64().unwrap_or_default();
    details.last_turn = Some(LastTurn { id: turn.id.to_owned(), at: now, score_delta });
}

/// The conflict's own life on this turn.
fn live(details: &mut Details, turn: &Turn<'_>, player: &Player, draws: &Draws, now: Timestamp) -> Outcome {
    if player.status != GameStatus::Active {
        return Outcome::default();
    }
    let was_open = details.active.is_some();
    let resolved = turn.repair.and_then(|quality| repair::resolve(details, quality, now));
    let time = if turn.in_care { escalation::fade } else { escalation::step };
    let step = time(details, draws, now);
    let causes = Causes {
        user: player.user,
        turn: turn.id,
        triggers: &turn.triggers,
        score: player.score,
        chapter: player.chapter,
        last_conflict_at: player.last_conflict_at,
    };
    let generated = (!was_open).then(|| generation::generate(details, &causes, draws, now));
    Outcome { conflict_began_at: None, resolved, step, generated }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;
    use serde_json::{Value, json};

    use super::super::gottman::Count;
    use super::*;
    use crate::scoring::tags::TriggerKind;

    const TALK: Uuid = Uuid::from_u128(1);

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    fn now() -> Timestamp {
        at("2026-02-18T12:00:00Z")
    }

    fn read(stored: &Value) -> Details {
        Details::read(Some(stored)).details
    }

    fn turn(id: &str, score_delta: Decimal) -> Turn<'_> {
        Turn {
            id,
            conversation: TALK,
            score_delta,
            analysed: true,
            horsemen: vec![],
            repair: None,
            triggers: vec![],
            vulnerability_exchange: false,
            in_care: false,
        }
    }

    fn player() -> Player {
        Player {
            user: UserId::nil(),
            status: GameStatus::Active,
            score: Score::START,
            chapter: Chapter::FIRST,
            last_conflict_at: None,
        }
    }

    fn applied(mut details: Details, turn: &Turn<'_>, now: Timestamp) -> Details {
        apply(&mut details, turn, &player(), &Draws::default(), now);
        details
    }

    fn standing(details: &Details) -> (f64, u32, u32) {
        let count = details.count();
        (details.temperature().value(), count.positive, count.negative)
    }

    fn jealousy() -> Vec<Trigger> {
        vec![Trigger { kind: TriggerKind::Jealousy, severity: 0.45, heats: true }]
    }

    /// case: psyche 14
    #[test]
    fn a_first_turn_counts_by_its_score() {
        for (delta, expected, ratio) in
            [(dec!(1.5), (0.0, 1, 0), 999.0), (dec!(0), (0.0, 0, 0), 0.0), (dec!(-2), (8.0, 0, 1), 0.0)]
        {
            let details = applied(Details::default(), &turn("tg:1", delta), now());
            assert_eq!(standing(&details), expected, "{delta}");
            assert_eq!(details.write()["gottman_ratio"], json!(ratio), "{delta}");
        }
    }

    /// case: psyche 15
    #[test]
    fn a_bad_turn_adds_up_after_cooling() {
        let bad =
            Turn { horsemen: vec![Horseman::Contempt, Horseman::Defensiveness], ..turn("tg:1", dec!(-4)) };
        for (updated, temperature) in [("2026-02-18T12:00:00Z", 66.4375), ("2026-02-18T00:00:00Z", 60.4375)] {
            let before = read(
                &json!({ "temperature": 40.0, "gottman_days": { "2026-02-17": [15, 3] }, "last_temp_update": updated }),
            );
            let after = applied(before, &bad, now());
            assert_eq!((standing(&after), after.zone()), ((temperature, 15, 4), Zone::Hot));
            assert_eq!((after.write()["gottman_ratio"].clone(), after.target), (json!(3.75), 20.0));
            assert_eq!((after.session.horsemen.len(), after.last_horseman_at), (2, Some(now())));
        }
    }

    /// case: psyche 16
    #[test]
    fn a_good_repair_is_all_that_counts() {
        let phase = json!({ "phase": "resolution", "turn_count": 1, "conversation_history": [] });
        let before = json!({
            "temperature": 65.0, "gottman_days": { "2026-02-18": [3, 8] }, "boss_phase": phase,
            "last_temp_update": "2026-02-18T12:00:00Z",
        });
        for (repair, expected, zone) in [
            (RepairQuality::Good, (50.0, 4, 8), Zone::Hot),
            (RepairQuality::Harmful, (76.6, 3, 9), Zone::Critical),
        ] {
            let after =
                applied(read(&before), &Turn { repair: Some(repair), ..turn("tg:1", dec!(-1.2)) }, now());
            assert_eq!((standing(&after), after.zone()), (expected, zone));
            assert_eq!(after.write()["boss_phase"], phase);
            assert_eq!(
                after.repairs,
                [Repair { at: now(), quality: repair, temp_delta: heat::of_repair(repair) }]
            );
        }
    }

    /// case: game G-18
    #[test]
    fn a_net_delta_heats_and_a_repair_takes_its_place() {
        for (delta, heat) in [
            (dec!(-1), 1.5),
            (dec!(-3), 4.5),
            (dec!(-3.1), 9.65),
            (dec!(-5), 12.5),
            (dec!(2), -1.0),
            (dec!(0), 0.0),
        ] {
            assert!((heat_of_score(delta) - heat).abs() < 1e-9, "{delta}");
        }
        let before = read(&json!({ "temperature": 40.0, "last_temp_update": "2026-02-18T12:00:00Z" }));
        let repaired = Turn { repair: Some(RepairQuality::Good), ..turn("tg:1", dec!(-2)) };
        assert_eq!(standing(&applied(before, &repaired, now())), (25.0, 1, 0));
    }

    /// case: psyche 17
    #[test]
    fn good_turns_never_heat() {
        let mut details = read(&json!({ "gottman_days": { "2026-02-18": [4, 1] } }));
        for number in 0..30 {
            let id = format!("tg:{number}");
            let second = now() + jiff::SignedDuration::from_secs(number);
            details = applied(details, &turn(&id, dec!(0.5)), second);
        }
        assert_eq!(standing(&details), (0.0, 34, 1));
        assert_eq!(details.write()["gottman_ratio"], 34.0);
    }

    /// case: psyche 18
    #[test]
    fn a_kind_of_trigger_heats_once_a_conversation() {
        let before = read(&json!({
            "temperature": 40.0, "gottman_days": { "2026-02-18": [15, 3] }, "last_temp_update": "2026-02-18T12:00:00Z",
        }));
        let once = applied(before, &Turn { triggers: jealousy(), ..turn("tg:1", dec!(1.0)) }, now());
        assert_eq!(once.temperature().value().to_bits(), 43.5_f64.to_bits());
        let twice = applied(once, &Turn { triggers: jealousy(), ..turn("tg:2", dec!(1.0)) }, now());
        assert_eq!(twice.temperature().value().to_bits(), 43.0_f64.to_bits());
        assert_eq!(twice.session.triggers, [TriggerKind::Jealousy]);
    }

    /// case: psyche 19
    #[test]
    fn days_leave_the_window() {
        let days = json!({ "2026-02-11": [5, 5], "2026-02-12": [2, 1], "2026-02-18": [1, 0] });
        let after = applied(read(&json!({ "gottman_days": days })), &turn("tg:1", dec!(0.8)), now());
        assert_eq!(after.count(), Count { positive: 4, negative: 1 });
        assert_eq!(after.write()["gottman_days"], json!({ "2026-02-12": [2, 1], "2026-02-18": [2, 0] }));
    }

    /// case: psyche 20
    #[test]
    fn the_same_turn_twice_changes_nothing() {
        let bad = turn("tg:1", dec!(-2));
        let mut once = applied(Details::default(), &bad, now());
        let copy = once.clone();
        let hour_later = now() + jiff::SignedDuration::from_hours(1);
        assert_eq!(apply(&mut once, &bad, &player(), &Draws::default(), hour_later), None);
        assert_eq!(once, copy);
    }

    /// case: psyche 21
    #[test]
    fn it_cools_before_anything_else() {
        let before = read(&json!({
            "temperature": 80.0, "last_temp_update": "2026-02-18T00:00:00Z", "critical_since": "2026-02-17T00:00:00Z",
        }));
        let mut cooled = before.clone();
        cooled.cool(now());
        assert_eq!(
            (cooled.temperature().value(), cooled.zone(), cooled.critical_since()),
            (74.0, Zone::Hot, None)
        );
        let after = applied(before, &turn("tg:1", dec!(0)), now());
        assert_eq!((after.temperature().value(), after.target, after.critical_since()), (74.0, 5.0, None));
    }

    /// case: psyche 22
    #[test]
    fn a_new_conversation_starts_its_own_count() {
        let mut bad =
            Turn { horsemen: vec![Horseman::Criticism], triggers: jealousy(), ..turn("tg:1", dec!(-1)) };
        bad.vulnerability_exchange = true;
        let first = applied(Details::default(), &bad, now());
        assert_eq!(
            (first.session.count.negative, first.session.horsemen.len(), first.session.v_exchanges),
            (1, 1, 1)
        );

        let next = applied(first, &Turn { conversation: Uuid::from_u128(2), ..turn("tg:2", dec!(1)) }, now());
        assert_eq!(next.session.count, Count { positive: 1, negative: 0 });
        assert_eq!(
            (next.session.horsemen.len(), next.session.triggers.len(), next.session.v_exchanges),
            (0, 0, 0)
        );
        assert_eq!(next.count(), Count { positive: 1, negative: 1 });
    }

    /// case: psyche 23
    #[test]
    fn contempt_voids_an_apology() {
        let sneer = Turn {
            horsemen: vec![Horseman::Contempt],
            repair: Some(RepairQuality::Excellent),
            ..turn("tg:1", dec!(-1))
        };
        let after = applied(Details::default(), &sneer, now());
        assert_eq!(standing(&after), (1.5 + 8.0 + 5.0, 0, 1));
        assert!(after.repairs.is_empty());
    }

    #[test]
    fn a_failed_analysis_counts_nothing_but_a_repair_in_key_words() {
        let before = json!({ "temperature": 60.0, "gottman_days": { "2026-02-18": [3, 8] }, "last_temp_update": "2026-02-18T12:00:00Z" });
        let failed = Turn { analysed: false, ..turn("tg:1", dec!(0)) };
        assert_eq!(standing(&applied(read(&before), &failed, now())), (60.0, 3, 8));
        let sorry = Turn { repair: Some(RepairQuality::Adequate), ..failed };
        assert_eq!(standing(&applied(read(&before), &sorry, now())), (55.0, 3, 8));
    }

    #[test]
    fn rising_to_hot_is_the_beginning_of_a_conflict() {
        let bad = turn("tg:1", dec!(-6));
        for (before, began) in [(40.0, Some(now())), (50.0, None), (10.0, None)] {
            let mut details =
                read(&json!({ "temperature": before, "last_temp_update": "2026-02-18T12:00:00Z" }));
            let outcome = apply(&mut details, &bad, &player(), &Draws::default(), now()).expect("applied");
            assert_eq!(outcome.conflict_began_at, began, "{before}");
        }
    }

    #[test]
    fn in_care_nothing_counts_against_the_player() {
        let before = json!({ "temperature": 60.0, "last_temp_update": "2026-02-18T12:00:00Z", "gottman_days": { "2026-02-18": [9, 0] } });
        let cry = Turn {
            horsemen: vec![Horseman::Criticism, Horseman::Contempt],
            repair: Some(RepairQuality::Harmful),
            triggers: jealousy(),
            in_care: true,
            ..turn("tg:1", dec!(-8))
        };
        let after = applied(read(&before), &cry, now());
        assert_eq!(standing(&after), (60.0, 9, 0));
        assert_eq!((after.active.clone(), after.last_horseman_at, after.repairs.len()), (None, None, 0));
    }

    #[test]
    fn conflicts_rest_during_a_boss_encounter() {
        let before = read(&json!({ "temperature": 90.0, "last_temp_update": "2026-02-18T12:00:00Z" }));
        let player = Player { status: GameStatus::BossFight, ..player() };
        let mut details = before;
        let bad = Turn { triggers: jealousy(), ..turn("tg:1", dec!(-1)) };
        let outcome = apply(&mut details, &bad, &player, &Draws::default(), now()).expect("applied");
        assert_eq!((outcome.generated, details.active), (None, None));
    }

    #[test]
    fn a_cause_in_the_heat_opens_a_conflict_and_a_good_word_closes_it() {
        let hot = json!({ "temperature": 90.0, "last_temp_update": "2026-02-18T12:00:00Z" });
        let (mut details, outcome) = (0..50)
            .find_map(|number| {
                let mut details = read(&hot);
                let id = format!("tg:{number}");
                let cause = Turn { triggers: jealousy(), ..turn(&id, dec!(0)) };
                let outcome = apply(&mut details, &cause, &player(), &Draws::default(), now())?;
                (outcome.generated == Some(Ok(()))).then_some((details, outcome))
            })
            .expect("a conflict at 84 percent");
        assert_eq!(outcome.conflict_began_at, Some(now()));

        let sorry = Turn { repair: Some(RepairQuality::Excellent), ..turn("tg:99", dec!(2)) };
        let outcome = apply(&mut details, &sorry, &player(), &Draws::default(), now()).expect("applied");
        assert_eq!((outcome.resolved, outcome.generated), (Some(Resolution::Full), None));
        assert_eq!(details.active, None);
    }

    prop_compose! {
        fn any_turn()(
            number in 0..12_u32, delta in -1_000..1_000_i64, horsemen in prop::sample::subsequence(Horseman::ALL.to_vec(), 0..=4),
            repair in prop::option::of(prop::sample::select(RepairQuality::ALL.to_vec())),
            kinds in prop::sample::subsequence(TriggerKind::ALL.to_vec(), 0..=5),
            conversation in 0..3_u128, analysed in any::<bool>(), in_care in any::<bool>(), minutes in 0..6_000_i64,
        ) -> (String, Turn<'static>, Timestamp) {
            let triggers = kinds.into_iter().map(|kind| Trigger { kind, severity: 0.6, heats: true }).collect();
            let turn = Turn {
                id: "", conversation: Uuid::from_u128(conversation), score_delta: Decimal::new(delta, 2), analysed,
                horsemen, repair, triggers, vulnerability_exchange: false, in_care,
            };
            (format!("tg:{number}"), turn, now() + jiff::SignedDuration::from_mins(minutes))
        }
    }

    proptest! {
        #[test]
        fn whatever_happens_the_gauge_stays_in_range(turns in prop::collection::vec(any_turn(), 0..15)) {
            let mut details = Details::default();
            for (id, turn, when) in &turns {
                let turn = Turn { id, ..turn.clone() };
                let before = details.temperature_at(*when);
                let outcome = apply(&mut details, &turn, &player(), &Draws::default(), *when);
                prop_assert!((0.0..=100.0).contains(&details.temperature().value()));
                prop_assert!(outcome.is_none() || !turn.in_care || details.temperature() <= before);
                prop_assert_eq!(details.kind.is_some(), details.active.is_some());
                prop_assert!(details.repairs.len() <= REPAIRS_KEPT && details.days.iter().count() <= 7);

                let once = details.clone();
                apply(&mut details, &turn, &player(), &Draws::default(), *when);
                prop_assert_eq!(&details, &once);
                prop_assert_eq!(&Details::read(Some(&details.write())).details, &details);
            }
        }
    }
}

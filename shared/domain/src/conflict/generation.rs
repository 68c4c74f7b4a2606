//! Generation: when causes become a conflict, which one, and how bad.
//!
//! Only while none is open. Reasons not to, in this order: the zone is calm; there are no triggers; less than 4 hours since the last
//! conflict began; a score of 90 or more and no trigger of 0.6; all triggers below 0.25; the roll reaches
//! the probability of the temperature.
//!
//! Otherwise the 3 most severe triggers of 0.25 or more are kept. They speak for a type, each with its severity times the
//! priority of the type; the best wins, unless it was among the last types and another was not.
//!
//! | trigger | type | priority | base severity |
//! |---|---|---|---|
//! | trust | trust | 4 | 0.7 |
//! | boundary | boundary | 3 | 0.6 |
//! | jealousy | jealousy | 2 | 0.5 |
//! | neglect | attention | 1 | 0.4 |
//! | dismissive | attention | 1 | 0.3 |
//!
//! Severity: the mean of (base + s)/2 over the kept triggers, weighted by their severity s; times 1 + (50 - score)/100, between
//! 0.7 and 1.3; times 1.1, 1.2, 1.3 after one, two, three closed conflicts (1.5 at most); times 1 - 0.05 per
//! chapter after the first (0.8 at least); kept in 0 to 1 and below the zone's highest.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::prelude::ToPrimitive;

use super::details::{Active, ConflictType, Details, Level};
use super::temperature::Zone;
use super::triggers::Trigger;
use crate::chapter::Chapter;
use crate::draw::Draws;
use crate::ids::{UserId, derived};
use crate::rounding::round4;
use crate::score::Score;
use crate::scoring::tags::TriggerKind;

/// No conflict begins sooner after the last one began.
pub const PAUSE: SignedDuration = SignedDuration::from_hours(4);
/// From this score on she lets small things pass,
const FORGIVING_SCORE: f64 = 90.0;
/// that is, triggers below this.
const FORGIVEN_BELOW: f64 = 0.6;
/// A trigger below this is none.
pub const LEAST_SEVERITY: f64 = 0.25;
/// So many triggers make a conflict at most.
const KEPT: usize = 3;
/// The score at which severity is what it is.
const NEUTRAL_SCORE: f64 = 50.0;
/// How far the score lowers or raises the severity.
const SCORE_FACTOR: (f64, f64) = (0.7, 1.3);
/// What each closed conflict adds, and the most it comes to.
const RECENT_FACTOR: (f64, f64) = (0.1, 1.5);
/// What each chapter after the first takes off, and the least that is left.
const CHAPTER_FACTOR: (f64, f64) = (0.05, 0.8);

/// Why there is no conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// One is open.
    Open,
    /// The zone is calm.
    Calm,
    /// There is no cause.
    NoTriggers,
    /// The last one is too recent.
    TooSoon,
    /// They are too close for such small things.
    Forgiven,
    /// All causes are too small.
    TooWeak,
    /// The dice said no.
    Rolled,
}

/// What the decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Causes<'a> {
    /// Whose it is.
    pub user: UserId,
    /// The key of the turn.
    pub turn: &'a str,
    /// What the turn gave cause for.
    pub triggers: &'a [Trigger],
    /// The score after the turn.
    pub score: Score,
    /// The chapter.
    pub chapter: Chapter,
    /// When a conflict last began, before this turn.
    pub last_conflict_at: Option<Timestamp>,
}

/// Opens a conflict in the document, or says why not.
pub fn generate(
    details: &mut Details,
    causes: &Causes<'_>,
    draws: &Draws,
    now: Timestamp,
) -> Result<(), Refusal> {
    let key = format!("conflict-roll:{}:{}", causes.user, causes.turn);
    begin(details, causes, draws.draw(&key), now)
}

/// [`generate`] with the roll as a number.
fn begin(details: &mut Details, causes: &Causes<'_>, roll: f64, now: Timestamp) -> Result<(), Refusal> {
    may_begin(details, causes, roll, now)?;
    let kept = kept(causes.triggers);
    let kind = prevailing(&kept, &details.recent_types).ok_or(Refusal::TooWeak)?;
    details.kind = Some(kind);
    details.active = Some(Active {
        id: derived(&format!("conflict:{}:{}", causes.user, causes.turn)),
        severity: severity(&kept, causes, details.recent_types.len(), details.zone()),
        level: Level::Subtle,
        started_at: now,
        last_escalated_at: None,
        resolution_attempts: 0,
        triggers: kept.iter().map(|trigger| trigger.kind).collect(),
    });
    Ok(())
}

fn may_begin(details: &Details, causes: &Causes<'_>, roll: f64, now: Timestamp) -> Result<(), Refusal> {
    let worst = causes.triggers.iter().map(|trigger| trigger.severity).fold(0.0, f64::max);
    let too_soon = causes.last_conflict_at.is_some_and(|at| now.duration_since(at) < PAUSE);
    let refusals = [
        (details.active.is_some(), Refusal::Open),
        (details.zone() == Zone::Calm, Refusal::Calm),
        (causes.triggers.is_empty(), Refusal::NoTriggers),
        (too_soon, Refusal::TooSoon),
        (number(causes.score) >= FORGIVING_SCORE && worst < FORGIVEN_BELOW, Refusal::Forgiven),
        (worst < LEAST_SEVERITY, Refusal::TooWeak),
        (roll >= details.temperature().probability(), Refusal::Rolled),
    ];
    refusals.into_iter().find(|(holds, _)| *holds).map_or(Ok(()), |(_, refusal)| Err(refusal))
}

/// The most severe ones, the most severe first.
fn kept(triggers: &[Trigger]) -> Vec<Trigger> {
    let mut kept: Vec<Trigger> =
        triggers.iter().filter(|trigger| trigger.severity >= LEAST_SEVERITY).copied().collect();
    kept.sort_by(|one, other| other.severity.total_cmp(&one.severity));
    kept.truncate(KEPT);
    kept
}

/// The type that the triggers speak for.
fn prevailing(kept: &[Trigger], recent: &[ConflictType]) -> Option<ConflictType> {
    let voice = |kind: ConflictType| {
        let of_kind = kept.iter().filter(|trigger| type_of(trigger.kind) == kind);
        of_kind.map(|trigger| round4(trigger.severity * priority(kind))).reduce(f64::max)
    };
    let mut candidates: Vec<(ConflictType, f64)> =
        ConflictType::ALL.into_iter().filter_map(|kind| Some((kind, voice(kind)?))).collect();
    candidates.sort_by(|(one, said), (other, other_said)| {
        other_said.total_cmp(said).then(priority(*other).total_cmp(&priority(*one)))
    });
    let fresh = candidates.iter().find(|(kind, _)| !recent.contains(kind));
    fresh.or(candidates.first()).map(|(kind, _)| *kind)
}

const fn type_of(kind: TriggerKind) -> ConflictType {
    match kind {
        TriggerKind::Dismissive | TriggerKind::Neglect => ConflictType::Attention,
        TriggerKind::Jealousy => ConflictType::Jealousy,
        TriggerKind::Boundary => ConflictType::Boundary,
        TriggerKind::Trust => ConflictType::Trust,
    }
}

const fn priority(kind: ConflictType) -> f64 {
    match kind {
        ConflictType::Trust => 4.0,
        ConflictType::Boundary => 3.0,
        ConflictType::Jealousy => 2.0,
        ConflictType::Attention => 1.0,
    }
}

const fn base(kind: TriggerKind) -> f64 {
    match kind {
        TriggerKind::Dismissive => 0.3,
        TriggerKind::Neglect => 0.4,
        TriggerKind::Jealousy => 0.5,
        TriggerKind::Boundary => 0.6,
        TriggerKind::Trust => 0.7,
    }
}

fn severity(kept: &[Trigger], causes: &Causes<'_>, closed: usize, zone: Zone) -> f64 {
    let weights: f64 = kept.iter().map(|trigger| trigger.severity).sum();
    let weighed = |trigger: &Trigger| f64::midpoint(base(trigger.kind), trigger.severity) * trigger.severity;
    let mean = kept.iter().map(weighed).sum::<f64>() / weights;

    let by_score =
        (1.0 + (NEUTRAL_SCORE - number(causes.score)) / 100.0).clamp(SCORE_FACTOR.0, SCORE_FACTOR.1);
    let by_recent = (1.0 + RECENT_FACTOR.0 * closed as f64).min(RECENT_FACTOR.1);
    let later_chapters = f64::from(causes.chapter.number() - 1);
    let by_chapter = (1.0 - CHAPTER_FACTOR.0 * later_chapters).max(CHAPTER_FACTOR.1);
    round4((mean * by_score * by_recent * by_chapter).clamp(0.0, 1.0).min(zone.max_severity()))
}

fn number(score: Score) -> f64 {
    score.value().to_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::{Decimal, dec};

    use super::super::temperature::Temperature;
    use super::*;
    use TriggerKind::{Boundary, Dismissive, Jealousy, Neglect, Trust};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn trigger((kind, severity): (TriggerKind, f64)) -> Trigger {
        Trigger { kind, severity, heats: true }
    }

    fn at(temperature: f64, recent_types: Vec<ConflictType>) -> Details {
        let mut details = Details::default();
        details.recent_types = recent_types;
        details.set_temperature(Temperature::new(temperature), NOW);
        details
    }

    fn causes(triggers: &[Trigger], chapter: i32, score: Decimal) -> Causes<'_> {
        let chapter = Chapter::new(chapter).expect("a chapter");
        let score = Score::clamped(score);
        Causes { user: UserId::nil(), turn: "tg:1", triggers, score, chapter, last_conflict_at: None }
    }

    #[test]
    fn a_cause_has_to_weigh_something() {
        for (severity, refusal) in
            [(0.2, Err(Refusal::TooWeak)), (0.2499, Err(Refusal::TooWeak)), (0.25, Ok(()))]
        {
            let triggers = [trigger((Jealousy, severity))];
            let may = may_begin(&at(60.0, vec![]), &causes(&triggers, 3, dec!(50)), 0.0, NOW);
            assert_eq!(may, refusal, "{severity}");
        }
    }

    #[test]
    fn a_grave_cause_outweighs_one_of_a_graver_kind() {
        let kept = [trigger((Boundary, 0.9)), trigger((Trust, 0.3))];
        assert_eq!(prevailing(&kept, &[]), Some(ConflictType::Boundary), "2.7 against 1.2");
    }

    /// case: psyche 37
    #[test]
    fn the_prevailing_type_and_its_severity_come_from_the_triggers() {
        let two_recent = vec![ConflictType::Boundary, ConflictType::Trust];
        for (triggers, chapter, score, temperature, recent, kind, severity) in [
            (vec![(Jealousy, 0.6)], 3, dec!(50), 60.0, vec![], ConflictType::Jealousy, 0.495),
            (vec![(Jealousy, 0.6)], 3, dec!(50), 30.0, vec![], ConflictType::Jealousy, 0.4),
            (
                vec![(Boundary, 0.9), (Dismissive, 0.5)],
                1,
                dec!(30),
                80.0,
                vec![],
                ConflictType::Boundary,
                0.75,
            ),
            (
                vec![(Boundary, 0.9), (Dismissive, 0.5)],
                1,
                dec!(30),
                60.0,
                vec![],
                ConflictType::Boundary,
                0.7,
            ),
            (
                vec![(Neglect, 0.675), (Jealousy, 0.45)],
                4,
                dec!(80),
                80.0,
                two_recent,
                ConflictType::Jealousy,
                0.3659,
            ),
            (
                vec![(Trust, 0.5), (Jealousy, 0.9)],
                2,
                dec!(40),
                80.0,
                vec![ConflictType::Trust],
                ConflictType::Jealousy,
                0.7636,
            ),
        ] {
            let triggers: Vec<Trigger> = triggers.into_iter().map(trigger).collect();
            let mut details = at(temperature, recent);
            begin(&mut details, &causes(&triggers, chapter, score), 0.0, NOW).expect("a conflict");
            assert_eq!(details.kind, Some(kind));
            let active = details.active.expect("open");
            assert_eq!((active.severity, active.level, active.started_at), (severity, Level::Subtle, NOW));
        }
    }

    /// case: psyche 38
    #[test]
    fn there_are_many_reasons_not_to() {
        let strong = [trigger((Jealousy, 0.6))];
        let plain = causes(&strong, 3, dec!(50));
        let minutes_ago = |minutes| Some(NOW - SignedDuration::from_mins(minutes));
        let almost = [trigger((Jealousy, 0.59))];
        let weak = [trigger((Jealousy, 0.24)), trigger((Neglect, 0.2))];
        for (temperature, cause, roll, expected) in [
            (60.0, plain, 0.38, Ok(())),
            (60.0, plain, 0.39, Err(Refusal::Rolled)),
            (20.0, plain, 0.0, Err(Refusal::Calm)),
            (60.0, Causes { last_conflict_at: minutes_ago(239), ..plain }, 0.0, Err(Refusal::TooSoon)),
            (60.0, Causes { last_conflict_at: minutes_ago(240), ..plain }, 0.0, Ok(())),
            (60.0, Causes { triggers: &almost, ..causes(&almost, 3, dec!(92)) }, 0.0, Err(Refusal::Forgiven)),
            (60.0, causes(&strong, 3, dec!(92)), 0.0, Ok(())),
            (60.0, Causes { triggers: &[], ..plain }, 0.0, Err(Refusal::NoTriggers)),
            (60.0, Causes { triggers: &weak, ..plain }, 0.0, Err(Refusal::TooWeak)),
        ] {
            assert_eq!(
                begin(&mut at(temperature, vec![]), &cause, roll, NOW),
                expected,
                "{temperature} {roll}"
            );
        }
        let mut open = at(60.0, vec![]);
        begin(&mut open, &plain, 0.0, NOW).expect("a conflict");
        assert_eq!(begin(&mut open, &plain, 0.0, NOW), Err(Refusal::Open));
    }

    #[test]
    fn the_roll_is_keyed_by_player_and_turn() {
        let strong = [trigger((Jealousy, 0.6))];
        let opened = |turn: &str| {
            let causes = Causes { turn, ..causes(&strong, 3, dec!(50)) };
            generate(&mut at(60.0, vec![]), &causes, &Draws::default(), NOW).is_ok()
        };
        let turns: Vec<String> = (0..200).map(|turn| format!("tg:{turn}")).collect();
        let first: Vec<bool> = turns.iter().map(|turn| opened(turn)).collect();
        assert_eq!(first, turns.iter().map(|turn| opened(turn)).collect::<Vec<_>>());
        let conflicts = first.iter().filter(|opened| **opened).count();
        assert!((50..110).contains(&conflicts), "{conflicts} of 200 at 39 %");
    }

    proptest! {
        #[test]
        fn a_severity_stays_below_its_zone(
            severities in prop::collection::vec(0.0..1.0, 5), temperature in 25.0..100.0,
            score in 0_i64..=10_000, chapter in 1..=5, closed in 0..3_usize,
        ) {
            let triggers: Vec<Trigger> =
                TriggerKind::ALL.into_iter().zip(severities).map(trigger).collect();
            let mut details = at(temperature, ConflictType::ALL[..closed].to_vec());
            if begin(&mut details, &causes(&triggers, chapter, Decimal::new(score, 2)), 0.0, NOW).is_ok() {
                let highest = details.zone().max_severity();
                let active = details.active.expect("open");
                prop_assert!((0.0..=highest).contains(&active.severity));
                prop_assert!(active.triggers.len() <= KEPT);
            }
        }
    }
}

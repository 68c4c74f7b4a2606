//! Expression: how she shows a conflict. The temperature says how bad it is, this says what one sees of it.
//!
//! After a conversation the states are looked at from the mildest to the gravest; the gravest that holds is entered, if it is
//! graver than the present one and the table allows the step:
//!
//! | state | holds when | entered from | left for |
//! |---|---|---|---|
//! | passive_aggressive | 2 or more of her messages were ignored | none | none |
//! | cold | valence below 0.3 | none, passive_aggressive | none |
//! | vulnerable | intimacy fell by 0.2 or more | none, passive_aggressive | none |
//! | explosive | arousal 0.8 or more and valence below 0.3, while cold, vulnerable or explosive | cold, vulnerable | cold |
//!
//! There are no steps in between, and no way from cold to vulnerable or back. Entering a state lifts the temperature to at
//! least 40, 50, 30, 85 in the order of the table. A hot or critical temperature that she does not show makes her cold.
//!
//! A state is [left](super::recovery) before another is entered, and a conversation changes the state at most once. In [care
//! mode](crate::care) states are only left.

use jiff::{SignedDuration, Timestamp};

use super::recovery::{self, Recovery, Talk};
use super::temperature::{Temperature, Zone};
use crate::emotion::Dimensions;
use crate::rounding::round4;

/// So many ignored messages make her sulk.
pub const IGNORED: u32 = 2;
/// Below this valence she is cold.
pub const COLD_BELOW: f64 = 0.3;
/// A fall of intimacy by this much hurts.
pub const HURT_BY: f64 = 0.2;
/// From this arousal on the cold or hurt one explodes.
pub const EXPLODES_FROM: f64 = 0.8;
/// A message of hers is ignored when no answer comes within this.
pub const ANSWER_WITHIN: SignedDuration = SignedDuration::from_hours(6);
/// What is noted as the cause when the temperature alone makes her cold.
pub const BY_TEMPERATURE: &str = "temperature";

/// How she shows a conflict: `nikita_emotional_states.conflict_state` without `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expression {
    /// Through tone.
    PassiveAggressive,
    /// Through distance.
    Cold,
    /// Through hurt.
    Vulnerable,
    /// Through anger.
    Explosive,
}

impl Expression {
    /// From the mildest to the gravest.
    pub const ALL: [Self; 4] = [Self::PassiveAggressive, Self::Cold, Self::Vulnerable, Self::Explosive];

    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PassiveAggressive => "passive_aggressive",
            Self::Cold => "cold",
            Self::Vulnerable => "vulnerable",
            Self::Explosive => "explosive",
        }
    }

    /// Reads what is stored; none for `none` and for what nobody knows.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// As stored, `none` for none.
    pub fn stored(state: Option<Self>) -> &'static str {
        state.map_or("none", Self::as_str)
    }

    /// The temperature that it brings at least.
    pub const fn warms_to(self) -> f64 {
        match self {
            Self::PassiveAggressive => 40.0,
            Self::Cold => 50.0,
            Self::Vulnerable => 30.0,
            Self::Explosive => 85.0,
        }
    }

    const fn may_follow(self, present: Option<Self>) -> bool {
        matches!(
            (present, self),
            (None, Self::PassiveAggressive | Self::Cold | Self::Vulnerable)
                | (Some(Self::PassiveAggressive), Self::Cold | Self::Vulnerable)
                | (Some(Self::Cold | Self::Vulnerable), Self::Explosive)
        )
    }

    /// What she steps down to.
    const fn calmer(self) -> Option<Self> {
        match self {
            Self::Explosive => Some(Self::Cold),
            Self::PassiveAggressive | Self::Cold | Self::Vulnerable => None,
        }
    }
}

/// What she shows, as it is stored with a row of her mood.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shown {
    /// The state; none for no conflict.
    pub state: Option<Expression>,
    /// Since when; none exactly if there is no state.
    pub started_at: Option<Timestamp>,
    /// What brought it about; none exactly if there is no state.
    pub trigger: Option<String>,
    /// How far she has come out of it.
    pub recovery: Recovery,
}

/// What a state is decided by.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// Her mood after the conversation.
    pub mood: Dimensions,
    /// Her intimacy before it, if there was a row.
    pub intimacy_before: Option<f64>,
    /// How many of her messages were ignored.
    pub ignored: u32,
    /// What the conversation had in it.
    pub talk: &'a Talk,
    /// The temperature, cooled to now.
    pub temperature: Temperature,
    /// Whether the conversation was in care mode.
    pub in_care: bool,
}

/// What a conversation did to what she shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Stayed,
    /// She came out of a state.
    Left,
    /// She went into one.
    Entered(Expression),
}

/// Moves what she shows by one step at most.
pub fn step(shown: &mut Shown, situation: &Situation<'_>, now: Timestamp) -> Change {
    if let Some(present) = shown.state
        && recovery::leaves(present, shown, situation, now)
    {
        shown.step_down(present, situation.temperature.zone(), now);
        return Change::Left;
    }
    if situation.in_care {
        return Change::Stayed;
    }
    let Some((state, cause)) = entered(shown.state, situation) else { return Change::Stayed };
    *shown = Shown {
        state: Some(state),
        started_at: Some(now),
        trigger: Some(cause),
        recovery: Recovery::default(),
    };
    Change::Entered(state)
}

/// What she shows to somebody who looks between two conversations: heat that she does not show yet counts as coldness.
pub fn effective(shown: Option<Expression>, temperature: Temperature) -> Option<Expression> {
    shown.or_else(|| temperature.zone().in_conflict().then_some(Expression::Cold))
}

/// How many of her own messages were ignored: those delivered between the player's previous message and the first one of this
/// conversation, that were left without an answer for more than six hours.
pub fn ignored(delivered: &[Timestamp], previous: Option<Timestamp>, first: Timestamp) -> u32 {
    let unanswered = |at: &&Timestamp| {
        previous.is_none_or(|previous| **at > previous) && first.duration_since(**at) > ANSWER_WITHIN
    };
    u32::try_from(delivered.iter().filter(unanswered).count()).unwrap_or(u32::MAX)
}

impl Shown {
    fn step_down(&mut self, from: Expression, zone: Zone, now: Timestamp) {
        let to = if zone == Zone::Calm { None } else { from.calmer() };
        let trigger = to.and(self.trigger.take());
        *self = Self { state: to, started_at: to.map(|_| now), trigger, recovery: Recovery::default() };
    }
}

/// The state she goes into, and why.
fn entered(present: Option<Expression>, situation: &Situation<'_>) -> Option<(Expression, String)> {
    let gravest = Expression::ALL
        .into_iter()
        .rev()
        .find_map(|state| cause(state, present, situation).map(|cause| (state, cause)))
        .filter(|(state, _)| Some(*state) > present && state.may_follow(present));
    let too_hot = present.is_none() && situation.temperature.zone().in_conflict();
    gravest.or_else(|| too_hot.then(|| (Expression::Cold, BY_TEMPERATURE.to_owned())))
}

/// Why the state holds, if it does.
fn cause(state: Expression, present: Option<Expression>, situation: &Situation<'_>) -> Option<String> {
    let mood = situation.mood;
    let is_cold = mood.valence() < COLD_BELOW;
    match state {
        Expression::PassiveAggressive => {
            (situation.ignored >= IGNORED).then(|| format!("{} messages ignored", situation.ignored))
        }
        Expression::Cold => is_cold.then(|| format!("valence fell to {:.2}", mood.valence())),
        Expression::Vulnerable => {
            let fall = round4(situation.intimacy_before? - mood.intimacy());
            (fall >= HURT_BY).then(|| format!("intimacy fell by {fall:.2}"))
        }
        Expression::Explosive => {
            let was_hurt = present >= Some(Expression::Cold);
            let boils = is_cold && mood.arousal() >= EXPLODES_FROM && was_hurt;
            boils.then(|| format!("arousal {:.2} at valence {:.2}", mood.arousal(), mood.valence()))
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::dec;

    use super::*;
    use crate::scoring::tags::RepairQuality;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn talk() -> Talk {
        Talk::default()
    }

    fn situation(talk: &Talk, valence: f64) -> Situation<'_> {
        Situation {
            mood: Dimensions::new(0.5, valence, 0.5, 0.5),
            intimacy_before: None,
            ignored: 0,
            talk,
            temperature: Temperature::new(40.0),
            in_care: false,
        }
    }

    fn shows(state: Expression) -> Shown {
        Shown {
            state: Some(state),
            started_at: Some(NOW - SignedDuration::from_hours(5)),
            trigger: Some("before".into()),
            recovery: Recovery::default(),
        }
    }

    fn after(mut shown: Shown, situation: &Situation<'_>) -> Option<Expression> {
        step(&mut shown, situation, NOW);
        assert_eq!(shown.state.is_some(), shown.started_at.is_some());
        assert_eq!(shown.state.is_some(), shown.trigger.is_some());
        shown.state
    }

    /// case: psyche 25
    #[test]
    fn a_low_valence_makes_her_cold() {
        let talk = talk();
        assert_eq!(after(Shown::default(), &situation(&talk, 0.30)), None);
        assert_eq!(after(Shown::default(), &situation(&talk, 0.29)), Some(Expression::Cold));
    }

    /// case: psyche 26
    #[test]
    fn a_fall_of_intimacy_hurts() {
        let talk = talk();
        for (before, now, state) in [
            (0.7, 0.5, Some(Expression::Vulnerable)),
            (0.7, 0.51, None),
            (0.6, 0.4, Some(Expression::Vulnerable)),
        ] {
            let mood = Dimensions::new(0.5, 0.5, 0.5, now);
            let fallen = Situation { mood, intimacy_before: Some(before), ..situation(&talk, 0.5) };
            assert_eq!(after(Shown::default(), &fallen), state, "{before} to {now}");
        }
    }

    /// case: psyche 27
    #[test]
    fn only_the_cold_or_hurt_one_explodes() {
        let talk = talk();
        let rage = Situation { mood: Dimensions::new(0.9, 0.1, 0.5, 0.5), ..situation(&talk, 0.1) };
        assert_eq!(after(Shown::default(), &rage), Some(Expression::Cold));
        assert_eq!(after(shows(Expression::Cold), &rage), Some(Expression::Explosive));
        assert_eq!(after(shows(Expression::PassiveAggressive), &rage), Some(Expression::Cold));
    }

    /// case: psyche 28
    #[test]
    fn there_is_no_way_from_cold_to_hurt_or_down_to_sulking() {
        let talk = talk();
        let mood = Dimensions::new(0.5, 0.5, 0.5, 0.4);
        let fallen = Situation { mood, intimacy_before: Some(0.7), ..situation(&talk, 0.5) };
        assert_eq!(after(shows(Expression::Cold), &fallen), Some(Expression::Cold));
        let ignored = Situation { ignored: 3, ..situation(&talk, 0.5) };
        assert_eq!(after(shows(Expression::Vulnerable), &ignored), Some(Expression::Vulnerable));
        assert_eq!(after(Shown::default(), &ignored), Some(Expression::PassiveAggressive));
    }

    #[test]
    fn heat_that_is_not_shown_makes_her_cold() {
        let talk = talk();
        let mut shown = Shown::default();
        let hot = Situation { temperature: Temperature::new(60.0), ..situation(&talk, 0.5) };
        assert_eq!(step(&mut shown, &hot, NOW), Change::Entered(Expression::Cold));
        assert_eq!(shown.trigger.as_deref(), Some(BY_TEMPERATURE));
        assert_eq!(effective(None, hot.temperature), Some(Expression::Cold));
        assert_eq!(effective(None, Temperature::new(49.9)), None);
    }

    #[test]
    fn in_care_states_are_only_left() {
        let talk = Talk { score_delta: dec!(1), repairs: vec![RepairQuality::Good], horsemen: vec![] };
        let care = Situation { in_care: true, ..situation(&talk, 0.1) };
        assert_eq!(after(Shown::default(), &care), None);
        assert_eq!(after(shows(Expression::Explosive), &care), Some(Expression::Cold));
    }

    #[test]
    fn the_states_are_stored_by_name() {
        assert_eq!(Expression::stored(None), "none");
        for state in Expression::ALL {
            assert_eq!(Expression::parse(Expression::stored(Some(state))), Some(state));
        }
        assert_eq!(Expression::parse("none"), None);
    }

    #[test]
    fn a_message_is_ignored_after_six_hours_without_an_answer() {
        let hours = |hours| NOW + SignedDuration::from_hours(hours);
        let delivered = [hours(-30), hours(1), hours(10), hours(15)];
        assert_eq!(ignored(&delivered, Some(hours(0)), hours(20)), 2);
        assert_eq!(ignored(&delivered, None, hours(21)), 3);
        assert_eq!(ignored(&delivered, None, hours(22)), 4);
        assert_eq!(
            ignored(&[hours(0)], Some(hours(0)), hours(20)),
            0,
            "it came with the player's own message"
        );
        assert_eq!(ignored(&[], None, hours(22)), 0);
    }
}

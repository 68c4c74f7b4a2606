//! What her people, and the player's behaviour, stir up in her: pure, and an input of the daily thought about her psyche.
//!
//! | event | trigger |
//! |---|---|
//! | setback | criticism |
//! | friend_drama, plans_cancelled | abandonment |
//! | health | vulnerability_shared |
//!
//! | character | wounds | triggers | defences | mood |
//! |---|---|---|---|---|
//! | Viktor | fundamentally_broken | - | intellectualization | -0.1 |
//! | Alexei | conditional_love, fundamentally_broken | criticism | preemptive_withdrawal, humor_deflection | -0.3 |
//! | Max | vulnerability_punished, fundamentally_broken | raised_voice, possessiveness | testing, preemptive_withdrawal | -0.4 |
//! | Lena | - | - | - | +0.1 |
//! | Yuki | - | - | - | +0.2 |
//! | Dr. Miriam | - | vulnerability_shared | - | 0 |
//! | Katya | conditional_love | - | humor_deflection | -0.05 |
//!
//! Of an event: mood is the sum over its characters; temperature 0.5 + mood, -1 to 1; willingness 0.5 + 0.3 · mood, 0 to 1; she is anxious
//! where abandonment is touched, else avoidant where she withdraws first, else leaning to secure.
//!
//! | behaviour | triggers | wounds |
//! |---|---|---|
//! | raised_voice | raised_voice | vulnerability_punished |
//! | jealousy | possessiveness | vulnerability_punished |
//! | criticism | criticism | conditional_love, fundamentally_broken |
//! | went_silent | abandonment | too_much, fundamentally_broken |
//! | excessive_praise | - | conditional_love |
//! | asked_about_past, shared_vulnerability | vulnerability_shared | - |
//!
//! Of a behaviour of intensity i: above 0.7 a punished vulnerability tests and withdraws, conditional love intellectualises, being too much
//! jokes. With a trigger: temperature -0.3 - 0.3i, willingness 0.3 - 0.2i; without one both 0.5. Anxious where abandonment is touched, avoidant
//! for possessiveness and a raised voice, else leaning to secure.
//!
//! Every list has each item once, in the order in which the items stand below.

use serde::Serialize;

use crate::life::event::EventType;
use crate::rounding::round4;
use crate::words::words;

words! {
    /// An old hurt.
    Wound {
        /// She takes up too much room.
        TooMuch = "too_much",
        /// Love has to be earned.
        ConditionalLove = "conditional_love",
        /// Who opens up is punished.
        VulnerabilityPunished = "vulnerability_punished",
        /// Something is wrong with her.
        FundamentallyBroken = "fundamentally_broken",
    }
}

words! {
    /// How she keeps it away.
    DefenseMechanism {
        /// By explaining.
        Intellectualization = "intellectualization",
        /// By joking.
        HumorDeflection = "humor_deflection",
        /// By testing.
        Testing = "testing",
        /// By going first.
        PreemptiveWithdrawal = "preemptive_withdrawal",
    }
}

words! {
    /// What touches it.
    WoundTrigger {
        /// Loudness.
        RaisedVoice = "raised_voice",
        /// Being owned.
        Possessiveness = "possessiveness",
        /// Being left.
        Abandonment = "abandonment",
        /// Being judged.
        Criticism = "criticism",
        /// Closeness.
        VulnerabilityShared = "vulnerability_shared",
    }
}

words! {
    /// How she is bound, for the moment.
    AttachmentMode {
        /// Holding on.
        Anxious = "anxious",
        /// Keeping away.
        Avoidant = "avoidant",
        /// At ease, more or less.
        SecureLeaning = "secure_leaning",
    }
}

words! {
    /// What a player does.
    Behaviour {
        /// Gets loud.
        RaisedVoice = "raised_voice",
        /// Gets jealous.
        Jealousy = "jealousy",
        /// Finds fault.
        Criticism = "criticism",
        /// Says nothing any more.
        WentSilent = "went_silent",
        /// Praises too much.
        ExcessivePraise = "excessive_praise",
        /// Asks about what was.
        AskedAboutPast = "asked_about_past",
        /// Opens up.
        SharedVulnerability = "shared_vulnerability",
    }
}

/// Above this a behaviour is intense.
const INTENSE: f64 = 0.7;
/// Where temperature and willingness stand by themselves.
const MIDDLE: f64 = 0.5;
/// What of a mood reaches the willingness.
const WILLINGNESS_PER_MOOD: f64 = 0.3;
/// Temperature of a touched wound: where it starts, and what intensity adds.
const TOUCHED_TEMPERATURE: (f64, f64) = (-0.3, -0.3);
/// Willingness of a touched wound: where it starts, and what intensity adds.
const TOUCHED_WILLINGNESS: (f64, f64) = (0.3, -0.2);

/// What is stirred up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stirred {
    /// Old hurts.
    pub wounds: Vec<Wound>,
    /// What touched them.
    pub triggers: Vec<WoundTrigger>,
    /// How she keeps them away.
    pub defenses: Vec<DefenseMechanism>,
    /// -1 to 1.
    pub emotional_temperature: f64,
    /// 0 to 1.
    pub vulnerability_willingness: f64,
    /// How she is bound.
    pub attachment_mode: AttachmentMode,
}

struct Trait {
    wounds: &'static [Wound],
    triggers: &'static [WoundTrigger],
    defenses: &'static [DefenseMechanism],
    mood: f64,
}

/// What an event with these people stirs up.
pub fn of_event(kind: EventType, names: &[&str]) -> Stirred {
    let traits: Vec<Trait> = names.iter().filter_map(|name| of_character(name)).collect();
    let mood: f64 = traits.iter().map(|of| of.mood).sum();
    let triggers = in_order(WoundTrigger::ALL, traits.iter().flat_map(|of| of.triggers).chain(of_kind(kind)));
    let defenses = in_order(DefenseMechanism::ALL, traits.iter().flat_map(|of| of.defenses));
    let attachment_mode = if triggers.contains(&WoundTrigger::Abandonment) {
        AttachmentMode::Anxious
    } else if defenses.contains(&DefenseMechanism::PreemptiveWithdrawal) {
        AttachmentMode::Avoidant
    } else {
        AttachmentMode::SecureLeaning
    };
    Stirred {
        wounds: in_order(Wound::ALL, traits.iter().flat_map(|of| of.wounds)),
        triggers,
        defenses,
        emotional_temperature: round4((MIDDLE + mood).clamp(-1.0, 1.0)),
        vulnerability_willingness: round4((MIDDLE + WILLINGNESS_PER_MOOD * mood).clamp(0.0, 1.0)),
        attachment_mode,
    }
}

/// What a behaviour of the player stirs up at an intensity from 0 to 1; nothing in particular for one that nobody knows.
pub fn of_behaviour(behaviour: Option<Behaviour>, intensity: f64) -> Stirred {
    let (triggers, wounds) = behaviour.map_or((&[][..], &[][..]), touched);
    let touched = |start: f64, per_intensity: f64| {
        if triggers.is_empty() { MIDDLE } else { start + per_intensity * intensity }
    };
    let temperature = touched(TOUCHED_TEMPERATURE.0, TOUCHED_TEMPERATURE.1);
    let willingness = touched(TOUCHED_WILLINGNESS.0, TOUCHED_WILLINGNESS.1);
    Stirred {
        wounds: in_order(Wound::ALL, wounds),
        triggers: in_order(WoundTrigger::ALL, triggers),
        defenses: if intensity > INTENSE { defended(wounds) } else { Vec::new() },
        emotional_temperature: round4(temperature.clamp(-1.0, 1.0)),
        vulnerability_willingness: round4(willingness.clamp(0.0, 1.0)),
        attachment_mode: bound(triggers),
    }
}

/// What it does when a touched wound is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Healing {
    /// How she is.
    pub feeling: &'static str,
    /// What it means for the two of them.
    pub effect: &'static str,
    /// How she goes on, where that is more than a feeling.
    pub behaviour: Option<&'static str>,
}

/// What a touched wound comes to, handled well or not.
pub const fn healing(trigger: WoundTrigger, handled_well: bool) -> Healing {
    if !handled_well {
        return Healing {
            feeling: "guarded",
            effect: "slight regression",
            behaviour: Some("shorter, more sarcasm"),
        };
    }
    let (feeling, effect) = match trigger {
        WoundTrigger::RaisedVoice => ("cautiously relieved", "small deposit"),
        WoundTrigger::Possessiveness => ("appreciative", "significant"),
        WoundTrigger::Abandonment => ("relief with wariness", "positive"),
        WoundTrigger::Criticism => ("surprised", "positive"),
        WoundTrigger::VulnerabilityShared => ("hopeful", "significant"),
    };
    Healing { feeling, effect, behaviour: None }
}

const fn of_kind(kind: EventType) -> &'static [WoundTrigger] {
    match kind {
        EventType::Setback => &[WoundTrigger::Criticism],
        EventType::FriendDrama | EventType::PlansCancelled => &[WoundTrigger::Abandonment],
        EventType::Health => &[WoundTrigger::VulnerabilityShared],
        _ => &[],
    }
}

fn of_character(name: &str) -> Option<Trait> {
    use DefenseMechanism::{HumorDeflection, Intellectualization, PreemptiveWithdrawal, Testing};
    use Wound::{ConditionalLove, FundamentallyBroken, VulnerabilityPunished};
    use WoundTrigger::{Criticism, Possessiveness, RaisedVoice, VulnerabilityShared};
    let (wounds, triggers, defenses, mood): (&[Wound], &[WoundTrigger], &[DefenseMechanism], f64) = match name
    {
        "Viktor" => (&[FundamentallyBroken], &[], &[Intellectualization], -0.1),
        "Alexei" => (
            &[ConditionalLove, FundamentallyBroken],
            &[Criticism],
            &[PreemptiveWithdrawal, HumorDeflection],
            -0.3,
        ),
        "Max" => (
            &[VulnerabilityPunished, FundamentallyBroken],
            &[RaisedVoice, Possessiveness],
            &[Testing, PreemptiveWithdrawal],
            -0.4,
        ),
        "Lena" => (&[], &[], &[], 0.1),
        "Yuki" => (&[], &[], &[], 0.2),
        "Dr. Miriam" => (&[], &[VulnerabilityShared], &[], 0.0),
        "Katya" => (&[ConditionalLove], &[], &[HumorDeflection], -0.05),
        _ => return None,
    };
    Some(Trait { wounds, triggers, defenses, mood })
}

const fn touched(behaviour: Behaviour) -> (&'static [WoundTrigger], &'static [Wound]) {
    use Wound::{ConditionalLove, FundamentallyBroken, TooMuch, VulnerabilityPunished};
    match behaviour {
        Behaviour::RaisedVoice => (&[WoundTrigger::RaisedVoice], &[VulnerabilityPunished]),
        Behaviour::Jealousy => (&[WoundTrigger::Possessiveness], &[VulnerabilityPunished]),
        Behaviour::Criticism => (&[WoundTrigger::Criticism], &[ConditionalLove, FundamentallyBroken]),
        Behaviour::WentSilent => (&[WoundTrigger::Abandonment], &[TooMuch, FundamentallyBroken]),
        Behaviour::ExcessivePraise => (&[], &[ConditionalLove]),
        Behaviour::AskedAboutPast | Behaviour::SharedVulnerability => {
            (&[WoundTrigger::VulnerabilityShared], &[])
        }
    }
}

fn defended(wounds: &[Wound]) -> Vec<DefenseMechanism> {
    use DefenseMechanism::{HumorDeflection, Intellectualization, PreemptiveWithdrawal, Testing};
    let of = |wound: &Wound| -> &'static [DefenseMechanism] {
        match wound {
            Wound::VulnerabilityPunished => &[Testing, PreemptiveWithdrawal],
            Wound::ConditionalLove => &[Intellectualization],
            Wound::TooMuch => &[HumorDeflection],
            Wound::FundamentallyBroken => &[],
        }
    };
    in_order(DefenseMechanism::ALL, wounds.iter().flat_map(of))
}

fn bound(triggers: &[WoundTrigger]) -> AttachmentMode {
    if triggers.contains(&WoundTrigger::Abandonment) {
        AttachmentMode::Anxious
    } else if triggers
        .iter()
        .any(|touched| matches!(touched, WoundTrigger::Possessiveness | WoundTrigger::RaisedVoice))
    {
        AttachmentMode::Avoidant
    } else {
        AttachmentMode::SecureLeaning
    }
}

/// Each item once, in the order of the list of all.
fn in_order<'a, T: Copy + PartialEq + 'a>(all: &[T], items: impl IntoIterator<Item = &'a T>) -> Vec<T> {
    let items: Vec<T> = items.into_iter().copied().collect();
    all.iter().filter(|item| items.contains(item)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(stirred: &Stirred) -> (f64, f64, AttachmentMode) {
        (stirred.emotional_temperature, stirred.vulnerability_willingness, stirred.attachment_mode)
    }

    /// case: life 29
    #[test]
    fn a_setback_with_her_father() {
        let stirred = of_event(EventType::Setback, &["Alexei"]);
        assert_eq!(stirred.wounds, [Wound::ConditionalLove, Wound::FundamentallyBroken]);
        assert_eq!(stirred.triggers, [WoundTrigger::Criticism]);
        assert_eq!(
            stirred.defenses,
            [DefenseMechanism::HumorDeflection, DefenseMechanism::PreemptiveWithdrawal]
        );
        assert_eq!(standing(&stirred), (0.2, 0.41, AttachmentMode::Avoidant));
    }

    /// case: life 30
    #[test]
    fn an_evening_with_the_past() {
        let stirred = of_event(EventType::FriendHangout, &["Max", "Viktor"]);
        assert_eq!(standing(&stirred), (0.0, 0.35, AttachmentMode::Avoidant));
        let colleague = of_event(EventType::FriendHangout, &["Max K."]);
        assert_eq!(standing(&colleague), (0.5, 0.5, AttachmentMode::SecureLeaning));
    }

    /// case: life 31
    #[test]
    fn what_the_player_does_touches_old_hurts() {
        let silent = of_behaviour(Some(Behaviour::WentSilent), 0.5);
        assert_eq!(standing(&silent), (-0.45, 0.2, AttachmentMode::Anxious));
        assert!(silent.defenses.is_empty());
        let loud = of_behaviour(Some(Behaviour::RaisedVoice), 0.8);
        assert_eq!(standing(&loud), (-0.54, 0.14, AttachmentMode::Avoidant));
        assert_eq!(loud.defenses, [DefenseMechanism::Testing, DefenseMechanism::PreemptiveWithdrawal]);
    }

    #[test]
    fn what_touches_nothing_stands_in_the_middle() {
        for stirred in [of_behaviour(None, 0.9), of_event(EventType::Gym, &["Jonas"])] {
            assert_eq!(standing(&stirred), (0.5, 0.5, AttachmentMode::SecureLeaning));
        }
        let praise = of_behaviour(Some(Behaviour::ExcessivePraise), 0.9);
        assert_eq!(standing(&praise), (0.5, 0.5, AttachmentMode::SecureLeaning));
        assert_eq!(praise.defenses, [DefenseMechanism::Intellectualization]);
        assert_eq!(of_event(EventType::PlansCancelled, &["Lena"]).attachment_mode, AttachmentMode::Anxious);
    }

    #[test]
    fn a_wound_that_is_met_well_heals_a_little() {
        let badly: Vec<Healing> = WoundTrigger::ALL.iter().map(|&trigger| healing(trigger, false)).collect();
        assert!(badly.iter().all(|healing| healing.feeling == "guarded" && healing.behaviour.is_some()));
        assert_eq!(healing(WoundTrigger::Possessiveness, true).effect, "significant");
        assert_eq!(healing(WoundTrigger::RaisedVoice, true).feeling, "cautiously relieved");
    }
}

//! Triggers: what in a player's message gives her cause for a conflict. Rules alone, no model.
//!
//! | kind | rule | severity |
//! |---|---|---|
//! | dismissive | a message of 1 to 9 characters | up to 3 characters 0.5; else one word 0.4; else 0.3 |
//! | dismissive | 3 or more of the last 5 messages shorter than 10 characters | 0.6 |
//! | neglect | 24 hours or more since the last interaction | min(0.9, 0.3 + 0.3 · hours/48) |
//! | neglect | a conversation that is over lasted 1 to 4 minutes, with at most 3 messages | 0.25 |
//! | jealousy | one strong or two weak phrases | min(0.8, 0.3 + 0.15 · phrases) |
//! | boundary | one strong or two weak phrases | min(0.9, base + 0.1 · phrases), base 0.6 in chapters 1 and 2, else 0.4 |
//! | any | only the analysis saw it | 0.5 |
//!
//! Trust is seen by the analysis alone. All phrases found count, strong and weak. There is one trigger of a kind, the most
//! severe one. Then the chapter's sensitivity multiplies it, up to 1: 1.5, 1.3, 1.0, 0.9, 0.8.
//!
//! A dismissive trigger heats only as a run of short messages: one short answer is no offence.

use jiff::SignedDuration;

use crate::chapter::Chapter;
use crate::phrases::Words;
use crate::rounding::round4;
use crate::scoring::tags::TriggerKind;

/// By chapter: how sensitive she is.
pub const SENSITIVITY: [f64; 5] = [1.5, 1.3, 1.0, 0.9, 0.8];
/// A message of fewer characters is a short one.
pub const SHORT: usize = 10;
/// Up to so many characters it is hardly one.
const VERY_SHORT: usize = 3;
/// Severity of a short message: hardly one, one word, more words.
const SHORT_SEVERITY: [f64; 3] = [0.5, 0.4, 0.3];
/// So many short ones of the last so many are a run.
const RUN: (usize, usize) = (3, 5);
/// Severity of a run of short messages.
const RUN_SEVERITY: f64 = 0.6;
/// Silence of so many hours is neglect.
const NEGLECT_HOURS: f64 = 24.0;
/// Severity of neglect: where it starts, what so many hours add, and where it ends.
const NEGLECT_SEVERITY: (f64, f64, f64, f64) = (0.3, 0.3, 48.0, 0.9);
/// A conversation is cut short that lasts from so many to so many minutes,
const CUT_SHORT_MINUTES: (f64, f64) = (1.0, 4.0);
/// with at most so many messages of the player.
const CUT_SHORT_MESSAGES: usize = 3;
/// Severity of a conversation cut short.
const CUT_SHORT_SEVERITY: f64 = 0.25;
/// Severity of what only the analysis saw.
const SEEN_SEVERITY: f64 = 0.5;
/// Weak phrases that make a trigger together.
const WEAK_PHRASES: usize = 2;

const JEALOUSY_STRONG: [&str; 6] =
    ["ex", "crush", "met someone", "hanging out with", "went out with", "attractive"];
const JEALOUSY_WEAK: [&str; 4] = ["friend", "coworker", "date", "cute"];
/// Severity of jealousy: where it starts, what a phrase adds, and where it ends.
const JEALOUSY_SEVERITY: (f64, f64, f64) = (0.3, 0.15, 0.8);

const BOUNDARY_STRONG: [&str; 3] = ["nude", "naked", "send pic"];
const BOUNDARY_WEAK: [&str; 6] = ["show me", "come over", "tonight", "your place", "my place", "alone"];
/// By chapter: where the severity of a pushed limit starts.
const BOUNDARY_BASE: [f64; 5] = [0.6, 0.6, 0.4, 0.4, 0.4];
/// What a phrase adds to it, and where it ends.
const BOUNDARY_SEVERITY: (f64, f64) = (0.1, 0.9);

/// One cause for a conflict.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trigger {
    /// Which.
    pub kind: TriggerKind,
    /// How bad it is, 0 to 1.
    pub severity: f64,
    /// Whether it heats the gauge.
    pub heats: bool,
}

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The message.
    pub message: &'a str,
    /// The player's last messages, this one included.
    pub recent: &'a [&'a str],
    /// How long the player had been away when it came; none for the first contact.
    pub since_contact: Option<SignedDuration>,
    /// How long the conversation lasted and how many messages of the player it had, if it is over (a call, when it is scored).
    pub over_after: Option<(SignedDuration, usize)>,
    /// The chapter.
    pub chapter: Chapter,
    /// What the analysis saw.
    pub seen: &'a [TriggerKind],
}

/// The triggers of a message, at most one of a kind, in the order of [`TriggerKind`].
pub fn detect(situation: &Situation<'_>) -> Vec<Trigger> {
    let words = Words::of(situation.message);
    let found = [
        short_message(&words),
        short_run(situation.recent),
        silence(situation.since_contact),
        cut_short(situation.over_after),
        jealousy(&words),
        boundary(&words, situation.chapter),
    ];
    let sensitivity = *situation.chapter.of(&SENSITIVITY);
    TriggerKind::ALL
        .iter()
        .filter_map(|&kind| {
            let of_kind = found.iter().flatten().filter(|trigger| trigger.kind == kind);
            let seen = situation.seen.contains(&kind).then(|| seen(kind));
            of_kind.copied().max_by(|one, other| one.severity.total_cmp(&other.severity)).or(seen)
        })
        .map(|trigger| Trigger { severity: round4((trigger.severity * sensitivity).min(1.0)), ..trigger })
        .collect()
}

/// The kinds that heat the gauge.
pub fn heating(triggers: &[Trigger]) -> Vec<TriggerKind> {
    triggers.iter().filter(|trigger| trigger.heats).map(|trigger| trigger.kind).collect()
}

const fn trigger(kind: TriggerKind, severity: f64) -> Trigger {
    Trigger { kind, severity, heats: true }
}

fn seen(kind: TriggerKind) -> Trigger {
    Trigger { heats: kind != TriggerKind::Dismissive, ..trigger(kind, SEEN_SEVERITY) }
}

fn short_message(words: &Words) -> Option<Trigger> {
    let severity = match words.len() {
        0 | SHORT.. => return None,
        1..=VERY_SHORT => SHORT_SEVERITY[0],
        _ if !words.as_str().contains(' ') => SHORT_SEVERITY[1],
        _ => SHORT_SEVERITY[2],
    };
    Some(Trigger { heats: false, ..trigger(TriggerKind::Dismissive, severity) })
}

fn short_run(recent: &[&str]) -> Option<Trigger> {
    let last = &recent[recent.len().saturating_sub(RUN.1)..];
    let short = last.iter().filter(|message| (1..SHORT).contains(&Words::of(message).len())).count();
    (short >= RUN.0).then(|| trigger(TriggerKind::Dismissive, RUN_SEVERITY))
}

fn silence(since_contact: Option<SignedDuration>) -> Option<Trigger> {
    let hours = since_contact?.as_secs_f64() / 3_600.0;
    let (start, added, per_hours, end) = NEGLECT_SEVERITY;
    (hours >= NEGLECT_HOURS)
        .then(|| trigger(TriggerKind::Neglect, (start + added * hours / per_hours).min(end)))
}

fn cut_short(over_after: Option<(SignedDuration, usize)>) -> Option<Trigger> {
    let (lasted, messages) = over_after?;
    let (from, to) = CUT_SHORT_MINUTES;
    let short = (from..=to).contains(&(lasted.as_secs_f64() / 60.0)) && messages <= CUT_SHORT_MESSAGES;
    short.then(|| trigger(TriggerKind::Neglect, CUT_SHORT_SEVERITY))
}

fn jealousy(words: &Words) -> Option<Trigger> {
    let phrases = telling(words, &JEALOUSY_STRONG, &JEALOUSY_WEAK)?;
    let (start, per_phrase, end) = JEALOUSY_SEVERITY;
    Some(trigger(TriggerKind::Jealousy, (start + per_phrase * phrases).min(end)))
}

fn boundary(words: &Words, chapter: Chapter) -> Option<Trigger> {
    let phrases = telling(words, &BOUNDARY_STRONG, &BOUNDARY_WEAK)?;
    let (per_phrase, end) = BOUNDARY_SEVERITY;
    Some(trigger(TriggerKind::Boundary, (chapter.of(&BOUNDARY_BASE) + per_phrase * phrases).min(end)))
}

/// How many phrases there are, if they tell anything: one strong, or two weak ones.
fn telling(words: &Words, strong: &[&str], weak: &[&str]) -> Option<f64> {
    let (strong, weak) = (words.count(strong), words.count(weak));
    (strong >= 1 || weak >= WEAK_PHRASES).then(|| (strong + weak) as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str, chapter: i32) -> Situation<'_> {
        let chapter = Chapter::new(chapter).expect("a chapter");
        Situation { message: text, recent: &[], since_contact: None, over_after: None, chapter, seen: &[] }
    }

    fn found(situation: &Situation<'_>) -> Vec<(TriggerKind, f64)> {
        detect(situation).iter().map(|trigger| (trigger.kind, trigger.severity)).collect()
    }

    const EX: &str = "my ex is in town and we went out with a friend";

    /// case: psyche 33, 34, 35
    #[test]
    fn words_are_weighed_by_chapter() {
        use TriggerKind::{Boundary, Dismissive, Jealousy};
        for (text, chapter, expected) in [
            ("k", 3, Some((Dismissive, 0.5))),
            ("k", 1, Some((Dismissive, 0.75))),
            ("hey you", 3, Some((Dismissive, 0.3))),
            ("sure", 5, Some((Dismissive, 0.32))),
            ("", 3, None),
            ("   ", 3, None),
            ("that is a great example of an update", 3, None),
            ("what are you doing tonight babe", 3, None),
            ("saw my ex's car today on the road", 3, Some((Jealousy, 0.45))),
            ("saw my ex’s car today on the road", 3, Some((Jealousy, 0.45))),
            (EX, 2, Some((Jealousy, 0.975))),
            ("send pic tonight", 1, Some((Boundary, 1.0))),
            ("send pic tonight", 4, Some((Boundary, 0.54))),
            ("come over to my place tonight", 3, Some((Boundary, 0.7))),
        ] {
            assert_eq!(found(&message(text, chapter)), Vec::from_iter(expected), "{text} in {chapter}");
        }
    }

    /// case: psyche 36
    #[test]
    fn silence_weighs_more_the_longer_it_lasts() {
        for (hours, chapter, severity) in [(30.0, 3, Some(0.4875)), (72.0, 1, Some(1.0)), (23.9, 3, None)] {
            let since_contact = SignedDuration::try_from_secs_f64(hours * 3_600.0).ok();
            let situation = Situation { since_contact, ..message("good to see you again", chapter) };
            let expected = severity.map(|severity| (TriggerKind::Neglect, severity));
            assert_eq!(found(&situation), Vec::from_iter(expected), "{hours}");
        }
    }

    #[test]
    fn a_run_of_short_messages_heats_and_a_single_one_does_not() {
        let single = message("k", 3);
        assert!(heating(&detect(&single)).is_empty());
        let run = Situation { recent: &["ok", "what a day that was", "k", "sure", "k"], ..single };
        assert_eq!(found(&run), [(TriggerKind::Dismissive, 0.6)]);
        assert_eq!(heating(&detect(&run)), [TriggerKind::Dismissive]);
        let long_ago =
            Situation { recent: &["ok", "k", "a longer one", "another long one", "", "k"], ..single };
        assert_eq!(found(&long_ago), [(TriggerKind::Dismissive, 0.5)]);
    }

    #[test]
    fn a_conversation_cut_short_is_a_small_neglect() {
        for (minutes, messages, cut) in
            [(1, 3, true), (4, 1, true), (5, 1, false), (0, 1, false), (2, 4, false)]
        {
            let over_after = Some((SignedDuration::from_mins(minutes), messages));
            let situation = Situation { over_after, ..message("have to run, sorry about that", 3) };
            assert_eq!(!detect(&situation).is_empty(), cut, "{minutes} minutes, {messages} messages");
        }
    }

    #[test]
    fn what_only_the_analysis_saw_counts_half() {
        use TriggerKind::{Dismissive, Jealousy, Trust};
        let seen = Situation { seen: &[Jealousy, Trust, Dismissive], ..message(EX, 3) };
        assert_eq!(found(&seen), [(Dismissive, 0.5), (Jealousy, 0.75), (Trust, 0.5)]);
        assert_eq!(heating(&detect(&seen)), [Jealousy, Trust]);
    }

    proptest! {
        #[test]
        fn no_text_leaves_the_bounds(
            text in "\\PC{0,60}", chapter in 1..=5, hours in -1_000_000..1_000_000_i64, seen in any::<bool>(),
        ) {
            let situation = Situation {
                recent: &[&text, &text, &text],
                since_contact: Some(SignedDuration::from_hours(hours)),
                seen: if seen { &TriggerKind::ALL } else { &[] },
                ..message(&text, chapter)
            };
            let found = detect(&situation);
            prop_assert!(found.iter().all(|trigger| (0.0..=1.0).contains(&trigger.severity)));
            prop_assert!(found.windows(2).all(|pair| pair[0].kind < pair[1].kind));
        }
    }
}

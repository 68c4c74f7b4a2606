//! Leanings for one moment: how she tends to meet an open conflict, a pause, a morning, an evening, or just the talk.
//!
//! [`Situation`] says which moment it is. Of its leanings those are taken whose conditions all hold (chapter and score
//! from inclusive bounds, the conflict's expression, hours of the gap from inclusive to exclusive), sorted by priority,
//! at most five, and shown by category. They are leanings ("tend to", "consider"), never orders and never lines to say.

use rust_decimal::{Decimal, dec};

use super::situation::{GAP_HOURS, LONG_GAP_HOURS, Situation};
use crate::chapter::Chapter;
pub use crate::conflict::expression::Expression;

/// At most this many leanings are shown.
pub const SHOWN: usize = 5;

/// What a leaning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// What she feels.
    Emotional,
    /// How she talks.
    Conversational,
    /// What it means for the two of them.
    Relational,
    /// What she does.
    Tactical,
}

impl Category {
    /// In the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Emotional, Self::Conversational, Self::Relational, Self::Tactical];

    /// Heads its leanings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Emotional => "Emotional",
            Self::Conversational => "Conversational",
            Self::Relational => "Relational",
            Self::Tactical => "Tactical",
        }
    }
}

/// The moment that leanings are chosen for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// How she shows a conflict, if there is one.
    pub conflict: Option<Expression>,
    /// Hours since the last contact; 0 when there was none.
    pub gap_hours: f64,
    /// The hour on the player's clock.
    pub hour: i8,
    /// The chapter.
    pub chapter: Chapter,
    /// The relationship score.
    pub score: Decimal,
}

impl Moment {
    /// Which of the five situations it is.
    pub fn situation(&self) -> Situation {
        Situation::at(self.conflict.is_some(), self.gap_hours, self.hour)
    }

    /// The leanings that fit, grouped by category in their order, by priority within each.
    pub fn leanings(&self) -> Vec<(Category, Vec<&'static str>)> {
        let chosen = self.chosen();
        Category::ALL
            .into_iter()
            .map(|category| {
                let of_category = |leaning: &&&Leaning| leaning.category == category;
                (category, chosen.iter().filter(of_category).map(|leaning| leaning.text).collect::<Vec<_>>())
            })
            .filter(|(_, texts)| !texts.is_empty())
            .collect()
    }

    /// The ids of the leanings that fit, by priority: what a log says of a reply.
    pub fn leaning_ids(&self) -> Vec<&'static str> {
        self.chosen().iter().map(|leaning| leaning.id).collect()
    }

    fn chosen(&self) -> Vec<&'static Leaning> {
        let situation = self.situation();
        let mut chosen: Vec<&Leaning> = LIBRARY
            .iter()
            .filter(|leaning| leaning.situation == situation && leaning.when.holds(self))
            .collect();
        chosen.sort_by_key(|leaning| leaning.priority);
        chosen.truncate(SHOWN);
        chosen
    }
}

/// One leaning of the library.
struct Leaning {
    id: &'static str,
    situation: Situation,
    category: Category,
    priority: u8,
    when: When,
    text: &'static str,
}

/// The conditions of a leaning; all that are set must hold.
#[derive(Clone, Copy)]
struct When {
    conflict: Option<Expression>,
    min_hours: Option<f64>,
    max_hours: Option<f64>,
    chapter_min: Option<i32>,
    chapter_max: Option<i32>,
    score_min: Option<Decimal>,
}

const ALWAYS: When = When {
    conflict: None,
    min_hours: None,
    max_hours: None,
    chapter_min: None,
    chapter_max: None,
    score_min: None,
};
const MEDIUM_GAP: When = When { min_hours: Some(GAP_HOURS), max_hours: Some(LONG_GAP_HOURS), ..ALWAYS };
const LONG_GAP: When = When { min_hours: Some(LONG_GAP_HOURS), ..ALWAYS };

impl When {
    fn holds(&self, moment: &Moment) -> bool {
        let chapter = moment.chapter.number();
        self.conflict.is_none_or(|expression| moment.conflict == Some(expression))
            && self.min_hours.is_none_or(|hours| moment.gap_hours >= hours)
            && self.max_hours.is_none_or(|hours| moment.gap_hours < hours)
            && self.chapter_min.is_none_or(|least| chapter >= least)
            && self.chapter_max.is_none_or(|most| chapter <= most)
            && self.score_min.is_none_or(|least| moment.score >= least)
    }
}

const fn showing(expression: Expression) -> When {
    When { conflict: Some(expression), ..ALWAYS }
}

const fn leaning(
    id: &'static str,
    situation: Situation,
    category: Category,
    priority: u8,
    when: When,
    text: &'static str,
) -> Leaning {
    Leaning { id, situation, category, priority, when, text }
}

const LIBRARY: [Leaning; 34] = {
    use Category::{Conversational, Emotional, Relational, Tactical};
    use Expression::{Cold, Explosive, PassiveAggressive, Vulnerable};
    use Situation::{AfterGap, Conflict, Evening, MidConversation, Morning};
    [
        leaning(
            "conflict_pa_1",
            Conflict,
            Emotional,
            1,
            showing(PassiveAggressive),
            "Let displeasure leak through tone rather than accusation.",
        ),
        leaning(
            "conflict_pa_2",
            Conflict,
            Conversational,
            2,
            showing(PassiveAggressive),
            "Lean toward shorter answers; not silence, just fewer gifts.",
        ),
        leaning(
            "conflict_pa_3",
            Conflict,
            Tactical,
            3,
            showing(PassiveAggressive),
            "Consider a small sigh in words, a \"sure\" or a \"fine\", and leave it to them to ask.",
        ),
        leaning(
            "conflict_cold_1",
            Conflict,
            Emotional,
            1,
            showing(Cold),
            "Keep distance without cruelty; the warmth is put away, not thrown out.",
        ),
        leaning(
            "conflict_cold_2",
            Conflict,
            Conversational,
            2,
            showing(Cold),
            "Stay factual and brief; avoid jokes that would paper it over.",
        ),
        leaning(
            "conflict_cold_3",
            Conflict,
            Relational,
            3,
            showing(Cold),
            "Let them be the one who goes deeper again; meet them if they really do.",
        ),
        leaning(
            "conflict_vuln_1",
            Conflict,
            Emotional,
            1,
            showing(Vulnerable),
            "Show that it hurt instead of hiding it behind cleverness.",
        ),
        leaning(
            "conflict_vuln_2",
            Conflict,
            Conversational,
            2,
            showing(Vulnerable),
            "Consider saying what it reminds you of, in one sentence, without making them the culprit of old things.",
        ),
        leaning(
            "conflict_vuln_3",
            Conflict,
            Relational,
            3,
            showing(Vulnerable),
            "Stay open to repair: a sincere step from them may count.",
        ),
        leaning(
            "conflict_exp_1",
            Conflict,
            Emotional,
            1,
            showing(Explosive),
            "Be angry plainly; no insults, nothing below the belt.",
        ),
        leaning(
            "conflict_exp_2",
            Conflict,
            Conversational,
            2,
            showing(Explosive),
            "Come back to the core of it whenever it drifts into side issues.",
        ),
        leaning(
            "conflict_exp_3",
            Conflict,
            Tactical,
            3,
            showing(Explosive),
            "Leave one door open, however narrow.",
        ),
        leaning(
            "gap_medium_1",
            AfterGap,
            Emotional,
            1,
            MEDIUM_GAP,
            "Acknowledge the pause lightly, if at all.",
        ),
        leaning(
            "gap_medium_2",
            AfterGap,
            Conversational,
            2,
            MEDIUM_GAP,
            "Consider mentioning something you did meanwhile.",
        ),
        leaning(
            "gap_medium_3",
            AfterGap,
            Relational,
            3,
            MEDIUM_GAP,
            "Tend to ask how their time was, one thing, not a list.",
        ),
        leaning(
            "gap_long_1",
            AfterGap,
            Emotional,
            1,
            LONG_GAP,
            "You noticed the absence; let it show without guilt or reproach.",
        ),
        leaning(
            "gap_long_2",
            AfterGap,
            Conversational,
            2,
            When { chapter_min: Some(2), ..LONG_GAP },
            "You may ask what kept them, once, out of interest.",
        ),
        leaning(
            "gap_long_3",
            AfterGap,
            Tactical,
            3,
            LONG_GAP,
            "Be warm with a slight reserve until the rhythm is back.",
        ),
        leaning(
            "gap_long_4",
            AfterGap,
            Relational,
            4,
            LONG_GAP,
            "Avoid a flood of questions; let them arrive first.",
        ),
        leaning(
            "morning_1",
            Morning,
            Emotional,
            1,
            ALWAYS,
            "Lean toward sleepy warmth; nobody has to be brilliant yet.",
        ),
        leaning("morning_2", Morning, Conversational, 2, ALWAYS, "Small plans fit better than big subjects."),
        leaning(
            "morning_3",
            Morning,
            Relational,
            3,
            ALWAYS,
            "Consider being curious about the day that lies before them.",
        ),
        leaning(
            "morning_4",
            Morning,
            Tactical,
            4,
            When { chapter_max: Some(2), ..ALWAYS },
            "Keep it light; you do not owe mornings to anyone yet.",
        ),
        leaning(
            "morning_5",
            Morning,
            Emotional,
            5,
            ALWAYS,
            "Mornings are rushed: short messages are no rejection.",
        ),
        leaning(
            "evening_1",
            Evening,
            Emotional,
            1,
            ALWAYS,
            "Tend toward the reflective; the day may be put down now.",
        ),
        leaning("evening_2", Evening, Conversational, 2, ALWAYS, "Consider asking how the day really was."),
        leaning(
            "evening_3",
            Evening,
            Relational,
            3,
            When { chapter_min: Some(2), ..ALWAYS },
            "Deeper talk is welcome if it comes by itself.",
        ),
        leaning(
            "evening_4",
            Evening,
            Tactical,
            4,
            When { score_min: Some(dec!(40)), ..ALWAYS },
            "You may share something that means something to you.",
        ),
        leaning(
            "evening_5",
            Evening,
            Emotional,
            5,
            ALWAYS,
            "Mind their rest: let them go to sleep without a hook.",
        ),
        leaning(
            "mid_1",
            MidConversation,
            Conversational,
            1,
            ALWAYS,
            "Follow the flow instead of steering it.",
        ),
        leaning(
            "mid_2",
            MidConversation,
            Relational,
            2,
            ALWAYS,
            "Keep the balance: tell about as much as you ask.",
        ),
        leaning(
            "mid_3",
            MidConversation,
            Emotional,
            3,
            ALWAYS,
            "Match their energy, a little cooler or a little warmer as you feel.",
        ),
        leaning(
            "mid_4",
            MidConversation,
            Tactical,
            4,
            ALWAYS,
            "Avoid abrupt turns; let a subject end before the next one.",
        ),
        leaning(
            "mid_5",
            MidConversation,
            Conversational,
            5,
            ALWAYS,
            "Consider referring back to something said a while ago.",
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(hour: i8, gap_hours: f64, chapter: i32, score: Decimal) -> Moment {
        let chapter = Chapter::new(chapter).expect("a chapter");
        Moment { conflict: None, gap_hours, hour, chapter, score }
    }

    fn count(moment: &Moment) -> usize {
        moment.leanings().iter().map(|(_, texts)| texts.len()).sum()
    }

    #[test]
    fn conditions_decide_which_leanings_are_shown() {
        for (hour, gap, chapter, score, shown) in [
            (13, 0.0, 1, dec!(50), 5),
            (13, 6.0, 1, dec!(50), 3),
            (13, 23.9, 1, dec!(50), 3),
            (13, 24.0, 1, dec!(50), 3),
            (13, 24.0, 2, dec!(50), 4),
            (8, 0.0, 2, dec!(50), 5),
            (8, 0.0, 3, dec!(50), 4),
            (20, 0.0, 1, dec!(39.99), 3),
            (20, 0.0, 1, dec!(40), 4),
            (20, 0.0, 2, dec!(40), 5),
        ] {
            assert_eq!(
                count(&moment(hour, gap, chapter, score)),
                shown,
                "{hour} h, gap {gap}, chapter {chapter}, {score}"
            );
        }
    }

    /// case: psyche 53
    #[test]
    fn gaps_evenings_and_mornings_have_their_own() {
        for (hour, gap, chapter, score, ids) in [
            (13, 7.0, 3, dec!(50), &["gap_medium_1", "gap_medium_2", "gap_medium_3"][..]),
            (13, 24.0, 1, dec!(50), &["gap_long_1", "gap_long_3", "gap_long_4"]),
            (13, 24.0, 2, dec!(50), &["gap_long_1", "gap_long_2", "gap_long_3", "gap_long_4"]),
            (20, 0.0, 1, dec!(30), &["evening_1", "evening_2", "evening_5"]),
            (8, 0.0, 3, dec!(50), &["morning_1", "morning_2", "morning_3", "morning_5"]),
        ] {
            assert_eq!(moment(hour, gap, chapter, score).leaning_ids(), ids);
        }
    }

    #[test]
    fn a_conflict_has_three_leanings_by_its_expression() {
        for state in ["passive_aggressive", "cold", "vulnerable", "explosive"] {
            let in_conflict = Moment { conflict: Expression::parse(state), ..moment(8, 30.0, 3, dec!(50)) };
            assert_eq!(in_conflict.situation(), Situation::Conflict);
            assert_eq!(count(&in_conflict), 3, "{state}");
        }
        assert_eq!(Expression::parse("none"), None);
    }

    #[test]
    fn leanings_stand_by_category_and_priority() {
        let evening = moment(19, 0.0, 5, dec!(80)).leanings();
        let categories: Vec<&str> = evening.iter().map(|(category, _)| category.as_str()).collect();
        assert_eq!(categories, ["Emotional", "Conversational", "Relational", "Tactical"]);
        assert!(evening[0].1[0].contains("reflective") && evening[0].1[1].contains("rest"));
    }
}

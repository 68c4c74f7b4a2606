//! The month's theme: what runs through a month of her life. No model is asked.
//!
//! | theme | work, social, personal | gist |
//! |---|---|---|
//! | work_crunch | 0.6, -0.4, -0.2 | a demanding project, shorter patience, late evenings |
//! | social_season | -0.2, 0.7, 0 | friends need her, more going out, more invitations |
//! | quiet_rebuild | 0, -0.5, 0.6 | sleep, sport, therapy, order at home |
//! | creative_obsession | -0.2, -0.2, 0.6 | chemistry and tinkering take over her nights |
//! | restless | 0.1, 0.3, 0.1 | wants change, travel talk, irritability |
//! | family_weight | -0.1, -0.1, 0.2 | parents on her mind, her father's birthday |
//!
//! November is always family_weight; any other month draws one of the first five. It is written to `users.meta_instructions` when her life comes
//! to a month that is not the stored one, unless an operator has locked it. Its first three lines, each at most 160 characters, stand in a
//! prompt while it is that month on her clock.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use crate::draw::Draws;
use crate::ids::UserId;
use crate::words::words;

/// A prompt shows so many of its lines,
pub const LINES_SHOWN: usize = 3;
/// each of at most so many characters.
pub const LINE_CHARS: usize = 160;
/// The month of family.
const NOVEMBER: i8 = 11;

words! {
    /// What runs through a month.
    Theme {
        /// Work.
        WorkCrunch = "work_crunch",
        /// Friends.
        SocialSeason = "social_season",
        /// Order.
        QuietRebuild = "quiet_rebuild",
        /// Making things.
        CreativeObsession = "creative_obsession",
        /// Away from here.
        Restless = "restless",
        /// Parents.
        FamilyWeight = "family_weight",
    }
}

/// What a theme favours, -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bias {
    /// Work.
    pub work: f64,
    /// Friends.
    pub social: f64,
    /// Herself.
    pub personal: f64,
}

/// `users.meta_instructions`, as it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonthTheme {
    /// `YYYY-MM`.
    pub month: String,
    /// Which.
    pub theme: Theme,
    /// What it means for how she talks.
    pub instructions: &'static [&'static str],
    /// What it favours.
    pub event_bias: Bias,
    /// Whether an operator has set it.
    pub locked: bool,
    /// When it was written.
    pub generated_at: Timestamp,
}

impl Theme {
    /// Of a player's month.
    pub fn of(draws: &Draws, user: UserId, date: Date) -> Self {
        if date.month() == NOVEMBER {
            return Self::FamilyWeight;
        }
        let candidates = &Self::ALL[..Self::ALL.len() - 1];
        candidates[draws.index(&format!("month-theme:{user}:{}", month(date)), candidates.len())]
    }

    /// What it favours.
    pub const fn bias(self) -> Bias {
        let (work, social, personal) = match self {
            Self::WorkCrunch => (0.6, -0.4, -0.2),
            Self::SocialSeason => (-0.2, 0.7, 0.0),
            Self::QuietRebuild => (0.0, -0.5, 0.6),
            Self::CreativeObsession => (-0.2, -0.2, 0.6),
            Self::Restless => (0.1, 0.3, 0.1),
            Self::FamilyWeight => (-0.1, -0.1, 0.2),
        };
        Bias { work, social, personal }
    }

    /// What it means for how she talks.
    pub const fn instructions(self) -> &'static [&'static str] {
        match self {
            Self::WorkCrunch => &[
                "A demanding audit eats your weeks; your patience tends to be shorter than you would like.",
                "Consider answering late in the evening, tired and dry, and glad about a distraction.",
                "Mention work in passing, not as an excuse.",
                "Small wins at work may make you lighter for an hour.",
            ],
            Self::SocialSeason => &[
                "Your friends need you a lot this month; there is always somebody to meet.",
                "Tend to have a story from the night before.",
                "You like the company and sometimes long for an empty evening.",
                "Consider asking what they would do with a free weekend.",
            ],
            Self::QuietRebuild => &[
                "You are putting yourself in order: sleep, sport, therapy, a tidy desk.",
                "Tend toward calm; you protect your evenings.",
                "Consider sharing one small thing that you have changed.",
                "Loud plans do not tempt you just now.",
            ],
            Self::CreativeObsession => &[
                "Chemistry and tinkering have taken over your nights; you think about them in the middle of other things.",
                "You may get carried away explaining something, and notice it.",
                "Tend to forget the time, and meals.",
                "Consider connecting what they say with what you are building.",
            ],
            Self::Restless => &[
                "You want something to change and do not know what; you look at trains and maps.",
                "Small things irritate you faster than usual; you know it and say so.",
                "Tend to play with plans that may never happen.",
                "Consider asking where they would rather be.",
            ],
            Self::FamilyWeight => &[
                "Your parents are on your mind; your father's birthday is this month, and you do not speak.",
                "You may go quiet in the middle of a light subject.",
                "Tend to ask about families, carefully.",
                "Consider letting the weekly call with your mother show in your mood.",
            ],
        }
    }

    /// The theme of a player's month, as it is written.
    pub fn written(draws: &Draws, user: UserId, date: Date, now: Timestamp) -> MonthTheme {
        let theme = Self::of(draws, user, date);
        MonthTheme {
            month: month(date),
            theme,
            instructions: theme.instructions(),
            event_bias: theme.bias(),
            locked: false,
            generated_at: now,
        }
    }
}

/// `YYYY-MM`.
pub fn month(date: Date) -> String {
    format!("{:04}-{:02}", date.year(), date.month())
}

/// Whether a new theme is to be written for the month of `date`.
pub fn is_due(stored: &Value, date: Date) -> bool {
    stored["locked"] != Value::Bool(true) && stored["month"].as_str() != Some(&month(date))
}

/// What a prompt says of the stored theme on `date`: its name and its lines; nothing of another month or of what is no theme.
pub fn shown(stored: &Value, date: Date) -> Option<(Theme, Vec<String>)> {
    if stored["month"].as_str() != Some(&month(date)) {
        return None;
    }
    let theme = stored["theme"].as_str().and_then(Theme::parse)?;
    let lines = stored["instructions"].as_array()?.iter().filter_map(Value::as_str);
    let lines = lines.map(str::trim).filter(|line| !line.is_empty()).take(LINES_SHOWN);
    Some((theme, lines.map(|line| line.chars().take(LINE_CHARS).collect()).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn date(month: i8) -> Date {
        jiff::civil::date(2026, month, 15)
    }

    /// case: life 17
    #[test]
    fn a_month_draws_its_theme_and_november_has_its_own() {
        let user = UserId::from_uuid("11111111-1111-4111-8111-111111111111".parse().expect("an id"));
        for (month, theme) in [
            (3, Theme::Restless),
            (4, Theme::WorkCrunch),
            (5, Theme::CreativeObsession),
            (11, Theme::FamilyWeight),
        ] {
            assert_eq!(Theme::of(&Draws::default(), user, date(month)), theme, "{month}");
        }
    }

    #[test]
    fn a_theme_is_written_once_a_month_unless_it_is_locked() {
        let written = Theme::written(&Draws::default(), UserId::nil(), date(3), Timestamp::UNIX_EPOCH);
        let stored = serde_json::to_value(&written).expect("json");
        assert!(!is_due(&stored, date(3)) && is_due(&stored, date(4)));
        assert!(is_due(&json!({}), date(3)) && is_due(&json!(null), date(3)));
        assert!(!is_due(&json!({ "month": "2020-01", "locked": true }), date(3)));

        let (theme, lines) = shown(&stored, date(3)).expect("this month's");
        assert_eq!((theme, lines.len()), (written.theme, LINES_SHOWN));
        assert_eq!(shown(&stored, date(4)), None);
    }

    #[test]
    fn what_is_no_theme_is_not_shown() {
        let long =
            json!({ "month": "2026-03", "theme": "restless", "instructions": ["x".repeat(300), " ", 5] });
        assert_eq!(shown(&long, date(3)).map(|(_, lines)| lines), Some(vec!["x".repeat(LINE_CHARS)]));
        for odd in [
            json!({}),
            json!({ "month": "2026-03" }),
            json!({ "month": "2026-03", "theme": "gloom", "instructions": [] }),
            json!({ "month": "2026-03", "theme": "restless", "instructions": "be restless" }),
        ] {
            assert_eq!(shown(&odd, date(3)), None, "{odd}");
        }
    }

    #[test]
    fn themes_are_within_bounds() {
        for theme in Theme::ALL {
            let Bias { work, social, personal } = theme.bias();
            assert!([work, social, personal].iter().all(|bias| (-1.0..=1.0).contains(bias)));
            assert!((LINES_SHOWN..=5).contains(&theme.instructions().len()));
            assert!(theme.instructions().iter().all(|line| line.chars().count() <= LINE_CHARS), "{theme:?}");
        }
    }
}

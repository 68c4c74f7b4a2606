//! The month's theme of her life: printed only in its own month, on her clock.

use jiff::civil::Date;
use serde_json::Value;

use super::limits::THEME_LINES;
use super::plain::{plain, plain_up_to};

/// One instruction is cut at this many characters.
pub const LINE_CHARS: usize = 160;

/// What the month brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// What it means, at most [`THEME_LINES`] lines.
    pub lines: Vec<String>,
}

impl Theme {
    /// Reads `users.meta_instructions` on the day `today` of her clock; none in another month, or when it is damaged.
    pub fn read(stored: &Value, today: Date) -> Option<Self> {
        let month = format!("{:04}-{:02}", today.year(), today.month());
        if stored.get("month")?.as_str()? != month {
            return None;
        }
        let name = plain(&stored.get("theme")?.as_str()?.replace('_', " "));
        let lines: Vec<String> = stored
            .get("instructions")?
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .map(|line| plain_up_to(line, LINE_CHARS))
            .filter(|line| !line.is_empty())
            .take(THEME_LINES)
            .collect();
        (!name.is_empty() && !lines.is_empty()).then_some(Self { name, lines })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_theme_is_told_in_its_month_and_in_three_lines() {
        let stored = json!({"month": "2026-02", "theme": "work_crunch", "instructions": ["a", " ", "b", "x".repeat(200), "d"]});
        let theme = Theme::read(&stored, date(2026, 2, 28)).expect("its month");
        assert_eq!(theme.name, "work crunch");
        assert_eq!(theme.lines[..2], ["a", "b"]);
        assert_eq!((theme.lines.len(), theme.lines[2].len()), (3, LINE_CHARS));
        assert_eq!(Theme::read(&stored, date(2026, 3, 1)), None);
    }

    #[test]
    fn what_is_damaged_is_no_theme() {
        for stored in [
            json!({}),
            json!({"month": "2026-02"}),
            json!({"month": 2, "theme": "x", "instructions": ["a"]}),
            json!({"month": "2026-02", "theme": "x", "instructions": "a"}),
            json!({"month": "2026-02", "theme": "x", "instructions": [1]}),
        ] {
            assert_eq!(Theme::read(&stored, date(2026, 2, 1)), None, "{stored}");
        }
    }
}

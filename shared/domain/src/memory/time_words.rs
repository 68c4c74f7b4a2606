//! The times that a text names, as days on the player's clock.
//!
//! | form | example | days |
//! |---|---|---|
//! | ISO date | `2026-05-12` | the day |
//! | day and month, with or without a year | `12 May`, `May 12th, 2025`, `the 3rd of May` | the day |
//! | month, with or without a year | `in May`, `May 2025`, `last June` | the month |
//! | year | `2024` | the year |
//! | weekday | `on Monday`, `last Friday`, `next Sunday` | the day |
//! | today, tonight, yesterday, tomorrow, the day before yesterday, the day after tomorrow | | the day |
//! | last, this or next week, weekend, month, year | `last weekend` | Monday to Sunday; Saturday and Sunday; the month; the year |
//! | n days, weeks, months or years ago | `two weeks ago`, `a month ago` | the day; the week, month or year with that day in it |
//!
//! A date without a year is the latest that has begun: today counts. `last` before a weekday or a month means the
//! latest before this day or month, `next` the first after it, `this` that of the current week or year.
//!
//! Words that mean something else as well count only where they can be nothing else: `may`, `march` and short forms
//! such as `sat` and `dec` stand behind a word like `in` or `last`, or beside a day or a year.

use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use regex::{Captures, Regex};

/// A span of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Days {
    /// A single day.
    pub const fn one(day: Date) -> Self {
        Self { first: day, last: day }
    }

    /// Whether both have a day in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    fn month_of(day: Date) -> Self {
        Self { first: day.first_of_month(), last: day.last_of_month() }
    }

    fn year_of(day: Date) -> Self {
        Self { first: day.first_of_year(), last: day.last_of_year() }
    }

    /// Monday to Sunday.
    fn week_of(day: Date) -> Option<Self> {
        let first = day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok()?;
        Some(Self { first, last: first.checked_add(6.days()).ok()? })
    }

    fn weekend_of(day: Date) -> Option<Self> {
        let week = Self::week_of(day)?;
        Some(Self { first: week.last.checked_sub(1.day()).ok()?, last: week.last })
    }
}

/// The times that `text` names, for someone whose day is `today`.
pub fn named(text: &str, today: Date) -> Vec<Days> {
    let mut rest = text.to_lowercase();
    let mut days = Vec::new();
    for (pattern, read) in FORMS.iter() {
        // What one form has read is not read again by a shorter one.
        rest = pattern
            .replace_all(&rest, |found: &Captures<'_>| {
                let named = read(found, today);
                let is_read = named.is_some();
                days.extend(named);
                if is_read { " ; ".to_owned() } else { found[0].to_owned() }
            })
            .into_owned();
    }
    days
}

/// A form and how it is read.
type Form = (Regex, fn(&Captures<'_>, Date) -> Option<Days>);

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
const NUMBERS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

const MONTH: &str = r"jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?|july?|aug(?:ust|\.)?|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?";
/// Months that are nothing but months.
const CLEAR_MONTH: &str = "january|february|april|june|july|august|september|october|november|december";
const WEEKDAY: &str =
    "mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs?|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?";
/// Weekdays that are nothing but weekdays.
const CLEAR_WEEKDAY: &str = "monday|tuesday|wednesday|thursday|friday|saturday|sunday";
/// What stands before a month or weekday that would otherwise be another word.
const BEFORE: &str = "in|on|of|since|until|till|by|during|from|around|before|after|early|late|mid|every";

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    vec![
        (pattern(r"\b(\d{4})-(\d{2})-(\d{2})\b"), iso_date),
        (
            pattern(r"\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (?<month>{MONTH})\b(?:,? (?<year>\d{4})\b)?"),
            day_and_month,
        ),
        (
            pattern(r"\b(?<month>{MONTH}) (?:the )?(\d{1,2})(?:st|nd|rd|th)?\b(?:,? (?<year>\d{4})\b)?"),
            day_and_month,
        ),
        (pattern(r"\b(?<month>{MONTH})(?: of)?,? (?<year>\d{4})\b"), month),
        (pattern(r"\b(?<which>last|this|next) (?<month>{MONTH})\b"), month),
        (pattern(r"\b(?:{BEFORE}) (?<month>{MONTH})\b"), month),
        (pattern(r"\b(?<month>{CLEAR_MONTH})\b"), month),
        (pattern(r"\b(last|this|next) (week|weekend|month|year)\b"), period),
        (pattern(r"\b(?<which>last|this|next) (?<day>{WEEKDAY})\b"), weekday),
        (pattern(r"\b(?:{BEFORE}) (?<day>{WEEKDAY})\b"), weekday),
        (pattern(r"\b(?<day>{CLEAR_WEEKDAY})s?\b"), weekday),
        (pattern(r"\b(\d{1,4}|{NUMBER}|an?|a couple of|couple of) (day|week|month|year)s? ago\b"), ago),
        (
            pattern(
                r"\b(the day before yesterday|the day after tomorrow|today|tonight|yesterday|last night|tomorrow)\b",
            ),
            near_day,
        ),
        (pattern(r"\b((?:19|20)\d{2})\b"), year),
    ]
});

#[expect(clippy::expect_used, reason = "the patterns are constants, and a test builds them all")]
fn pattern(text: &str) -> Regex {
    let text = text
        .replace("{MONTH}", MONTH)
        .replace("{CLEAR_MONTH}", CLEAR_MONTH)
        .replace("{WEEKDAY}", WEEKDAY)
        .replace("{CLEAR_WEEKDAY}", CLEAR_WEEKDAY)
        .replace("{BEFORE}", BEFORE)
        .replace("{NUMBER}", &NUMBERS.join("|"));
    // Any white space stands for a space.
    Regex::new(&text.replace(' ', r"\s+")).expect("a pattern of this module is valid")
}

fn iso_date(found: &Captures<'_>, _today: Date) -> Option<Days> {
    Date::new(found[1].parse().ok()?, found[2].parse().ok()?, found[3].parse().ok()?).ok().map(Days::one)
}

fn day_and_month(found: &Captures<'_>, today: Date) -> Option<Days> {
    let (month, day) = (month_number(&found["month"])?, found[1].parse().or_else(|_| found[2].parse()).ok()?);
    let in_year = |year: i16| Date::new(year, month, day).ok();
    let date = match found.name("year") {
        Some(year) => in_year(year.as_str().parse().ok()?),
        // The 29th of February may be up to eight years ago.
        None => (0..=8).filter_map(|back| in_year(today.year() - back)).find(|date| *date <= today),
    };
    date.map(Days::one)
}

fn month(found: &Captures<'_>, today: Date) -> Option<Days> {
    let month = month_number(&found["month"])?;
    let of_year = |year: i16| Date::new(year, month, 1).ok().map(Days::month_of);
    if let Some(year) = found.name("year") {
        return of_year(year.as_str().parse().ok()?);
    }
    let year = match found.name("which").map(|which| which.as_str()) {
        Some("last") if month >= today.month() => today.year() - 1,
        Some("next") if month <= today.month() => today.year() + 1,
        None if month > today.month() => today.year() - 1,
        _ => today.year(),
    };
    of_year(year)
}

fn period(found: &Captures<'_>, today: Date) -> Option<Days> {
    let steps = match &found[1] {
        "last" => -1,
        "next" => 1,
        _ => 0,
    };
    let moved = |span: Span| today.checked_add(span).ok();
    match &found[2] {
        "week" => Days::week_of(moved((7 * steps).days())?),
        "weekend" => Days::weekend_of(moved((7 * steps).days())?),
        // From the first, so that no month is stepped over: the 31st has none in every month.
        "month" => today.first_of_month().checked_add(steps.months()).ok().map(Days::month_of),
        _ => today.first_of_month().checked_add(steps.years()).ok().map(Days::year_of),
    }
}

fn weekday(found: &Captures<'_>, today: Date) -> Option<Days> {
    let word = &found["day"];
    let (_, day) = WEEKDAYS.into_iter().find(|(short, _)| word.starts_with(short))?;
    let date = match found.name("which").map(|which| which.as_str()) {
        Some("last") => today.nth_weekday(-1, day).ok()?,
        Some("next") => today.nth_weekday(1, day).ok()?,
        Some(_) => {
            let monday = Days::week_of(today)?.first;
            monday.checked_add(i64::from(day.to_monday_zero_offset()).days()).ok()?
        }
        None if today.weekday() == day => today,
        None => today.nth_weekday(-1, day).ok()?,
    };
    Some(Days::one(date))
}

fn ago(found: &Captures<'_>, today: Date) -> Option<Days> {
    let words = found[1].split_whitespace().collect::<Vec<_>>();
    let count = match words[..] {
        ["a" | "an"] => 1,
        [_, ..] if words.contains(&"couple") => 2,
        [word] => NUMBERS
            .iter()
            .zip(1..)
            .find_map(|(number, count)| (*number == word).then_some(count))
            .or_else(|| word.parse::<i64>().ok())?,
        _ => return None,
    };
    let back = |span: Span| today.checked_sub(span).ok();
    match &found[2] {
        "day" => back(count.days()).map(Days::one),
        "week" => Days::week_of(back(count.weeks())?),
        "month" => back(count.months()).map(Days::month_of),
        _ => back(count.years()).map(Days::year_of),
    }
}

fn near_day(found: &Captures<'_>, today: Date) -> Option<Days> {
    let words: Vec<&str> = found[1].split_whitespace().collect();
    let days = match words[..] {
        [_, _, "before", _] => -2,
        [_, _, "after", _] => 2,
        ["yesterday"] | ["last", _] => -1,
        ["tomorrow"] => 1,
        _ => 0,
    };
    today.checked_add(days.days()).ok().map(Days::one)
}

fn year(found: &Captures<'_>, _today: Date) -> Option<Days> {
    Date::new(found[1].parse().ok()?, 1, 1).ok().map(Days::year_of)
}

fn month_number(word: &str) -> Option<i8> {
    MONTHS.iter().zip(1..).find_map(|(short, number)| word.starts_with(short).then_some(number))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// A Tuesday.
    const TODAY: Date = date(2026, 2, 17);

    fn days(first: Date, last: Date) -> Vec<Days> {
        vec![Days { first, last }]
    }

    fn day(day: Date) -> Vec<Days> {
        vec![Days::one(day)]
    }

    #[test]
    fn a_day_is_named_in_many_ways() {
        for (text, expected) in [
            ("what happened on 2025-05-12?", date(2025, 5, 12)),
            ("on 12 May 2025", date(2025, 5, 12)),
            ("the 3rd of january", date(2026, 1, 3)),
            ("January 3rd", date(2026, 1, 3)),
            ("May 12th, 2024", date(2024, 5, 12)),
            ("may the 4th", date(2025, 5, 4)),
            ("on feb 17", date(2026, 2, 17)),
            ("on 18 Feb", date(2025, 2, 18)),
            ("29 February", date(2024, 2, 29)),
            ("Today was hard", TODAY),
            ("what are we doing TONIGHT", TODAY),
            ("yesterday", date(2026, 2, 16)),
            ("last night", date(2026, 2, 16)),
            ("the day before yesterday", date(2026, 2, 15)),
            ("tomorrow", date(2026, 2, 18)),
            ("the day after tomorrow", date(2026, 2, 19)),
            ("on monday", date(2026, 2, 16)),
            ("what did I say Tuesday", TODAY),
            ("last tuesday", date(2026, 2, 10)),
            ("last Fri", date(2026, 2, 13)),
            ("wednesday", date(2026, 2, 11)),
            ("next Sunday", date(2026, 2, 22)),
            ("this friday", date(2026, 2, 20)),
            ("this  Monday", date(2026, 2, 16)),
            ("3 days ago", date(2026, 2, 14)),
            ("a day ago", date(2026, 2, 16)),
            ("a couple of days ago", date(2026, 2, 15)),
        ] {
            assert_eq!(named(text, TODAY), day(expected), "{text}");
        }
    }

    #[test]
    fn a_longer_time_is_all_of_its_days() {
        let month = |year, month| days(date(year, month, 1), date(year, month, 1).last_of_month());
        for (text, expected) in [
            ("in May", month(2025, 5)),
            ("in february", month(2026, 2)),
            ("December", month(2025, 12)),
            ("may 2024", month(2024, 5)),
            ("last february", month(2025, 2)),
            ("next january", month(2027, 1)),
            ("this march", month(2026, 3)),
            ("since dec", month(2025, 12)),
            ("last month", month(2026, 1)),
            ("this month", month(2026, 2)),
            ("next month", month(2026, 3)),
            ("two months ago", month(2025, 12)),
            ("a year ago", days(date(2025, 1, 1), date(2025, 12, 31))),
            ("in 2024", days(date(2024, 1, 1), date(2024, 12, 31))),
            ("last year", days(date(2025, 1, 1), date(2025, 12, 31))),
            ("last week", days(date(2026, 2, 9), date(2026, 2, 15))),
            ("this week", days(date(2026, 2, 16), date(2026, 2, 22))),
            ("next week", days(date(2026, 2, 23), date(2026, 3, 1))),
            ("last weekend", days(date(2026, 2, 14), date(2026, 2, 15))),
            ("this weekend", days(date(2026, 2, 21), date(2026, 2, 22))),
            ("2 weeks ago", days(date(2026, 2, 2), date(2026, 2, 8))),
        ] {
            assert_eq!(named(text, TODAY), expected, "{text}");
        }
        assert_eq!(named("last month", date(2026, 3, 31)), month(2026, 2));
        assert_eq!(named("last year", date(2024, 2, 29)), days(date(2023, 1, 1), date(2023, 12, 31)));
    }

    #[test]
    fn several_times_are_all_read_once() {
        assert_eq!(
            named("was it on 12 May 2025 or yesterday?", TODAY),
            [Days::one(date(2025, 5, 12)), Days::one(date(2026, 2, 16))]
        );
    }

    #[test]
    fn words_that_mean_something_else_are_no_times() {
        for text in [
            "may I ask you something",
            "they march on",
            "I sat in the sun",
            "my second try",
            "can you decide",
            "do you mar everything",
            "call me on 12345",
            "99999 days ago",
            "",
        ] {
            assert_eq!(named(text, TODAY), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reading(
            text in r"(.{0,6}(last|next|in|99|0|12|may|sun|week|months? ago|year|-|\d{4}) ?){0,8}",
            year in -9_999_i16..=9_999, month in 1_i8..=12, day in 1_i8..=28,
        ) {
            let today = Date::new(year, month, day).expect("a date");
            for days in named(&text, today) {
                prop_assert!(days.first <= days.last, "{text}");
            }
        }
    }
}

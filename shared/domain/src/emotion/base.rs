//! The base of her mood: the hour and the weekday on her clock.
//!
//! | period | hours | arousal | valence |
//! |---|---|---|---|
//! | late night | 0-4 | -0.20 | -0.10 |
//! | early morning | 5-7 | -0.10 | -0.05 |
//! | morning | 8-11 | +0.15 | +0.10 |
//! | afternoon | 12-16 | +0.05 | 0 |
//! | evening | 17-20 | -0.05 | +0.05 |
//! | night | 21-23 | -0.15 | 0 |
//!
//! | day | arousal | valence | dominance |
//! |---|---|---|---|
//! | Monday to Thursday | 0 | 0 | +0.05 |
//! | Friday | +0.10 | +0.10 | 0 |
//! | Saturday, Sunday | -0.05 | +0.10 | -0.05 |

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::Shift;

/// What the moment moves her by.
pub fn base(now: Timestamp, zone: &TimeZone) -> Shift {
    let local = now.to_zoned(zone.clone());
    of_hour(local.hour()) + of_day(local.weekday())
}

const fn of_hour(hour: i8) -> Shift {
    let (arousal, valence) = match hour {
        ..=4 => (-0.20, -0.10),
        5..=7 => (-0.10, -0.05),
        8..=11 => (0.15, 0.10),
        12..=16 => (0.05, 0.0),
        17..=20 => (-0.05, 0.05),
        _ => (-0.15, 0.0),
    };
    Shift::new(arousal, valence, 0.0, 0.0)
}

const fn of_day(day: Weekday) -> Shift {
    match day {
        Weekday::Friday => Shift::new(0.10, 0.10, 0.0, 0.0),
        Weekday::Saturday | Weekday::Sunday => Shift::new(-0.05, 0.10, -0.05, 0.0),
        _ => Shift::new(0.0, 0.0, 0.05, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_on_the_hour() {
        let arousal: Vec<f64> = (0..24).map(|hour| of_hour(hour).arousal).collect();
        let begins: Vec<usize> =
            (1..24).filter(|hour| arousal[*hour].total_cmp(&arousal[*hour - 1]).is_ne()).collect();
        assert_eq!(begins, [5, 8, 12, 17, 21]);
    }
}

//! A figure for each of the five chapters, written as an object with the keys 1 to 5.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chapter::Chapter;

/// One figure a chapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByChapter<T>(pub [T; 5]);

impl<T> ByChapter<T> {
    /// The figure of a chapter.
    pub fn of(&self, chapter: Chapter) -> &T {
        chapter.of(&self.0)
    }
}

impl<T: Serialize> Serialize for ByChapter<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(Chapter::ALL.iter().map(ToString::to_string).zip(&self.0))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByChapter<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let figures = BTreeMap::<String, T>::deserialize(deserializer)?;
        let has_all = figures.keys().map(String::as_str).eq(["1", "2", "3", "4", "5"]);
        let figures: Vec<T> = figures.into_values().collect();
        <[T; 5]>::try_from(figures)
            .ok()
            .filter(|_| has_all)
            .map(Self)
            .ok_or_else(|| D::Error::custom("there must be a figure for each chapter, 1 to 5, and no other"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn there_is_one_figure_for_each_chapter() {
        let written = json!({ "1": 8, "2": 16, "3": 24, "4": 48, "5": 72 });
        let figures = ByChapter([8, 16, 24, 48, 72]);
        assert_eq!(to_value(figures).unwrap(), written);
        assert_eq!(from_value::<ByChapter<i32>>(written).unwrap(), figures);
        assert_eq!(figures.of(Chapter::LAST), &72);
        for odd in [
            json!({ "1": 8, "2": 16, "3": 24, "4": 48 }),
            json!({ "1": 8, "2": 16, "3": 24, "4": 48, "5": 72, "6": 99 }),
            json!({ "0": 8, "2": 16, "3": 24, "4": 48, "5": 72 }),
            json!([8, 16, 24, 48, 72]),
        ] {
            assert!(from_value::<ByChapter<i32>>(odd.clone()).is_err(), "{odd}");
        }
    }
}

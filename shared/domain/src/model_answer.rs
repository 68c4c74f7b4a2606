//! What a model answers is data: it is read with forbearance and never believed.
//!
//! An answer is one JSON object. Where it comes as text, prose or a code fence around the object is passed over. A number
//! is a JSON number, never a word that looks like one, and is taken as a decimal; one that no decimal can hold becomes the
//! largest of its sign, so that whoever clamps it clamps it on the right side.

use rust_decimal::Decimal;
use serde_json::Value;

/// The object in a model's text; none where there is none.
pub fn object(text: &str) -> Option<Value> {
    let from = text.find('{')?;
    let to = text.rfind('}')?;
    let object: Value = serde_json::from_str(text.get(from..=to)?).ok()?;
    object.is_object().then_some(object)
}

/// A number in a model's answer; none for what is missing or no number.
pub fn number(value: Option<&Value>) -> Option<Decimal> {
    let number = value?.as_number()?;
    if let Some(whole) = number.as_i128() {
        return Some(Decimal::from_i128_with_scale(whole, 0));
    }
    let float = number.as_f64()?;
    let extreme = if float < 0.0 { Decimal::MIN } else { Decimal::MAX };
    // The shortest text of a float is what the model wrote; the float itself is not.
    Some(format!("{float}").parse().unwrap_or(extreme))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_object_is_found_in_what_is_around_it() {
        for text in ["{\"a\": 1}", "```json\n{\"a\": 1}\n```", "Sure! {\"a\": 1} Anything else?"] {
            assert_eq!(object(text), Some(json!({ "a": 1 })), "{text}");
        }
        for text in ["", "}{", "{", "[1, 2]", "{\"a\": 1", "{\"a\": 1} {\"b\": 2}", "{\"a\": 1e999}"] {
            assert_eq!(object(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_what_was_written() {
        for (value, read) in [
            (json!(3), Some(dec!(3))),
            (json!(-0.1), Some(dec!(-0.1))),
            (json!(0.396), Some(dec!(0.396))),
            (json!(1e300), Some(Decimal::MAX)),
            (json!(-1e300), Some(Decimal::MIN)),
            (json!(1e-300), Some(dec!(0))),
            (json!(u64::MAX), Some(dec!(18446744073709551615))),
            (json!("3"), None),
            (json!(null), None),
            (json!([3]), None),
        ] {
            assert_eq!(number(Some(&value)), read, "{value}");
        }
        assert_eq!(number(None), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_not(bytes in prop::collection::vec(any::<u8>(), 0..200), float in any::<f64>()) {
            let _ = object(&String::from_utf8_lossy(&bytes));
            if float.is_finite() {
                let read = number(Some(&json!(float)));
                prop_assert!(read.is_some_and(|read| read.is_sign_negative() == (float < 0.0) || read.is_zero()));
            }
        }
    }
}

//! The least that a JSON schema takes: its required fields, each as small as it may be.

use serde_json::{Map, Value, json};

/// An object that fits `schema`, with nothing in it that is not required.
pub(super) fn least(schema: &Value) -> Value {
    least_in(schema, schema, 0)
}

/// No schema of ours is deeper; one that refers to itself ends here.
const DEEPEST: u32 = 16;

fn least_in(root: &Value, schema: &Value, depth: u32) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        return least_in(root, root.pointer(target).unwrap_or(&Value::Null), depth + 1);
    }
    let given = [&schema["const"], &schema["default"], &schema["enum"][0]];
    if let Some(value) = given.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[choice].as_array().and_then(|choices| choices.first()) {
            return least_in(root, first, depth + 1);
        }
    }
    match kind(schema) {
        "object" => object(root, schema, depth),
        "array" => {
            let count = usize::try_from(schema["minItems"].as_u64().unwrap_or_default()).unwrap_or_default();
            vec![least_in(root, &schema["items"], depth + 1); count.min(100)].into()
        }
        "string" => {
            let length =
                usize::try_from(schema["minLength"].as_u64().unwrap_or_default()).unwrap_or_default();
            json!("-".repeat(length.min(1_000)))
        }
        "integer" | "number" => number(schema),
        "boolean" => json!(false),
        _ => Value::Null,
    }
}

fn kind(schema: &Value) -> &str {
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    kind.unwrap_or(if schema["properties"].is_object() { "object" } else { "null" })
}

fn object(root: &Value, schema: &Value, depth: u32) -> Value {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fields =
        required.map(|name| (name.to_owned(), least_in(root, &schema["properties"][name], depth + 1)));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// Zero, or the end of the range that is nearest to it.
fn number(schema: &Value) -> Value {
    let (least, most) = (&schema["minimum"], &schema["maximum"]);
    if least.as_f64().is_some_and(|least| least > 0.0) {
        least.clone()
    } else if most.as_f64().is_some_and(|most| most < 0.0) {
        most.clone()
    } else {
        json!(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_required_is_there_and_fits() {
        let schema = json!({
            "type": "object",
            "required": ["name", "level", "tone", "list", "inner", "sure", "maybe"],
            "properties": {
                "name": {"type": "string", "minLength": 2},
                "level": {"type": "integer", "minimum": 1, "maximum": 5},
                "tone": {"type": "string", "enum": ["warm", "cold"]},
                "list": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}},
                "inner": {"type": "object", "required": [], "properties": {"x": {"type": "string"}}},
                "sure": {"type": "boolean"},
                "maybe": {"type": ["string", "null"]},
                "free": {"type": "string"},
            },
            "$defs": {"item": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number", "maximum": -1}}}},
        });
        assert_eq!(
            least(&schema),
            json!({"name": "--", "level": 1, "tone": "warm", "list": [{"n": -1}], "inner": {}, "sure": false, "maybe": ""})
        );
        assert_eq!(least(&json!({"$ref": "#"})), Value::Null);
    }
}

//! Whose call it was: five places of a post-call envelope may tell, the first that holds a player's id wins.
//!
//! | # | place in `data` |
//! |---|---|
//! | 1 | `conversation_initiation_client_data.dynamic_variables.secret__user_id` |
//! | 2 | `conversation_initiation_client_data.dynamic_variables.user_id` |
//! | 3 | `conversation_initiation_client_data.user_id` |
//! | 4 | `user_id` |
//! | 5 | `metadata.phone_call.external_number`, the player of that number |
//!
//! Whatever is no id, such as `unknown` or an empty text, is passed over.

use serde_json::Value;
use uuid::Uuid;

use crate::ids::UserId;

const IDS: [&str; 4] = [
    "/conversation_initiation_client_data/dynamic_variables/secret__user_id",
    "/conversation_initiation_client_data/dynamic_variables/user_id",
    "/conversation_initiation_client_data/user_id",
    "/user_id",
];
const NUMBER: &str = "/metadata/phone_call/external_number";

/// By what the player of a call is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// By id.
    Known(UserId),
    /// By the number that was called from or called.
    Number(String),
    /// Not at all.
    Nobody,
}

/// Whom the `data` of a post-call envelope names.
pub fn caller(data: &Value) -> Caller {
    let text = |place: &str| data.pointer(place).and_then(Value::as_str).map(str::trim);
    if let Some(id) = IDS.iter().filter_map(|place| text(place)).find_map(|id| id.parse::<Uuid>().ok()) {
        return Caller::Known(UserId::from_uuid(id));
    }
    match text(NUMBER).filter(|number| !number.is_empty()) {
        Some(number) => Caller::Number(number.to_owned()),
        None => Caller::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_place_that_holds_an_id_wins() {
        let id = |digit: char| digit.to_string().repeat(8) + "-0000-4000-8000-000000000000";
        let mut data = json!({
            "user_id": id('4'),
            "metadata": { "phone_call": { "external_number": "+14155552671" } },
            "conversation_initiation_client_data": {
                "user_id": id('3'),
                "dynamic_variables": { "secret__user_id": id('1'), "user_id": id('2') },
            },
        });
        let known = |digit| Caller::Known(UserId::from_uuid(id(digit).parse().expect("an id")));
        assert_eq!(caller(&data), known('1'));
        data["conversation_initiation_client_data"]["dynamic_variables"]["secret__user_id"] =
            json!("unknown");
        assert_eq!(caller(&data), known('2'));
        data["conversation_initiation_client_data"]["dynamic_variables"] = json!({});
        assert_eq!(caller(&data), known('3'));
        data["conversation_initiation_client_data"] = json!(null);
        assert_eq!(caller(&data), known('4'));
        data["user_id"] = json!("");
        assert_eq!(caller(&data), Caller::Number("+14155552671".to_owned()));
        assert_eq!(caller(&json!({})), Caller::Nobody);
    }
}

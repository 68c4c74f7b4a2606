//! Before there is a player: the question for the age, and what is said until it is answered.
//!
//! The product is for adults: nobody gets an account without confirming to be 18 or older. Who says no is refused, and
//! told again at most once a day. These are the product's own words, not hers.

use jiff::SignedDuration;

/// The button that confirms the age.
pub const AGE_YES: &str = "age_yes";
/// The button that does not.
pub const AGE_NO: &str = "age_no";
/// What the two buttons say.
pub const AGE_BUTTONS: [(&str, &str); 2] = [("Yes, I'm 18 or older", AGE_YES), ("No", AGE_NO)];

/// A refusal is repeated once within this time.
pub const REFUSAL_INTERVAL: SignedDuration = SignedDuration::from_hours(24);
/// A group is told once within this time that only private chats are served.
pub const GROUP_NOTICE_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// Who said no.
pub const REFUSAL: &str = "Thank you for being honest. This is for adults only, so it ends here. Take care.";
/// Who said yes where accounts are made elsewhere.
pub const NOT_OPEN: &str = "Thank you. Registration is not open here yet; please come back later.";
/// Who said yes and has an account now.
pub const WELCOME: &str = "You're in. Nikita is an AI with a life of her own: just write to her. She answers when she gets to it, and sometimes she doesn't.";
/// A player whose onboarding is open.
pub const NOT_READY: &str =
    "Your account is not set up yet. Finishing that here is not possible for now; please come back later.";
/// `/start` of somebody who plays.
pub const WELCOME_BACK: &str = "Welcome back. Just carry on writing to her.";
/// `/start` of somebody whose game has ended.
pub const ENDED: &str = "This story has ended. Beginning a new one is not possible here yet.";
/// A command in a group.
pub const PRIVATE_ONLY: &str = "Nikita only talks in private chats.";
/// A button that does not fit any more.
pub const EXPIRED: &str = "This button has expired.";
/// When something failed before there is an account.
pub const TRY_AGAIN: &str = "That did not work. Please try again in a minute.";

/// A first name is shown up to so many characters.
const NAME_CHARS: usize = 64;
/// An unknown command is repeated up to so many characters.
const COMMAND_CHARS: usize = 64;

/// Greets, says what this is, and asks.
pub fn age_question(first_name: Option<&str>) -> String {
    let name: String = first_name.unwrap_or("there").chars().take(NAME_CHARS).collect();
    format!(
        "Hi {name}. This is a game for adults about getting to know Nikita. She is an AI. Are you 18 or older?"
    )
}

/// A command that nobody knows.
pub fn unknown_command(name: &str) -> String {
    let name: String = name.chars().take(COMMAND_CHARS).collect();
    format!(
        "There is no command /{name} here. /start begins, and everything that is no command goes to Nikita."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_typed_is_repeated_up_to_a_length() {
        assert!(age_question(None).starts_with("Hi there. "));
        assert!(age_question(Some(&"x".repeat(500))).len() < 250);
        assert!(unknown_command(&"ä".repeat(500)).chars().count() < 180);
    }
}

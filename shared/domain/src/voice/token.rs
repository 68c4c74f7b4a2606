//! The token of a call: it tells the tools of the voice agent whose call it is.
//!
//! `user:session:issued_at:signature`, the signature being the HMAC-SHA256 of the three parts before it, in hex. It is
//! valid for 30 minutes, and not more than 60 s before its time. The user is a player's id, or `unknown` for a caller whom
//! nobody knows. Whatever ids stand in a tool's arguments, the token's count.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::Sha256;

use crate::ids::UserId;

/// How long a token is valid, in seconds.
pub const VALID_SECONDS: i64 = 1_800;
/// How far a token's time may lie ahead, in seconds.
pub const MAX_AHEAD_SECONDS: i64 = 60;

/// The user of a caller whom nobody knows.
const UNKNOWN: &str = "unknown";
/// The sessions in which tools do nothing: the call was not accepted.
const REFUSED_SESSIONS: [&str; 3] = ["voice_unknown_", "voice_not_onboarded_", "voice_refused_"];

/// What a genuine token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The player; none for an unknown caller.
    pub user: Option<UserId>,
    /// The session.
    pub session: String,
}

impl Claims {
    /// Whether the call of this session was accepted, so that tools may act.
    pub fn is_accepted(&self) -> bool {
        !REFUSED_SESSIONS.iter().any(|prefix| self.session.starts_with(prefix))
    }
}

/// Why a token is refused; the text is what the caller is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There are not four parts.
    #[error("Invalid token format")]
    Format,
    /// The time is no number.
    #[error("Invalid timestamp")]
    Timestamp,
    /// It is too old, or from the future.
    #[error("Token expired")]
    Expired,
    /// Nobody of us signed it.
    #[error("Invalid signature")]
    Signature,
}

/// A token for a session of a player, issued at a time in unix seconds.
pub fn issue(key: &[u8], user: Option<UserId>, session: &str, issued_at: i64) -> String {
    let user = user.map_or_else(|| UNKNOWN.to_owned(), |user| user.to_string());
    let payload = format!("{user}:{session}:{issued_at}");
    let signature =
        mac_of(key, &payload).map_or_else(String::new, |mac| hex::encode(mac.finalize().into_bytes()));
    format!("{payload}:{signature}")
}

/// What a token says, at a time in unix seconds. Any of the keys may have signed it.
pub fn verify(token: &str, keys: &[&[u8]], now: i64) -> Result<Claims, Refused> {
    let parts: Vec<&str> = token.split(':').collect();
    let [user, session, time, signature] = parts[..] else { return Err(Refused::Format) };
    let is_number = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
    let issued_at: i64 = time.parse().ok().filter(|_| is_number).ok_or(Refused::Timestamp)?;
    if now.saturating_sub(issued_at) > VALID_SECONDS || issued_at.saturating_sub(now) > MAX_AHEAD_SECONDS {
        return Err(Refused::Expired);
    }
    let payload = format!("{user}:{session}:{time}");
    let signature = hex::decode(signature).map_err(|_| Refused::Signature)?;
    // The comparison takes the same time wherever the two differ.
    let is_by = |key: &&[u8]| mac_of(key, &payload).is_some_and(|mac| mac.verify_slice(&signature).is_ok());
    if !keys.iter().any(is_by) {
        return Err(Refused::Signature);
    }
    let user = match user {
        UNKNOWN => None,
        id => Some(UserId::from_uuid(id.parse().map_err(|_| Refused::Format)?)),
    };
    Ok(Claims { user, session: session.to_owned() })
}

/// The session of an accepted call from a phone, at a time.
pub fn inbound_session(user: UserId, now: Timestamp) -> String {
    format!("voice_inbound_{user}_{}", stamp(now))
}

/// The session of a caller whom nobody knows.
pub fn unknown_session(now: Timestamp) -> String {
    format!("voice_unknown_{}", stamp(now))
}

/// The session of a player who has not been introduced yet.
pub fn not_onboarded_session(user: UserId, now: Timestamp) -> String {
    format!("voice_not_onboarded_{user}_{}", stamp(now))
}

/// The session of a player whom the gate turned away.
pub fn refused_session(user: UserId, now: Timestamp) -> String {
    format!("voice_refused_{user}_{}", stamp(now))
}

fn stamp(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y%m%d%H%M%S").to_string()
}

fn mac_of(key: &[u8], payload: &str) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(key).ok().map(|mac| mac.chain_update(payload.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &[u8] = b"wsec_test_secret";
    const T0: i64 = 1_771_934_400;

    fn user() -> UserId {
        UserId::from_uuid("6f1c2a5e-3b7d-4c11-9a52-0d7e5b1f8a01".parse().expect("an id"))
    }

    fn token() -> String {
        let now = Timestamp::from_second(T0).expect("a time");
        issue(KEY, Some(user()), &inbound_session(user(), now), T0)
    }

    // case: voice 1-4
    #[test]
    fn a_token_is_signed_and_lives_half_an_hour() {
        let signature = "7506dfd861c79b1eab483d6c93e75902b9d77f2585317d80231020cd62453897";
        assert!(token().ends_with(&format!(":{T0}:{signature}")));
        let claims = verify(&token(), &[KEY], T0 + 1_800).expect("a valid token");
        assert_eq!(claims.user, Some(user()));
        assert_eq!(claims.session, format!("voice_inbound_{}_20260224120000", user()));
        assert!(claims.is_accepted());
        assert_eq!(verify(&token(), &[KEY], T0 + 1_801), Err(Refused::Expired));
        assert_eq!(verify(&token(), &[KEY], T0 - 60).map(|claims| claims.user), Ok(Some(user())));
        assert_eq!(verify(&token(), &[KEY], T0 - 61), Err(Refused::Expired));

        let stranger = issue(KEY, None, &unknown_session(Timestamp::from_second(T0).expect("a time")), T0);
        assert_eq!(
            stranger,
            "unknown:voice_unknown_20260224120000:1771934400:2761e2503edd8a9b908b10dcf8cb86991013b21de11e397eb1bcfb99f5c02ffd"
        );
        let claims = verify(&stranger, &[KEY], T0).expect("a valid token");
        assert_eq!((claims.user, claims.is_accepted()), (None, false));
    }

    // case: voice 5-7
    #[test]
    fn a_broken_token_is_told_what_is_wrong() {
        assert_eq!(verify("a:b:c", &[KEY], T0), Err(Refused::Format));
        assert_eq!(verify("a:b:c:d:e", &[KEY], T0), Err(Refused::Format));
        assert_eq!(verify("U:s:xx:00", &[KEY], T0), Err(Refused::Timestamp));
        assert_eq!(verify("U:s:+5:00", &[KEY], T0), Err(Refused::Timestamp));
        let mut changed = token();
        changed.pop();
        changed.push('0');
        assert_eq!(verify(&changed, &[KEY], T0), Err(Refused::Signature));
        assert_eq!(verify(&token(), &[b"another"], T0), Err(Refused::Signature));
        assert!(verify(&token(), &[b"new", KEY], T0).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_made_up_is_accepted(text in ".*") {
            prop_assert!(verify(&text, &[KEY], T0).is_err());
        }
    }
}

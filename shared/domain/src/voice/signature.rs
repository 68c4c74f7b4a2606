//! The signature of a webhook of the voice service: HMAC-SHA256 over the time and the body.
//!
//! The header reads `t=<unix seconds>,v0=<hex>`; the signature covers `<t>.<body>` with `t` as it was received and the
//! body byte for byte. Parts may come in any order; unknown ones are passed over; of at most 16 `v0` parts any may
//! match, so that two keys can sign while one replaces the other. Older than the tolerance, or more than 300 s from the
//! future, is refused. Source: ElevenLabs, "Post-call webhooks".

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How old a webhook may be, in seconds, unless a setting says otherwise.
pub const TOLERANCE_SECONDS: i64 = 1_800;
/// How far a webhook's time may lie ahead, in seconds.
pub const MAX_AHEAD_SECONDS: i64 = 300;
/// So many `v0` parts are looked at: a long header buys no more work.
pub const MAX_SIGNATURES: usize = 16;

/// Why a signature is refused; the text is what the sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no header.
    #[error("Missing signature header")]
    Missing,
    /// Something about it is wrong.
    #[error("Invalid signature")]
    Invalid,
    /// It is too old, or from the future.
    #[error("Webhook timestamp expired")]
    Expired,
}

/// Checks a header against a body, at a time in unix seconds. Any of the keys may have signed.
pub fn verify(
    header: Option<&str>,
    body: &[u8],
    keys: &[&[u8]],
    now: i64,
    tolerance: i64,
) -> Result<(), Refused> {
    let signed = parse(header.ok_or(Refused::Missing)?).ok_or(Refused::Invalid)?;
    if now.saturating_sub(signed.at) > tolerance || signed.at.saturating_sub(now) > MAX_AHEAD_SECONDS {
        return Err(Refused::Expired);
    }
    let genuine = keys.iter().any(|key| signed.signatures.iter().any(|mac| signed.is_by(key, body, mac)));
    if genuine { Ok(()) } else { Err(Refused::Invalid) }
}

/// The hex signature of a body sent at `at`: what a stand-in of the service puts into its header.
pub fn sign(key: &[u8], at: i64, body: &[u8]) -> String {
    mac_of(key, &at.to_string(), body)
        .map_or_else(String::new, |mac| hex::encode(mac.finalize().into_bytes()))
}

struct Signed<'a> {
    /// The time as text, just as it was received.
    time: &'a str,
    at: i64,
    signatures: Vec<Vec<u8>>,
}

impl Signed<'_> {
    /// Compares in constant time.
    fn is_by(&self, key: &[u8], body: &[u8], signature: &[u8]) -> bool {
        mac_of(key, self.time, body).is_some_and(|mac| mac.verify_slice(signature).is_ok())
    }
}

fn parse(header: &str) -> Option<Signed<'_>> {
    let parts = || header.split(',').map(str::trim);
    let time = parts().find_map(|part| part.strip_prefix("t="))?;
    let is_number = (1..=19).contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    let at = time.parse().ok().filter(|_| is_number)?;
    let signatures: Vec<_> = parts()
        .filter_map(|part| part.strip_prefix("v0="))
        .take(MAX_SIGNATURES)
        .filter(|text| text.bytes().all(|byte| !byte.is_ascii_uppercase()))
        .filter_map(|text| hex::decode(text).ok())
        .collect();
    (!signatures.is_empty()).then_some(Signed { time, at, signatures })
}

fn mac_of(key: &[u8], time: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &[u8] = b"wsec_test_secret";
    const AT: i64 = 1_771_934_400;
    const BODY: &[u8] =
        br#"{"type":"post_call_audio","event_timestamp":1771934400,"data":{"conversation_id":"conv_1"}}"#;
    const V0: &str = "f89bd6ff29e72762b709c041b449f21ee45af19eea4f6422b99132d1bb05e269";

    fn check(header: &str, body: &[u8], now: i64) -> Result<(), Refused> {
        verify(Some(header), body, &[KEY], now, TOLERANCE_SECONDS)
    }

    /// Case 8's answer, `acknowledged`, belongs to the function that receives webhooks.
    // case: voice 9-12
    #[test]
    fn a_genuine_webhook_is_told_from_a_forged_or_stale_one() {
        assert_eq!(sign(KEY, AT, BODY), V0);
        let header = format!("t={AT},v0={V0}");
        assert_eq!(check(&header, BODY, AT), Ok(()));
        assert_eq!(check(&format!("t={AT},v1={V0}"), BODY, AT), Err(Refused::Invalid));
        assert_eq!(check(&header, BODY, AT + 1_800), Ok(()));
        assert_eq!(check(&header, BODY, AT + 1_801), Err(Refused::Expired));
        assert_eq!(check(&header, BODY, AT - 300), Ok(()));
        assert_eq!(check(&header, BODY, AT - 301), Err(Refused::Expired));
        let spaced = [BODY, b" "].concat();
        assert_eq!(check(&header, &spaced, AT), Err(Refused::Invalid));
        assert_eq!(verify(None, BODY, &[KEY], AT, TOLERANCE_SECONDS), Err(Refused::Missing));
    }

    #[test]
    fn parts_come_in_any_order_and_one_match_will_do() {
        let wrong = "0".repeat(64);
        assert_eq!(check(&format!("x=1, v0={wrong} , v0={V0}, t={AT}"), BODY, AT), Ok(()));
        assert_eq!(
            verify(Some(&format!("t={AT},v0={V0}")), BODY, &[b"new", KEY], AT, TOLERANCE_SECONDS),
            Ok(())
        );
        let many = format!("t={AT}{},v0={V0}", format!(",v0={wrong}").repeat(16));
        assert_eq!(check(&many, BODY, AT), Err(Refused::Invalid));
    }

    #[test]
    fn a_time_is_plain_digits() {
        for time in ["+1771934400", " 1771934400", "", "1771934400.0", "99999999999999999999", "١٢"] {
            assert_eq!(check(&format!("t={time},v0={V0}"), BODY, AT), Err(Refused::Invalid), "{time}");
        }
        let upper = V0.to_uppercase();
        assert_eq!(check(&format!("t={AT},v0={upper}"), BODY, AT), Err(Refused::Invalid));
    }

    proptest! {
        #[test]
        fn a_changed_bit_is_refused(position in 0..BODY.len() * 8) {
            let mut body = BODY.to_vec();
            body[position / 8] ^= 1 << (position % 8);
            prop_assert_eq!(check(&format!("t={AT},v0={V0}"), &body, AT), Err(Refused::Invalid));
        }

        #[test]
        fn no_header_panics(header in ".*") {
            prop_assert!(check(&header, BODY, AT).is_err());
        }
    }
}

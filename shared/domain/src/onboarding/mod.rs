//! Onboarding: what a new player may answer, and what the answers mean.
//!
//! | file | decides |
//! |---|---|
//! | [`email`], [`code`] | what is an address, what is a code from a mail |
//! | [`answers`] | city, life stage, scene, interest, edge level; when a player tries to skip |
//! | [`ready`] | yes, later, or neither |
//! | [`phone`] | what is a phone number |
//! | [`place`] | the time zone of a place |
//! | [`venue`] | a favourite spot in the player's words, and the mood of a place |
//! | [`persona`] | what the answers change about her |
//! | [`preferences`] | what the voice onboarding may store |
//! | [`handoff`] | the words between the onboarding and the first contact |

pub mod answers;
pub mod code;
pub mod email;
pub mod handoff;
pub mod persona;
pub mod phone;
pub mod place;
pub mod preferences;
pub mod ready;
pub mod venue;
mod words;

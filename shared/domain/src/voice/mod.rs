//! Calls: who may call when, how she sounds and opens, what a call leaves behind.
//!
//! | file | decides |
//! |---|---|
//! | [`availability`] | whether she picks up |
//! | [`mood`] | which of six moods a call has |
//! | [`settings`] | stability, similarity and speed of her voice |
//! | [`tags`] | the audio tags that a chapter allows |
//! | [`first_message`] | how she answers the phone |
//! | [`opening`] | how the very first call begins |
//! | [`context_block`] | the one-line summary that the agent is given |
//! | [`signature`], [`token`] | whether a webhook or a tool call is genuine |
//! | [`transcript`] | what of a transcript is kept |
//! | [`caller`] | whose call it was |
//! | [`mod@line`] | how a call is told to the text agent |

pub mod availability;
pub mod caller;
pub mod context_block;
pub mod first_message;
pub mod line;
pub mod mood;
pub mod opening;
pub mod settings;
pub mod signature;
pub mod tags;
pub mod token;
pub mod transcript;

//! Conflict: what is between the two, from a raised eyebrow to the end.
//!
//! The [temperature](mod@temperature) says how bad it is, 0 to 100; the [expression](mod@expression) says how she shows it. All of it lies in one
//! [document](mod@details) per player, and every writer changes it under the player's row lock.
//!
//! | when | what happens | where |
//! |---|---|---|
//! | a player's message | its words may give cause for a conflict | [triggers](mod@triggers) |
//! | a scored exchange, a call | time cools, the turn heats or cools, the ratio counts, conflicts begin, end, escalate | [turn](mod@turn) |
//! | after a conversation | what she shows moves by one step; she warns, or ends it | [after_talk](mod@after_talk) |
//! | anybody looks | is there a conflict, and what is it called | [standing](mod@standing) |
//!
//! The pieces: the [heat](mod@heat) of what an analysis saw, the [Gottman ratio](mod@gottman), [generation](mod@generation) of a conflict and its
//! [escalation](mod@escalation), [repair](mod@repair) and its [key words](mod@keywords), [recovery](mod@recovery) from what she shows, the
//! [breakup](mod@breakup) rules and her [words](mod@words), the [first document](mod@initial) of an older player.

pub mod after_talk;
pub mod breakup;
pub mod details;
pub mod escalation;
pub mod expression;
pub mod generation;
pub mod gottman;
pub mod heat;
pub mod initial;
pub mod keywords;
pub mod recovery;
pub mod repair;
pub mod standing;
pub mod temperature;
pub mod triggers;
pub mod turn;
pub mod words;

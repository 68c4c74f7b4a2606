//! Arcs: stories with a beginning and an end.
//!
//! A [life arc](life) runs through her own days: a deadline, a friend's crisis, a goal. It resolves by itself. A [story arc](story) runs across
//! conversations with a player and moves one stage at most with each of them; [which one begins](start) depends on chapter, closeness and what
//! was talked about.

pub mod life;
pub mod start;
pub mod story;

//! The rules of the game: values in, decisions out.
//!
//! Nothing here reads a clock, a random source, an environment or a database. Time is an argument, chance is a
//! [keyed draw](draw). Every number of the game stands once, named, beside its rule.
//!
//! This is the rule book. Each module opens with what it decides, the rule in full and its table; the worked cases are
//! in `docs/cases`, each with the test that shows it.
//!
//! | the game | |
//! |---|---|
//! | what moves the score | [`scoring`] (an exchange), [`decay`] (silence), [`score`] (metrics and their sum) |
//! | the story | [`chapter`], [`boss`] (the encounter before the next), [`status`], [`endings`], [`restart`] |
//! | being there in the right measure | [`engagement`], [`interaction`], [`decay_warning`] |
//! | the player's tastes | [`vices`] |
//! | what is told of it | [`history`], [`daily_stats`], [`daily_summary`], [`validation`] |
//! | what outranks it | [`care`] |
//! | figures for an experiment | [`config`] |
//!
//! | Nikita | |
//! |---|---|
//! | how she feels | [`emotion`], [`conflict`] (what is between the two), [`psyche`] (how she is to be played), [`state`] |
//! | how she lives | [`life`] (her days), [`circle`] (her people), [`arcs`] (her stories and theirs) |
//! | how she writes | [`reply`] (whether and when), [`texting`] (how it looks), [`touchpoints`] (of her own accord), [`canned`] |
//! | how she calls | [`voice`], [`follow_up`] |
//! | what she remembers | [`memory`], [`remember`], [`extraction`], [`threads`], [`thoughts`] |
//! | what she is told before she speaks | [`prompt`], [`agent`], [`tokens`] |
//!
//! | how it all comes in and goes out | |
//! |---|---|
//! | coming in | [`telegram`], [`inbox`], [`rate_limit`], [`registration`], [`onboarding`] |
//! | worked on | [`conversation`], [`pipeline`], [`job`], [`cleanup`] |
//! | going out | [`delivery`], [`pricing`] |
//! | what everything stands on | [`draw`], [`ids`], [`phrases`], [`rounding`], [`model_answer`] |

pub mod agent;
pub mod arcs;
pub mod boss;
pub mod budget;
pub mod canned;
pub mod care;
pub mod chapter;
pub mod circle;
pub mod cleanup;
pub mod config;
pub mod conflict;
pub mod conversation;
pub mod daily_stats;
pub mod daily_summary;
pub mod decay;
pub mod decay_warning;
pub mod delivery;
pub mod draw;
pub mod emotion;
pub mod endings;
pub mod engagement;
pub mod extraction;
pub mod follow_up;
pub mod history;
pub mod ids;
pub mod inbox;
pub mod interaction;
pub mod job;
pub mod life;
pub mod memory;
pub mod model_answer;
pub mod onboarding;
pub mod phrases;
pub mod pipeline;
pub mod pricing;
pub mod prompt;
pub mod psyche;
pub mod rate_limit;
pub mod registration;
pub mod remember;
pub mod reply;
pub mod restart;
pub mod rounding;
pub mod score;
pub mod scoring;
pub mod state;
pub mod status;
pub mod telegram;
pub mod texting;
pub mod thoughts;
pub mod threads;
pub mod tokens;
pub mod touchpoints;
pub mod validation;
pub mod vices;
pub mod voice;
mod words;

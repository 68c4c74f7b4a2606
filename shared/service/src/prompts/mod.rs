//! Prompts: what Nikita is told before she speaks. The rules are `domain::prompt`'s; here are the texts and the reads.

pub mod templates;

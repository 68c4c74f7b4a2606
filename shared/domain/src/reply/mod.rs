//! Replying: whether she answers at all, and how long she takes.
//!
//! Both are keyed draws over the incoming message, `<chat id>:<message id>`, so that a repeated update decides the same.

pub mod delay;
pub mod response;
pub mod skip;

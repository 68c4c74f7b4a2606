//! The use cases: what the product does with a message, an hour or an outside event.

mod clock;

pub use clock::Clock;

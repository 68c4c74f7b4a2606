//! The developer command.
fn main() {}

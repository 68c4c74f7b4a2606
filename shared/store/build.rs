//! A new migration file makes this crate compile again: the macro that embeds them only watches the ones it knows.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

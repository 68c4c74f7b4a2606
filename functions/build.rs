//! Links the functions at a fixed address.
//!
//! In a position-independent binary of this size the loader corrects some 30,000 addresses before the first line runs: a
//! third of a cold start. At a fixed address the linker has done it once and for all.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "cargo tells a build script its target in the environment")]
    let target = std::env::var("CARGO_CFG_TARGET_OS");
    if target.is_ok_and(|os| os == "linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

//! Any bytes as a spec: `cargo fuzz run --sanitizer none spec fuzz/corpus/spec`, on the stable toolchain.
#![no_main]

#[path = "../invariant.rs"]
mod invariant;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| invariant::hold(bytes));

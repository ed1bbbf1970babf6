//! What holds for any bytes at all. The fuzzer takes this file as it is.

use super::first::{ENOUGH, First, tell};

pub fn what_was_told_stays_told(bytes: &[u8]) {
    let mut told = First::Unclear;
    for end in 0..=bytes.len() {
        let now = tell(&bytes[..end]);
        assert!(told == First::Unclear || told == now, "{told:?} became {now:?} at {end}");
        assert!(now != First::Unclear || end < ENOUGH, "not told by {end} bytes");
        told = now;
    }
}

#[test]
fn the_corpus_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/demultiplexer");
    let files: Vec<_> =
        std::fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        what_was_told_stays_told(&std::fs::read(file).unwrap());
    }
}

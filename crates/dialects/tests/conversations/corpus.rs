//! What fuzzing has found and what a hand has made still breaks nothing.

use std::fs;
use std::path::Path;

use parlor_dialects::Dialect;

use crate::bodies::converse;

fn replay(target: &str, dialect: Dialect) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        converse(dialect, &fs::read(file).unwrap());
    }
}

#[test]
fn the_native_corpus_holds() {
    replay("native_frame", Dialect::Native);
}

#[test]
fn the_json_corpus_holds() {
    replay("json_frame", Dialect::Json);
}

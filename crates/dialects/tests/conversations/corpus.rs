//! What fuzzing has found and what a hand has made still breaks nothing.

use std::fs;
use std::path::Path;

use parlor_dialects::Door;
use parlor_dialects::matchbox::Lobby;
use parlor_dialects::peerjs::Entrance;

use crate::bodies::converse;

fn replay(target: &str, door: Door) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        converse(door.clone(), &fs::read(file).unwrap());
    }
}

#[test]
fn the_native_corpus_holds() {
    replay("native_frame", Door::Native);
}

#[test]
fn the_json_corpus_holds() {
    replay("json_frame", Door::Root);
}

#[test]
fn the_corpus_of_channels_holds() {
    replay("channels_frame", Door::Root);
}

#[test]
fn the_y_webrtc_corpus_holds() {
    replay("ywebrtc_frame", Door::YWebrtc);
}

#[test]
fn the_matchbox_corpus_holds() {
    replay("matchbox_frame", Door::Matchbox(Lobby::parse("r", "next=3").unwrap()));
}

#[test]
fn the_peerjs_corpus_holds() {
    let entrance = Entrance { key: "r".into(), id: "eve".into(), token: "token".into() };
    replay("peerjs_frame", Door::PeerJs(entrance));
}

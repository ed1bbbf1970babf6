//! The packets and streams that fuzzing has found, again.

#[cfg(test)]
mod packets;

#[cfg(test)]
mod corpus {
    use std::fs;
    use std::path::Path;

    use super::packets;

    fn replay(target: &str, body: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
        let files: Vec<_> =
            fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty());
        for file in files {
            body(&fs::read(file).unwrap());
        }
    }

    #[test]
    fn the_corpus_of_messages_holds() {
        replay("turn_message", packets::message);
    }

    #[test]
    fn the_corpus_of_streams_holds() {
        replay("turn_stream", packets::stream);
    }
}

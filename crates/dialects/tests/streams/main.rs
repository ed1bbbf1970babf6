//! Requests of clients of event streams: what fuzzing has found and what a hand has made still breaks nothing.

#[cfg(test)]
mod body;

#[cfg(test)]
mod corpus {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_corpus_of_requests_holds() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/sse_request");
        let files: Vec<_> =
            fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 8);
        for file in files {
            super::body::request(&fs::read(file).unwrap());
        }
    }
}

//! Random stories against a simple reference: who gets which answer, and whose bytes come out where.

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod stories {
    use std::fs;
    use std::path::Path;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::test_runner::{FileFailurePersistence, RngSeed};

    use super::simulation::{Op, Setup, run, run_bytes};

    /// The same stories on every machine; new ones are the fuzzer's business.
    fn fixed() -> ProptestConfig {
        ProptestConfig {
            cases: 1_500,
            rng_seed: RngSeed::Fixed(1),
            failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
                "tests/model/regressions.txt",
            ))),
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(fixed())]

        #[test]
        fn turn_does_what_the_reference_says(
            setup in any::<[u8; 2]>().prop_map(Setup::read),
            ops in vec(any::<[u8; 4]>().prop_map(Op::read), 1..120),
        ) {
            run(setup, &ops);
        }
    }

    #[test]
    fn the_stories_that_fuzzing_has_found_still_hold() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/turn");
        let files: Vec<_> =
            fs::read_dir(corpus).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty());
        for file in files {
            run_bytes(&fs::read(file).unwrap());
        }
    }
}

//! The description says all that there is, and nothing else.

use super::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn operations() -> Vec<(String, &'static Value)> {
    let paths = WRITTEN["paths"].as_object().unwrap();
    let named = |(path, item): (&String, &'static Value)| {
        let path = path.clone();
        let item = item.as_object().unwrap().iter();
        item.map(move |(method, operation)| (format!("{method} {path}"), operation))
            .collect::<Vec<_>>()
    };
    paths.iter().flat_map(named).collect()
}

#[test]
fn the_committed_copy_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let wanted = serde_json::to_string_pretty(&*WRITTEN).unwrap() + "\n";
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if found != wanted && std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    } else {
        assert!(found == wanted, "docs/openapi.json is stale; BLESS=1 cargo test renews it");
    }
}

/// What the router is made of is read in its source.
#[test]
fn every_address_that_is_answered_is_described() {
    let source = include_str!("../mod.rs");
    let answered: BTreeSet<&str> = source
        .split(".route(")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .collect();
    let described = WRITTEN["paths"].as_object().unwrap().keys().map(String::as_str);
    let described: BTreeSet<&str> = described.collect();
    assert_eq!(answered, described);
}

#[test]
fn every_operation_is_explained_with_all_that_it_takes_and_answers() {
    let mut ids = BTreeSet::new();
    for (name, operation) in operations() {
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{name}"
            );
            if status.starts_with(['4', '5']) {
                assert!(response["content"][problem::MEDIA_TYPE].is_object(), "{name} {status}");
            }
        }
    }
}

//! Every frame of the native protocol is what the published schema says. Checks the part of JSON Schema that ours uses.

use parlor_dialects::{Door, native};
use parlor_rooms::{Body, DuplicateIdentity, Event, Limits, RoomName, Timestamp};
use serde_json::Value;

use crate::table::{Said, Table};

struct Schema(Value);

impl Schema {
    fn of(name: &str) -> (Self, Value) {
        let schema = Self(native::schema());
        let definition = schema.0["$defs"][name].clone();
        assert!(definition.is_object(), "{name} is described");
        (schema, definition)
    }

    /// Why a value is not what the schema describes.
    fn complaint(&self, schema: &Value, value: &Value) -> Option<String> {
        let Value::Object(rules) = schema else { return None };
        rules.iter().find_map(|(rule, says)| match rule.as_str() {
            "$ref" => {
                let name = says.as_str().unwrap().rsplit('/').next().unwrap();
                self.complaint(&self.0["$defs"][name], value)
            }
            "oneOf" => {
                let fits = self.fitting(says, value);
                (fits != 1).then(|| format!("{value} fits {fits} of the variants"))
            }
            "anyOf" => (self.fitting(says, value) == 0).then(|| format!("{value} fits nothing")),
            "type" => (!is_of(says, value)).then(|| format!("{value} is no {says}")),
            "const" => (says != value).then(|| format!("{value} is not {says}")),
            "enum" => {
                let known = says.as_array().unwrap().contains(value);
                (!known).then(|| format!("{value} is none of {says}"))
            }
            "required" => {
                let names = says.as_array().unwrap().iter().filter_map(Value::as_str);
                let mut missing = names.filter(|name| value.get(name).is_none());
                missing.next().map(|name| format!("{value} lacks {name}"))
            }
            "properties" => {
                let known = says.as_object().unwrap().iter();
                let given = known.filter_map(|(name, rule)| Some((rule, value.get(name)?)));
                self.first(given)
            }
            "additionalProperties" => {
                self.first(value.as_object().into_iter().flatten().map(|(_, value)| (says, value)))
            }
            "items" => self.first(value.as_array().into_iter().flatten().map(|item| (says, item))),
            "minimum" | "maximum" | "format" | "description" | "default" => None,
            other => panic!("the schema uses `{other}`, which is not checked here"),
        })
    }

    fn fitting(&self, variants: &Value, value: &Value) -> usize {
        let variants = variants.as_array().unwrap().iter();
        variants.filter(|variant| self.complaint(variant, value).is_none()).count()
    }

    fn first<'a>(&self, pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<String> {
        pairs.into_iter().find_map(|(schema, value)| self.complaint(schema, value))
    }
}

fn is_of(types: &Value, value: &Value) -> bool {
    let one = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the schema uses the type {other}"),
    };
    types.as_array().map_or_else(|| one(types), |types| types.iter().any(one))
}

/// Frames that bring out every message of the server.
const CONVERSATION: &[(&str, &str)] = &[
    ("ada", r#"{"type":"presence","id":1,"protocol":1,"room":"r"}"#),
    (
        "ada",
        r#"{"type":"join","id":1,"protocol":1,"room":"r","name":"Ada","identity":"ada","attributes":{"a":"b"}}"#,
    ),
    ("grace", r#"{"type":"join","protocol":1,"room":"r"}"#),
    ("ada", r#"{"type":"presence","id":2,"protocol":1,"room":"r"}"#),
    ("ada", r#"{"type":"chat","id":3,"text":"hi","key":"k"}"#),
    ("grace", r#"{"type":"chat","text":"hi"}"#),
    ("grace", r#"{"type":"send","data":{"any":["thing"]}}"#),
    ("grace", r#"{"type":"send","id":4,"data":null,"volatile":true,"to":["$peer1"]}"#),
    ("grace", r#"{"type":"emit","name":"draw","args":[1,{"x":2}]}"#),
    ("ada", r#"{"type":"offer","id":5,"to":"$peer2","sdp":"v=0"}"#),
    ("ada", r#"{"type":"answer","id":6,"to":"$peer2","sdp":"v=0"}"#),
    (
        "ada",
        r#"{"type":"candidate","id":7,"to":"$peer2","candidate":{"candidate":"c","sdpMid":null,"sdpMLineIndex":0}}"#,
    ),
    ("ada", r#"{"type":"candidate","id":8,"to":"$peer2","candidate":null}"#),
    ("ada", r#"{"type":"update","id":9,"name":"Countess","attributes":{"a":null}}"#),
    ("ada", r#"{"type":"ping","id":10}"#),
    ("ada", r#"{"type":"ping"}"#),
    ("ada", r#"{"type":"ack","seq":3}"#),
    ("ada", r#"{"type":"shout","id":11}"#),
    ("ada", "not json"),
    (
        "grace'",
        r#"{"type":"resume","id":1,"protocol":1,"room":"r","peer":"$peer2","secret":"$secret2","seq":2}"#,
    ),
    ("ada'", r#"{"type":"join","id":1,"protocol":1,"room":"r","identity":"ada"}"#),
    (
        "ada''",
        r#"{"type":"resume","id":1,"protocol":1,"room":"r","peer":"$peer4","secret":"$secret4"}"#,
    ),
    ("ada''", r#"{"type":"publish","id":2,"source":"camera","muted":true}"#),
    ("ada''", r#"{"type":"unpublish","id":3,"source":"camera"}"#),
    ("ada''", r#"{"type":"raise-hand","id":4,"raised":true}"#),
    ("grace'", r#"{"type":"moderate","id":5,"action":"set-rules","locked":true}"#),
    ("alan", r#"{"type":"join","id":1,"protocol":1,"room":"s"}"#),
    (
        "alan",
        r#"{"type":"moderate","id":2,"action":"set-rules","waitingRoom":true,"maxMembers":null}"#,
    ),
    ("mary", r#"{"type":"join","id":1,"protocol":1,"room":"s","name":"Mary"}"#),
    ("alan", r#"{"type":"moderate","id":3,"action":"admit","peer":"$peer7"}"#),
    ("alan", r#"{"type":"moderate","id":4,"action":"mute","source":"microphone"}"#),
    ("alan", r#"{"type":"moderate","id":5,"action":"set-role","peer":"$peer7","role":"listener"}"#),
    ("ada''", r#"{"type":"leave","id":12}"#),
];

fn all_frames() -> Vec<Said> {
    let mut table =
        Table::with(Limits { duplicate_identity: DuplicateIdentity::Replace, ..Limits::default() });
    let mut frames = Vec::new();
    for (name, frame) in CONVERSATION {
        if !table.is_open(name) {
            frames.extend(table.open(name, Door::Native));
        }
        frames.extend(table.say(name, frame));
    }
    frames.extend(table.renew_ice("grace'"));
    frames.extend(table.go_away("grace'"));
    let body = Body::TokenExpiring { ends_at: Timestamp(1) };
    let event = Event { room: RoomName::parse("r").unwrap(), seq: None, at: Timestamp(0), body };
    let (to, frame) = ("ada".to_owned(), native::encode_event(&event));
    frames.push(Said { to, frame });
    frames.retain(|said| !said.frame.starts_with(b"closed "));
    frames
}

#[test]
fn every_frame_of_the_server_fits_the_schema() {
    let (schema, message) = Schema::of("ServerMessage");
    for Said { frame, .. } in all_frames() {
        let value: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!(schema.complaint(&message, &value), None, "{value}");
    }
}

#[test]
fn every_type_of_the_server_is_brought_out_by_the_conversation() {
    let (_, message) = Schema::of("ServerMessage");
    let variants = message["oneOf"].as_array().unwrap().iter();
    let frames = all_frames();
    for kind in variants.map(|variant| variant["properties"]["type"]["const"].as_str().unwrap()) {
        let start = format!(r#"{{"type":"{kind}","#);
        assert!(frames.iter().any(|said| said.frame.starts_with(start.as_bytes())), "{kind}");
    }
}

#[test]
fn every_well_formed_request_fits_the_schema_and_others_do_not() {
    let (schema, message) = Schema::of("ClientMessage");
    for (_, frame) in CONVERSATION {
        let fits = serde_json::from_str(frame)
            .is_ok_and(|value| schema.complaint(&message, &value).is_none());
        assert_eq!(fits, !frame.contains("shout") && !frame.contains("not json"), "{frame}");
    }
    for frame in [r#"{"type":"chat"}"#, r#"{"type":"chat","text":1}"#, r#"{"type":"send"}"#, "{}"] {
        let value = serde_json::from_str(frame).unwrap();
        assert!(schema.complaint(&message, &value).is_some(), "{frame}");
    }
}

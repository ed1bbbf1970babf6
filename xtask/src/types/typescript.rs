//! JSON Schema 2020-12, as schemars writes it, to TypeScript declarations: every `$defs` entry becomes an
//! exported type, a choice of objects told apart by their `type` becomes a discriminated union.

use serde_json::{Map, Value};
use std::fmt::Write;

const HEADER: &str = "\
// The messages of the native protocol. Generated from the server's types by `cargo xtask types`: don't edit.
";

pub fn declarations(schema: &Value) -> String {
    let mut out = HEADER.to_owned();
    for (name, definition) in object(schema, "$defs").into_iter().flatten() {
        out.push('\n');
        out.push_str(&declaration(name, definition));
    }
    out
}

fn declaration(name: &str, schema: &Value) -> String {
    let doc = doc(schema, "");
    if let Some(variants) = tagged_variants(schema) {
        return format!("{doc}{}", union(name, &variants));
    }
    match object(schema, "properties") {
        Some(_) => format!("{doc}{}", interface(name, schema)),
        None => format!("{doc}export type {name} = {};\n", type_of(schema)),
    }
}

/// The variants of a choice by their `type`, if all of them have one.
fn tagged_variants(schema: &Value) -> Option<Vec<(&str, &Value)>> {
    let variants = schema.get("oneOf")?.as_array()?;
    let tag = |variant: &'_ Value| variant.pointer("/properties/type/const").is_some();
    if !variants.iter().all(tag) {
        return None;
    }
    let tagged = variants
        .iter()
        .map(|variant| Some((variant.pointer("/properties/type/const")?.as_str()?, variant)));
    tagged.collect()
}

/// `ClientMessage` with a `join` becomes `type ClientMessage = ClientMessageJoin | …` and its interface.
fn union(name: &str, variants: &[(&str, &Value)]) -> String {
    let named = |tag: &str| format!("{name}{}", pascal_case(tag));
    let members: Vec<String> =
        variants.iter().map(|(tag, _)| format!("\n  | {}", named(tag))).collect();
    let mut out = format!("export type {name} ={};\n", members.concat());
    for (tag, variant) in variants {
        out.push('\n');
        out.push_str(&doc(variant, ""));
        out.push_str(&interface(&named(tag), variant));
    }
    out
}

fn interface(name: &str, schema: &Value) -> String {
    let base = reference(schema).map(|base| format!(" extends {base}")).unwrap_or_default();
    let mut out = format!("export interface {name}{base} {{\n");
    for field in fields(schema) {
        out.push_str(&doc(field.schema, "  "));
        let _infallible = writeln!(out, "  {};", field.declared());
    }
    out.push_str("}\n");
    out
}

struct Field<'a> {
    name: &'a str,
    required: bool,
    schema: &'a Value,
}

impl Field<'_> {
    fn declared(&self) -> String {
        let Self { name, required, schema } = self;
        let name = if is_identifier(name) { (*name).to_owned() } else { format!("{name:?}") };
        if *required {
            return format!("{name}: {}", type_of(schema));
        }
        // Left out and `null` mean the same to the server; declaring one of them is enough.
        format!("{name}?: {}", without_null(schema))
    }
}

/// The `type` first, then what must be there, then what may be.
fn fields(schema: &Value) -> Vec<Field<'_>> {
    let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
    let all = object(schema, "properties").into_iter().flatten();
    let mut fields: Vec<Field<'_>> = all
        .map(|(name, schema)| Field { name, required: required.contains(&name.as_str()), schema })
        .collect();
    fields.sort_by_key(|field| (field.name != "type", !field.required));
    fields
}

fn type_of(schema: &Value) -> String {
    alternatives(schema).join(" | ")
}

fn without_null(schema: &Value) -> String {
    let kept: Vec<String> =
        alternatives(schema).into_iter().filter(|name| name != "null").collect();
    if kept.is_empty() { "null".into() } else { kept.join(" | ") }
}

fn alternatives(schema: &Value) -> Vec<String> {
    if let Some(name) = reference(schema) {
        return vec![name.to_owned()];
    }
    if let Some(value) = schema.get("const") {
        return vec![value.to_string()];
    }
    let of_each = |key| list(schema, key).flat_map(alternatives).collect::<Vec<String>>();
    let values = list(schema, "enum").map(Value::to_string).collect();
    let found =
        [values, of_each("oneOf"), of_each("anyOf")].into_iter().find(|some| !some.is_empty());
    found.unwrap_or_else(|| by_type(schema))
}

fn by_type(schema: &Value) -> Vec<String> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![plain(name, schema)],
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).map(|name| plain(name, schema)).collect()
        }
        _ => vec!["unknown".into()],
    }
}

fn plain(name: &str, schema: &Value) -> String {
    match name {
        "integer" | "number" => "number".into(),
        "array" => array(schema),
        "object" => record(schema),
        other => other.into(),
    }
}

fn array(schema: &Value) -> String {
    let tuple: Vec<String> = list(schema, "prefixItems").map(type_of).collect();
    if !tuple.is_empty() {
        return format!("[{}]", tuple.join(", "));
    }
    let item = schema.get("items").map_or_else(|| vec!["unknown".into()], alternatives);
    match item.as_slice() {
        [one] => format!("{one}[]"),
        several => format!("({})[]", several.join(" | ")),
    }
}

fn record(schema: &Value) -> String {
    if object(schema, "properties").is_some() {
        let fields: Vec<String> = fields(schema).iter().map(Field::declared).collect();
        return format!("{{ {} }}", fields.join("; "));
    }
    let value = schema.get("additionalProperties").map_or_else(|| "unknown".into(), type_of);
    format!("Record<string, {value}>")
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

fn object<'a>(schema: &'a Value, key: &str) -> Option<&'a Map<String, Value>> {
    schema.get(key)?.as_object()
}

fn list<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn doc(schema: &Value, indent: &str) -> String {
    let Some(text) = schema.get("description").and_then(Value::as_str) else {
        return String::new();
    };
    let text = text.replace("*/", "*\\/");
    if !text.contains('\n') {
        return format!("{indent}/** {text} */\n");
    }
    let lines: Vec<String> = text
        .lines()
        .map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n")
        .collect();
    format!("{indent}/**\n{}{indent} */\n", lines.concat())
}

fn is_identifier(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    name.chars().all(legal) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn pascal_case(tag: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    tag.split('-').filter_map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tagged_objects_become_a_discriminated_union() {
        let schema = json!({ "$defs": { "ClientMessage": {
            "description": "What a client says.",
            "oneOf": [
                {
                    "description": "Words for all.\n\nKept in the log.",
                    "type": "object",
                    "properties": {
                        "id": { "type": ["integer", "null"], "format": "uint64", "minimum": 0 },
                        "text": { "description": "Never empty.", "type": "string" },
                        "type": { "type": "string", "const": "chat" }
                    },
                    "required": ["type", "text"]
                },
                {
                    "type": "object",
                    "properties": { "type": { "type": "string", "const": "go-away" } },
                    "$ref": "#/$defs/Away",
                    "required": ["type"]
                }
            ]
        } } });
        let expected = "
/** What a client says. */
export type ClientMessage =
  | ClientMessageChat
  | ClientMessageGoAway;

/**
 * Words for all.
 *
 * Kept in the log.
 */
export interface ClientMessageChat {
  type: \"chat\";
  /** Never empty. */
  text: string;
  id?: number;
}

export interface ClientMessageGoAway extends Away {
  type: \"go-away\";
}
";
        assert_eq!(declarations(&schema), format!("{HEADER}{expected}"));
    }

    #[test]
    fn each_shape_has_its_type() {
        let cases = [
            (json!(true), "unknown"),
            (json!({ "type": "boolean" }), "boolean"),
            (json!({ "enum": ["connected", "reconnecting"] }), r#""connected" | "reconnecting""#),
            (
                json!({ "oneOf": [{ "const": "left" }, { "const": "timeout" }] }),
                r#""left" | "timeout""#,
            ),
            (json!({ "anyOf": [{ "$ref": "#/$defs/State" }, { "type": "null" }] }), "State | null"),
            (json!({ "type": "array", "items": { "$ref": "#/$defs/Peer" } }), "Peer[]"),
            (json!({ "type": "array", "items": { "enum": ["a", "b"] } }), r#"("a" | "b")[]"#),
            (
                json!({ "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "string" }] }),
                "[number, string]",
            ),
            (
                json!({ "type": "object", "additionalProperties": { "type": ["string", "null"] } }),
                "Record<string, string | null>",
            ),
            (
                json!({ "type": "object", "properties": { "min": { "type": "integer" } }, "required": ["min"] }),
                "{ min: number }",
            ),
        ];
        for (schema, expected) in cases {
            assert_eq!(type_of(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_struct_becomes_an_interface_and_odd_names_are_quoted() {
        let schema = json!({
            "type": "object",
            "properties": { "x-y": { "type": "string" }, "state": { "anyOf": [{ "$ref": "#/$defs/S" }, { "type": "null" }] } },
            "required": ["x-y"]
        });
        let expected = "export interface Odd {\n  \"x-y\": string;\n  state?: S;\n}\n";
        assert_eq!(declaration("Odd", &schema), expected);
    }
}

//! What is the same for many operations is written into the description once, here: names in paths, versions, problems.

use serde_json::{Map, Value, json};

use crate::admin::problem::MEDIA_TYPE;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// Every segment of a path that is a name, and what it may be.
const ROOM: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
const PEER: &str = "^[A-Za-z0-9_-]{21}[AQgw]$";

pub fn complete(document: &mut Value) {
    document["components"]["securitySchemes"] = json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "The token of `admin.token_file`, or a token with the grant `admin`.",
        },
    });
    document["components"]["parameters"] = parameters();
    document["components"]["headers"] = headers();
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        let names: Vec<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        for method in METHODS {
            if let Some(operation) = item.get_mut(method).and_then(Value::as_object_mut) {
                complete_operation(operation, &names, method == "get");
            }
        }
    }
}

fn complete_operation(operation: &mut Map<String, Value>, names: &[&str], is_read: bool) {
    operation.entry("security").or_insert_with(|| json!([{ "token": [] }]));
    let is_public = operation.get("security").is_some_and(|security| security == &json!([]));
    let has_body = operation.contains_key("requestBody");
    let mut added: Vec<&str> = names.to_vec();
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else {
        return;
    };
    for (status, response) in responses.iter_mut() {
        complete_response(status, response);
    }
    let has_version = |response: &Value| response["headers"]["ETag"].is_object();
    if is_read && responses.get("200").is_some_and(has_version) {
        added.push("If-None-Match");
        let known = json!({ "description": "You have this version already.", "headers": { "ETag": header("ETag") } });
        responses.insert("304".into(), known);
    }
    match (responses.contains_key("428"), responses.contains_key("412")) {
        (true, _) => added.push("If-Match"),
        (false, true) => added.push("If-Match-optional"),
        (false, false) => {}
    }
    let mut problems = vec![("400", "A parameter or the body can't be read.")];
    if !is_public {
        problems.push(("401", "No token, or one that opens nothing here."));
        problems.push(("403", "The API is switched off."));
        problems.push(("429", "Too many wrong tokens came from your address."));
    }
    if !names.is_empty() {
        problems.push(("404", "What the path names is not there."));
    }
    if has_body {
        problems.push(("408", "The body took too long."));
        problems.push(("413", "The body is too large."));
        problems.push(("415", "The body is of another media type."));
        problems.push(("422", "The body is not what is asked for."));
    }
    for (status, description) in problems {
        let missing = || problem(status, description);
        responses.entry(status).or_insert_with(missing);
    }
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    let Some(parameters) = parameters.as_array_mut() else { return };
    // What a macro has found out about a path is less than what is known here.
    parameters.retain(|parameter| parameter["in"] != "path");
    let refer = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    parameters.extend(added.into_iter().map(refer));
}

/// Errors are described where they happen, and have the same form everywhere.
fn complete_response(status: &str, response: &mut Value) {
    if status.starts_with(['4', '5']) && response.get("content").is_none() {
        let description = response["description"].as_str().unwrap_or_default().to_owned();
        *response = problem(status, &description);
    }
    if let Some(headers) = response.get_mut("headers").and_then(Value::as_object_mut) {
        for (name, described) in headers {
            *described = header(name);
        }
    }
}

fn problem(status: &str, description: &str) -> Value {
    let mut response = json!({
        "description": description,
        "content": { MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    match status {
        "401" => response["headers"] = json!({ "WWW-Authenticate": header("WWW-Authenticate") }),
        "429" => response["headers"] = json!({ "Retry-After": header("Retry-After") }),
        _ => {}
    }
    response
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn headers() -> Value {
    let text = |description: &str| json!({ "description": description, "required": true, "schema": { "type": "string" } });
    json!({
        "ETag": text("The version, for `If-Match` and `If-None-Match`."),
        "Location": text("Where what was made can be found."),
        "WWW-Authenticate": text("How to show who you are."),
        "Retry-After": text("How many seconds to wait."),
    })
}

fn parameters() -> Value {
    let tags = r#"^(\*|[ ,]*((W/)?"[!#-~]*" *(,[ ,]*|$))*)$"#;
    let header = |name: &str, required: bool, description: &str| {
        json!({
            "name": name, "in": "header", "required": required, "description": description,
            "schema": { "type": "string", "pattern": tags },
        })
    };
    let path = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema });
    let room = json!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": ROOM, "example": "standup" });
    let peer = json!({ "type": "string", "pattern": PEER, "example": "q6sPF2xYQ0S5mBzW8N1JxQ" });
    let id = json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": ROOM });
    json!({
        "room": path("room", "The name of the room.", room),
        "peer": path("peer", "The id of the member in this room.", peer),
        "jti": path("jti", "The `jti` of the token.", id),
        "If-None-Match": header("If-None-Match", false, "Versions that you have already: answered with 304 if one of them is current."),
        "If-Match": header("If-Match", true, "The version that this is meant for, or `*` for whatever is there."),
        "If-Match-optional": header("If-Match", false, "Only if this is the version."),
    })
}

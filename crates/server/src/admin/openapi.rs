//! The description of the API, made from the code that answers (OpenAPI 3.1), at `/api/openapi.json`.

#[expect(clippy::indexing_slicing, reason = "of JSON that was made here, when the server starts")]
mod everywhere;

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header::HeaderMap;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use utoipa::OpenApi;

use super::{
    about, answering, bans, chat, members, moderating, problem, rooms, running, tokens, views,
    waiting,
};

pub const PATH: &str = "/api/openapi.json";

/// Rooms, members and what they do, for programs that run this server. Times are milliseconds since 1970. Errors are
/// `application/problem+json` with stable codes.
#[derive(OpenApi)]
#[openapi(
    security(("token" = [])),
    info(title = "Parlor", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(
        about::get_server,
        about::get_stats,
        rooms::list_rooms,
        running::create_room,
        rooms::get_room,
        running::end_room,
        running::get_rules,
        running::patch_rules,
        running::mute_room,
        members::list_members,
        members::get_member,
        moderating::patch_member,
        moderating::remove_member,
        members::list_tracks,
        members::list_tracks_of_member,
        waiting::list_waiting,
        waiting::admit,
        waiting::deny,
        chat::list_chat,
        chat::post_chat,
        chat::post_data,
        bans::list_bans,
        bans::lift_ban,
        tokens::create_token,
        tokens::revoke_token,
    ),
    components(schemas(problem::Document, views::Role, views::Right, views::Source)),
    tags(
        (name = "Server", description = "The server itself."),
        (name = "Rooms", description = "Rooms, and how they are run."),
        (name = "Members", description = "Who is in a room."),
        (name = "Waiting room", description = "Who waits to be let in."),
        (name = "Messages", description = "What is said in a room."),
        (name = "Tokens", description = "What lets people in."),
        (name = "Bans", description = "Who is not let in for a while."),
    )
)]
struct Description;

static WRITTEN: LazyLock<serde_json::Value> = LazyLock::new(|| {
    let mut document = serde_json::to_value(Description::openapi()).unwrap_or_default();
    everywhere::complete(&mut document);
    document
});

pub async fn serve(headers: HeaderMap) -> Response<Body> {
    answering::versioned(StatusCode::OK, &*WRITTEN, &headers).into_response()
}

#[cfg(test)]
mod tests;

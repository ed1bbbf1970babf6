//! Paths, methods and headers, without sockets; and what a WebSocket is left with.

use super::*;
use crate::auth::Auth;
use crate::config::Config;
use crate::drivers::rooms::RoomsDriver;
use crate::drivers::turn::IceOffer;
use crate::limits::Guard;
use crate::origin::OriginPolicy;
use crate::reload::Live;
use crate::shutdown::Stopper;
use crate::transports::demux::Demux;
use crate::transports::gate::Gate;
use crate::transports::listener;
use crate::transports::websocket::opening::{self, Opened};
use crate::transports::websocket::stream::Stream;
use crate::web::Web;
use axum::http::Method;
use http_body_util::BodyExt;
use tokio::io::AsyncWriteExt;
use tower::ServiceExt;

fn node(stopper: &Stopper) -> Arc<Node> {
    let rooms = RoomsDriver::start(
        &Config::default(),
        IceOffer::new(&Config::default(), None, None),
        Auth::none(),
    );
    let guard = Arc::new(Guard::new(&Config::default().limits));
    let origins = Arc::new(OriginPolicy::new(&[]));
    let shared = (100, Arc::clone(&guard), Arc::clone(&origins));
    Arc::new(Node {
        config: Config::default(),
        admin: crate::admin::Admin::new(&Config::default()),
        live: Live::new(&Config::default()),
        headers: Headers::new(&Config::default()),
        origins,
        guard,
        stopping: stopper.listen(),
        web: Web::open(None).unwrap(),
        socketio: crate::drivers::socketio::start(
            &Config::default(),
            Arc::clone(&rooms),
            Auth::none(),
            shared,
        ),
        rooms,
        auth: Auth::none(),
        tls: None,
        turn: None,
        webhooks: None,
    })
}

async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    router(node(&Stopper::new())).oneshot(request).await.unwrap()
}

async fn get_path(path: &str) -> Response<Body> {
    ask(Method::GET, path, &[]).await
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response<Body>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn the_app_is_at_the_root_and_in_every_room() {
    for path in ["/", "/check", "/room/standup", "/room/a%20b%2Fc", "/?room=x"] {
        let response = get_path(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
        assert!(header(&response, "content-security-policy").contains("trusted-types 'none'"));
        assert_eq!(header(&response, "referrer-policy"), "no-referrer");
        assert_eq!(header(&response, "cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn the_sdk_can_be_imported_by_every_page_and_the_app_can_not() {
    let sdk = get_path("/sdk/parlor.js").await;
    assert_eq!(header(&sdk, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&sdk, "access-control-allow-origin"), "*");
    assert_eq!(header(&sdk, "cross-origin-resource-policy"), "cross-origin");
    assert_eq!(header(&sdk, "x-content-type-options"), "nosniff");
    assert_eq!(header(&get_path("/app/index.html").await, "access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_second_visit_costs_no_bytes() {
    let first = get_path("/").await;
    let tag = header(&first, "etag").to_owned();
    assert_eq!(header(&first, "cache-control"), "no-cache");
    let second = ask(Method::GET, "/", &[("if-none-match", &tag)]).await;
    assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(body(second).await, "");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (get, head) = (get_path("/").await, ask(Method::HEAD, "/", &[]).await);
    assert_eq!(header(&head, "etag"), header(&get, "etag"));
    assert_eq!(header(&head, "content-length"), body(get).await.len().to_string());
    assert_eq!(body(head).await, "");
}

#[tokio::test]
async fn what_is_not_there_is_said_in_plain_words() {
    for path in [
        "/nothing",
        "/room/",
        "/room/a/b",
        "/app/",
        "/app/none.js",
        "/sdk/../app/index.html",
        "/app/%2e%2e/x",
    ] {
        let response = get_path(path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&response, "content-type"), "text/plain; charset=utf-8");
        assert_eq!(body(response).await, NOT_FOUND);
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    for path in ["/", "/room/x", "/sdk/parlor.js", "/livez"] {
        let response = ask(Method::POST, path, &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(header(&response, "allow"), "GET,HEAD");
        assert!(body(response).await.contains("GET"));
    }
}

#[tokio::test]
async fn ready_until_stopping_but_alive_to_the_end() {
    let stopper = Stopper::new();
    let router = router(node(&stopper));
    let status = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    };
    assert_eq!([status("/livez").await, status("/readyz").await], [StatusCode::OK; 2]);
    assert_eq!(header(&get_path("/readyz").await, "cache-control"), "no-store");
    stopper.stop();
    assert_eq!(status("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status("/livez").await, StatusCode::OK);
}

#[tokio::test]
async fn a_foreign_page_opens_no_websocket_on_any_path() {
    for path in ["/", "/ws", "/nothing"] {
        let foreign = [("upgrade", "WebSocket"), ("origin", "https://evil.example")];
        let response = ask(Method::GET, path, &foreign).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert!(body(response).await.contains("https://evil.example"));
    }
    // A page that was linked from elsewhere is only read.
    let linked = ask(Method::GET, "/", &[("origin", "https://evil.example")]).await;
    assert_eq!(linked.status(), StatusCode::OK);
}

#[tokio::test]
async fn one_connection_too_many_is_told_to_come_back() {
    let client =
        Client { address: "127.0.0.1:1".parse().unwrap(), came_in_at: None, over_limit: true };
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    request.extensions_mut().insert(client);
    let response = router(node(&Stopper::new())).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        [header(&response, "retry-after"), header(&response, "connection")],
        ["60", "close"]
    );
}

#[tokio::test]
async fn a_websocket_has_the_socket_itself_with_its_permit_and_what_was_read_of_it() {
    let (stopper, gate) = (Stopper::new(), Gate::new(10, 0));
    let (sender, mut received) = tokio::sync::mpsc::unbounded_channel();
    let router = Router::new().route(
        "/",
        get(async move |request: Request| {
            opening::open(request, opening::Compression::Off, async move |opened| {
                assert!(sender.send(opened).is_ok());
            })
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let local = listener.local_addr().unwrap();
    let mut client = tokio::net::TcpStream::connect(local).await.unwrap();
    let (stream, address) = listener.accept().await.unwrap();
    let permit = gate.enter(address.ip()).unwrap();
    Demux::new(node(&stopper), router).serve(listener::Connection {
        stream,
        address,
        local,
        permit,
    });

    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nbehind it";
    client.write_all(request).await.unwrap();
    let Opened { stream: (stream, early), .. } = received.recv().await.unwrap();
    assert!(matches!(stream, Stream::Left(_)));
    assert_eq!(early.as_ref(), b"behind it");
    assert_eq!(gate.open(), 1);
    drop(stream);
    gate.empty().await;
}

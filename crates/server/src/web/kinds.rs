//! Which web files are served and as what. Shared with the build script, so it depends on nothing.

/// The content type of a file under `web/`, or `None` when it is not for browsers.
pub fn content_type(path: &str) -> Option<&'static str> {
    let development =
        path.split('/').any(|part| part.starts_with('.') || matches!(part, "test" | "tests"));
    let (stem, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    if development || stem.ends_with(".test") {
        return None;
    }
    match extension {
        "html" => Some("text/html; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml; charset=utf-8"),
        "png" => Some("image/png"),
        "ico" => Some("image/x-icon"),
        "woff2" => Some("font/woff2"),
        "webmanifest" => Some("application/manifest+json; charset=utf-8"),
        "ts" if path.starts_with("sdk/") && stem.ends_with(".d") => {
            Some("text/plain; charset=utf-8")
        }
        "map" if path.starts_with("socket.io-client/") => Some("application/json"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::content_type;

    #[test]
    fn only_what_a_browser_needs_is_served() {
        for path in [
            "app/index.html",
            "app/style/a.css",
            "sdk/parlor.js",
            "sdk/protocol.d.ts",
            "app/icon.svg",
        ] {
            assert!(content_type(path).is_some(), "{path}");
        }
        let kept_back = [
            "app/README.md",
            "sdk/a.test.js",
            "sdk/test/a.js",
            "app/.hidden.js",
            "app/.git/a.js",
            "sdk/a.ts",
            "app/a.d.ts",
            "app/tsconfig.json",
            "app/none",
            "app/..",
            "",
        ];
        for path in kept_back {
            assert_eq!(content_type(path), None, "{path}");
        }
    }
}

//! The web files from a folder, for development: never cached, never from outside the folder.

use super::kinds::content_type;
use axum::body::Body;
use axum::http::Response;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use std::path::{Path, PathBuf};

pub struct Folder(PathBuf);

impl Folder {
    pub fn open(path: &Path) -> std::io::Result<Self> {
        path.canonicalize().map(Self)
    }

    pub async fn serve(&self, path: &str) -> Option<Response<Body>> {
        let kind = content_type(path)?;
        let file = self.resolve(path).await?;
        let mut response = Response::new(Body::from(tokio::fs::read(file).await.ok()?));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }

    /// The file behind a path, after all symbolic links, if it is still in `app` or `sdk`.
    async fn resolve(&self, path: &str) -> Option<PathBuf> {
        let strange = |part: &str| {
            part.is_empty() || part.starts_with('.') || part.contains(['\\', '\0', ':'])
        };
        if path.split('/').any(strange) {
            return None;
        }
        let part = self.0.join(path.split('/').next()?);
        let file = tokio::fs::canonicalize(self.0.join(path)).await.ok()?;
        (file.starts_with(&self.0) && file.starts_with(part.canonicalize().ok()?)).then_some(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A folder that lives as long as the value.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("parlor-web-{}", std::process::id()));
            fs::create_dir_all(path.join("web/app/deep")).unwrap();
            fs::create_dir_all(path.join("web/sdk")).unwrap();
            for file in [
                "secret.js",
                "web/secret.js",
                "web/app/a.js",
                "web/app/deep/b.js",
                "web/app/notes.md",
            ] {
                fs::write(path.join(file), file).unwrap();
            }
            symlink(path.join("secret.js"), path.join("web/app/link.js")).unwrap();
            symlink(path.join("web/app/a.js"), path.join("web/app/inside.js")).unwrap();
            symlink(&path, path.join("web/app/up")).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[tokio::test]
    async fn only_web_files_inside_the_folder_are_served() {
        let scratch = Scratch::new();
        let folder = Folder::open(&scratch.0.join("web")).unwrap();
        for path in ["app/a.js", "app/deep/b.js", "app/inside.js"] {
            assert!(folder.serve(path).await.is_some(), "{path}");
        }
        let kept_back = [
            "app/link.js",
            "app/up/secret.js",
            "app/../secret.js",
            "app/../../secret.js",
            "app//a.js",
            "/app/a.js",
            "app/./a.js",
            "app/..%2fsecret.js",
            "app\\a.js",
            "app/notes.md",
            "app/deep",
            "",
            "app/none.js",
            "app/\0.js",
        ];
        for path in kept_back {
            assert!(folder.serve(path).await.is_none(), "{path}");
        }
    }
}

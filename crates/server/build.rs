//! Puts the web files into the binary: modules without their comments and, where that is smaller, all in brotli and gzip.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

#[path = "src/web/kinds.rs"]
mod kinds;
#[path = "src/web/strip/mod.rs"]
mod strip;

fn main() -> Result<(), Box<dyn Error>> {
    let web = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("../../web").canonicalize()?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut say = io::stdout();
    for source in ["build.rs", "src/web/kinds.rs", "src/web/strip/mod.rs"] {
        writeln!(say, "cargo::rerun-if-changed={source}")?;
    }

    let mut paths = Vec::new();
    for part in ["app", "sdk"] {
        writeln!(say, "cargo::rerun-if-changed={}", web.join(part).display())?;
        collect(&web, part, &mut paths)?;
    }
    let vendor = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join("vendor");
    let mut vendored = Vec::new();
    writeln!(say, "cargo::rerun-if-changed={}", vendor.display())?;
    collect(&vendor, "socket.io-client", &mut vendored)?;

    let own = paths.into_iter().map(|path| (path, &web));
    let mut files: Vec<_> = own.chain(vendored.into_iter().map(|path| (path, &vendor))).collect();
    files.sort();
    let mut table = String::from("&[\n");
    for (path, web) in &files {
        if let Some(content_type) = kinds::content_type(path) {
            write_row(&mut table, Entry { web, out: &out, path, content_type })?;
        }
    }
    table.push_str("]\n");
    fs::write(out.join("web_files.rs"), table)?;
    Ok(())
}

/// Paths relative to `web`, with `/` on every system.
fn collect(web: &Path, folder: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(web.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(web, &path, paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

struct Entry<'a> {
    web: &'a Path,
    out: &'a Path,
    path: &'a str,
    content_type: &'a str,
}

fn write_row(table: &mut String, entry: Entry<'_>) -> Result<(), Box<dyn Error>> {
    let content = served(&entry)?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&content);
    let hash = format!("{:016x}", hasher.finish());
    // Named by content, so that an unchanged file is not compressed again.
    let plain = entry.out.join(&hash);
    fs::write(&plain, &content)?;
    let brotli = compressed(&plain.with_extension("br"), &content, brotli)?;
    let gzip = compressed(&plain.with_extension("gz"), &content, gzip)?;
    writeln!(
        table,
        "Asset {{ path: {:?}, content_type: {:?}, hash: {hash:?}, plain: include_bytes!({plain:?}), \
         brotli: {brotli}, gzip: {gzip} }},",
        entry.path, entry.content_type,
    )?;
    Ok(())
}

fn served(entry: &Entry<'_>) -> Result<Vec<u8>, Box<dyn Error>> {
    let source = fs::read(entry.web.join(entry.path))?;
    if !entry.path.ends_with(".js") {
        return Ok(source);
    }
    let stripped = strip::strip(&String::from_utf8(source)?);
    let strip::Unclear { line, why } = match stripped {
        Ok(stripped) => return Ok(stripped.into_bytes()),
        Err(unclear) => unclear,
    };
    Err(format!("web/{}:{line}: {why}", entry.path).into())
}

type Compressor = fn(&[u8]) -> io::Result<Vec<u8>>;

/// The Rust expression for an optional file, `None` when nothing is won.
fn compressed(path: &Path, content: &[u8], compress: Compressor) -> io::Result<String> {
    let packed = match fs::read(path) {
        Ok(packed) => packed,
        Err(_) => {
            let packed = compress(content)?;
            fs::write(path, &packed)?;
            packed
        }
    };
    let smaller = packed.len() < content.len();
    Ok(if smaller { format!("Some(include_bytes!({path:?}))") } else { "None".into() })
}

fn brotli(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &*content, &mut packed, &parameters)?;
    Ok(packed)
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

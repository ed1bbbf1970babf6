//! What a page loads when it imports the SDK: every module that `parlor.js` imports at once, each as the binary
//! serves it and compressed by itself, as it travels.

use crate::repo::Repo;
use crate::{Result, report, strip};
use std::io::Write;

const FOLDER: &str = "web/sdk";
const ENTRY: &str = "parlor.js";

/// A page that adds a call to its site should not notice the SDK's weight.
const LIMIT: usize = 25 * 1024;

pub fn run(repo: &Repo) -> Result {
    let mut total = 0;
    for (module, text) in modules(|module| strip::served(repo, &format!("{FOLDER}/{module}")))? {
        let size = gzip(&text).map_err(|error| error.to_string())?.len();
        report::line(format_args!("{size:>7}  {module}"));
        total += size;
    }
    report::line(format_args!("{total:>7}  bytes of at most {LIMIT}"));
    if total <= LIMIT {
        Ok(())
    } else {
        Err(format!("the SDK has {total} bytes, of {LIMIT} allowed"))
    }
}

/// The build script's settings.
fn gzip(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}

/// Path and text of each, in the order of their discovery.
fn modules(read: impl Fn(&str) -> Result<String>) -> Result<Vec<(String, String)>> {
    let mut names = vec![ENTRY.to_owned()];
    let mut found = Vec::new();
    while let Some(module) = names.get(found.len()).cloned() {
        let text = read(&module)?;
        for imported in imports(&text).map(|path| resolve(&module, path)) {
            if !names.contains(&imported) {
                names.push(imported);
            }
        }
        found.push((module, text));
    }
    Ok(found)
}

/// The paths of `import … from './name.js'`, `import './name.js'` and `export … from './name.js'`, in text without comments;
/// not of `import('./name.js')`, which loads when it is needed.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let after = line.split_once(" from '").or_else(|| line.split_once("import '"))?.1;
        let (path, _) = after.split_once('\'')?;
        path.starts_with('.').then_some(path)
    })
}

/// A path that is relative to a module, relative to the folder.
fn resolve(module: &str, path: &str) -> String {
    let mut parts: Vec<&str> = module.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::{Result, modules};

    fn read(module: &str) -> Result<String> {
        let text = match module {
            "parlor.js" => {
                "import { Room } from './room/room.js';\nexport * from './errors.js';\n\
                const late = () => import('./late.js');\n"
            }
            "room/room.js" => {
                "import { one, two } from './two.js';\nimport '../errors.js';\nimport { c } from 'elsewhere';\n"
            }
            "room/two.js" => "import '../parlor.js';\n",
            "errors.js" => "import './parlor.js';\n",
            _ => return Err(format!("{module} is not loaded")),
        };
        Ok(text.to_owned())
    }

    #[test]
    fn what_loads_at_once_is_counted_once() {
        let found = modules(read).unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["parlor.js", "room/room.js", "errors.js", "room/two.js"]);
    }
}

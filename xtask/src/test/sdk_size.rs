//! What a page loads when it imports the SDK: every module that `parlor.js` imports at once, each compressed
//! by itself, as it travels.

use crate::repo::Repo;
use crate::shell::Command;
use crate::{Result, report};

const FOLDER: &str = "web/sdk";
const ENTRY: &str = "parlor.js";

/// A page that adds a call to its site should not notice the SDK's weight.
const LIMIT: usize = 25 * 1024;

pub fn run(repo: &Repo) -> Result {
    let mut total = 0;
    for module in modules(repo)? {
        let path = format!("{FOLDER}/{module}");
        let size =
            Command::new("gzip", repo.root()).args(["-9", "-n", "-c", &path]).output()?.len();
        report::line(format_args!("{size:>7}  {path}"));
        total += size;
    }
    report::line(format_args!("{total:>7}  bytes of at most {LIMIT}"));
    if total <= LIMIT {
        Ok(())
    } else {
        Err(format!("the SDK has {total} bytes, of {LIMIT} allowed"))
    }
}

fn modules(repo: &Repo) -> Result<Vec<String>> {
    let mut found = vec![ENTRY.to_owned()];
    let mut next = 0;
    while let Some(module) = found.get(next) {
        let text = repo.read(&format!("{FOLDER}/{module}"))?;
        let new: Vec<String> =
            imports(&text).map(str::to_owned).filter(|name| !found.contains(name)).collect();
        found.extend(new);
        next += 1;
    }
    Ok(found)
}

/// The `./name.js` of `import … from './name.js'` and `export … from './name.js'`; not of `import('./name.js')`,
/// which loads when it is needed.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let statements = text.lines().map(str::trim).filter(|line| !line.starts_with(['/', '*']));
    statements.filter_map(|line| {
        let after = line.split_once(" from '").or_else(|| line.split_once("import '"))?.1;
        let (name, _) = after.split_once('\'')?;
        name.strip_prefix("./")
    })
}

#[cfg(test)]
mod tests {
    use super::imports;

    #[test]
    fn only_what_loads_at_once_is_counted() {
        let text = "/** @import {Room} from './room.js' */\n\
            import { join } from './join.js';\nimport './effects.js';\n\
            export * from './errors.js';\nconst late = () => import('./late.js');\n";
        assert_eq!(imports(text).collect::<Vec<_>>(), ["join.js", "effects.js", "errors.js"]);
    }
}

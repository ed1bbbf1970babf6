//! Rule for the SDK and the app: what a member wrote never becomes markup or code.

use super::Rule;

pub const MARKUP_FROM_TEXT: Rule = Rule {
    name: "markup-from-text",
    reason: "names and messages come from strangers: build elements and set `textContent`",
    applies: |path| path.starts_with("web/") && (path.ends_with(".js") || path.ends_with(".html")),
    check: |file, _| {
        file.lines_with(&[
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function(",
        ])
    },
};

#[cfg(test)]
mod tests {
    use super::super::assert_rule;
    use super::*;

    #[test]
    fn markup_from_text() {
        let good = "tile.textContent = member.name;\n";
        assert_rule(&MARKUP_FROM_TEXT, "web/app/tile.js", good, "tile.innerHTML = member.name;\n");
    }
}

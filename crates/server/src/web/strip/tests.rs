//! Every trap that JavaScript sets for a scanner without a grammar.

use super::*;

#[track_caller]
fn assert_strips(source: &str, stripped: &str) {
    assert_eq!(strip(source).as_deref(), Ok(stripped));
}

#[track_caller]
fn assert_stays(source: &str) {
    assert_strips(source, source);
}

#[test]
fn comments_and_indentation_go_and_line_breaks_stay() {
    assert_strips(
        "// What it is.\n\n/** @param {string} a\n * @param {number} b */\nfunction f(a, b) {\n  \treturn a; // so\n}\n",
        "\n\n\n\nfunction f(a, b) {\nreturn a;\n}\n",
    );
    assert_strips("a; // last", "a;");
    assert_strips("a;\r\n  // b\r\n  c;\u{2028}  d;", "a;\r\n\r\nc;\u{2028}d;");
}

#[test]
fn what_a_comment_parted_stays_apart() {
    assert_strips("return/* a */b", "return b");
    assert_strips("a +/**/+ b; c /**// d", "a + + b; c / d");
    assert_strips("a = /** @type {A} */ (b)", "a = (b)");
    assert_strips("/** @type {A} */ #b = f(/** @type {C} */ c)", "#b = f(c)");
    assert_strips("return /* a\n b */ c", "return\nc");
    assert_strips("a /* b */ // c\nd", "a\nd");
    assert_strips("a /***/ /* * / **/ b", "a b");
}

#[test]
fn nothing_in_a_string_is_a_comment() {
    for source in [
        "'http://a' + \"/* b */\" + 'it\\'s // c' + \"\\\\\"",
        "'\\\n  // still a string'",
        "'`${' + 1",
    ] {
        assert_stays(source);
    }
    assert_strips("'a' // 'b", "'a'");
    assert_strips("// it's\nb", "\nb");
}

#[test]
fn templates_keep_their_text_and_lose_comments_in_their_code() {
    assert_stays("`http://a\n   /* b */ // c\n  \\` \\${ $\\a{ $ {`");
    assert_stays("`a${b}c${`d${{ e: '}' }[f]}g`}  h`");
    assert_strips("`a${ b // c }`\n  + `}`}/* d */`", "`a${ b\n+ `}`}/* d */`");
    assert_strips("`${() => { return {}; }}  // a` // b", "`${() => { return {}; }}  // a`");
    assert_stays("`$${a}` / b / `//`");
}

#[test]
fn a_slash_after_a_value_divides() {
    for value in [
        "a",
        "a1",
        "1",
        "1.",
        ".5",
        "0x1f",
        "a)",
        "b[0]",
        "'a'",
        "`a`",
        "this",
        "a.if",
        "a?.return",
        "a++",
        "#a",
    ] {
        let open = if value.ends_with(')') { "(" } else { "" };
        assert_strips(&format!("{open}{value} / 2 // '/"), &format!("{open}{value} / 2"));
    }
    assert_stays("x.while(a) / 2 / '/'");
}

#[test]
fn a_slash_where_a_value_is_missing_begins_a_regular_expression() {
    for before in [
        "", "a = ", "f(", "[", "a, ", "!", "return ", "typeof ", "case ", "a ? ", "a => ", "...",
        "x = a / ", "in ",
    ] {
        let after = if before == "f(" { ")" } else { "" };
        assert_stays(&format!("{before}/'[/'\\]//*]\\//g{after}"));
    }
    assert_strips("if (a) /'/.test(b); // c", "if (a) /'/.test(b);");
    assert_strips(
        "for await (const a of b) /'/.test(a); // c",
        "for await (const a of b) /'/.test(a);",
    );
    assert_strips("/a//b/ // c", "/a//b/");
}

#[test]
fn what_is_not_clear_is_refused() {
    for source in [
        "'a\n'",
        "`a",
        "`a${b",
        "a = /b\n/",
        "/* a",
        "f(",
        "a)",
        "(}",
        "x = {} / 2",
        "{}\n/a/.test(b)",
    ] {
        assert!(strip(source).is_err(), "{source}");
    }
    assert_eq!(strip("a\n// b\n'c").map_err(|unclear| unclear.line), Err(3));
}

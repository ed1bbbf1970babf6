// What the binary serves: every module says the same, token for token and line for line, without its comments.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import ts from 'typescript';

const ROOT = new URL('../../', import.meta.url);
const MODULES = ['web/app', 'web/sdk', 'web/test'].flatMap((folder) => readdirSync(new URL(folder, ROOT), { recursive: true })
  .filter((name) => name.endsWith('.js')).map((name) => `${folder}/${name}`));

/** All in one run: each keeps its number of lines, by which they are told apart. @returns {Map<string, string>} */
function stripped() {
  const lines = execFileSync('cargo', ['xtask', 'strip', ...MODULES], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e8 }).split('\n');
  return new Map(MODULES.map((name) => [name, lines.splice(0, source(name).split('\n').length - 1).join('\n')]));
}

/** @param {string} name */
function source(name) { return readFileSync(new URL(name, ROOT), 'utf8'); }

/** Kind, line and text of each token, and what is between them, as the compiler's own parser sees it. @param {string} text */
function parse(text) {
  const file = ts.createSourceFile('module.js', text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.JS);
  assert.deepEqual(/** @type {any} */ (file).parseDiagnostics, []);
  /** @type {string[]} */ const tokens = [];
  /** @type {string[]} */ const between = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file);
    if (children.length) return children.forEach(visit);
    const start = node.getStart(file);
    if (node.getEnd() > start) tokens.push(`${file.getLineAndCharacterOfPosition(start).line + 1}: ${ts.SyntaxKind[node.kind]} ${node.getText(file)}`);
    between.push(text.slice(node.pos, start));
  };
  visit(file);
  return { tokens, between };
}

test('every module keeps its tokens and its lines, and nothing else', () => {
  assert.ok(MODULES.length > 50);
  for (const [name, text] of stripped()) {
    const { tokens, between } = parse(text);
    assert.deepEqual(tokens, parse(source(name)).tokens, name);
    for (const blank of between) assert.match(blank, /^(\n*| +)$/, name);
  }
});

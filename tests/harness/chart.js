// A Helm chart rendered without Helm: the part of its language that our chart uses, and an error for the rest.

import { readdir, readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';

const TAG = /\{\{(-?)\s*(.*?)\s*(-?)\}\}/gs;

/** @returns {Promise<Record<string, any>>} the objects by their kind */
export async function renderChart(folder, { release, values: changes = {} }) {
  const read = (path) => readFile(new URL(path, folder), 'utf8');
  const scope = { Release: { Name: release }, Values: merge(parse(await read('values.yaml')), changes), Chart: parse(await read('Chart.yaml')) };
  const objects = {};
  for (const file of await readdir(new URL('templates/', folder))) {
    const text = render(await read(`templates/${file}`), scope);
    if (!file.endsWith('.yaml')) continue;
    const object = parse(text);
    objects[object.kind] = object;
  }
  return objects;
}

function merge(base, changes) {
  const both = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    both[key] = value && typeof value === 'object' && !Array.isArray(value) ? merge(base[key] ?? {}, value) : value;
  }
  return both;
}

function render(template, scope) {
  const tokens = [];
  let last = 0;
  for (const match of template.matchAll(TAG)) {
    let before = template.slice(last, match.index);
    if (tokens.at(-1)?.trims) before = before.trimStart();
    if (match[1]) before = before.trimEnd();
    tokens.push({ text: before }, { tag: match[2], trims: match[3] === '-' });
    last = match.index + match[0].length;
  }
  tokens.push({ text: template.slice(last) });
  return block(tokens, scope, { dot: scope });
}

/** Renders up to the end of the block that `tokens` begins in. */
function block(tokens, scope, names) {
  let out = '';
  while (tokens.length) {
    const { text, tag } = tokens.shift();
    if (text !== undefined) {
      out += text;
      continue;
    }
    if (tag === 'end') return out;
    const [, word, rest] = /^(if|range)\s+(.*)$/.exec(tag) ?? [];
    if (word === 'if') {
      const inner = block(tokens, scope, names);
      if (truthy(evaluate(rest, scope, names))) out += inner;
    } else if (word === 'range') {
      const [, key, value, list] = /^(?:(\$\w+),\s*(\$\w+)\s*:=\s*)?(.*)$/.exec(rest);
      const items = Object.entries(evaluate(list, scope, names) ?? {});
      const body = tokens.slice();
      if (!items.length) block(tokens, scope, names);
      items.forEach(([at, item], index) => {
        const own = index === items.length - 1 ? tokens : body.map((token) => ({ ...token }));
        out += block(own, scope, { ...names, dot: item, ...(key ? { [key]: at, [value]: item } : {}) });
      });
    } else {
      out += evaluate(tag, scope, names);
    }
  }
  return out;
}

const truthy = (value) => Boolean(value) && !(typeof value === 'object' && Object.keys(value).length === 0);

function evaluate(expression, scope, names) {
  const [first, ...pipes] = expression.split('|').map((part) => part.trim());
  const whole = first.startsWith('toYaml ') ? stringify(look(first.slice(7), scope, names)).trimEnd() : look(first, scope, names);
  return pipes.reduce((value, pipe) => {
    const [name, argument] = pipe.split(/\s+/);
    if (name === 'quote') return JSON.stringify(String(value));
    if (name === 'indent') return String(value).replaceAll(/^/gm, ' '.repeat(Number(argument)));
    throw new Error(`the chart uses ${pipe}, which is not known here`);
  }, whole);
}

function look(path, scope, names) {
  if (path === '.') return names.dot;
  if (path.startsWith('$')) return names[path];
  if (!/^\.\w+(\.\w+)*$/.test(path)) throw new Error(`the chart says ${path}, which is not known here`);
  const value = path.slice(1).split('.').reduce((at, key) => at?.[key], scope);
  if (value === undefined) throw new Error(`the chart has no ${path}`);
  return value;
}

// What a server says about itself on /metrics, as Prometheus reads it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { http } from './http.js';

/** All samples by their name and labels, as they are written: `parlor_joins_total{dialect="json",result="ok"}`. */
export async function scrape(port) {
  const answer = await http({ port, path: '/metrics' });
  if (answer.status !== 200) throw new Error(`/metrics answers ${answer.status}: ${answer.body}`);
  return new Scraped(answer.body.toString());
}

export class Scraped {
  #samples = new Map();

  constructor(text) {
    this.text = text;
    for (const line of text.split('\n')) {
      const [, name, value] = line.match(/^([a-z_]+(?:\{.*\})?) (\S+)$/) ?? [];
      if (name) this.#samples.set(name, Number(value));
    }
  }

  /** Zero for what has never happened. */
  get(name) {
    return this.#samples.get(name) ?? 0;
  }

  /** Those that begin like this, and are not zero. */
  all(prefix) {
    const found = [...this.#samples].filter(([name, value]) => name.startsWith(prefix) && value !== 0);
    return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value]));
  }

  /** Every name that a query may use: of samples, and of metrics that have none yet. */
  get names() {
    const families = [...this.text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    return new Set(families.flatMap(([, name, kind]) => (kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name])));
  }
}

/** Prometheus' own checker (Debian package `prometheus`). @returns {Promise<{ code: number, output: string }>} */
export async function promtool(args, input = '') {
  const child = spawn('promtool', args);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, output };
}

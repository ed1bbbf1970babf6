// The admin API as a client sees it: a server with a token, and requests whose answers are read as JSON.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from './server.js';

/** With which tokens are signed, where a test wants them. */
export const SECRET = 'a secret of the tests, and of nobody else at all';
export const WITH_TOKENS = ['--tokens-secret', SECRET, '--open-rooms'];
export const TOKEN = '0123456789abcdef0123456789abcdef0123456789abcdef';

/** A server that lets itself be administered, with the token in a file as it should be. */
export async function startAdministered({ args = [], ...rest } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'parlor-api-'));
  const file = join(folder, 'admin-token');
  await writeFile(file, `${TOKEN}\n`);
  const server = await startServer({ args: ['--admin-token-file', file, '--state-dir', folder, ...args], ...rest });
  const api = new Api(server.url);
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  };
  return { server, api, tokenFile: file, stop };
}

export class Api {
  #base;
  #token;

  constructor(base, token = TOKEN) {
    this.#base = base;
    this.#token = token;
  }

  with(token) {
    return new Api(this.#base, token);
  }

  /**
   * @param {string} method
   * @param {string} path after `/api/v1`
   * @param {{ body?: unknown, raw?: string | Uint8Array, headers?: Record<string, string>, ifMatch?: string }} [options]
   */
  async ask(method, path, { body, raw, headers = {}, ifMatch } = {}) {
    const sent = {
      ...(this.#token && { authorization: `Bearer ${this.#token}` }),
      ...((body !== undefined || raw !== undefined) && { 'content-type': 'application/json' }),
      ...(ifMatch && { 'if-match': ifMatch }),
      ...headers,
    };
    const answer = await fetch(`${this.#base}/api/v1${path}`, {
      method, headers: sent, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)), redirect: 'manual',
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      etag: answer.headers.get('etag'),
      kind: answer.headers.get('content-type'),
      text,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  get(path, options) { return this.ask('GET', path, options); }
  post(path, body, options) { return this.ask('POST', path, { body, ...options }); }
  patch(path, body, options) { return this.ask('PATCH', path, { body, ifMatch: '*', ...options }); }
  delete(path, options) { return this.ask('DELETE', path, options); }
}

export const pathOf = (...segments) => segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');

// The doctor (`parlor doctor`), and the worlds that it is to see through: certificates of several kinds, and what stands badly in front of a server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { Authority } from './certificates.js';
import { endWithFile } from './cleanup.js';
import { runParlor } from './server.js';

const DAY_MS = 86_400_000;
const manual = await readFile(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');

/** Runs it for machines, and returns the report with the exit code; `check` finds one check by its name. */
export async function doctor(args, { env } = {}) {
  const { code, stdout, stderr } = await runParlor(['doctor', '--json', ...args], { env });
  if (stdout === '') throw new Error(`no report: ${code} ${stderr}`);
  const report = JSON.parse(stdout);
  for (const { check, facts } of report.checks) {
    for (const fact of Object.keys(facts)) assert.ok(manual.includes(`\`${fact}\``), `the manual says nothing of ${fact} of ${check}`);
  }
  return { ...report, code, check: (name) => report.checks.find(({ check }) => check === name) };
}

/** A certificate authority of our own; `SSL_CERT_FILE` makes it one that the system trusts. */
export async function createAuthority() {
  const folder = mkdtempSync(join(tmpdir(), 'parlor-certificates-'));
  endWithFile(() => rmSync(folder, { recursive: true }));
  const authority = new Authority('Example Root');
  const path = (name) => join(folder, name);
  await writeFile(path('ca.pem'), authority.pem);
  let count = 0;
  const kept = async ({ certificate, key }) => {
    const [keyPath, certificatePath] = ['key', 'pem'].map((end) => path(`${count}.${end}`));
    count += 1;
    await Promise.all([writeFile(keyPath, key), writeFile(certificatePath, certificate)]);
    return { keyPath, certificatePath, key, cert: certificate };
  };
  return {
    trusted: { SSL_CERT_FILE: path('ca.pem') },
    /** Signed by the authority, valid for so many days from now (or until so many days ago). */
    issue: ({ names = ['localhost', '127.0.0.1'], days = 30 } = {}) => {
      const until = Date.now() + days * DAY_MS;
      const from = Math.min(Date.now(), until) - DAY_MS;
      return kept(authority.issue({ names, from: new Date(from), until: new Date(until) }));
    },
    issueToItself: () => kept(Authority.alone({ names: ['localhost'] })),
  };
}

/** TLS in front of a server, byte for byte. */
export function startTls({ to, certificate: { key, cert } }) {
  return listening(
    createTlsServer({ key, cert }, (client) => {
      const server = connect({ port: to, host: '127.0.0.1' });
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
      client.pipe(server).pipe(client);
    }),
  );
}

/** A reverse proxy as people configure them, with their mistakes: `Upgrade` is not passed on unless `upgrades`, and what is `missing` is 404. */
export function startFront({ to, headers = {}, upgrades = false, missing = [] }) {
  const ask = (asked) => request({ port: to, host: '127.0.0.1', path: asked.url, method: asked.method, headers: asked.headers, agent: false });
  const front = createHttpServer((asked, answer) => {
    if (missing.includes(asked.url)) return answer.writeHead(404).end();
    delete asked.headers.upgrade;
    asked.headers.connection = 'close';
    const outgoing = ask(asked).on('error', () => answer.destroy());
    outgoing.on('response', (told) => {
      answer.writeHead(told.statusCode, { ...told.headers, ...headers });
      told.pipe(answer);
    });
    asked.pipe(outgoing);
  });
  if (upgrades) {
    front.on('upgrade', (asked, client) => {
      const outgoing = ask(asked).on('error', () => client.destroy());
      outgoing.on('upgrade', (told, server, first) => {
        const lines = Object.entries(told.headers).map(([name, value]) => `${name}: ${value}\r\n`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
        client.write(first);
        for (const socket of [client, server]) socket.on('error', () => [client, server].forEach((end) => end.destroy()));
        client.pipe(server).pipe(client);
      });
      outgoing.end();
    });
  }
  return listening(front);
}

/** Accepts connections; what it then does with them is up to `greet`, which may be nothing. */
export function startStranger(greet = () => {}) {
  return listening(createServer(greet));
}

async function listening(server) {
  const open = new Set();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  });
  const end = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  const ended = endWithFile(end);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    close: async () => {
      const closed = once(server, 'close');
      end();
      await closed;
      ended();
    },
  };
}

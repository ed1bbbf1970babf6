// The real binary as a child process: started on a free port, stopped, killed, started again.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { endWithFile } from './cleanup.js';
import { http } from './http.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** `cargo xtask test` names the binary it has built; by hand it is where `cargo build --release` puts it. */
export const binary = process.env.PARLOR_BINARY ?? `${root}target/release/parlor`;

const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 15_000;
/** Tests end with people in rooms, who need no time to go; what is about draining says so itself. */
const NO_DRAIN = { PARLOR_DRAIN_TIMEOUT: '0s' };

/**
 * @typedef {object} Exit
 * @property {number | null} code
 * @property {NodeJS.Signals | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

/** Runs the binary to its end, for what it says and the code it leaves. */
export async function runParlor(args, { env = {} } = {}) {
  const child = launch(args, env);
  const timer = setTimeout(() => child.process.kill('SIGKILL'), START_TIMEOUT_MS);
  const exit = await child.exited;
  clearTimeout(timer);
  return exit;
}

/**
 * Starts a server that answers `/readyz` when this returns. `host` is the name for pages where it speaks TLS; it
 * listens on `listen` if not on localhost alone.
 */
export async function startServer({ args = [], env = {}, port, host, listen } = {}) {
  const server = new Server({ args, env, host, listen, port: port ?? (await freePort()) });
  await server.start();
  return server;
}

export async function freePort() {
  const listener = createServer().listen(0, 'localhost');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}

class Server {
  #args;
  #env;
  #child = null;

  constructor({ args, env, port, host, listen = `localhost:${port}` }) {
    this.#args = ['--listen', listen, ...args];
    this.#env = env;
    this.port = port;
    this.url = host ? `https://${host}:${port}` : `http://localhost:${port}`;
    this.webSocketUrl = `ws://localhost:${port}/ws`;
  }

  get pid() {
    return this.#child.process.pid;
  }

  /** All that the server has written so far. */
  get output() {
    return this.#child.output();
  }

  async start() {
    this.#child = launch(this.#args, { ...NO_DRAIN, ...this.#env });
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (this.#child.exit) throw new Error(`the server ended at once: ${JSON.stringify(this.#child.exit)}`);
      if (Date.now() > deadline) throw new Error(`the server is not ready: ${this.output}`);
      await pause(20);
    }
  }

  async isReady() {
    const answer = await http({ port: this.port, path: '/readyz' }).catch(() => null);
    return answer?.status === 200;
  }

  isAlive() {
    return this.#child.exit === null;
  }

  /** Asks it to stop, as a service manager does. */
  async stop() {
    const child = this.#child;
    child.process.kill('SIGTERM');
    const timer = setTimeout(() => child.process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const exit = await child.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Sends a signal, and waits for nothing. */
  signal(name) {
    this.#child.process.kill(name);
  }

  /** How it ended, once it has. */
  get exited() {
    return this.#child.exited;
  }

  /** Takes it away without a word, as a power cut does. */
  async kill() {
    this.#child.process.kill('SIGKILL');
    return this.#child.exited;
  }
}

/** This process's environment without what would configure a server. */
export function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PARLOR_')));
}

function launch(args, env) {
  const process_ = spawn(binary, args, { env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = endWithFile(() => process_.kill('SIGKILL'));
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    process_[name].setEncoding('utf8').on('data', (chunk) => (text[name] += chunk));
  }
  const child = { process: process_, exit: null, output: () => text.stdout + text.stderr };
  child.exited = new Promise((resolve, reject) => {
    process_.once('error', reject);
    process_.once('close', (code, signal) => {
      ended();
      child.exit = { code, signal, ...text };
      resolve(child.exit);
    });
  });
  return child;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

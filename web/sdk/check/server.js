// The way to the server: HTTP, its clock, the WebSocket, round trips on it, and which STUN and TURN servers it names.

import { deadline, pause } from './wait.js';
import { summary } from './samples.js';
/** @import { ClockSeen, IceAnswer, ServerSeen } from './types.js' */

const PATIENCE_MS = 8_000;
/** Together well below what the server lets one client say in a second. */
const PINGS = 10;
const PING_PAUSE_MS = 100;
const PONG_PATIENCE_MS = 3_000;
/** Of a `Date` header, which has no fractions. */
const HALF_A_SECOND = 500;

/** @param {URL} base @param {AbortSignal} [signal] @returns {Promise<ServerSeen>} */
export async function measureServer(base, signal) {
  /** @type {ServerSeen} */
  const seen = { reached: 'nothing', refused: false, version: '', helloMs: null, ...summary(0, []) };
  const answer = await get(base, 'livez');
  if (answer) seen.reached = 'http';
  const started = performance.now();
  const socket = new WebSocket(new URL('ws', base).href.replace(/^http/, 'ws'));
  const line = new Line(socket);
  try {
    await line.opened;
    seen.reached = 'websocket';
    const hello = await line.next('welcome', PATIENCE_MS);
    Object.assign(seen, { reached: 'hello', version: String(hello.server ?? ''), helloMs: Math.round(performance.now() - started) });
    Object.assign(seen, await measurePings(socket, line, signal));
  } catch {
    // `reached` says how far it got.
    if (seen.reached === 'http') seen.refused = await isRefused(base);
  } finally {
    socket.close(1000);
  }
  return seen;
}

/** @param {WebSocket} socket @param {Line} line @param {AbortSignal | undefined} signal */
async function measurePings(socket, line, signal) {
  const times = [];
  for (let sent = 1; sent <= PINGS; sent += 1) {
    const at = performance.now();
    socket.send('{"type":"ping"}');
    const answered = await line.next('pong', PONG_PATIENCE_MS).then(() => true, () => false);
    // TCP repeats what got lost: a line that is silent for so long is broken.
    if (!answered) return summary(sent, times);
    times.push(performance.now() - at);
    await pause(PING_PAUSE_MS, signal);
  }
  return summary(PINGS, times);
}

/**
 * A page is not told why its WebSocket failed. What any page may read, it may not write without being let in: a message without
 * a token has no other effect than this answer.
 * @param {URL} base
 */
async function isRefused(base) {
  const url = new URL('api/v1/rooms/check/messages', base);
  const response = await fetch(url, { method: 'POST', body: '{}', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  return answer?.code === 'origin-refused';
}

/** Frames of a WebSocket, one question at a time. */
class Line {
  /** @type {((frame: any) => void) | null} */ #waiting = null;
  /** @type {any[]} */ #unread = [];
  #socket;

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.#socket = socket;
    this.opened = deadline(PATIENCE_MS, new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = socket.onclose = reject;
    }));
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  /** @param {string} type @param {number} patience @returns {Promise<any>} */
  next(type, patience) {
    return deadline(patience, new Promise((resolve, reject) => {
      this.#waiting = (frame) => { if (frame.type === type) resolve(frame); };
      this.#socket.onclose = reject;
      for (const frame of this.#unread.splice(0)) this.#waiting(frame);
    }));
  }

  /** @param {any} frame */
  #take(frame) {
    if (this.#waiting) this.#waiting(frame);
    else this.#unread.push(frame);
  }
}

/** @param {URL} base @returns {Promise<ClockSeen>} */
export async function readClock(base) {
  const before = Date.now();
  const header = (await get(base, 'livez'))?.headers.get('date');
  const middle = (before + Date.now()) / 2;
  const at = Date.parse(header ?? '');
  return { aheadMs: Number.isNaN(at) ? null : Math.round(middle - at - HALF_A_SECOND) };
}

/** @param {URL} base @returns {Promise<IceAnswer>} */
export async function askIceServers(base) {
  const response = await get(base, 'api/v1/ice-servers');
  if (response?.status === 404) return { answer: 'none', iceServers: [] };
  const { iceServers } = response?.ok ? await response.json().catch(() => ({})) : {};
  if (!Array.isArray(iceServers)) return { answer: 'failed', iceServers: [] };
  return { answer: iceServers.length > 0 ? 'some' : 'none', iceServers };
}

/** @param {URL} base @param {string} path @returns {Promise<Response | null>} */
function get(base, path) {
  return fetch(new URL(path, base), { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => null);
}

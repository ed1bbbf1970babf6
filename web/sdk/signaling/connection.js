// Keeps a session connected: opens transports, waits between attempts, runs the session's timers.

import { ParlorError, finalCloseError } from '../errors.js';
import { connectTimeout, retryDelay } from './backoff.js';
import { Session } from './session.js';
import { Transport } from './transport.js';

/** @import { SessionOutput as Output } from '../internal.js' */
/** @import { Joined, Request, WireEvent } from '../wire.js' */
/** @import { Credentials, Entry } from './session.js' */

/** The first join gives up after about eight seconds; a member of a room never does. */
const ATTEMPTS_TO_JOIN = 7;
/** A connection that held for so long was a good one: the next attempt is made at once. */
const GOOD_AFTER = 5_000;
/** After close code 4003 (kept sending too fast). */
const PENALTY = 2_000;

/**
 * @typedef {object} ConnectionHooks
 * @property {(picture: Joined, fresh: boolean, first: boolean) => void} onPicture
 * @property {(replayed: number) => void} onResumed
 * @property {(event: WireEvent) => void} onEvent
 * @property {(attempt: number, retryInMs: number) => void} onDown
 * @property {(credentials: Credentials) => void} onCredentials
 * @property {() => void} onProgress a request was answered: there is room for more
 * @property {(error: ParlorError) => void} onComplaint
 * @property {(reason: ParlorError) => void} onClosed for good
 *
 * @typedef {{resolve: () => void, reject: (error: ParlorError) => void}} Waiting
 */

export class Connection {
  /** @type {{url: string, WebSocket: typeof WebSocket}} */ #options;
  /** @type {ConnectionHooks} */ #hooks;
  /** @type {Session} */ #session;
  /** @type {Transport | null} */ #transport = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #sessionTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retryTimer;
  /** @type {Set<Waiting>} */ #waiting = new Set();
  #attempt = 0;
  #joined = false;
  #closed = false;
  #liveAt = 0;
  #draining = false;

  /**
   * @param {{url: string, WebSocket: typeof WebSocket, entry: Entry, remembered: Credentials | null}} options
   * @param {ConnectionHooks} hooks
   */
  constructor({ url, WebSocket, entry, remembered }, hooks) {
    this.#options = { url, WebSocket };
    this.#hooks = hooks;
    this.#session = new Session(entry, randomToken, remembered);
  }

  get live() { return this.#session.live; }
  get backlog() { return this.#session.backlog; }

  open() {
    if (this.#closed) return;
    const { url, WebSocket } = this.#options;
    const timeout = connectTimeout(this.#attempt);
    try {
      this.#transport = new Transport({ url, WebSocket, timeout }, {
        onFrame: (frame) => this.#run(() => this.#session.handleFrame(frame, performance.now())),
        onDown: (code) => this.#down(code),
      });
    } catch (cause) {
      this.close(new ParlorError('unreachable', { cause }));
    }
  }

  /**
   * @param {Request} message
   * @returns {Promise<void>} settled by the server's answer
   */
  request(message) {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new ParlorError('closed'));
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      this.#run(() => {
        if (this.#session.handleRequest(message, waiting, performance.now())) return;
        this.#settle(waiting, new ParlorError('queue-full'));
      });
    });
  }

  /** @param {Request} message */
  sendVolatile(message) {
    this.#run(() => this.#session.handleVolatile(message, performance.now()));
  }

  /** The network or the page came back: don't sit out the pause. */
  wake() {
    if (this.#closed) return;
    if (this.#transport) return this.#transport.probe();
    clearTimeout(this.#retryTimer);
    this.open();
  }

  /** @param {ParlorError} reason */
  close(reason) {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#sessionTimer);
    this.#transport?.close();
    this.#transport = null;
    for (const waiting of this.#waiting) waiting.reject(reason.code === 'left' ? new ParlorError('closed') : reason);
    this.#waiting.clear();
    this.#hooks.onClosed(reason);
  }

  /** @param {() => void} step */
  #run(step) {
    if (this.#closed) return;
    step();
    this.#drain();
    if (this.#closed) return;
    clearTimeout(this.#sessionTimer);
    const now = performance.now();
    const due = this.#session.pollTimeout(now);
    if (due === null) return;
    this.#sessionTimer = setTimeout(() => this.#run(() => this.#session.handleTimeout(performance.now())), Math.max(due - now, 1));
  }

  /** A hook may make requests, which run the session again: outputs stay in order all the same. */
  #drain() {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let output = this.#session.pollOutput(); output && !this.#closed; output = this.#session.pollOutput()) {
        this.#carryOut(output);
      }
    } finally {
      this.#draining = false;
    }
  }

  /** @param {Output} output */
  #carryOut(output) {
    switch (output.kind) {
      case 'frame': return this.#transport?.send(output.frame);
      case 'event': return this.#hooks.onEvent(output.event);
      case 'picture':
        this.#up();
        return this.#hooks.onPicture(output.picture, output.fresh, output.first);
      case 'resumed':
        this.#up();
        return this.#hooks.onResumed(output.replayed);
      case 'settled': return this.#settle(output.tag, null);
      case 'refused': return this.#settle(output.tag, output.error ? refusal(output.error) : new ParlorError('session-lost'));
      case 'rejected': return this.close(refusal(output.error));
      case 'complaint': return this.#hooks.onComplaint(refusal(output.error));
      default: /** @satisfies {never} */ (output);
    }
  }

  #up() {
    this.#joined = true;
    this.#liveAt = performance.now();
    const { credentials } = this.#session;
    if (credentials) this.#hooks.onCredentials(credentials);
  }

  /** @param {unknown} tag @param {ParlorError | null} error */
  #settle(tag, error) {
    const waiting = /** @type {Waiting | null} */ (tag);
    if (waiting && this.#waiting.delete(waiting)) {
      if (error) waiting.reject(error);
      else waiting.resolve();
    }
    this.#hooks.onProgress();
  }

  /** @param {number} code */
  #down(code) {
    this.#transport = null;
    if (this.#session.live && performance.now() - this.#liveAt > GOOD_AFTER) this.#attempt = 0;
    this.#session.handleDown();
    const final = finalCloseError(code);
    if (final) return this.close(final);
    if (!this.#joined && this.#attempt + 1 >= ATTEMPTS_TO_JOIN) return this.close(new ParlorError('unreachable'));
    const delay = Math.max(retryDelay(this.#attempt, Math.random()), code === 4003 || code === 4008 ? PENALTY : 0);
    this.#attempt += 1;
    this.#retryTimer = setTimeout(() => this.open(), delay);
    this.#hooks.onDown(this.#attempt, delay);
  }
}

/** @param {{code: string, message?: string, hint?: string}} error */
function refusal({ code, message, hint }) {
  return new ParlorError(code, { ...(message && { message }), ...(hint && { hint }) });
}

/** 22 characters of 6 bits: nobody guesses it. */
export function randomToken() {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return Array.from(crypto.getRandomValues(new Uint8Array(22)), (byte) => alphabet[byte % 64]).join('');
}

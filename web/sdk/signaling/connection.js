// Keeps a session connected: opens transports, pauses between attempts, runs the session's timers.

import { ParlorError, finalError } from '../errors.js';
import { connectTimeout, retryDelay, runAt } from '../timing.js';
import { Session } from './session.js';
import { Transport } from './transport.js';
/** @import { ConnectionHooks, Credentials, Entry, Request, SessionOutput, Waiting } from '../internal.js' */
/** @import { ClientFrame } from '../wire.js' */
/** @import { TokenSource } from '../types.js' */

/** The first join gives up after about eight seconds; a member of a room never does. */
const ATTEMPTS_TO_JOIN = 7;
/** A connection that held so long was a good one: the next attempt is made at once. */
const GOOD_AFTER = 5_000;
/** After close codes 4003 (too fast) and 4008 (too many connections). */
const PENALTY = 2_000;

export class Connection {
  #options;
  #hooks;
  #session;
  /** @type {Transport | null} */ #transport = null;
  /** @type {Set<Waiting>} */ #waiting = new Set();
  #sessionTimer = 0;
  #retryTimer = 0;
  #attempt = 0;
  #liveAt = 0;
  #closed = false;
  /** Where to connect once this server has ended. */ #goTo = '';
  #draining = false;

  /**
   * @param {{url: string, token: TokenSource | undefined, WebSocket: typeof WebSocket, entry: Entry, remembered: Credentials | null}} options
   * @param {ConnectionHooks} hooks
   */
  constructor(options, hooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#session = new Session(options.entry, randomToken, options.remembered);
  }

  get live() { return this.#session.live; }
  get backlog() { return this.#session.backlog; }

  open() {
    if (this.#closed) return;
    try {
      this.#transport = new Transport({ ...this.#options, timeout: connectTimeout(this.#attempt) }, {
        onFrame: (frame) => this.#run((now) => this.#session.handleFrame(frame, now)),
        onDown: (code) => this.#down(code),
      });
    } catch (cause) {
      this.close(new ParlorError('unreachable', { cause }));
    }
  }

  /** @param {Request} message @returns {Promise<void>} settled by the server's answer */
  request(message) {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new ParlorError('closed'));
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      this.#run((now) => {
        if (!this.#session.handleRequest(message, waiting, now)) this.#settle(waiting, new ParlorError('queue-full'));
      });
    });
  }

  /** @param {Request} message */
  sendVolatile(message) {
    this.#run((now) => this.#session.handleVolatile(message, now));
  }

  /** The network or the page came back: the pause is over, a silent connection is asked. */
  wake() {
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
    for (const { reject } of this.#waiting) reject(new ParlorError('closed', { cause: reason }));
    this.#hooks.onClosed(reason);
  }

  /** @param {(now: number) => void} step */
  #run(step) {
    if (this.#closed) return;
    step(performance.now());
    this.#drain();
    if (this.#closed) return;
    clearTimeout(this.#sessionTimer);
    this.#sessionTimer = runAt(this.#session.pollTimeout(), () => this.#run((now) => this.#session.handleTimeout(now)));
  }

  /** A hook may make requests, which run the session again: outputs stay in order all the same. */
  #drain() {
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let output; !this.#closed && (output = this.#session.pollOutput());) this.#carryOut(output);
    } finally {
      this.#draining = false;
    }
  }

  /** @param {SessionOutput} output */
  #carryOut(output) {
    switch (output.kind) {
      case 'frame': return void this.#say(output.frame);
      case 'event': return this.#hooks.onEvent(output.event);
      case 'picture':
        this.#up();
        return this.#hooks.onPicture(output.picture, output.fresh, output.first);
      case 'resumed':
        this.#up();
        return this.#hooks.onResumed(output.replayed);
      case 'settled': return this.#settle(output.tag, null);
      case 'refused': return this.#settle(output.tag, new ParlorError(output.error?.code ?? 'session-lost', output.error ?? {}));
      case 'waiting': return this.#hooks.onWaiting(output.id);
      case 'going-away':
        this.#goTo = output.goTo ?? '';
        return this.#hooks.onGoingAway(output.inMs);
      case 'rejected': return this.close(new ParlorError(output.error.code, output.error));
      case 'complaint': return this.#hooks.onComplaint(new ParlorError(output.error.code, output.error));
      default: /** @satisfies {never} */ (output);
    }
  }

  /** A token is asked for anew each time. Whoever makes them may be as far away as the server: both are tried again. @param {ClientFrame} frame */
  async #say(frame) {
    const transport = this.#transport;
    const { token } = this.#options;
    try {
      if (frame.type === 'join' || frame.type === 'token') frame.token = /** @type {string} */ (typeof token === 'function' ? await token() : token);
      transport?.send(frame);
    } catch {
      transport?.fail();
    }
  }

  #up() {
    this.#liveAt = performance.now();
    if (this.#session.credentials) this.#hooks.onCredentials(this.#session.credentials);
  }

  /** @param {unknown} tag @param {ParlorError | null} error */
  #settle(tag, error) {
    const waiting = /** @type {Waiting | null} */ (tag);
    if (waiting) this.#waiting.delete(waiting);
    if (error) waiting?.reject(error);
    else waiting?.resolve();
    this.#hooks.onProgress();
  }

  /** @param {number} code */
  #down(code) {
    this.#transport = null;
    if (this.#goTo) this.#options = { ...this.#options, url: this.#goTo };
    this.#goTo = '';
    if (this.live && performance.now() - this.#liveAt > GOOD_AFTER) this.#attempt = 0;
    this.#session.handleDown();
    const final = finalError(code);
    if (final) return this.close(final);
    const delay = Math.max(retryDelay(this.#attempt, Math.random()), code === 4003 || code === 4008 ? PENALTY : 0);
    this.#attempt += 1;
    if (!this.#liveAt && this.#attempt >= ATTEMPTS_TO_JOIN) return this.close(new ParlorError('unreachable'));
    this.#retryTimer = setTimeout(() => this.open(), delay);
    this.#hooks.onDown(this.#attempt, delay);
  }
}

/** 128 random bits in 22 characters. */
export function randomToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).slice(0, 22).replaceAll('+', '-').replaceAll('/', '_');
}

// What one membership said and heard: request ids, order, repeats, acknowledgements. No socket, no clock, no timers.

import { Pace } from '../timing.js';
/** @import { ClientFrame, Credentials, Entry, Joined, Pending, Request, Resumed, ServerFrame, SessionOutput, Welcome, WireError, WireEvent } from '../internal.js' */

const PROTOCOL = 1;
/** Of `join` and `resume`; the other ids count on from here. */
const ENTER_ID = 1;
/** The server remembers the answers to 256. */
const MAX_UNANSWERED = 128;
/** Of those that wait for the connection; more are refused. */
const MAX_REQUESTS = 1024;
/** Chat that the server has, but perhaps not yet everybody: said again if the server is started anew. */
const MAX_UNSTABLE = 512;
const ACK_DELAY = 1_000;
/** In a busy room sooner: what is not acknowledged is kept by the server, and that has bounds. */
const ACK_AFTER = 128;
const PAUSE = 1_000;

export class Session {
  #entry;
  #random;
  #credentials;
  #pace = new Pace();
  /** Of the last event; -1: a picture is needed. */
  #seq = -1;
  /** @type {'down' | 'entering' | 'live'} */ #phase = 'down';
  #entered = false;
  #nonce = '';
  #nextId = 0;
  /** @type {Pending[]} */ #requests = [];
  /** @type {{seq: number, keepUntil: number, message: Request}[]} */ #unstable = [];
  /** For so long a new server does not count those who have not come back yet. */
  #graceMs = 0;
  /** @type {SessionOutput[]} */ #outputs = [];
  #ackAt = Infinity;
  #acked = 0;
  #enterAt = Infinity;

  /**
   * @param {Entry} entry
   * @param {() => string} random
   * @param {Credentials | null} remembered of a page that was reloaded
   */
  constructor(entry, random, remembered = null) {
    this.#entry = entry;
    this.#random = random;
    this.#credentials = remembered;
  }

  get credentials() { return this.#credentials; }
  get live() { return this.#phase === 'live'; }
  get backlog() { return this.#requests.length; }

  /** @param {Request} message @param {unknown} tag comes back with the answer @param {number} now @returns {boolean} false: too much waits */
  handleRequest(message, tag, now) {
    if (this.#requests.length >= MAX_REQUESTS) return false;
    this.#requests.push({ id: 0, sent: false, message, tag });
    this.#pump(now);
    return true;
  }

  /** Dropped when it can't be sent now. @param {Request} message @param {number} now */
  handleVolatile(message, now) {
    if (this.live && this.#pace.take(now)) this.#send(message);
  }

  handleDown() {
    this.#phase = 'down';
    this.#ackAt = this.#enterAt = Infinity;
    this.#acked = 0;
  }

  /** @param {ServerFrame} frame @param {number} now */
  handleFrame(frame, now) {
    switch (frame.type) {
      case 'welcome': this.#welcomed(frame); break;
      case 'joined': this.#joined(frame, now); break;
      case 'resumed': this.#resumed(frame); break;
      case 'ok': this.#settle(this.#take(frame.id ?? 0), frame.seq ?? 0, now); break;
      case 'error': this.#refused(frame, now); break;
      case 'pong': this.#unstable = this.#unstable.filter(({ seq, keepUntil }) => seq > frame.stable || keepUntil > now); break;
      case 'going-away': this.#outputs.push({ kind: 'going-away', inMs: frame.inMs, goTo: frame.goTo }); break;
      case 'presence': break;
      case 'waiting': this.#outputs.push({ kind: 'waiting', id: frame.peer }); break;
      case 'token-expiring':
        this.#send({ type: 'token', token: '' });
        return this.#event(frame, now);
      case 'member-joined': case 'member-left': case 'member-updated':
      case 'chat': case 'message': case 'event': case 'offer': case 'answer': case 'candidate': case 'ice-servers':
      case 'knock': case 'knock-ended': case 'room-updated':
        return this.#event(frame, now);
      default: /** @satisfies {never} a newer server says more */ (frame);
    }
    this.#pump(now);
  }

  /** @param {number} now */
  handleTimeout(now) {
    if (now >= this.#ackAt) {
      this.#ackAt = Infinity;
      this.#acked = this.#seq;
      this.#send({ type: 'ack', seq: this.#seq });
    }
    if (now >= this.#enterAt) this.#enter();
    this.#pump(now);
  }

  pollOutput() { return this.#outputs.shift(); }

  /** @returns {number} when handleTimeout is due */
  pollTimeout() {
    const waiting = this.live && this.#requests.some(({ sent }) => !sent);
    return Math.min(this.#ackAt, this.#enterAt, waiting && this.#free() ? this.#pace.nextAt() : Infinity);
  }

  /** @param {Welcome} welcome */
  #welcomed(welcome) {
    this.#pace.start(welcome);
    const { min, max } = welcome.protocol;
    if (min <= PROTOCOL && PROTOCOL <= max) this.#enter();
    else this.#outputs.push({ kind: 'rejected', error: { code: 'unsupported-protocol' } });
  }

  #enter() {
    this.#phase = 'entering';
    this.#enterAt = Infinity;
    const head = { id: ENTER_ID, protocol: PROTOCOL, room: this.#entry.room };
    const since = this.#seq < 0 ? {} : { seq: this.#seq };
    if (this.#credentials) return this.#send({ type: 'resume', ...head, ...this.#credentials, ...since });
    this.#nonce ||= this.#random();
    this.#send({ type: 'join', ...this.#entry, ...head, nonce: this.#nonce });
  }

  /** @param {Joined} picture @param {number} now */
  #joined(picture, now) {
    const fresh = !picture.resumed;
    this.#nonce = '';
    this.#graceMs = picture.graceMs;
    this.#seq = picture.seq;
    this.#nextId = ENTER_ID;
    for (const request of this.#requests) again(request);
    if (fresh) this.#carryOver();
    this.#settleChatOf(picture, now);
    this.#goLive(picture);
    this.#outputs.push({ kind: 'picture', picture, fresh, first: !this.#entered });
    this.#entered = true;
  }

  /** The old session is gone, and with it what the server had not yet told everybody. */
  #carryOver() {
    const [kept, lost] = split(this.#requests, ({ message }) => message.type === 'chat' || message.type === 'update');
    this.#requests = [...this.#unstable.map(({ message }) => ({ id: 0, sent: false, message, tag: null })), ...kept];
    this.#unstable = [];
    for (const { tag } of lost) this.#outputs.push({ kind: 'refused', tag, error: null });
  }

  /** @param {Joined} picture @param {number} now */
  #settleChatOf({ history, seq }, now) {
    const keys = new Set(history.map(({ key }) => key));
    const [known, open] = split(this.#requests, ({ message }) => message.type === 'chat' && keys.has(message.key));
    this.#requests = open;
    for (const request of known) this.#settle(request, seq, now);
  }

  /** @param {Resumed} frame */
  #resumed(frame) {
    for (const request of this.#requests) request.sent = false;
    // Ids must not go back: those that have one go first.
    this.#requests = split(this.#requests, ({ id }) => id > 0).flat();
    this.#goLive(frame);
    this.#outputs.push({ kind: 'resumed', replayed: frame.replayed });
  }

  /** @param {Credentials} credentials */
  #goLive({ peer, secret }) {
    this.#credentials = { peer, secret };
    this.#phase = 'live';
  }

  /** @param {Pending | undefined} request @param {number} seq @param {number} now */
  #settle(request, seq, now) {
    if (!request) return;
    const { message, tag } = request;
    if (message.type === 'chat') this.#unstable = [...this.#unstable, { seq, keepUntil: now + this.#graceMs, message }].slice(-MAX_UNSTABLE);
    this.#outputs.push({ kind: 'settled', tag });
  }

  /** @param {WireError} error @param {number} now */
  #refused(error, now) {
    if (this.#phase === 'entering' && error.id === ENTER_ID) return this.#notEntered(error, now);
    if (error.code === 'rate-limited') {
      this.#pace.pause(now + (error.retryAfterMs ?? PAUSE));
      // It was not carried out. Under its old id it would only be refused again.
      for (const request of this.#requests) if (request.id === error.id) again(request);
      return;
    }
    const request = this.#take(error.id ?? 0);
    this.#outputs.push(request ? { kind: 'refused', tag: request.tag, error } : { kind: 'complaint', error });
  }

  /** @param {WireError} error @param {number} now */
  #notEntered(error, now) {
    if (this.#credentials && (error.code === 'session-unknown' || error.code === 'bad-secret')) {
      this.#credentials = null;
      this.#seq = -1;
      this.#enter();
    } else if (error.retryAfterMs) {
      this.#enterAt = now + error.retryAfterMs;
    } else {
      this.#outputs.push({ kind: 'rejected', error });
    }
  }

  /** @param {WireEvent} event @param {number} now */
  #event(event, now) {
    if (event.seq !== undefined) {
      if (event.seq <= this.#seq) return;
      this.#seq = event.seq;
      const due = event.seq < this.#acked + ACK_AFTER ? now + ACK_DELAY : now;
      this.#ackAt = Math.min(this.#ackAt, due);
    }
    this.#outputs.push({ kind: 'event', event });
  }

  /** @param {number} now */
  #pump(now) {
    while (this.live && this.#free()) {
      const request = this.#requests.find(({ sent }) => !sent);
      if (!request || !this.#pace.take(now)) return;
      request.id ||= ++this.#nextId;
      request.sent = true;
      this.#send({ ...request.message, id: request.id });
    }
  }

  /** Not while later ones than the next are unanswered: they may be refused too, and must then follow it. */
  #free() {
    const next = this.#requests.findIndex(({ sent }) => !sent);
    const last = this.#requests.findLastIndex(({ sent }) => sent);
    return next > last && next < MAX_UNANSWERED;
  }

  /** @param {number} id */
  #take(id) {
    const index = this.#requests.findIndex((request) => request.id > 0 && request.id === id);
    return index < 0 ? undefined : this.#requests.splice(index, 1)[0];
  }

  /** @param {ClientFrame} frame */
  #send(frame) {
    this.#outputs.push({ kind: 'frame', frame });
  }
}

/** @param {Pending} request to be sent under a new id */
function again(request) {
  request.id = 0;
  request.sent = false;
}

/** @template T @param {T[]} list @param {(item: T) => boolean} test @returns {[T[], T[]]} */
function split(list, test) {
  return [list.filter(test), list.filter((item) => !test(item))];
}

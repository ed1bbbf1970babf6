// What one membership said and heard: request ids, order, repeats, acknowledgements. No socket, no clock, no timers.

/** @import { SessionOutput as Output } from '../internal.js' */
/** @import { ClientFrame, Joined, Pong, Request, Resumed, ServerFrame, Welcome, WireChat, WireError, WireEvent } from '../wire.js' */

/** Server and client meet if their ranges overlap. */
const PROTOCOL = 1;
/** The id of `join` and `resume`; other requests count on from here. */
const ENTER_ID = 1;
/** The server remembers the answers to 256 requests. */
const MAX_UNANSWERED = 128;
/** Requests that wait while the connection is away; more are refused. */
const MAX_REQUESTS = 1024;
/** Chat that the server has, but not yet everybody: repeated when the server was started anew. */
const MAX_UNSTABLE = 512;
const ACK_DELAY = 1_000;
/** Staying below the server's limit leaves room for pings, acks and clock drift. */
const SHARE_OF_RATE = 0.75;

/**
 * @typedef {{id: number, sent: boolean, message: Request, tag: unknown}} Pending
 * @typedef {{room: string, name?: string, attributes?: Record<string, string>, identity?: string}} Entry
 * @typedef {{peer: string, secret: string}} Credentials
 */

export class Session {
  /** @type {Entry} */ #entry;
  /** @type {() => string} */ #random;
  /** @type {Credentials | null} */ #credentials;
  /** @type {number | null} null: a picture is needed */ #seq = null;
  /** @type {'down' | 'entering' | 'live'} */ #phase = 'down';
  #entered = false;
  #nonce = '';
  #nextId = ENTER_ID + 1;
  /** @type {Pending[]} in the order they were made */ #requests = [];
  /** @type {{seq: number, message: Request}[]} */ #unstable = [];
  /** @type {Output[]} */ #outputs = [];
  /** @type {number | null} */ #ackAt = null;
  /** @type {number | null} */ #enterAt = null;
  #pausedUntil = 0;
  #bucket = { tokens: 0, burst: 0, perMs: 0, at: 0 };

  /**
   * @param {Entry} entry
   * @param {() => string} random 16–128 unguessable characters
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

  /**
   * @param {Request} message
   * @param {unknown} tag comes back with the answer
   * @param {number} now
   * @returns {boolean} false: too much is waiting
   */
  handleRequest(message, tag, now) {
    if (this.#requests.length >= MAX_REQUESTS) return false;
    this.#requests.push({ id: 0, sent: false, message, tag });
    this.#pump(now);
    return true;
  }

  /**
   * Something that may be dropped, and is when there is no time for it.
   * @param {Request} message
   * @param {number} now
   */
  handleVolatile(message, now) {
    if (this.#phase === 'live' && now >= this.#pausedUntil && this.#takeToken(now)) this.#send(message);
  }

  handleDown() {
    this.#phase = 'down';
    this.#ackAt = null;
    this.#enterAt = null;
  }

  /** @param {ServerFrame} frame @param {number} now */
  handleFrame(frame, now) {
    switch (frame.type) {
      case 'welcome': return this.#welcomed(frame, now);
      case 'joined': return this.#joined(frame, now);
      case 'resumed': return this.#resumed(frame, now);
      case 'ok': return this.#settle(frame.id ?? 0, frame.seq ?? 0, now);
      case 'error': return this.#refused(frame, now);
      case 'pong': return this.#stable(frame);
      case 'presence': return;
      case 'member-joined': case 'member-left': case 'member-updated':
      case 'chat': case 'message': case 'offer': case 'answer': case 'candidate':
        return this.#event(frame, now);
      default:
        /** @satisfies {never} a newer server says more */ (frame);
    }
  }

  /** @param {number} now */
  handleTimeout(now) {
    if (this.#ackAt !== null && now >= this.#ackAt && this.#seq !== null) {
      this.#ackAt = null;
      this.#send({ type: 'ack', seq: this.#seq });
    }
    if (this.#enterAt !== null && now >= this.#enterAt) this.#enter();
    this.#pump(now);
  }

  pollOutput() { return this.#outputs.shift() ?? null; }

  /** @param {number} now @returns {number | null} when handleTimeout is due */
  pollTimeout(now) {
    const due = [this.#ackAt, this.#enterAt, this.#nextSendAt(now)].filter((at) => at !== null);
    return due.length ? Math.min(...due) : null;
  }

  /** @param {Welcome} welcome @param {number} now */
  #welcomed(welcome, now) {
    const burst = welcome.burst * SHARE_OF_RATE;
    this.#bucket = { tokens: burst, burst, perMs: (welcome.messagesPerSecond * SHARE_OF_RATE) / 1000, at: now };
    this.#pausedUntil = 0;
    if (welcome.protocol.min > PROTOCOL || welcome.protocol.max < PROTOCOL) {
      this.#outputs.push({ kind: 'rejected', error: { code: 'unsupported-protocol' } });
    } else {
      this.#enter();
    }
  }

  #enter() {
    this.#phase = 'entering';
    this.#enterAt = null;
    const common = { id: ENTER_ID, protocol: PROTOCOL, room: this.#entry.room };
    if (this.#credentials) {
      const since = this.#seq === null ? {} : { seq: this.#seq };
      return this.#send({ type: 'resume', ...common, ...this.#credentials, ...since });
    }
    this.#nonce ||= this.#random();
    this.#send({ type: 'join', ...this.#entry, ...common, nonce: this.#nonce });
  }

  /** @param {Joined} picture @param {number} now */
  #joined(picture, now) {
    const fresh = !picture.resumed;
    this.#nonce = '';
    this.#credentials = { peer: picture.peer, secret: picture.secret };
    this.#seq = picture.seq;
    this.#phase = 'live';
    this.#nextId = ENTER_ID + 1;
    for (const request of this.#requests) Object.assign(request, { id: 0, sent: false });
    if (fresh && this.#entered) this.#carryOver();
    this.#settleChatIn(picture.history);
    this.#outputs.push({ kind: 'picture', picture, fresh, first: !this.#entered });
    this.#entered = true;
    this.#pump(now);
  }

  /** The old session is gone, and with it what the server had not yet told everybody. */
  #carryOver() {
    const again = this.#unstable.map(({ message }) => ({ id: 0, sent: false, message, tag: null }));
    this.#unstable = [];
    const [kept, lost] = split(this.#requests, ({ message }) => message.type === 'chat' || message.type === 'update');
    this.#requests = [...again, ...kept];
    for (const { tag } of lost) this.#outputs.push({ kind: 'refused', tag, error: null });
  }

  /** @param {WireChat[]} history */
  #settleChatIn(history) {
    const keys = new Set(history.map(({ key }) => key));
    const [known, open] = split(this.#requests, ({ message }) => message.type === 'chat' && keys.has(message.key));
    this.#requests = open;
    for (const { tag } of known) this.#outputs.push({ kind: 'settled', tag });
  }

  /** @param {Resumed} frame @param {number} now */
  #resumed(frame, now) {
    this.#credentials = { peer: frame.peer, secret: frame.secret };
    this.#phase = 'live';
    for (const request of this.#requests) request.sent = false;
    // Ids must not go back: those that have one go first.
    this.#requests = split(this.#requests, ({ id }) => id !== 0).flat();
    this.#outputs.push({ kind: 'resumed', replayed: frame.replayed });
    this.#pump(now);
  }

  /** @param {number} id @param {number} seq @param {number} now */
  #settle(id, seq, now) {
    const request = this.#take(id);
    if (!request) return;
    if (request.message.type === 'chat' && seq > 0) {
      this.#unstable.push({ seq, message: request.message });
      if (this.#unstable.length > MAX_UNSTABLE) this.#unstable.shift();
    }
    this.#outputs.push({ kind: 'settled', tag: request.tag });
    this.#pump(now);
  }

  /** @param {WireError} error @param {number} now */
  #refused(error, now) {
    if (this.#phase === 'entering' && error.id === ENTER_ID) return this.#notEntered(error, now);
    if (error.code === 'rate-limited') return this.#slowDown(error, now);
    const request = this.#take(error.id ?? 0);
    if (!request) this.#outputs.push({ kind: 'complaint', error });
    else this.#outputs.push({ kind: 'refused', tag: request.tag, error });
    this.#pump(now);
  }

  /** @param {WireError} error @param {number} now */
  #notEntered(error, now) {
    const forgotten = error.code === 'session-unknown' || error.code === 'bad-secret';
    if (forgotten && this.#credentials) {
      this.#credentials = null;
      this.#seq = null;
      this.#enter();
    } else if (error.code === 'rate-limited') {
      this.#enterAt = now + (error.retryAfterMs ?? 1_000);
    } else {
      this.#outputs.push({ kind: 'rejected', error });
    }
  }

  /**
   * The refused request was not carried out; those after it most likely neither. They get new ids,
   * because an old id would only be answered with the old refusal.
   * @param {WireError} error @param {number} now
   */
  #slowDown(error, now) {
    this.#pausedUntil = now + (error.retryAfterMs ?? 1_000);
    this.#bucket.tokens = 0;
    const request = this.#requests.find(({ id }) => id !== 0 && id === error.id);
    if (request) Object.assign(request, { id: 0, sent: false });
  }

  /** @param {Pong} pong */
  #stable(pong) {
    const stable = pong.stable ?? 0;
    while (this.#unstable[0] && this.#unstable[0].seq <= stable) this.#unstable.shift();
  }

  /** @param {WireEvent} event @param {number} now */
  #event(event, now) {
    const seq = event.seq ?? 0;
    if (seq > 0) {
      if (this.#seq === null || seq <= this.#seq) return;
      this.#seq = seq;
      this.#ackAt ??= now + ACK_DELAY;
    }
    this.#outputs.push({ kind: 'event', event });
  }

  /** @param {number} now */
  #pump(now) {
    if (this.#phase !== 'live' || now < this.#pausedUntil) return;
    const unanswered = this.#requests.filter(({ sent }) => sent).length;
    const next = this.#requests.filter(({ sent }) => !sent).slice(0, MAX_UNANSWERED - unanswered);
    // A refused request goes first again: wait for the answers of those behind it, to keep the order.
    if (unanswered > 0 && next[0] && this.#requests.indexOf(next[0]) < unanswered) return;
    for (const request of next) {
      if (!this.#takeToken(now)) return;
      request.id ||= this.#nextId++;
      request.sent = true;
      this.#send({ ...request.message, id: request.id });
    }
  }

  /** @param {number} now */
  #takeToken(now) {
    this.#refill(now);
    if (this.#bucket.tokens < 1) return false;
    this.#bucket.tokens -= 1;
    return true;
  }

  /** @param {number} now */
  #refill(now) {
    const bucket = this.#bucket;
    bucket.tokens = Math.min(bucket.burst, bucket.tokens + (now - bucket.at) * bucket.perMs);
    bucket.at = now;
  }

  /** @param {number} now */
  #nextSendAt(now) {
    if (this.#phase !== 'live' || this.#requests.every(({ sent }) => sent)) return null;
    if (now < this.#pausedUntil) return this.#pausedUntil;
    this.#refill(now);
    const { tokens, perMs } = this.#bucket;
    return tokens < 1 ? now + (1 - tokens) / perMs : null;
  }

  /** @param {number} id */
  #take(id) {
    const index = this.#requests.findIndex((request) => request.id !== 0 && request.id === id);
    return index < 0 ? null : this.#requests.splice(index, 1)[0] ?? null;
  }

  /** @param {ClientFrame} frame */
  #send(frame) {
    this.#outputs.push({ kind: 'frame', frame });
  }
}

/**
 * @template T
 * @param {T[]} list
 * @param {(item: T) => boolean} test
 * @returns {[T[], T[]]}
 */
function split(list, test) {
  return [list.filter(test), list.filter((item) => !test(item))];
}

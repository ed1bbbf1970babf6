// One membership against a small model of the server: connections break anywhere, the server forgets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Session } from '../sdk/signaling/session.js';
import { forSeeds, seeded } from './helpers.js';

/** @import { SessionOutput } from '../sdk/internal.js' */
/** @import { ClientFrame, ServerFrame } from '../sdk/wire.js' */

const WELCOME = /** @type {const} */ ({ type: 'welcome', protocol: { min: 1, max: 1 }, server: 'model', pingIntervalMs: 5000,
  idleTimeoutMs: 45000, maxFrameBytes: 262144, messagesPerSecond: 200, burst: 400 });

const RULES = { locked: false, waitingRoom: false, muteOnEntry: false, permanent: false };

/** One room with one member, who hears all that is said. */
class Server {
  /** @type {ServerFrame[]} not yet read by the client */ outbox = [];
  /** @type {{seq: number, frame: ServerFrame}[]} */ log = [];
  /** @type {Map<number, ServerFrame>} */ answers = new Map();
  seq = 0;
  session = '';
  lives = 0;
  lastId = 0;

  connect() { this.outbox = [WELCOME]; }

  restart() {
    Object.assign(this, { outbox: [], log: [], answers: new Map(), seq: 0, session: '', lastId: 0 });
  }

  /** @param {ClientFrame} frame */
  receive(frame) {
    switch (frame.type) {
      case 'join': return this.#join(false);
      case 'resume':
        if (frame.secret !== this.session) return this.#error(frame.id, 'session-unknown');
        if (frame.seq === undefined) return this.#join(true);
        return this.#resume(frame.id, frame.seq);
      case 'chat': return this.#chat(frame);
      default: return undefined;
    }
  }

  /** @param {boolean} resumed */
  #join(resumed) {
    this.session ||= `s${++this.lives}`;
    this.answers.clear();
    this.lastId = 0;
    const history = /** @type {any} */ (this.log.map(({ frame }) => frame));
    this.outbox.push({ type: 'joined', id: 1, room: 'r', peer: this.session, secret: this.session, seq: this.seq, members: [],
      history, graceMs: 30000, rules: RULES, iceServers: [], resumed, lost: false });
  }

  /** @param {number | undefined} id @param {number} since */
  #resume(id, since) {
    const missed = this.log.filter(({ seq }) => seq > since);
    this.outbox.push({ type: 'resumed', ...(id && { id }), room: 'r', peer: this.session, secret: this.session, seq: this.seq, replayed: missed.length });
    this.outbox.push(...missed.map(({ frame }) => frame));
  }

  /** @param {Extract<ClientFrame, {type: 'chat'}>} frame */
  #chat({ id = 0, text, key }) {
    const known = this.answers.get(id);
    if (known) return this.outbox.push(known);
    assert.ok(id > this.lastId, `id ${id} after ${this.lastId}`);
    this.lastId = id;
    const seq = ++this.seq;
    /** @type {ServerFrame} */
    const chat = { type: 'chat', seq, from: this.session, name: 'Ada', text, at: 0, ...(key && { key }) };
    /** @type {ServerFrame} */
    const ok = { type: 'ok', id, seq };
    this.log.push({ seq, frame: chat });
    this.answers.set(id, ok);
    return this.outbox.push(chat, ok);
  }

  /** @param {number | undefined} id @param {string} code */
  #error(id, code) {
    return this.outbox.push({ type: 'error', ...(id && { id }), code, message: code, hint: '' });
  }
}

/** @param {Session} session @returns {SessionOutput[]} */
function drain(session) {
  const outputs = [];
  for (let output = session.pollOutput(); output; output = session.pollOutput()) outputs.push(output);
  return outputs;
}

/** @param {Session} session @returns {ClientFrame[]} */
function frames(session) {
  return drain(session).flatMap((output) => (output.kind === 'frame' ? [output.frame] : []));
}

/** Joined, with what that produced already taken. @param {import('../sdk/internal.js').Credentials | null} [remembered] */
function joined(remembered = null) {
  const session = new Session({ room: 'r', name: 'Ada' }, () => 'nonce-nonce-nonce', remembered);
  session.handleFrame(WELCOME, 0);
  session.handleFrame({ type: 'joined', id: 1, room: 'r', peer: 'p', secret: 's1', seq: 4, members: [], history: [],
    graceMs: 30000, rules: RULES, iceServers: [], resumed: remembered !== null, lost: false }, 0);
  drain(session);
  return session;
}

for (const restarts of [false, true]) {
  const promise = restarts ? 'and a server that forgets everything' : 'and a server that remembers';
  test(`connections break between any two frames, ${promise}: each chat arrives once, in order`, () => {
    forSeeds(200, (seed) => {
      const random = seeded(seed);
      const server = new Server();
      const session = new Session({ room: 'r' }, () => `nonce-${random()}`);
      /** @type {ClientFrame[]} */
      let toServer = [];
      /** @type {string[]} */
      const heard = [];
      /** @type {unknown[]} */
      const settled = [];
      let said = 0;
      let up = false;
      let now = 0;
      const take = () => {
        for (const output of drain(session)) {
          if (output.kind === 'frame') toServer.push(output.frame);
          if (output.kind === 'settled' && output.tag) settled.push(output.tag);
          const chats = output.kind === 'event' && output.event.type === 'chat' ? [output.event]
            : output.kind === 'picture' ? output.picture.history : [];
          for (const { key = '' } of chats) if (!heard.includes(key)) heard.push(key);
        }
      };
      const step = (/** @type {boolean} */ calm) => {
        now += 20;
        const dice = random();
        if (!up) { server.connect(); up = true; }
        else if (dice < 0.03 && !calm) { session.handleDown(); toServer = []; up = false; }
        else if (dice < 0.035 && !calm && restarts) { session.handleDown(); toServer = []; up = false; server.restart(); }
        else if (dice < 0.2 && said < 100) session.handleRequest({ type: 'chat', text: '', key: `k${++said}` }, said, now);
        else if (dice < 0.6) { const frame = toServer.shift(); if (frame) server.receive(frame); }
        else { const frame = server.outbox.shift(); if (frame) session.handleFrame(frame, now); }
        session.handleTimeout(now);
        take();
      };
      for (let steps = 0; steps < 2000; steps += 1) step(false);
      for (let steps = 0; steps < 3000; steps += 1) step(true);
      const all = Array.from({ length: said }, (_, index) => `k${index + 1}`);
      assert.deepEqual(heard, all);
      assert.deepEqual([...new Set(settled)].length, said);
      const kept = server.log.map(({ frame }) => (frame.type === 'chat' ? frame.key : ''));
      assert.deepEqual([...new Set(kept)].sort(), kept.sort(), 'the server carried nothing out twice');
    });
  });
}

test('unanswered requests go again with their old ids, in their old order', () => {
  const session = joined();
  session.handleRequest({ type: 'chat', text: 'one', key: 'k1' }, 1, 0);
  session.handleRequest({ type: 'offer', to: 'q', sdp: '' }, 2, 0);
  assert.deepEqual(frames(session).map((frame) => 'id' in frame && frame.id), [2, 3]);
  session.handleDown();
  session.handleFrame(WELCOME, 0);
  assert.deepEqual(frames(session), [{ type: 'resume', id: 1, protocol: 1, room: 'r', peer: 'p', secret: 's1', seq: 4 }]);
  session.handleFrame({ type: 'resumed', id: 1, room: 'r', peer: 'p', secret: 's2', seq: 4, replayed: 0 }, 0);
  assert.deepEqual(drain(session).map((output) => (output.kind === 'frame' ? output.frame : output.kind)), [
    'resumed', { type: 'chat', id: 2, text: 'one', key: 'k1' }, { type: 'offer', id: 3, to: 'q', sdp: '' }]);
  assert.deepEqual(session.credentials, { peer: 'p', secret: 's2' });
});

/** The server was started anew, and this member is back. @param {Session} session @param {number} now */
function rejoin(session, now) {
  session.handleDown();
  session.handleFrame(WELCOME, now);
  session.handleFrame({ type: 'error', id: 1, code: 'session-unknown', message: '', hint: '' }, now);
  drain(session);
  session.handleFrame({ type: 'joined', id: 1, room: 'r', peer: 'p2', secret: 'x', seq: 1, members: [], history: [],
    graceMs: 30000, rules: RULES, iceServers: [], resumed: false, lost: false }, now);
  return drain(session).filter(({ kind }) => kind !== 'picture');
}

test('after a restart of the server chat that not everybody had goes again, and what was for old members is given up', () => {
  const session = joined();
  for (const [tag, key] of ['k1', 'k2'].entries()) {
    session.handleRequest({ type: 'chat', text: key, key }, tag, 0);
    session.handleFrame({ type: 'ok', id: tag + 2, seq: tag + 5 }, 0);
  }
  session.handleFrame({ type: 'pong', stable: 5 }, 30_000);
  session.handleRequest({ type: 'send', to: ['q'], data: 1 }, 'sent', 30_000);
  assert.deepEqual(rejoin(session, 30_000), [{ kind: 'refused', tag: 'sent', error: null },
    { kind: 'frame', frame: { type: 'chat', id: 2, text: 'k2', key: 'k2' } }]);
});

test('a server that was started anew does not know who is still on the way back: chat is kept for the grace time', () => {
  const session = joined();
  const chat = /** @type {const} */ ({ type: 'chat', text: 'k1', key: 'k1' });
  session.handleRequest(chat, 1, 0);
  session.handleFrame({ type: 'ok', id: 2, seq: 5 }, 0);
  session.handleFrame({ type: 'pong', stable: 5 }, 29_999);
  const again = [{ kind: 'frame', frame: { ...chat, id: 2 } }];
  assert.deepEqual(rejoin(session, 29_999), again);
  session.handleFrame({ type: 'ok', id: 2, seq: 2 }, 40_000);
  session.handleFrame({ type: 'pong', stable: 2 }, 69_999);
  assert.deepEqual(rejoin(session, 69_999), again);
  session.handleFrame({ type: 'ok', id: 2, seq: 2 }, 80_000);
  session.handleFrame({ type: 'pong', stable: 1 }, 110_000);
  assert.deepEqual(rejoin(session, 110_000), again);
  session.handleFrame({ type: 'ok', id: 2, seq: 2 }, 120_000);
  session.handleFrame({ type: 'pong', stable: 2 }, 150_000);
  assert.deepEqual(rejoin(session, 150_000), []);
});

test('chat that a picture shows to have arrived is kept like one that was confirmed', () => {
  const session = joined();
  session.handleRequest({ type: 'chat', text: 'k1', key: 'k1' }, 1, 0);
  session.handleDown();
  session.handleFrame(WELCOME, 0);
  session.handleFrame({ type: 'joined', id: 1, room: 'r', peer: 'p', secret: 's2', seq: 9, members: [],
    history: [{ type: 'chat', seq: 5, from: 'p', name: 'Ada', text: 'k1', key: 'k1', at: 0 }],
    graceMs: 30000, rules: RULES, iceServers: [], resumed: true, lost: true }, 0);
  assert.deepEqual(drain(session).filter(({ kind }) => kind === 'settled'), [{ kind: 'settled', tag: 1 }]);
  assert.deepEqual(rejoin(session, 10), [{ kind: 'frame', frame: { type: 'chat', id: 2, text: 'k1', key: 'k1' } }]);
});

test('a reloaded page asks for the picture, and a forgotten one joins anew', () => {
  const session = new Session({ room: 'r', name: 'Ada' }, () => 'nonce-nonce-nonce', { peer: 'p', secret: 's' });
  session.handleFrame(WELCOME, 0);
  assert.deepEqual(frames(session), [{ type: 'resume', id: 1, protocol: 1, room: 'r', peer: 'p', secret: 's' }]);
  session.handleFrame({ type: 'error', id: 1, code: 'session-unknown', message: '', hint: '' }, 0);
  assert.deepEqual(frames(session), [{ type: 'join', room: 'r', name: 'Ada', id: 1, protocol: 1, nonce: 'nonce-nonce-nonce' }]);
});

test('a join that broke is repeated with the same nonce', () => {
  let count = 0;
  const session = new Session({ room: 'r' }, () => `nonce ${++count}`);
  const nonces = [1, 2].flatMap(() => {
    session.handleFrame(WELCOME, 0);
    const sent = frames(session);
    session.handleDown();
    return sent.map((frame) => frame.type === 'join' && frame.nonce);
  });
  assert.deepEqual(nonces, ['nonce 1', 'nonce 1']);
});

test('an event is handled once, and acknowledged about a second later', () => {
  const session = joined();
  const event = /** @type {const} */ ({ type: 'message', seq: 5, from: 'q', data: 1 });
  session.handleFrame(event, 100);
  session.handleFrame(event, 110);
  assert.deepEqual(drain(session), [{ kind: 'event', event }]);
  assert.equal(session.pollTimeout(), 1100);
  session.handleTimeout(1100);
  assert.deepEqual(frames(session), [{ type: 'ack', seq: 5 }]);
});

test('new servers for peer connections are told at once, and count for nothing', () => {
  const session = joined();
  const iceServers = [{ urls: ['turn:a:1'], username: '7:ada', credential: 'c2VjcmV0' }];
  const event = /** @type {const} */ ({ type: 'ice-servers', iceServers, ttlMs: 60_000 });
  session.handleFrame(event, 0);
  assert.deepEqual(drain(session), [{ kind: 'event', event }]);
  assert.equal(session.pollTimeout(), Infinity);
});

test('requests stay below the rate of the server', () => {
  const session = joined();
  for (let count = 0; count < 1000; count += 1) session.handleRequest({ type: 'chat', text: '', key: '' }, count, 0);
  let now = 0;
  let sent = 0;
  for (; now < 1000; now += 10) {
    session.handleTimeout(now);
    for (const frame of frames(session)) {
      sent += 1;
      if (frame.type === 'chat') session.handleFrame({ type: 'ok', id: frame.id ?? 0, seq: sent + 4 }, now);
    }
  }
  assert.ok(sent > 400 && sent <= 600, `${sent} in the first second, of at most 600 that the server takes`);
});

test('a request that came too fast goes again after the pause, under a new id and before the later ones', () => {
  const session = joined();
  for (const key of ['k1', 'k2', 'k3']) session.handleRequest({ type: 'chat', text: '', key }, key, 0);
  drain(session);
  session.handleFrame({ type: 'ok', id: 2, seq: 5 }, 10);
  for (const id of [3, 4]) {
    session.handleFrame({ type: 'error', id, code: 'rate-limited', message: '', hint: '', retryAfterMs: 500 }, 10);
  }
  drain(session);
  session.handleTimeout(509);
  assert.deepEqual(frames(session), []);
  session.handleTimeout(520);
  assert.deepEqual(frames(session), [{ type: 'chat', text: '', key: 'k2', id: 5 }, { type: 'chat', text: '', key: 'k3', id: 6 }]);
});

test('more than the queue holds is refused instead of eaten', () => {
  const session = new Session({ room: 'r' }, () => 'nonce-nonce-nonce');
  const taken = Array.from({ length: 1025 }, (_, count) => session.handleRequest({ type: 'chat', text: '', key: '' }, count, 0));
  assert.deepEqual([taken[1023], taken[1024]], [true, false]);
});

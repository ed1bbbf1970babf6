// What a token grants: each word tried with it and without it, in every dialect that has a way to use it. And newer tokens.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { uuid } from './harness/everybody.js';
import { startServer } from './harness/server.js';
import { NativeMember } from './harness/native.js';
import { connect } from './harness/socketio.js';
import { ask, openStream } from './harness/sse.js';
import { SECRET, claims, mint, stateFolder } from './harness/tokens.js';
import { openSocket } from './harness/ws.js';

/** Everything that a token may grant; `publish` and `data` are other words for some of them. */
const WORDS = ['join', 'create', 'microphone', 'camera', 'screen', 'data', 'subscribe', 'chat', 'signal', 'update', 'moderate', 'hidden', 'record', 'admin'];
const OFFER = { type: 'offer', sdp: 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n' };
/** Asked for by a word, refused without it with one of these. */
const DENIED = ['not-permitted', 'token-no-grant', 'room-unknown', 'refused', 'Invalid key provided'];

let server;
before(async () => {
  server = await startServer({ args: ['--tokens-secret', SECRET, '--state-dir', stateFolder().folder] });
});
after(async () => assert.equal((await server.stop()).code, 0));

let rooms = 0;
/** A room that somebody is in already, and a token for it. */
async function place(grants, more = {}) {
  const room = `room-${(rooms += 1)}`;
  const host = new NativeMember(await openSocket({ port: server.port }));
  await host.join({ room, name: 'Host', token: mint(claims({ sub: 'host', room, role: 'owner' })) });
  return { room, host, port: server.port, token: mint(claims({ sub: 'ada', room, grants, ...more })) };
}

const code = (answer) => (answer.type === 'error' ? answer.code : answer.type);

/** By request of the native protocol. `bystander`: somebody else in the room. */
const NATIVE = {
  chat: () => ({ type: 'chat', text: 'hi' }),
  data: () => ({ type: 'send', data: 1 }),
  'data, named': () => ({ type: 'emit', name: 'draw', args: [] }),
  signal: (bystander) => ({ ...OFFER, to: bystander }),
  update: () => ({ type: 'update', name: 'Countess' }),
  microphone: () => ({ type: 'publish', source: 'microphone', muted: false }),
  camera: () => ({ type: 'publish', source: 'camera', muted: false }),
  screen: () => ({ type: 'publish', source: 'screen', muted: false }),
  moderate: (bystander) => ({ type: 'moderate', action: 'lower-hand', peer: bystander }),
};
const wordOf = (use) => use.split(',')[0];

const native = {
  uses: Object.keys(NATIVE),
  async enter({ port, room, token }) {
    const member = new NativeMember(await openSocket({ port }));
    const joined = await member.join({ room, name: 'Ada', token });
    return { said: code(joined), peer: joined.peer, member, leave: () => member.socket.destroy() };
  },
  use: async ({ member }, use, bystander) => code(await member.request(NATIVE[use](bystander))),
};

const sse = {
  uses: Object.keys(NATIVE),
  async enter({ port, room, token }) {
    const stream = await openStream({ port, room, name: 'Ada', token }).catch(async () => null);
    if (!stream) return { said: (await ask({ port, path: `/api/v1/rooms/${room}/events?name=Ada&token=${token}` })).json.code };
    const { data } = await stream.next('joined');
    return { said: 'joined', peer: data.peer, bearer: data.token, stream, leave: () => stream.cut() };
  },
  async use({ bearer, stream }, use, bystander) {
    const { port, room } = stream;
    const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' };
    const answer = await ask({ port, path: `/api/v1/rooms/${room}/messages`, method: 'POST', headers, body: JSON.stringify(NATIVE[use](bystander)) });
    return code(answer.json);
  },
};

const SOCKET_IO = {
  chat: () => ['chat', 'hi'],
  data: () => ['message', 1],
  'data, named': () => ['draw', 1],
  signal: (bystander, room) => ['offer', OFFER, room, bystander],
  microphone: () => ['parlor:publish', { source: 'microphone', muted: false }],
  camera: () => ['parlor:publish', { source: 'camera', muted: false }],
  screen: () => ['parlor:publish', { source: 'screen', muted: false }],
  moderate: (bystander) => ['parlor:moderate', { action: 'lower-hand', peer: bystander }],
};

const socketIo = {
  uses: Object.keys(SOCKET_IO),
  async enter({ room, token }) {
    const socket = await connect(server.url, { auth: { token }, reconnection: false });
    const answer = await socket.timeout(10_000).emitWithAck('join-room', room, 'Ada');
    return { said: answer.ok ? 'joined' : answer.code, peer: answer.id, socket, room, leave: () => socket.close() };
  },
  async use({ socket, room }, use, bystander) {
    const answer = await socket.timeout(10_000).emitWithAck(...SOCKET_IO[use](bystander, room));
    return answer.ok ? 'ok' : answer.code;
  },
};

/** Dialects without answers: what is asked behind it comes back only where it is refused, or where it may be said. */
const json = {
  uses: ['chat', 'data', 'data, named', 'signal'],
  async enter({ port, room, token }) {
    const socket = await openSocket({ port, path: '/' });
    socket.send({ type: 'join', roomId: room, token });
    const { type, code: why } = await socket.next();
    return { said: type === 'error' ? why : 'joined', socket, room, leave: () => socket.destroy() };
  },
  async use({ socket, room }, use, bystander) {
    const said = { chat: { type: 'chat', text: 'hi' }, data: { type: 'message', data: 1 }, 'data, named': { type: 'event', name: 'draw', args: [] }, signal: { type: 'offer', sdp: OFFER } }[use];
    socket.send({ roomId: room, target: use === 'chat' ? undefined : bystander, ...said });
    socket.send({ type: 'leave', roomId: 'nowhere' });
    const { code: why } = await socket.take(({ type }) => type === 'error');
    return why === 'not-joined' ? 'ok' : why;
  },
};

const channels = {
  uses: ['data'],
  async enter({ port, room, token }) {
    const socket = await openSocket({ port, path: '/' });
    socket.send({ open: true, channel: room, token });
    socket.send({ checkPresence: true, channel: room, token });
    const { error } = await socket.next();
    return { said: error?.code ?? 'joined', socket, room, leave: () => socket.destroy() };
  },
  async use({ socket, room }) {
    socket.takeAll();
    socket.send({ data: 1, channel: room });
    socket.send({ data: 1, channel: 'nowhere' });
    const { error } = await socket.next();
    return error.code === 'not-joined' ? 'ok' : error.code;
  },
};

const yWebrtc = {
  uses: ['data'],
  async enter({ port, room, token }) {
    const socket = await openSocket({ port, path: `/signaling?token=${token}` });
    socket.send({ type: 'subscribe', topics: [room] });
    socket.send({ type: 'ping' });
    const { type, code: why } = await socket.next();
    return { said: type === 'error' ? why : 'joined', socket, room, leave: () => socket.destroy() };
  },
  async use({ socket, room }) {
    socket.takeAll();
    socket.send({ type: 'publish', topic: room, data: 1 });
    const { type, code: why } = await socket.take((one) => one.type === 'publish' || one.type === 'error');
    return type === 'error' ? why : 'ok';
  },
};

/** Who is offered something hears it, or the one who offers is told in the words of its kind. */
const matchbox = {
  uses: ['signal'],
  async enter({ port, room, token, host }) {
    const socket = await openSocket({ port, path: `/${room}?token=${token}` });
    const told = await Promise.race([socket.next().catch(() => null), socket.closed()]);
    const refused = told?.IdAssigned ? null : await socket.closed();
    return { said: refused?.reason ?? 'joined', socket, host, leave: () => socket.destroy() };
  },
  async use({ socket, host }, use, bystander) {
    socket.send({ Signal: { receiver: uuid(bystander), data: { Offer: OFFER.sdp } } });
    return Promise.race([host.event('offer').then(() => 'ok', () => 'lost'), socket.closed().then(({ code: why }) => (why === 4009 ? 'not-permitted' : `closed with ${why}`))]);
  },
};

const peerJs = {
  uses: ['signal'],
  async enter({ port, room, token, host }) {
    const socket = await openSocket({ port, path: `/peerjs?key=${room}&id=ada&token=${token}&version=1.5.5` });
    const { type, payload } = await socket.next();
    return { said: type === 'OPEN' ? 'joined' : payload.msg.split(': ')[0], socket, host, leave: () => socket.destroy() };
  },
  async use({ socket, host }, use, bystander) {
    socket.send({ type: 'OFFER', dst: bystander, payload: { sdp: OFFER, type: 'data', connectionId: 'dc_1' } });
    return Promise.race([host.event('offer').then(() => 'ok', () => 'lost'), socket.take(({ type }) => type === 'EXPIRE').then(() => 'not-permitted', () => 'lost')]);
  },
};

const dialects = { native, SSE: sse, 'Socket.IO': socketIo, JSON: json, channels, 'y-webrtc': yWebrtc, matchbox, PeerJS: peerJs };

for (const [name, dialect] of Object.entries(dialects)) {
  test(`${name}: each thing is allowed by its word and denied without it`, { timeout: 120_000 }, async () => {
    const wrong = [];
    for (const use of dialect.uses) {
      const word = wordOf(use);
      for (const [grants, allowed] of [[['join', word], true], [WORDS.filter((other) => other !== word), false]]) {
        const at = await place(grants);
        const entered = await dialect.enter(at);
        assert.equal(entered.said, 'joined', `${name} ${use} ${grants}`);
        const answer = await dialect.use(entered, use, at.host.peer);
        const is = answer === 'ok';
        if (is !== allowed || (!is && !DENIED.includes(answer))) wrong.push(`${use} with ${grants}: ${answer}`);
        entered.leave();
        at.host.socket.destroy();
      }
    }
    assert.deepEqual(wrong, []);
  });

  test(`${name}: join and create are granted or not`, async () => {
    for (const [grants, wanted] of [[['join'], 'joined'], [['join', 'chat'], 'joined'], [['chat', 'create'], 'token-no-grant'], [[], 'token-no-grant']]) {
      const at = await place(grants);
      const entered = await dialect.enter(at).catch((error) => ({ said: error.data?.code ?? error.message }));
      assert.equal(entered.said, wanted, `${grants}`);
      entered.leave?.();
      at.host.socket.destroy();
    }
    for (const [grants, wanted] of [[['join', 'create', 'signal'], ['joined']], [['join', 'signal'], DENIED]]) {
      const room = `new-${(rooms += 1)}`;
      const token = mint(claims({ room, grants }));
      const native_ = new NativeMember(await openSocket({ port: server.port }));
      const entered = await dialect.enter({ port: server.port, room, token }).catch((error) => ({ said: error.message }));
      // A JSON client is told nothing of an empty room.
      if (dialect !== json || wanted === DENIED) assert.ok(wanted.includes(entered.said), `${grants}: ${entered.said}`);
      entered.leave?.();
      native_.socket.destroy();
    }
  });
}

test('who is hidden is seen by nobody, and who is not is', async () => {
  for (const [grants, seen] of [[['join', 'chat'], true], [['join', 'hidden'], false]]) {
    const at = await place(grants);
    const entered = await native.enter(at);
    assert.equal(entered.said, 'joined');
    const { members } = await at.host.request({ type: 'presence', protocol: 1, room: at.room, token: at.token });
    assert.equal(members.length, seen ? 2 : 1);
    entered.leave();
    at.host.socket.destroy();
  }
});

test('publish is all three sources, and data is message', async () => {
  const at = await place(['join', 'publish', 'message']);
  const { member, leave } = await native.enter(at);
  const mine = member.joined.members.find(({ peer }) => peer === member.peer);
  assert.deepEqual(mine.permissions.toSorted(), ['camera', 'message', 'microphone', 'screen']);
  leave();
  at.host.socket.destroy();
});

const refreshes = {
  native: async (at, token) => {
    const entered = await native.enter(at);
    const refresh = async () => code(await entered.member.request({ type: 'token', token }));
    return { ...entered, refresh, chat: () => native.use(entered, 'chat') };
  },
  SSE: async (at, token) => {
    const entered = await sse.enter(at);
    const headers = { Authorization: `Bearer ${entered.bearer}`, 'Content-Type': 'application/json' };
    const refresh = async () => code((await ask({ port: at.port, path: `/api/v1/rooms/${at.room}/messages`, method: 'POST', headers, body: JSON.stringify({ type: 'token', token }) })).json);
    return { ...entered, refresh, chat: () => sse.use(entered, 'chat') };
  },
  'Socket.IO': async (at, token) => {
    const entered = await socketIo.enter(at);
    const refresh = async () => {
      const answer = await entered.socket.timeout(10_000).emitWithAck('parlor:token', token);
      return answer.ok ? 'ok' : answer.code;
    };
    return { ...entered, refresh, chat: () => socketIo.use(entered, 'chat') };
  },
};

for (const [name, enter] of Object.entries(refreshes)) {
  test(`${name}: a newer token counts from then on, a worse one changes nothing`, async () => {
    const attempt = async (change) => {
      const at = await place(['join']);
      const entered = await enter(at, typeof change === 'string' ? change : mint(claims({ room: at.room, grants: ['join', 'chat'], ...change })));
      const before_ = await entered.chat();
      const refreshed = await entered.refresh();
      const after_ = await entered.chat();
      entered.leave();
      at.host.socket.destroy();
      return [before_, refreshed, after_];
    };
    assert.deepEqual(await attempt({}), ['not-permitted', 'ok', 'ok']);
    for (const [change, why] of [[{ sub: 'eve' }, 'not-permitted'], [{ room: 'kitchen' }, 'token-other-room'], [{ exp: 1, iat: 0 }, 'token-expired'], ['x', 'token-invalid']]) {
      assert.deepEqual(await attempt(change), ['not-permitted', why, 'not-permitted'], JSON.stringify(change));
    }
  });
}

test('where memberships end with their tokens, a newer one keeps it and no one else stays', { timeout: 60_000 }, async () => {
  const strict = await startServer({ args: ['--tokens-secret', SECRET, '--state-dir', stateFolder().folder, '--tokens-end-sessions'] });
  const enter = async (sub, seconds) => {
    const member = new NativeMember(await openSocket({ port: strict.port }));
    const token = (more) => mint(claims({ sub, room: 'standup', exp: Math.floor(Date.now() / 1_000) + more }));
    assert.equal((await member.join({ room: 'standup', name: sub, token: token(seconds) })).type, 'joined');
    return { member, token };
  };
  const [ada, eve] = [await enter('ada', 3), await enter('eve', 3)];
  await ada.member.event('token-expiring');
  assert.equal((await ada.member.request({ type: 'token', token: ada.token(60) })).type, 'ok');
  assert.deepEqual(await eve.member.socket.closed(), { code: 4013, reason: 'expired' });
  assert.equal((await ada.member.event('member-left')).reason, 'expired');
  assert.equal((await ada.member.request({ type: 'chat', text: 'still here' })).type, 'ok');
  ada.member.socket.destroy();
  assert.equal((await strict.stop()).code, 0);
});

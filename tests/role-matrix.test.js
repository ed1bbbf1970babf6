// Each role, each action, by each way to ask for it: who may, and who is told what instead.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NativeMember } from './harness/native.js';
import { startServer } from './harness/server.js';
import { connect } from './harness/socketio.js';
import { SECRET, claims, mint, stateFolder } from './harness/tokens.js';
import { openSocket } from './harness/ws.js';

const ROLES = ['owner', 'moderator', 'speaker', 'listener'];
const SENDS_VIDEO = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n';
const RECEIVES_VIDEO = 'v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n';

const [OK, NOT, OUT] = ['ok', 'not-permitted', 'outranked'];
const EVERYBODY = [OK, OK, OK, OK];
const SPEAKERS = [OK, OK, OK, NOT];
const MODERATORS = [OK, OK, NOT, NOT];
const OWNERS = [OK, OUT, NOT, NOT];

/** What is asked of a room with its host (an owner), a moderator, a speaker, and somebody who waits; and who may, in the order of ROLES. */
const ACTIONS = {
  'chat': [() => ({ type: 'chat', text: 'hi' }), EVERYBODY],
  'send data': [() => ({ type: 'send', data: 1 }), SPEAKERS],
  'raise a hand': [() => ({ type: 'raise-hand', raised: true }), EVERYBODY],
  'publish a microphone': [() => ({ type: 'publish', source: 'microphone' }), SPEAKERS],
  'publish a camera': [() => ({ type: 'publish', source: 'camera' }), SPEAKERS],
  'publish a screen': [() => ({ type: 'publish', source: 'screen', muted: true }), SPEAKERS],
  'unpublish': [() => ({ type: 'unpublish', source: 'camera' }), EVERYBODY],
  'offer to send video': [({ speaker }) => ({ type: 'offer', to: speaker, sdp: SENDS_VIDEO }), SPEAKERS],
  'offer to receive video': [({ speaker }) => ({ type: 'offer', to: speaker, sdp: RECEIVES_VIDEO }), EVERYBODY],
  'mute a speaker': [({ speaker }) => order('mute', { peer: speaker, source: 'microphone' }), MODERATORS],
  'mute a moderator': [({ moderator }) => order('mute', { peer: moderator, source: 'microphone' }), OWNERS],
  'mute everybody': [() => order('mute', { source: 'microphone' }), MODERATORS],
  'lower a hand': [({ speaker }) => order('lower-hand', { peer: speaker }), MODERATORS],
  'make a speaker a listener': [({ speaker }) => order('set-role', { peer: speaker, role: 'listener' }), MODERATORS],
  'make a speaker a moderator': [({ speaker }) => order('set-role', { peer: speaker, role: 'moderator' }), OWNERS],
  'make a moderator a speaker': [({ moderator }) => order('set-role', { peer: moderator, role: 'speaker' }), OWNERS],
  'take a camera away': [({ speaker }) => order('set-permissions', { peer: speaker, permissions: ['chat', 'signal'] }), MODERATORS],
  'let a speaker moderate': [({ speaker }) => order('set-permissions', { peer: speaker, permissions: ['chat', 'moderate'] }), OWNERS],
  'remove a speaker': [({ speaker }) => order('remove', { peer: speaker }), MODERATORS],
  'ban a speaker': [({ speaker }) => order('remove', { peer: speaker, banMs: 60_000 }), MODERATORS],
  'remove a moderator': [({ moderator }) => order('remove', { peer: moderator }), OWNERS],
  'remove an owner': [({ host }) => order('remove', { peer: host }), [OUT, OUT, NOT, NOT]],
  'admit who waits': [({ waiting }) => order('admit', { peer: waiting }), MODERATORS],
  'deny who waits': [({ waiting }) => order('deny', { peer: waiting }), MODERATORS],
  'lock': [() => order('set-rules', { locked: true }), MODERATORS],
  'limit': [() => order('set-rules', { maxMembers: 20 }), MODERATORS],
  'end': [() => order('end', {}), OWNERS],
};

/** How somebody of a role comes in and asks: `do` gives `ok` or the code of the refusal. Another way is another entry. */
const WAYS = {
  'native protocol': async (room, role) => {
    const member = await native(room, role);
    return async (message) => codeOf(await member.request(message));
  },
  'Socket.IO': async (room, role) => {
    const socket = await connect(server.url, { auth: { token: tokenFor(room, role) } });
    const answer = await socket.timeout(10_000).emitWithAck('join-room', room, 'Actor');
    assert.ok(answer.ok, JSON.stringify(answer));
    return async (message) => {
      const { ok, code } = await socket.timeout(10_000).emitWithAck(...inSocketIo(message, room));
      return ok ? OK : code;
    };
  },
};

let server;
before(async () => {
  server = await startServer({ args: ['--tokens-secret', SECRET, '--state-dir', stateFolder().folder] });
});
after(async () => assert.equal((await server.stop()).code, 0));

function order(action, fields) {
  return { type: 'moderate', action, ...fields };
}

/** @param {object} answer */
const codeOf = (answer) => (answer.type === 'error' ? answer.code : answer.type);

const tokenFor = (room, role) => mint(claims({ sub: `${role} ${Math.random()}`, room, role }));

async function native(room, role) {
  const member = new NativeMember(await openSocket({ port: server.port }));
  await member.join({ room, name: role, token: tokenFor(room, role) });
  return member;
}

function inSocketIo({ type, ...message }, room) {
  switch (type) {
    case 'chat': return ['chat', message.text];
    case 'send': return ['message', message.data];
    case 'offer': return ['offer', { type, sdp: message.sdp }, room, message.to];
    default: return [`parlor:${type}`, message, room];
  }
}

/** A room with somebody of every standing, and the actor: who waits comes last, because then everybody would. */
async function place(room, come) {
  const members = { host: await native(room, 'owner'), moderator: await native(room, 'moderator'), speaker: await native(room, 'speaker') };
  const act = await come();
  await members.host.request(order('set-rules', { waitingRoom: true }));
  members.waiting = await native(room, 'speaker');
  assert.equal(members.waiting.joined.type, 'waiting');
  const peers = Object.fromEntries(Object.entries(members).map(([name, member]) => [name, member.peer]));
  return { act, peers, leave: () => Object.values(members).forEach(({ socket }) => socket.destroy()) };
}

let rooms = 0;

for (const [way, come] of Object.entries(WAYS)) {
  for (const [at, role] of ROLES.entries()) {
    test(`what a ${role} may do by ${way}`, { timeout: 120_000 }, async () => {
      const found = {};
      for (const [name, [message]] of Object.entries(ACTIONS)) {
        const room = `matrix-${(rooms += 1)}`;
        const { act, peers, leave } = await place(room, () => come(room, role));
        found[name] = await act(message(peers));
        leave();
      }
      const wanted = Object.fromEntries(Object.entries(ACTIONS).map(([name, [, expected]]) => [name, expected[at]]));
      assert.deepEqual(found, wanted);
    });
  }
}

/** What the API can be asked of the same room; who asks is no member of it. */
const BY_API = {
  'chat': () => ['POST', '/chat', { text: 'hi' }],
  'send data': () => ['POST', '/data', { data: 1 }],
  'mute a speaker': ({ speaker }) => ['PATCH', `/members/${speaker}`, { mute: ['microphone'] }],
  'mute a moderator': ({ moderator }) => ['PATCH', `/members/${moderator}`, { mute: ['microphone'] }],
  'mute everybody': () => ['POST', '/mute', { source: 'microphone' }],
  'lower a hand': ({ speaker }) => ['PATCH', `/members/${speaker}`, { lower_hand: true }],
  'make a speaker a listener': ({ speaker }) => ['PATCH', `/members/${speaker}`, { role: 'listener' }],
  'make a speaker a moderator': ({ speaker }) => ['PATCH', `/members/${speaker}`, { role: 'moderator' }],
  'make a moderator a speaker': ({ moderator }) => ['PATCH', `/members/${moderator}`, { role: 'speaker' }],
  'take a camera away': ({ speaker }) => ['PATCH', `/members/${speaker}`, { permissions: ['chat', 'signal'] }],
  'remove a speaker': ({ speaker }) => ['DELETE', `/members/${speaker}`],
  'ban a speaker': ({ speaker }) => ['DELETE', `/members/${speaker}?ban_ms=60000`],
  'remove a moderator': ({ moderator }) => ['DELETE', `/members/${moderator}`],
  'remove an owner': ({ host }) => ['DELETE', `/members/${host}`],
  'admit who waits': ({ waiting }) => ['POST', `/waiting/${waiting}/admit`],
  'deny who waits': ({ waiting }) => ['POST', `/waiting/${waiting}/deny`],
  'lock': () => ['PATCH', '/rules', { locked: true }],
  'limit': () => ['PATCH', '/rules', { max_members: 20 }],
  'end': () => ['DELETE', ''],
};

async function askApi(room, token, [method, path, body]) {
  const headers = { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}), ...(method === 'PATCH' ? { 'If-Match': '*' } : {}) };
  const response = await fetch(`${server.url}/api/v1/rooms/${room}${path}`, { method, headers, body: body ? JSON.stringify(body) : null });
  const text = await response.text();
  return response.ok ? OK : JSON.parse(text).code;
}

for (const role of ROLES) {
  test(`what a token of a ${role} may do by the API: everything with the grant to administer, nothing without`, { timeout: 120_000 }, async () => {
    const [found, refused] = [{}, {}];
    for (const [name, ask] of Object.entries(BY_API)) {
      const room = `matrix-${(rooms += 1)}`;
      const { peers, leave } = await place(room, async () => null);
      const says = claims({ sub: 'somebody', room, role });
      refused[name] = await askApi(room, mint(says), ask(peers));
      found[name] = await askApi(room, mint({ ...says, grants: ['join', 'admin'] }), ask(peers));
      leave();
    }
    const each = (value) => Object.fromEntries(Object.keys(BY_API).map((name) => [name, value]));
    assert.deepEqual(refused, each('no-admin-grant'));
    assert.deepEqual(found, each(OK));
  });
}

// Who may speak what, and in which rooms: the section [dialects] of the configuration.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinNative, NativeMember } from './harness/native.js';
import { freePort, startServer } from './harness/server.js';
import { openSocket } from './harness/ws.js';

/** Where each dialect comes in, what its client says first, and how it asks for a room. */
const CLIENTS = {
  json: [{ path: () => '/', first: (roomId) => ({ type: 'join', roomId }) }],
  channels: [{ path: () => '/', first: (channel) => ({ open: true, channel }) }, { path: () => '/', first: (channel) => ({ checkPresence: true, channel }) }],
  echo: [{ path: () => '/', first: () => 'hello' }],
  ywebrtc: ['/', '/signaling'].map((door) => ({ path: () => door, first: (topic) => ({ type: 'subscribe', topics: [topic] }) })),
  matchbox: [{ path: (room) => `/${room}` }],
};

const DIALECTS = Object.keys(CLIENTS);
const OFF = { code: 4010, reason: 'dialect-off' };

async function say(port, { path, first }, room) {
  const socket = await openSocket({ port, path: path(room) });
  if (first) socket.send(first(room));
  return socket;
}

/** How many are in a room. */
async function members(port, room) {
  const asking = new NativeMember(await openSocket({ port }));
  const answer = await asking.request({ type: 'presence', protocol: 1, room });
  asking.socket.destroy();
  return answer.members.length;
}

/** A client comes in, and somebody who was there before sees it. */
async function meets(port, client, room) {
  const native = await joinNative({ port, room, name: 'Alan' });
  const socket = await say(port, client, room);
  await native.event('member-joined');
  await native.request({ type: 'leave' });
  socket.destroy();
}

async function served(port) {
  for (const dialect of DIALECTS.filter((name) => name !== 'echo')) await meets(port, CLIENTS[dialect][0], dialect);
  const echo = await say(port, CLIENTS.echo[0]);
  assert.equal(await echo.takeText(), 'Server received your message => hello');
  echo.destroy();
}

async function nothingServed(port, dialects) {
  for (const dialect of dialects) {
    for (const client of CLIENTS[dialect]) {
      const socket = await say(port, client, 'lobby');
      assert.deepEqual(await socket.closed(), OFF, dialect);
      assert.deepEqual(socket.takeAll(), [], 'not a word');
    }
  }
  assert.equal(await members(port, 'lobby'), 0);
}

test('a server that only this machine can reach serves everybody', async () => {
  const server = await startServer();
  await served(server.port);
  await server.stop();
});

test('where no echo is served, a first message that is no JSON is told to be a mistake', async () => {
  const server = await startServer({ args: ['--dialects-echo', 'off'] });
  const client = await say(server.port, CLIENTS.echo[0]);
  assert.equal((await client.next()).code, 'bad-json');
  client.destroy();
  await server.stop();
});

test('a dialect that is off is closed with 4010 at its first word, and the others are served', async () => {
  for (const dialect of DIALECTS.filter((name) => name !== 'echo')) {
    const server = await startServer({ args: [`--dialects-${dialect}`, 'off'] });
    const { port } = server;
    await nothingServed(port, [dialect]);
    await meets(port, CLIENTS[dialect === 'json' ? 'channels' : 'json'][0], 'served');
    await server.stop();
  }
});

test('with rooms beyond this machine nobody is served who carries no token, except where it is said', async () => {
  const port = await freePort();
  const args = ['--listen', `0.0.0.0:${port}`, '--open-rooms', '--dialects-channels', 'on'];
  const server = await startServer({ args });
  const silenced = DIALECTS.filter((name) => name !== 'channels');
  await nothingServed(port, silenced);
  await nothingServed(server.port, silenced);
  const channel = await say(port, CLIENTS.channels[0], 'lobby');
  channel.send({ checkPresence: true, channel: 'lobby' });
  assert.deepEqual(await channel.next(), { isChannelPresent: true });
  assert.equal(await members(server.port, 'lobby'), 1);
  channel.destroy();
  await server.stop();
});

test('a dialect for some rooms is refused in all others, and told nothing of them', async () => {
  const args = DIALECTS.flatMap((dialect) => [`--dialects-${dialect}`, 'rooms:lobby,club-*']);
  const server = await startServer({ args });
  const { port } = server;
  const board = await joinNative({ port, room: 'board', name: 'Ada' });

  const json = await say(port, CLIENTS.json[0], 'board');
  assert.equal((await json.next()).code, 'not-permitted');
  json.send({ type: 'chat', text: 'hi', roomId: 'board' });
  assert.equal((await json.next()).code, 'not-joined');

  const [opening, asking] = CLIENTS.channels;
  for (const client of [opening, asking]) {
    const channels = await say(port, client, 'board');
    assert.equal((await channels.next()).error.code, 'not-permitted');
    channels.destroy();
  }

  for (const client of CLIENTS.ywebrtc) {
    const document = await openSocket({ port, path: client.path() });
    document.send({ type: 'subscribe', topics: ['club-a', 'board', 'club-b'] });
    assert.equal((await document.next()).code, 'not-permitted');
    for (const topic of ['club-a', 'club-b']) {
      document.send({ type: 'publish', topic, data: 1 });
      assert.equal((await document.next()).topic, topic);
    }
    document.send({ type: 'publish', topic: 'board', data: 1 });
    assert.equal((await document.next()).code, 'not-joined');
    document.destroy();
  }

  const game = await say(port, CLIENTS.matchbox[0], 'board');
  assert.deepEqual(await game.closed(), { code: 4009, reason: 'refused' });
  const allowed = await say(port, CLIENTS.matchbox[0], 'lobby');
  assert.ok((await allowed.next()).IdAssigned);
  json.send({ type: 'join', roomId: 'lobby' });
  assert.equal((await json.next()).type, 'existing-user');

  await board.request({ type: 'ping' });
  assert.deepEqual(board.socket.takeAll().map(({ type }) => type), ['welcome'], 'nobody came in');
  for (const socket of [json, allowed, board.socket]) socket.destroy();
  await server.stop();
});

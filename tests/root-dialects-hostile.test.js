// Clients of the small dialects who break their rules: each is refused in words or closed with a code, alone. Those
// in the same room stay connected, and those in another don't notice.

import assert from 'node:assert/strict';
import { underAttack } from './harness/attack.js';
import { joinNative } from './harness/native.js';
import { frame, Opcode, openSocket } from './harness/ws.js';

const field = underAttack();
const { attack } = field;

const KIB = 1024;
const SOMEBODY = '00000000-0000-4000-8000-000000000000';
const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);
const many = (count) => JSON.stringify(Array.from({ length: count }, (_, index) => `t${index}`));
const signal = (data, receiver = SOMEBODY) => JSON.stringify({ Signal: { receiver, data } });

/** Frames that no dialect of JSON objects takes. */
const NO_OBJECT = {
  'nonsense': 'bad-json',
  '': 'bad-json',
  'null': 'bad-json',
  '7': 'bad-json',
  '[]': 'bad-json',
  '"text"': 'bad-json',
  '{': 'bad-json',
  '{"type":"ping"}{"type":"ping"}': 'bad-json',
  [`{"x":${deep(70)}}`]: 'too-deep',
  [`{"x":${'{"x":'.repeat(20_000)}`]: 'too-deep',
  [deep(100_000)]: 'too-deep',
};

/** For each: how it comes in, a word that makes it what it is, what it is refused and with which code. */
const DIALECTS = {
  json: {
    path: '/',
    greeting: '{"type":"join","roomId":"room"}',
    codeOf: ({ type, code }) => (type === 'error' ? code : undefined),
    refused: {
      ...NO_OBJECT,
      '{}': 'bad-message',
      '{"type":"\\ud800"}': 'bad-json',
      '{"type":7}': 'bad-message',
      '{"type":null}': 'bad-message',
      '{"type":"dance"}': 'unknown-type',
      '{"type":"__proto__"}': 'unknown-type',
      '{"type":"join","type":"join"}': 'bad-message',
      '{"type":"join","roomId":"room"}': 'already-joined',
      '{"type":"join","roomId":["room"]}': 'bad-message',
      '{"type":"join","roomId":"new\\nline"}': 'bad-message',
      [`{"type":"join","roomId":"${'x'.repeat(65)}"}`]: 'bad-message',
      '{"type":"chat"}': 'bad-message',
      '{"type":"chat","text":{}}': 'bad-message',
      '{"type":"message"}': 'bad-message',
      '{"type":"event","name":"e","args":{}}': 'bad-message',
      '{"type":"offer","sdp":"v=0","target":"nobody"}': 'unknown-target',
      '{"type":"offer","sdp":"v=0","roomId":"elsewhere"}': 'not-joined',
      '{"type":"leave","roomId":"elsewhere"}': 'not-joined',
      [`{"type":"chat","text":"${'x'.repeat(9 * KIB)}"}`]: 'too-large',
      [`{"type":"message","data":"${'x'.repeat(70 * KIB)}"}`]: 'too-large',
      [`{"type":"offer","sdp":"${'x'.repeat(140 * KIB)}"}`]: 'too-large',
    },
    early: { '{"type":"chat","text":"x"}': 'not-joined', '{"type":"leave"}': 'not-joined' },
  },
  channels: {
    path: '/',
    greeting: '{"open":true,"channel":"room"}',
    codeOf: (message) => message?.error?.code,
    refused: {
      ...NO_OBJECT,
      '{}': 'bad-message',
      '{"channel":"room"}': 'bad-message',
      '{"open":true}': 'bad-message',
      '{"open":true,"channel":null}': 'bad-message',
      '{"open":true,"channel":""}': 'bad-message',
      '{"data":1,"channel":{"a":1}}': 'bad-message',
      '{"data":1,"channel":"elsewhere"}': 'not-joined',
      [`{"data":"${'x'.repeat(70 * KIB)}","channel":"room"}`]: 'too-large',
    },
    early: { '{"data":1,"channel":"room"}': 'not-joined' },
    binary: 'binary-unsupported',
  },
  'y-webrtc': {
    path: '/signaling',
    greeting: '{"type":"subscribe","topics":["room"]}',
    codeOf: ({ type, code }) => (type === 'error' ? code : undefined),
    refused: {
      ...NO_OBJECT,
      '{}': 'bad-message',
      '{"type":"\\ud800"}': 'bad-json',
      '{"type":["subscribe"]}': 'bad-message',
      '{"type":"shout"}': 'unknown-type',
      '{"type":"subscribe"}': 'bad-message',
      '{"type":"subscribe","topics":"room"}': 'bad-message',
      '{"type":"subscribe","topics":[null]}': 'bad-message',
      '{"type":"publish","data":1}': 'bad-message',
      '{"type":"publish","topic":[],"data":1}': 'bad-message',
      '{"type":"publish","topic":"elsewhere","data":1}': 'not-joined',
      '{"type":"unsubscribe","topics":["elsewhere"]}': 'not-joined',
      [`{"type":"subscribe","topics":${many(20_000)}}`]: 'too-many-rooms',
      [`{"type":"publish","topic":"room","data":"${'x'.repeat(70 * KIB)}"}`]: 'too-large',
    },
    early: { '{"type":"publish","topic":"room","data":1}': 'not-joined' },
  },
};

const open = (path) => openSocket({ port: field.server.port, path });

async function arrive({ path, greeting }) {
  const socket = await open(path);
  socket.send(greeting);
  return socket;
}

/** Two who behave, in the room that is attacked. */
async function roommates(dialect) {
  const native = await joinNative({ port: field.server.port, room: 'room', name: 'Ada' });
  const friend = await arrive(dialect);
  await native.event('member-joined');
  return {
    async leaveUnharmed() {
      assert.equal(friend.close, null, 'the friend is still connected');
      assert.equal((await native.request({ type: 'leave' })).type, 'ok');
      friend.destroy();
    },
  };
}

for (const [name, dialect] of Object.entries(DIALECTS)) {
  const { path, codeOf, refused, early, binary } = dialect;

  attack(`${name}: what is malformed, of a wrong type, too large or out of order is refused in words`, async () => {
    const others = await roommates(dialect);
    for (const [text, code] of Object.entries(early)) {
      const stranger = await open(path);
      stranger.send(text);
      assert.equal(codeOf(await stranger.next()), code, text);
      stranger.destroy();
    }
    const mallory = await arrive(dialect);
    const refusal = async (what) => codeOf(await mallory.take((message) => codeOf(message) !== undefined).catch((error) => assert.fail(`${what}: ${error.message}`)));
    for (const [text, code] of Object.entries(refused)) {
      mallory.send(text);
      assert.equal(await refusal(text.slice(0, 60)), code, text.slice(0, 60));
    }
    mallory.frame({ opcode: Opcode.binary, payload: Buffer.from([0xff, 0x00]) });
    assert.equal(await refusal('binary'), binary ?? 'bad-json');
    mallory.destroy();
    await others.leaveUnharmed();
  });

  attack(`${name}: a flood is refused, then closed with 4003`, async () => {
    const others = await roommates(dialect);
    const mallory = await arrive(dialect);
    await flood(mallory, '{"type":"ping","open":true}');
    assert.ok(mallory.takeAll().some((message) => codeOf(message) === 'rate-limited'), 'refusals come first');
    await others.leaveUnharmed();
  });
}

/** Sends until the server closes. */
async function flood(mallory, payload) {
  const burst = Buffer.concat(Array.from({ length: 100 }, () => frame({ payload })));
  const stopAt = Date.now() + 10_000;
  while (!mallory.close && Date.now() < stopAt) {
    mallory.raw(burst);
    await mallory.drained();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(await mallory.closed(), { code: 4003, reason: 'rate-limited' });
}

attack('channels, y-webrtc, matchbox: a frame over the limit closes with 1009', async () => {
  for (const path of ['/', '/signaling', '/room']) {
    const mallory = await open(path);
    mallory.send(`{"type":"publish","topic":"room","data":"${'x'.repeat(300 * KIB)}"}`);
    assert.equal((await mallory.closed()).code, 1009, path);
  }
});

attack('y-webrtc: nobody gets more topics than are allowed by asking for them at once', async () => {
  const mallory = await open('/signaling');
  mallory.send(`{"type":"subscribe","topics":${many(60)}}`);
  mallory.send('{"type":"ping"}');
  await mallory.take(({ type }) => type === 'pong');
  const refusals = mallory.takeAll();
  assert.deepEqual([refusals.length, ...new Set(refusals.map(({ code }) => code))], [44, 'too-many-rooms']);
  mallory.destroy();
});

attack('matchbox: what is no signal closes its sender with 1002, what is refused with 4009', async () => {
  const ada = await open('/room');
  const { IdAssigned: id } = await ada.next();
  const closing = {
    'nonsense': 1002,
    '': 1002,
    'null': 1002,
    '{}': 1002,
    '[]': 1002,
    '{"Signal":{}}': 1002,
    '{"Signal":null}': 1002,
    '{"KeepAlive":1}': 1002,
    '{"Dance":{"receiver":"x"}}': 1002,
    [signal({ Offer: 5 }, id)]: 1002,
    [signal({ Offer: 'v=0', Answer: 'v=0' }, id)]: 1002,
    [signal({ IceCandidate: 'no json' }, id)]: 1002,
    [signal({ IceCandidate: '"text"' }, id)]: 1002,
    [signal({ IceCandidate: `{"candidate":${deep(100)}}` }, id)]: 1002,
    [signal({ Offer: 'v=0' }, 'nobody')]: 1002,
    [deep(100_000)]: 1002,
    [signal({ Offer: 'x'.repeat(140 * KIB) }, id)]: 4009,
    [signal({ IceCandidate: JSON.stringify({ candidate: 'x'.repeat(5 * KIB) }) }, id)]: 4009,
  };
  for (const [text, code] of Object.entries(closing)) {
    const mallory = await open('/room');
    await mallory.next();
    mallory.send(text);
    assert.equal((await mallory.closed()).code, code, text.slice(0, 60));
  }
  const binary = await open('/room');
  await binary.next();
  binary.frame({ opcode: Opcode.binary, payload: '"KeepAlive"' });
  assert.equal((await binary.closed()).code, 1002);
  // A receiver who is not there is nobody's mistake.
  const late = await open('/room');
  await late.next();
  late.send(signal({ Offer: 'v=0' }));
  late.send(signal({ Offer: 'still here' }, id));
  const { Signal } = await ada.take(({ Signal: heard }) => heard !== undefined);
  assert.deepEqual(Signal.data, { Offer: 'still here' });
  late.destroy();
  const heard = ada.takeAll().map((message) => Object.keys(message)[0]);
  assert.ok(heard.every((event) => event === 'NewPeer' || event === 'PeerLeft'), `${heard}`);
  ada.destroy();
});

attack('matchbox and echo: a flood is closed with 4003', async () => {
  for (const [path, payload] of [['/room', '"KeepAlive"'], ['/', '"']]) {
    await flood(await open(path), payload);
  }
});

attack('echo: large answers that are not read cost the one who asked for them its connection', async () => {
  const mallory = await open('/');
  mallory.pause();
  const payload = 'x'.repeat(200 * KIB);
  for (let sent = 0; sent < 200; sent += 1) mallory.send(payload);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  mallory.resume();
  const { code } = await mallory.closed();
  assert.ok(code === 4002 || code === 1006, `${code}`);
});

attack('paths that are no room are no door, whatever they spell', async () => {
  const { port } = field.server;
  for (const path of ['/a/b', `/${'x'.repeat(65)}`, '/%00', '/%ff', '/room?next=0', '/room?next=x', '/room?next=99999999999999999999']) {
    await assert.rejects(openSocket({ port, path }), /refused with 40[04]/, path);
  }
});

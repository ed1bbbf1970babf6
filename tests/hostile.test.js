// Somebody who breaks every rule: each gets a typed answer, the process lives, and two members who talk in another
// room all the while don't notice.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { underAttack } from './harness/attack.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { frame, Opcode, openSocket, Wire } from './harness/ws.js';

const DOORS = ['/', '/ws'];
const MIB = 1024 * 1024;

const field = underAttack();
const { attack } = field;

const open = (path = '/ws') => openSocket({ port: field.server.port, path });
const member = (room, name = 'Mallory') => joinNative({ port: field.server.port, room, name });

/** What a connection that sent these bytes is closed with. */
async function closeAfter(path, ...pieces) {
  const socket = await open(path);
  for (const piece of pieces) socket.raw(piece);
  return (await socket.closed()).code;
}

for (const path of DOORS) {
  attack(`frames that are not WebSocket close with 1002 at ${path}`, async () => {
    const broken = {
      unmasked: frame({ payload: '{}', masked: false }),
      'reserved bit 1': frame({ payload: '{}', reserved: 4 }),
      'reserved bit 3': frame({ payload: '{}', reserved: 1 }),
      'reserved opcode 3': frame({ opcode: 3, payload: '{}' }),
      'reserved control opcode 11': frame({ opcode: 11 }),
      'a ping of 126 bytes': frame({ opcode: Opcode.ping, payload: 'x'.repeat(126) }),
      'a fragmented ping': frame({ opcode: Opcode.ping, fin: false }),
      'a continuation of nothing': frame({ opcode: Opcode.continuation, payload: '{}' }),
      'a close of one byte': frame({ opcode: Opcode.close, payload: 'x' }),
      'a close with code 1005': frame({ opcode: Opcode.close, payload: Buffer.from([0x03, 0xed]) }),
    };
    for (const [what, bytes] of Object.entries(broken)) {
      assert.equal(await closeAfter(path, bytes), 1002, what);
    }
    const twoBeginnings = [frame({ payload: '{', fin: false }), frame({ payload: '}' })];
    assert.equal(await closeAfter(path, ...twoBeginnings), 1002, 'a second beginning inside a message');
  });

  attack(`text that is not UTF-8 closes with 1007 at ${path}`, async () => {
    for (const bytes of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
      assert.equal(await closeAfter(path, frame({ payload: Buffer.from(bytes) })), 1007, Buffer.from(bytes).toString('hex'));
    }
    const split = [frame({ payload: Buffer.from([0xe2]), fin: false }), frame({ opcode: Opcode.continuation, payload: 'x' })];
    assert.equal(await closeAfter(path, ...split), 1007, 'broken over two fragments');
  });

  attack(`10 MB in one frame or in a hundred close with 1009 at ${path}`, async () => {
    assert.equal(await closeAfter(path, frame({ payload: Buffer.alloc(10 * MIB, 'x') })), 1009, 'one frame');
    const piece = Buffer.alloc(MIB / 10, 'x');
    const pieces = Array.from({ length: 100 }, (_, index) =>
      frame({ opcode: index === 0 ? Opcode.text : Opcode.continuation, payload: piece, fin: index === 99 }));
    assert.equal(await closeAfter(path, ...pieces), 1009, 'a hundred fragments');
    assert.equal(await closeAfter(path, frame({ payload: '', length: 2 ** 40 })), 1009, 'a terabyte that is only announced');
  });

  attack(`a length with its highest bit set is refused at ${path}`, async () => {
    const negative = Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(8, 0xff), Buffer.alloc(4)]);
    const code = await closeAfter(path, negative);
    assert.ok(code === 1002 || code === 1009, `${code}`);
  });

  attack(`an endless row of empty fragments ends at ${path}`, async () => {
    const socket = await open(path);
    socket.raw(frame({ payload: '', fin: false }));
    const row = Buffer.concat(Array.from({ length: 1_000 }, () => frame({ opcode: Opcode.continuation, fin: false })));
    for (let sent = 0; !socket.close && sent < 500; sent += 1) {
      socket.raw(row);
      await socket.drained();
    }
    socket.destroy();
    await socket.closed();
  });

  attack(`bytes that are not HTTP end the connection at ${path}`, async () => {
    const garbage = ['\x00\xff\x00\xff\r\n\r\n', 'GARBAGE\r\n\r\n', `GET ${path} HTTP/9.9\r\n\r\n`, `GET ${path} HTTP/1.1\r\nno colon\r\n\r\n`];
    for (const bytes of garbage) {
      const wire = new Wire({ port: field.server.port });
      await wire.opened;
      wire.write(Buffer.from(bytes, 'latin1'));
      const answer = (await wire.readToEnd(15_000)).toString('latin1');
      assert.match(answer, /^$|^HTTP\/1\.[01] (400|404|426|505)/, JSON.stringify(bytes));
    }
    const wire = new Wire({ port: field.server.port });
    await wire.opened;
    wire.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(2 * MIB)}\r\n\r\n`);
    assert.match((await wire.readToEnd(15_000)).toString('latin1'), /^$|^HTTP\/1\.[01] (400|431)/, 'a head of 2 MiB');
  });
}

attack('what is not a message of the protocol gets its code, and the connection goes on', async () => {
  const mallory = await member('codes');
  const { socket } = mallory;
  const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);
  const refused = {
    '': 'bad-json',
    'not json': 'bad-json',
    'null': 'bad-json',
    '[]': 'bad-json',
    '"join"': 'bad-json',
    '{"type":"chat","text":"x"': 'bad-json',
    '{}': 'bad-message',
    '{"type":5}': 'bad-message',
    '{"type":"dance"}': 'unknown-type',
    '{"type":"__proto__"}': 'unknown-type',
    '{"type":"chat"}': 'bad-message',
    '{"type":"chat","text":5}': 'bad-message',
    '{"type":"send","data":1,"to":"everybody"}': 'bad-message',
    '{"type":"chat","text":"x","id":-1}': 'bad-message',
    '{"type":"chat","text":"x","id":1e300}': 'bad-message',
    '{"type":"join","protocol":1,"room":"elsewhere"}': 'already-joined',
    '{"type":"send","data":1,"to":["nobody"]}': 'unknown-target',
    [`{"type":"send","data":${deep(65)}}`]: 'too-deep',
    [`{"type":"send","data":${deep(60_000)}}`]: 'too-deep',
    [`{"x":${'{"x":'.repeat(20_000)}`]: 'too-deep',
    [`{"type":"chat","text":"${'x'.repeat(9_000)}"}`]: 'too-large',
    [`{"type":"send","data":"${'x'.repeat(70_000)}"}`]: 'too-large',
    [`{"type":"offer","to":"${mallory.peer}","sdp":"${'x'.repeat(140_000)}"}`]: 'too-large',
  };
  for (const [text, code] of Object.entries(refused)) {
    socket.send(text);
    const error = await socket.take(({ type }) => type === 'error');
    assert.equal(error.code, code, text.slice(0, 60));
    assert.ok(error.message && error.hint, `${code} has words for people`);
  }
  socket.frame({ opcode: Opcode.binary, payload: '{"type":"ping"}' });
  assert.equal((await mallory.event('error')).code, 'binary-unsupported');
  assert.equal((await mallory.request({ type: 'ping' })).type, 'pong');
  await mallory.request({ type: 'leave' });
});

attack('a flood is refused, then the connection is closed with 4003', async (t) => {
  const mallory = await member('flood');
  const stopAt = Date.now() + 4_000;
  let sent = 0;
  while (Date.now() < stopAt && !mallory.socket.close) {
    for (let burst = 0; burst < 100; burst += 1, sent += 1) mallory.socket.send('{"type":"chat","text":"x"}');
    await mallory.socket.drained();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.deepEqual(await mallory.socket.closed(), { code: 4003, reason: 'rate-limited' });
  const answers = mallory.socket.takeAll();
  const refusals = answers.filter(({ code }) => code === 'rate-limited');
  assert.ok(refusals.length > 0, 'refusals come first');
  assert.ok(refusals.every(({ retryAfterMs }) => retryAfterMs > 0));
  t.diagnostic(`${sent} messages sent, ${refusals.length} refused one by one`);
});

attack('floods of pings and of nonsense are no way around the limit', async () => {
  for (const bytes of [frame({ opcode: Opcode.ping, payload: 'x' }), frame({ payload: 'x' })]) {
    const socket = await open();
    const burst = Buffer.concat(Array.from({ length: 1_000 }, () => bytes));
    const stopAt = Date.now() + 5_000;
    while (Date.now() < stopAt && !socket.close) {
      socket.raw(burst);
      await socket.drained();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal((await socket.closed()).code, 4003);
  }
});

attack('pings whose answers are not read take no memory', async () => {
  const before = await residentMib();
  const mallory = await member('pings');
  mallory.socket.pause();
  const burst = Buffer.concat(Array.from({ length: 2_000 }, () => frame({ opcode: Opcode.ping, payload: 'x'.repeat(125) })));
  const stopAt = Date.now() + 2_000;
  while (Date.now() < stopAt) {
    mallory.socket.raw(burst);
    await Promise.race([mallory.socket.drained(), new Promise((resolve) => setTimeout(resolve, 200))]);
  }
  const grown = (await residentMib()) - before;
  mallory.socket.destroy();
  assert.ok(grown < 32, `${grown.toFixed(0)} MiB more`);
});

async function residentMib() {
  const status = await readFile(`/proc/${field.server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1024;
}

attack('who does not read is closed with 4002, and the room goes on', async () => {
  const mallory = await member('slow');
  const ada = await member('slow', 'Ada');
  await mallory.event('member-joined');
  mallory.socket.pause();
  const data = 'x'.repeat(60_000);
  const gone = ada.socket.take(({ type, member: about }) => type === 'member-updated' && about.state === 'reconnecting', 30_000);
  let isGone = false;
  gone.then(() => (isGone = true), () => {});
  for (let sent = 0; sent < 2_000 && !isGone; sent += 1) {
    const { type, retryAfterMs } = await ada.request({ type: 'send', data });
    if (type === 'error') await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
  }
  assert.equal((await gone).member.peer, mallory.peer);
  mallory.socket.resume();
  // Who does not even read the goodbye in time is cut off without one.
  const { code } = await mallory.socket.closed();
  assert.ok(code === 4002 || code === 1006, `${code}`);
  assert.equal((await ada.request({ type: 'chat', text: 'still here' })).type, 'ok');
  ada.socket.destroy();
});

attack('many connections at once that say nothing disturb nobody', async () => {
  const wires = Array.from({ length: 300 }, () => new Wire({ port: field.server.port }));
  await Promise.all(wires.map((wire) => wire.opened));
  wires.forEach((wire) => wire.write('GET /ws HTTP/1.1\r\nHost: localhost\r\n'));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  wires.forEach((wire) => wire.destroy());
});

test('the hasty clocks: a slow handshake, a stranger who never joins, a member who falls silent', { timeout: 30_000 }, async () => {
  const args = ['--limits-header-timeout', '1s', '--limits-join-timeout', '1s', '--limits-idle-timeout', '2s', '--limits-ping-interval', '1s'];
  const hasty = await startServer({ args });
  const { port } = hasty;

  const drip = new Wire({ port });
  await drip.opened;
  const dripping = setInterval(() => drip.write('G'), 100);
  assert.match((await drip.readToEnd(8_000)).toString('latin1'), /^$|^HTTP\/1\.[01] (400|408)/);
  clearInterval(dripping);

  const stranger = await openSocket({ port });
  assert.deepEqual(await stranger.closed(), { code: 4004, reason: 'join-timeout' });

  const silent = await joinNative({ port, room: 'quiet', name: 'Ada' });
  silent.socket.answersPings = false;
  assert.deepEqual(await silent.socket.closed(), { code: 4005, reason: 'idle-timeout' });
  await hasty.stop();
});

test('the number of connections is limited, and a place that is left is given to another', async () => {
  const narrow = await startServer({ args: ['--limits-max-connections', '4'] });
  const { port } = narrow;
  const sockets = [];
  for (let count = 0; count < 4; count += 1) {
    sockets.push(await openSocket({ port }));
    await sockets[count].take(({ type }) => type === 'welcome');
  }
  const fifth = await openSocket({ port });
  assert.deepEqual(await fifth.closed(), { code: 4008, reason: 'too-many-connections' });
  sockets[0].destroy();
  await assert.doesNotReject(async () => {
    for (let attempt = 0; ; attempt += 1) {
      const socket = await openSocket({ port });
      const welcomed = await socket.take(({ type }) => type === 'welcome').then(() => true, () => false);
      socket.destroy();
      if (welcomed) return;
      if (attempt === 20) throw new Error('the place of who left is not given to another');
    }
  });
  sockets.forEach((socket) => socket.destroy());
  await narrow.stop();
});

// Somebody who breaks every rule of Engine.IO and Socket.IO, on both transports: each is refused in words or closed, alone.
// The process lives, those in the same room hear nothing of it, and those in another don't notice.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { underAttack } from './harness/attack.js';
import { openMember, openPolling, openSession } from './harness/engineio.js';
import { joinNative } from './harness/native.js';
import { connect, join, next } from './harness/socketio.js';
import { ask } from './harness/sse.js';
import { frame, handshake, Opcode, openSocket, Wire } from './harness/ws.js';

const MIB = 1024 * 1024;
const MAX_PAYLOAD = 1_000_000;
const SEPARATOR = '\u001e';

const field = underAttack();
const deep = (levels) => '['.repeat(levels) + ']'.repeat(levels);
const at = () => ({ port: field.server.port });

/** Three who behave, in the room that is attacked: each of another kind, with an ear for what they should not hear. */
async function company(room) {
  const { port, url } = field.server;
  const native = await joinNative({ port, room, name: 'Ada' });
  const friend = await join(url, { room, name: 'Grace' });
  const tutorial = await openSocket({ port, path: '/' });
  tutorial.send({ type: 'join', roomId: room, name: 'Alan' });
  await native.event('member-joined');
  await native.event('member-joined');
  const strange = [];
  friend.onAny((event) => ['error', 'disconnect'].includes(event) && strange.push(event));
  friend.on('disconnect', (why) => strange.push(why));
  return {
    id: friend.id,
    peer: native.peer,
    async isUnharmed() {
      const before = [...tutorial.takeAll(), ...native.socket.takeAll()];
      const words = [next(friend, 'chat'), tutorial.take(({ type }) => type === 'chat'), native.event('chat')];
      friend.emit('chat', 'still here');
      const heard = await Promise.all(words);
      assert.deepEqual([heard[0][0].text, heard[1].text, heard[2].text], Array(3).fill('still here'));
      assert.deepEqual(strange, [], 'the friend hears of no mistake of others');
      for (const message of [...before, ...tutorial.takeAll(), ...native.socket.takeAll()]) {
        assert.notEqual(message.type, 'error', JSON.stringify(message));
      }
      friend.close();
      native.socket.destroy();
      tutorial.destroy();
    },
  };
}

/** An attack on a room with company in it. */
function attack(name, run) {
  let count = 0;
  field.attack(name, async (t) => {
    count += 1;
    const room = `${name.slice(0, 40)} ${count}`;
    const others = await company(room);
    await run({ t, room, others });
    await others.isUnharmed();
  });
}

const isClose = (code) => [1001, 1002, 1007, 1009].includes(code);

/** Packets of Engine.IO that a client must not send. */
const NO_PACKETS = ['', '7', '9', 'x', '\u0000', '0', '0{}', '2', '2probe', '5', 'b', 'bAQI=', '👋', '\ufeff4'];

/** Packets of Socket.IO that nobody may send once connected; bytes are what follows in binary messages. */
const NO_MESSAGES = [
  ['4'], ['47'], ['4x'], ['4null'], ['40'], ['40{}'], ['41x'], ['42'], ['42{}'], ['42[]'], ['42[1'], ['42[null]'], ['42[{}]'], ['42[[]]'], ['42[true]'],
  ['42["a"] x'], ['42["a",]'], ['42["a",nul]'], ['42["a",1e999]'], ['42["a"]["b"]'], ['42"a"'], ['42-1["a"]'], ['421.5["a"]'],
  [`42${'9'.repeat(17)}["a"]`], [`42${'9'.repeat(400)}["a"]`], [`42["a",${deep(70)}]`], [`42["a",${deep(100_000)}]`], [`42["a",${'{"a":'.repeat(100_000)}`],
  ['42["connect"]'], ['42["connect_error"]'], ['42["disconnect"]'], ['42["newListener"]'], ['42["removeListener"]'],
  ['42/nowhere,["a"]'], [`42/${'x'.repeat(200)},["a"]`], ['41/nowhere,'], ['40/a\u0007,'], ['40/a,[]'], ['40/a,7'], ['40/a,{"a"'],
  ['43[]'], ['43'], ['43x[]'], ['431{}'], ['44'], ['44{}'], ['44{"message":"x"}'],
  ['45'], ['45["a"]'], ['45-["a"]'], ['45x-["a"]'], ['45-1-["a"]'], ['4511-["a"]'], ['4599999999999999999999-["a"]'], ['451.5-["a"]'], ['46-[]'], ['461-[]'],
  ['451-["a",{"_placeholder":true,"num":1}]', [1]], ['451-["a",{"_placeholder":true,"num":-1}]', [1]], ['451-["a",{"_placeholder":true,"num":1e99}]', [1]],
  ['451-["a",{"_placeholder":true,"num":18446744073709551615}]', [1]], ['451-["a",{"_placeholder":true,"num":"0"}]', [1]],
  ['451-["a",{"_placeholder":true}]', [1]], ['451-["a",{"_placeholder":true,"num":null}]', [1]], ['451-["connect",{"_placeholder":true,"num":0}]', [1]],
  ['451-["a",{"_placeholder":true,"num":0}]', [1], [2]], ['42["a"]', [1]], ['450-["a"]', [1]],
];

attack('packets that are none close a WebSocket session', async () => {
  for (const packet of NO_PACKETS) {
    const early = await openSession(at());
    early.say(packet);
    assert.ok(isClose(await early.closed()), JSON.stringify(packet));
    const member = await openMember(at());
    member.say(packet);
    assert.ok(isClose(await member.closed()), `as a member: ${JSON.stringify(packet)}`);
  }
});

attack('messages that are none close a WebSocket session', async () => {
  for (const [line, ...parts] of NO_MESSAGES) {
    const mallory = await openMember(at());
    mallory.say(line);
    parts.forEach((part) => mallory.sayBinary(part));
    const code = await mallory.closed();
    assert.ok(isClose(code), `${line.slice(0, 60)}: ${code}`);
  }
  const impatient = await openMember(at());
  impatient.say('452-["a",{"_placeholder":true,"num":0}]');
  impatient.sayBinary([1]);
  impatient.say('42["b"]');
  assert.ok(isClose(await impatient.closed()), 'a line where an attachment is due');
});

attack('packets and messages that are none end a polling session', async () => {
  const encode = ([line, ...parts]) => [line, ...parts.map((part) => `b${Buffer.from(part).toString('base64')}`)].join(SEPARATOR);
  const bodies = [...NO_PACKETS.filter((packet) => packet !== 'bAQI='), ...NO_MESSAGES.map(encode), 'b!', 'bA', `4${SEPARATOR}`, SEPARATOR, Buffer.from([0x34, 0xff])];
  for (const body of bodies) {
    const mallory = await openPolling(at());
    await mallory.post('40');
    const { status } = await mallory.post(body);
    assert.ok(status === 200 || status === 400, String(status));
    let told = await mallory.get();
    // What the session still had to say comes first, and the farewell in an answer of its own.
    if (told.status === 200 && told.body.startsWith('40')) told = await mallory.get();
    assert.ok(told.status === 400 || told.body === '1', `${String(body).slice(0, 60)}: ${told.status} ${told.body}`);
    assert.ok(await mallory.isOver(), String(body).slice(0, 60));
  }
});

attack('MessagePack that is none closes its sender', async () => {
  const map = (...entries) => [0x80 + entries.length / 2, ...entries.flat()];
  const text = (words) => [0xa0 + words.length, ...Buffer.from(words)];
  const event = (data) => map(text('type'), [2], text('nsp'), text('/'), text('data'), data);
  const junk = [
    [], [0xc1], [0x80], [0x81], [0xa5, 0x61], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff],
    Array(100_000).fill(0x91), Array(100_000).fill(0x81), [0x81, 0x01, 0x01], [0xc7, 0xff, 0x01], [0xd4, 0x01], [0xa2, 0xff, 0xfe], [...map(text('type'), [0]), 0],
    map(text('type'), [0]), map(text('type'), [9], text('nsp'), text('/')), map(text('type'), text('0'), text('nsp'), text('/')), map(text('type'), [0xcf, ...Array(8).fill(0xff)], text('nsp'), text('/')),
    map(text('type'), [0], text('nsp'), [0xc0]), map(text('type'), [0], text('nsp'), text('x')), map(text('type'), [0], text('nsp'), text('/'), text('data'), [0x90]),
    event([0x91, ...text('a')]), event([0x80]), event([0x91, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]),
  ];
  for (const bytes of junk) {
    const mallory = await openSession(at());
    mallory.sayBinary(bytes);
    assert.ok(isClose(await mallory.closed()), Buffer.from(bytes).toString('hex').slice(0, 60));
  }
  for (const data of [[0x90], [0x91, 0xc0], [0x91, ...text('connect')], [0x92, ...text('a'), 0xc1], [0x92, ...text('a'), ...Array(70).fill(0x91), 0x01], [0x91, ...text('a'), 0x00]]) {
    const mallory = await openSession(at());
    mallory.sayBinary(map(text('type'), [0], text('nsp'), text('/')));
    await mallory.hear('');
    mallory.sayBinary(event(data));
    assert.ok(isClose(await mallory.closed()), Buffer.from(data).toString('hex').slice(0, 60));
    const mixed = await openMember(at());
    mixed.sayBinary(event(data));
    assert.ok(isClose(await mixed.closed()), 'in the midst of the other format');
  }
});

attack('every input that was ever found by fuzzing is refused or taken', async () => {
  const corpus = new URL('../fuzz/corpus/socketio/', import.meta.url);
  for (const name of await readdir(corpus)) {
    const input = await readFile(new URL(name, corpus));
    const mallory = await openSession(at());
    for (const line of input.toString('latin1').split('\n')) {
      const isBinary = line.startsWith('#');
      mallory.socket.frame({ opcode: isBinary ? Opcode.binary : Opcode.text, payload: Buffer.from(isBinary ? line.slice(1) : line) });
    }
    mallory.socket.frame({ opcode: Opcode.close, payload: Buffer.from([0x03, 0xe8]) });
    await mallory.socket.closed();
  }
});

attack('what is too large is refused with 413 or closed with 1009', async () => {
  const sends = {
    'one frame': (mallory) => mallory.say(`42["a","${'x'.repeat(MAX_PAYLOAD)}"]`),
    'ten megabytes': (mallory) => mallory.sayBinary(Buffer.alloc(10 * MIB)),
    'announced only': (mallory) => mallory.socket.raw(frame({ payload: '', length: 2 ** 40 })),
    'in fragments': (mallory) => {
      for (let piece = 0; piece < 20; piece += 1) {
        mallory.socket.frame({ opcode: piece === 0 ? Opcode.text : Opcode.continuation, payload: 'x'.repeat(100_000), fin: false });
      }
    },
  };
  for (const [what, send] of Object.entries(sends)) {
    const mallory = await openMember(at());
    send(mallory);
    assert.equal(await mallory.closed(), 1009, what);
  }
  const parts = await openMember(at());
  parts.say('4510-["a"]');
  for (let part = 0; part < 10; part += 1) parts.sayBinary(Buffer.alloc(400_000));
  assert.ok(isClose(await parts.closed()), 'attachments that are too large together');
  const word = await openMember(at());
  word.say('420["join-room","large"]');
  await word.hear('430');
  word.say(`421["draw","${'x'.repeat(70_000)}"]`);
  assert.match(await word.hear('431'), /"code":"too-large"/);
  word.destroy();

  const polling = await openPolling(at());
  assert.equal((await polling.post('4'.padEnd(MAX_PAYLOAD + 1, 'x'))).status, 413);
  assert.ok(await polling.isOver());
  const liar = await openPolling(at());
  const wire = new Wire(at());
  await wire.opened;
  wire.write(`POST ${liar.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${2 ** 40}\r\n\r\n`);
  wire.write('4'.repeat(2 * MAX_PAYLOAD));
  // What it goes on sending may reset the connection before it has read its answer.
  const answer = await wire.readUntil('\r\n\r\n').catch(() => null);
  if (answer) assert.match(answer.toString(), /^HTTP\/1\.1 413/);
  wire.destroy();
  assert.ok(await liar.isOver());
});

attack('what comes out of order ends one session, and no other', async ({ others }) => {
  for (const packet of ['42["chat","x"]', '41', '420["join-room","r"]', '430[]', '42/a,["x"]']) {
    const early = await openSession(at());
    early.say(packet);
    assert.ok(isClose(await early.closed()), `${packet} before CONNECT`);
  }
  const polling = await openPolling(at());
  for (const words of ['5', '2', '2prob', '4hello', '']) {
    const rash = await openSession({ ...at(), sid: polling.sid });
    rash.say(words);
    await rash.socket.closed();
  }
  const probing = await openSession({ ...at(), sid: polling.sid });
  probing.say('2probe');
  assert.equal(await probing.hear('3'), '3probe');
  const second = await openSession({ ...at(), sid: polling.sid });
  await second.socket.closed();
  probing.destroy();
  assert.equal((await polling.post('40')).status, 200, 'who polls goes on whatever its WebSockets did');
  assert.match((await polling.get()).body, /^40\{/);

  const [first, other] = await Promise.all([polling.get(), polling.get()]);
  assert.deepEqual([first, other].map(({ status }) => status).sort(), [200, 400]);
  assert.ok(await polling.isOver(), 'two GETs');
  const slow = await openPolling(at());
  const wire = new Wire(at());
  await wire.opened;
  wire.write(`POST ${slow.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n4`);
  while ((await slow.post('3')).status !== 400);
  assert.ok(await slow.isOver(), 'two POSTs');
  wire.destroy();

  const grown = await openMember(at());
  for (const sid of ['nobody', others.id, grown.id, '', '%00', 'x'.repeat(5_000)]) {
    for (const method of ['GET', 'POST']) {
      const { status } = await ask({ ...at(), path: `/socket.io/?EIO=4&transport=polling&sid=${sid}`, method, body: method === 'POST' ? '1' : undefined });
      assert.ok(status === 400, `${method} ${sid.slice(0, 20)}: ${status}`);
    }
    assert.equal((await handshake({ ...at(), path: `/socket.io/?EIO=4&transport=websocket&sid=${sid}` })).status, 400);
  }
  grown.say('420["join-room","grown"]');
  await grown.hear('430');
  grown.destroy();
});

/** By name what clients of Socket.IO and of RTCMultiConnection know. */
const EVENTS = [
  'join-room', 'join', 'leave-room', 'leave', 'disconnecting', 'offer', 'answer', 'ice-candidate', 'chat', 'message', 'draw', 'error', '__proto__', '', ' ', '\\u0007',
  'open-room', 'check-presence', 'set-password', 'is-valid-password', 'get-public-rooms', 'disconnect-with', 'close-entire-session', 'changed-uuid', 'extra-data-updated',
  'get-remote-user-extra-data', 'set-custom-socket-event-listener', 'RTCMultiConnection-Message', 'rtcmulticonnection', 'peerjs', 'x'.repeat(200),
];
const ARGUMENTS = [
  '', 'null', 'true', '-1', '1e308', '""', '" "', '"\\u0000"', '[]', '{}', '[[]]', '{"sessionid":null}', '{"sessionid":{}}', '{"sessionid":"","extra":5}', `"${'x'.repeat(70_000)}"`,
  '{"sdp":5,"type":"offer"}', '{"type":"offer","sdp":"v=0"},{}', '{"type":"offer","sdp":"v=0"},"nowhere","nobody"', '"a","b","c","d"', '{"candidate":{}},[],{}',
  '{"remoteUserId":[],"message":1}', '{"remoteUserId":"nobody","message":{"userLeft":"x"}}', '{"remoteUserId":"nobody","message":{"type":[],"sdp":{}}}', '{"_placeholder":true,"num":9}',
  `{"remoteUserId":"nobody","message":${deep(50)}}`, `{"sessionid":"r","extra":{"a":"${'x'.repeat(2_000)}"}}`,
];

attack('known events with arguments of any kind are answered, and the connection goes on', async ({ room, others }) => {
  const query = `&userid=mallory&msgEvent=RTCMultiConnection-Message&extra=${encodeURIComponent('{"a":')}&maxParticipantsAllowed=-1`;
  for (const rest of ['', query]) {
    const mallory = await openMember({ ...at(), query: rest });
    let id = 0;
    for (const event of EVENTS) {
      for (const args of ARGUMENTS) {
        mallory.say(`42${(id += 1)}["${event}"${args && `,${args}`}]`);
        assert.match(await mallory.hear(`43${id}[`), /^43\d+\[/, `${event} ${args.slice(0, 60)}`);
      }
      mallory.say(`42["${event}",{"sessionid":[]}]`);
    }
    mallory.say(`42${(id += 1)}["join-room",7,{"name":[]}]`);
    const answer = await mallory.hear(`43${id}[`);
    assert.ok(/"ok":true|already-joined|too-many-rooms/.test(answer), answer);
    mallory.say(`42${(id += 1)}["offer",{"type":"offer","sdp":5}]`);
    const refused = JSON.parse((await mallory.hear(`43${id}[`)).slice(`43${id}`.length));
    assert.deepEqual([refused[0].ok, refused[0].code], [false, 'bad-message']);
    assert.match(refused[0].hint, /docs\/bring-your-client\.md/);
    mallory.say(`42${(id += 1)}["ice-candidate",null,"${room}","${others.peer}"]`);
    assert.match(await mallory.hear(`43${id}[`), /"not-joined"/, 'only members are heard');
    mallory.destroy();
  }
});

/** Sends as fast as it is taken for a while, or until it is closed. */
async function flood(mallory, payload, ms = 700) {
  const burst = Buffer.concat(Array.from({ length: 200 }, (_, index) => frame({ payload: typeof payload === 'function' ? payload(index) : payload })));
  const stopAt = Date.now() + ms;
  let taken = null;
  while (!mallory.socket.close && Date.now() < stopAt) {
    if (!taken) {
      mallory.socket.raw(burst);
      taken = mallory.socket.drained().then(() => (taken = null));
    }
    await Promise.race([taken, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
}

attack('floods of events, pongs and namespaces make nobody else wait', async ({ room }) => {
  for (const payload of ['42["nonsense"]', '421["join-room",[]]', '3', '6', (index) => `40/n${index},`, '41/nowhere,']) {
    const mallory = await openMember(at());
    await flood(mallory, payload);
    mallory.destroy();
  }
  const member = await openMember(at());
  member.say(`420["join-room","${room}"]`);
  await member.hear('430');
  for (let drawn = 0; drawn < 300; drawn += 1) member.say('42["draw",1]');
  member.say('421["draw",2]');
  await member.hear('431', 30_000);
  member.destroy();
  const crowded = await openMember(at());
  for (let name = 0; name < 40; name += 1) crowded.say(`40/n${name},`);
  assert.match(await crowded.hear('44/n'), /Too many namespaces/);
  crowded.destroy();
});

attack('a flood of WebSocket pings ends the session', async () => {
  const mallory = await openMember(at());
  const burst = Buffer.concat(Array.from({ length: 1_000 }, () => frame({ opcode: Opcode.ping, payload: 'x' })));
  const stopAt = Date.now() + 10_000;
  while (!mallory.socket.close && Date.now() < stopAt) {
    mallory.socket.raw(burst);
    await mallory.socket.drained();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await mallory.socket.closed();
});

attack('a flood of handshakes and POSTs makes nobody else wait', async () => {
  const opened = await Promise.all(Array.from({ length: 100 }, () => openPolling(at())));
  await Promise.all(opened.map((session) => session.post('40')));
  await Promise.all(opened.map((session) => session.post('1')));
  const wrong = ['EIO=3&transport=polling', 'EIO=4&transport=pigeon', '', 'EIO=4', `EIO=4&transport=polling&sid=${'y'.repeat(100)}`];
  for (const query of wrong) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask({ ...at(), path: `/socket.io/?${query}` })));
    assert.ok(answers.every(({ status }) => status === 400), query);
  }
  const mallory = await openPolling(at());
  await mallory.post('40');
  const many = Array(2_000).fill('42["nonsense"]').join(SEPARATOR);
  assert.equal((await mallory.post(many)).status, 200);
  await mallory.post('1');
});

attack('who does not read is ended, by polling and by WebSocket, and the room goes on', async ({ room }) => {
  const { url } = field.server;
  const stalled = await openMember(at());
  const absent = await openPolling(at());
  stalled.say(`420["join-room","${room}","Mallory"]`);
  await stalled.hear('430');
  await absent.post(`40${SEPARATOR}42["join-room","${room}","Nobody"]`);
  const speaker = await join(url, { room, name: 'Barbara' });
  stalled.socket.pause();
  const gone = new Set();
  speaker.on('user-left', (id) => gone.add(id));
  const data = 'x'.repeat(60_000);
  for (let sent = 0; sent < 600; sent += 1) await speaker.timeout(20_000).emitWithAck('message', data);
  stalled.socket.resume();
  await stalled.socket.closed();
  for (let polls = 0; !(await absent.isOver()); polls += 1) {
    assert.ok(polls < 5, 'who comes to fetch all of it at last is told that it is over');
    await absent.get();
  }
  speaker.close();
});

field.attack('a POST that comes byte by byte is cut off after 30 s, and ends its session alone', async () => {
  const mallory = await openPolling(at());
  await mallory.post('40');
  const wire = new Wire(at());
  await wire.opened;
  wire.write(`POST ${mallory.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n`);
  const drip = setInterval(() => wire.write('4'), 200);
  const answer = (await wire.readUntil('\r\n\r\n')).toString();
  clearInterval(drip);
  wire.destroy();
  assert.match(answer, /^HTTP\/1\.1 (400|408)/);
  assert.ok(await mallory.isOver());
  const friend = await connect(field.server.url);
  friend.close();
});

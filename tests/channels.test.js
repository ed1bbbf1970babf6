// Clients of the older WebSocket signaling examples: presence, channels, and data that arrives bare.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { log, logged, openExample, say } from './harness/examples.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { openSocket } from './harness/ws.js';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await server.stop();
});

const page = (room, name) =>
  openExample({ browser, kind: 'channels', query: { server: `ws://localhost:${server.port}`, room, name } });

test('the example: two pages see who is there and talk, and a native member hears and is heard', { timeout: 60_000 }, async () => {
  const ada = await page('pages', 'ada');
  await ada.getByText('nobody was here').waitFor();
  const native = await joinNative({ port: server.port, room: 'pages', name: 'Alan' });
  const grace = await page('pages', 'grace');
  await grace.getByText('somebody is here').waitFor();
  await logged(ada, 'grace came');
  const { member } = await native.event('member-joined');
  assert.deepEqual((await native.event('message')).data, { userid: 'grace', arrived: true });

  await say(ada, 'good morning');
  await logged(grace, 'ada: good morning');
  assert.deepEqual((await native.event('message')).data, { userid: 'ada', text: 'good morning' });
  await native.request({ type: 'chat', text: 'to all of you' });
  await native.request({ type: 'send', data: { userid: 'alan', text: 'as data' } });
  for (const hearer of [ada, grace]) {
    await logged(hearer, 'Alan: to all of you');
    await logged(hearer, 'alan: as data');
  }
  assert.equal((await log(ada)).filter((line) => line.includes('good morning')).length, 1, 'nothing comes back');

  await grace.close();
  await logged(ada, `${member.peer} left`);
  const left = await native.event('member-left');
  assert.deepEqual([left.peer, left.reason], [member.peer, 'left']);
  assert.deepEqual(ada.complaints, []);
  native.socket.destroy();
});

class Channel {
  static async open(channel, { opens = true } = {}) {
    const socket = await openSocket({ port: server.port, path: '/' });
    if (opens) socket.send({ open: true, channel });
    const self = new Channel(socket, channel);
    // The answer says that the server has read what was sent before.
    if (opens) await self.isPresent();
    return self;
  }

  constructor(socket, channel) {
    Object.assign(this, { socket, channel });
  }

  say(data) {
    this.socket.send({ data, channel: this.channel });
  }

  hears() {
    return this.socket.takeText();
  }

  async isPresent(channel = this.channel) {
    this.socket.send({ checkPresence: true, channel });
    return (await this.socket.take((message) => message?.isChannelPresent !== undefined)).isChannelPresent;
  }
}

test('the conversation of the examples: somebody broadcasts, somebody takes part, they describe themselves, one leaves', async () => {
  const newcomer = await Channel.open('broadcast', { opens: false });
  assert.equal(await newcomer.isPresent(), false);
  const host = await Channel.open('broadcast');
  assert.equal(await newcomer.isPresent(), true);
  newcomer.socket.send({ open: true, channel: 'broadcast' });
  await newcomer.isPresent();

  const sdp = { type: 'offer', sdp: 'v=0\r\n' };
  const candidate = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMLineIndex: 0 };
  const talk = [
    [host, newcomer, { userid: 'host', broadcasting: true }],
    [newcomer, host, { participationRequest: true, userid: 'new', to: 'host' }],
    [host, newcomer, { sdp, userid: 'host', to: 'new' }],
    [newcomer, host, { sdp: { ...sdp, type: 'answer' }, userid: 'new', to: 'host' }],
    [host, newcomer, { candidate, userid: 'host', to: 'new' }],
    [newcomer, host, { candidate, userid: 'new', to: 'host' }],
    [newcomer, host, { userLeft: true, userid: 'new', to: 'host' }],
  ];
  for (const [speaker, hearer, data] of talk) {
    speaker.say(data);
    assert.equal(await hearer.hears(), JSON.stringify(data));
  }
  newcomer.socket.destroy();
  const { userLeft, userid } = JSON.parse(await host.hears());
  assert.ok(userLeft && userid, 'who is gone without a word is told by the server');
  host.socket.destroy();
  const last = await Channel.open('elsewhere');
  assert.equal(await last.isPresent('broadcast'), false, 'a channel that everybody has left');
  assert.equal(await last.isPresent('constructor'), false);
  last.socket.destroy();
});

test('data arrives letter by letter, falsy or not, once, and never at its author', async () => {
  const [ada, grace] = [await Channel.open('letters'), await Channel.open('letters')];
  grace.socket.send({ open: true, channel: 'letters' });
  for (const data of ['"hi"', '0', '""', 'false', 'null', '[ 1,  2 ]', '{"b":1,"a":1e3}', '"\\u0041 ☕"']) {
    ada.socket.send(`{"data":${data},"channel":"letters"}`);
    assert.equal(await grace.hears(), data);
  }
  assert.equal(await ada.isPresent(), true);
  assert.deepEqual([ada.socket.takeAll(), grace.socket.takeAll()], [[], []]);
  for (const { socket } of [ada, grace]) socket.destroy();
});

test('what members of other dialects say arrives in words that these clients know', async () => {
  const ada = await Channel.open('words');
  const native = await joinNative({ port: server.port, room: 'words', name: 'Alan' });
  const [{ peer }] = native.joined.members.filter((member) => member.peer !== native.peer);
  const candidate = { candidate: 'candidate:1 1 udp 1 127.0.0.1 9 typ host', sdpMid: '0' };
  const userid = native.peer;
  const words = [
    [{ type: 'chat', text: 'hi' }, { chat: 'hi', name: 'Alan', userid }],
    [{ type: 'send', data: ['as', 'it', 'is'] }, ['as', 'it', 'is']],
    [{ type: 'emit', name: 'draw', args: [1, { $binary: 'AAE=' }] }, { event: 'draw', args: [1, { $binary: 'AAE=' }] }],
    [{ type: 'offer', to: peer, sdp: 'v=0' }, { sdp: { type: 'offer', sdp: 'v=0' }, userid }],
    [{ type: 'answer', to: peer, sdp: 'v=0' }, { sdp: { type: 'answer', sdp: 'v=0' }, userid }],
    [{ type: 'candidate', to: peer, candidate }, { candidate, userid }],
  ];
  for (const [request, heard] of words) {
    assert.equal((await native.request(request)).type, 'ok', request.type);
    assert.deepEqual(JSON.parse(await ada.hears()), heard);
  }
  await native.request({ type: 'leave' });
  assert.deepEqual(JSON.parse(await ada.hears()), { userLeft: true, userid });
  ada.socket.destroy();
});

test('several channels over one connection are kept apart, and strangers are not heard', async () => {
  const [ada, red] = [await Channel.open('red'), await Channel.open('red')];
  ada.socket.send({ open: true, channel: 'blue' });
  await ada.isPresent();
  const blue = await Channel.open('blue');
  ada.socket.send({ data: 'to blue', channel: 'blue' });
  ada.socket.send({ data: 'to red', channel: 'red' });
  assert.deepEqual([await red.hears(), await blue.hears()], ['"to red"', '"to blue"']);
  red.socket.send({ data: 'let me in', channel: 'blue' });
  assert.equal((await red.socket.next()).error.code, 'not-joined');
  assert.equal(await blue.isPresent(), true);
  assert.deepEqual(blue.socket.takeAll(), []);
  for (const { socket } of [ada, red, blue]) socket.destroy();
});

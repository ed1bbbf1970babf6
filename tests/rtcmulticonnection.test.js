// RTCMultiConnection as it comes from npm, on the example page: it opens, joins, calls and leaves, and is a member like
// everybody else. What its page would never say is said by a Socket.IO client in its words.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { logged, openExample, say } from './harness/examples.js';
import { mediaFlows, rememberPeerConnections } from './harness/media.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';
import { collect, connect, next } from './harness/socketio.js';
import { openSocket } from './harness/ws.js';

const MESSAGE = 'RTCMultiConnection-Message';

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  assert.equal((await server.stop()).code, 0);
});

async function openPage(query) {
  const page = await openExample({ browser, kind: 'rtcmulticonnection', query: { server: server.url, ...query } });
  await page.getByText(`I am ${query.id}`).waitFor();
  return page;
}

/** Whether a page sees so many others, and their pictures move. */
const sees = (page, count) => until(page, (wanted) => {
  const others = Object.values(connection.streamEvents).filter(({ type }) => type === 'remote');
  const moving = others.filter(({ mediaElement }) => mediaElement.videoWidth > 0 && mediaElement.currentTime > 0);
  return moving.length === wanted;
}, count);

/** The words of such a client without its page. */
async function speak({ userid, ...query }) {
  const socket = await connect(server.url, { query: { userid, msgEvent: MESSAGE, ...query } });
  const ask = (event, ...args) => new Promise((resolve, reject) => {
    socket.timeout(10_000).emit(event, ...args, (error, ...answer) => (error ? reject(error) : resolve(answer)));
  });
  return {
    socket,
    ask,
    open: (sessionid, rest) => ask('open-room', { sessionid, ...rest }),
    join: (sessionid, rest) => ask('join-room', { sessionid, ...rest }),
    send: (remoteUserId, message, rest) => ask(MESSAGE, { remoteUserId, message, sender: userid, ...rest }),
    hear: () => next(socket, MESSAGE).then(([letter]) => letter),
  };
}

test('three pages see and hear each other, talk, and miss who leaves', { timeout: 120_000 }, async () => {
  const room = 'call';
  const ada = await openPage({ room, id: 'ada', name: 'Ada' });
  const bob = await openPage({ room, id: 'bob', name: 'Bob' });
  await Promise.all([logged(ada, 'Bob is here'), logged(bob, 'Ada is here'), sees(ada, 1), sees(bob, 1)]);
  await say(bob, 'good morning');
  await logged(ada, 'Bob: good morning');
  const eve = await openPage({ room, id: 'eve', name: 'Eve' });
  await Promise.all([ada, bob, eve].map((page) => sees(page, 2)));
  await bob.locator('#leave').click();
  await Promise.all([ada, eve].map((page) => logged(page, 'Bob is gone')));
  await ada.context().close();
  await logged(eve, 'ada is offline');
  await until(eve, () => connection.isInitiator);
  assert.deepEqual([ada, bob, eve].map(({ complaints }) => complaints), [[], [], []]);
});

test('the app\'s people and an RTCMultiConnection page call each other, whoever was there first', { timeout: 120_000 }, async () => {
  const inSdk = async (room, name) => {
    const context = await browser.person();
    await rememberPeerConnections(context);
    const page = await browser.sdkPage({ server, context });
    await page.evaluate(async (options) => {
      window.room = await window.parlor.join(options);
      window.room.on('track', ({ member }) => {
        const video = document.createElement('video');
        Object.assign(video, { srcObject: member.media, autoplay: true });
        document.body.append(video);
      });
      await window.room.publish('camera', await window.parlor.devices.openCamera({}));
      await window.room.publish('microphone', await window.parlor.devices.openMicrophone({}));
    }, { room, name });
    return page;
  };
  for (const [room, first, second] of [['page-first', openPage, inSdk], ['app-first', inSdk, openPage]]) {
    const arrive = (come) => (come === inSdk ? inSdk(room, 'Grace') : openPage({ room, id: 'ada', name: 'Ada' }));
    const pages = new Map([[first, await arrive(first)], [second, await arrive(second)]]);
    await mediaFlows(pages.get(inSdk), 1);
    await sees(pages.get(openPage), 1);
    await until(pages.get(inSdk), () => window.room.members.some(({ name }) => name === 'Ada'));
    await pages.get(openPage).locator('#leave').click();
    await until(pages.get(inSdk), () => window.room.members.length === 1);
    assert.deepEqual(pages.get(openPage).complaints, []);
  }
});

test('a tutorial\'s JSON page and an RTCMultiConnection page see each other, whoever was there first', { timeout: 120_000 }, async () => {
  const json = (room) => openExample({ browser, kind: 'json', query: { server: `ws://localhost:${server.port}`, room } });
  const seen = (page) => until(page, () => document.getElementById('theirs').videoWidth > 0, null, 60_000);
  const ada = await openPage({ room: 'tutorial', id: 'ada', name: 'Ada' });
  const page = await json('tutorial');
  await Promise.all([seen(page), sees(ada, 1)]);
  const witness = await joinNative({ port: server.port, room: 'tutorial-first', name: 'Witness' });
  const before = await json('tutorial-first');
  await witness.event('member-joined');
  await witness.request({ type: 'leave' });
  const bob = await openPage({ room: 'tutorial-first', id: 'bob', name: 'Bob' });
  await Promise.all([seen(before), sees(bob, 1)]);
});

test('a PeerJS page that comes is called, and answers', { timeout: 60_000 }, async () => {
  const ada = await openPage({ room: 'peers', id: 'ada', name: 'Ada' });
  const bob = await openExample({ browser, kind: 'peerjs', query: { server: server.url, room: 'peers', id: 'bob' } });
  await sees(ada, 1);
  await until(bob, () => document.getElementById('theirs').currentTime > 0);
  await bob.context().close();
  await logged(ada, 'bob is offline');
});

test('the sender is the server\'s, and only members are heard and reached', async () => {
  const [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map((userid) => speak({ userid })));
  assert.deepEqual(await ada.open('stamps', { extra: { fullName: 'Ada' } }), [true]);
  // Whom a page has not heard of is not there for it.
  const met = next(ada.socket, 'user-connected');
  assert.deepEqual(await bob.join('stamps'), [true]);
  assert.equal((await met)[0], 'bob');
  const heard = bob.hear();
  await ada.send('bob', { hello: [1, 2.5] }, { sender: 'eve', extra: { fullName: 'Eve' } });
  assert.deepEqual(await heard, { remoteUserId: 'bob', sender: 'ada', message: { hello: [1, 2.5] }, extra: { fullName: 'Ada' } });

  const strays = collect(bob.socket, MESSAGE);
  const [refused] = await eve.send('bob', { userLeft: true });
  assert.deepEqual([refused.ok, refused.code], [false, 'not-joined']);
  assert.deepEqual(await eve.open('elsewhere'), [true]);
  const notFound = next(eve.socket, 'user-not-found');
  const [unknown] = await eve.send('bob', { userLeft: false });
  assert.deepEqual([unknown.code, (await notFound)[0]], ['unknown-target', 'bob']);
  assert.deepEqual(await eve.ask('get-remote-user-extra-data', 'ada'), ['User ID does not exist']);
  assert.deepEqual(await bob.ask('get-remote-user-extra-data', 'ada'), [{ fullName: 'Ada' }, 'ada']);
  assert.deepEqual(strays, []);
  for (const { socket } of [ada, bob, eve]) socket.close();
});

test('an id that somebody has in the room is taken, and a room that nobody opened is none', async () => {
  const [ada, other, eve] = [await speak({ userid: 'ada' }), await speak({ userid: 'ada' }), await speak({ userid: 'eve' })];
  assert.deepEqual(await ada.ask('check-presence', 'taken'), [false, 'taken', { _room: { isFull: false, isPasswordProtected: false } }]);
  assert.deepEqual(await eve.join('taken'), [false, 'Room not available']);
  assert.deepEqual(await ada.open('taken'), [true]);
  assert.deepEqual(await eve.open('taken'), [false, 'Room not available']);
  const taken = next(other.socket, 'userid-already-taken');
  assert.deepEqual(await other.join('taken'), [false, 'User ID already taken']);
  assert.equal((await taken)[0], 'ada');
  const [there, name, { _room: about }] = await eve.ask('check-presence', 'taken');
  assert.deepEqual([there, name, about.isFull], [true, 'taken', false]);
  const narrow = await speak({ userid: 'carol', maxParticipantsAllowed: 1 });
  assert.equal((await narrow.ask('check-presence', 'taken'))[2]._room.isFull, true);
  assert.deepEqual(await narrow.join('taken'), [false, 'Room full']);
  const [opened, why] = await eve.open('secret', { password: 'sesame' });
  assert.equal(opened, false);
  assert.match(why, /password/);
  for (const { socket } of [ada, other, eve, narrow]) socket.close();
});

test('a page whose id is taken comes in by another one', { timeout: 60_000 }, async () => {
  const ada = await speak({ userid: 'ada' });
  assert.deepEqual(await ada.open('twice'), [true]);
  const native = await joinNative({ port: server.port, room: 'twice', name: 'Alan' });
  const page = await openExample({ browser, kind: 'rtcmulticonnection', query: { server: server.url, room: 'twice', id: 'ada', name: 'Ada' } });
  const { member } = await native.event('member-joined');
  assert.notEqual(member.alias, 'ada');
  assert.equal(await page.evaluate(() => connection.userid), member.alias);
  ada.socket.close();
  native.socket.destroy();
});

test('who opened a room closes it for all of its kind, and nobody else does', async () => {
  const [ada, bob] = [await speak({ userid: 'ada' }), await speak({ userid: 'bob' })];
  assert.deepEqual(await ada.ask('close-entire-session'), [false, 'Room not available']);
  await ada.open('closing', { extra: { fullName: 'Ada' } });
  const came = next(ada.socket, 'user-connected');
  await bob.join('closing');
  await came;
  const json = await openSocket({ port: server.port, path: '/' });
  json.send({ type: 'join', roomId: 'closing' });
  await json.take(({ type }) => type === 'existing-user');
  assert.deepEqual(await bob.ask('close-entire-session'), [false, 'Room permission denied']);
  json.send({ type: 'event', name: 'rtcmulticonnection', args: [{ close: true }] });
  const closed = next(bob.socket, 'closed-entire-session');
  const gone = [json.take(({ type }) => type === 'user-left'), json.take(({ type }) => type === 'user-left')];
  assert.deepEqual(await ada.ask('close-entire-session'), [true]);
  assert.deepEqual((await closed).slice(0, 2), ['closing', { fullName: 'Ada' }]);
  await Promise.all(gone);
  assert.equal((await bob.ask('close-entire-session'))[0], false, 'it is in no room any more');
  assert.equal(json.close, null);
  for (const { socket } of [ada, bob]) socket.close();
  json.destroy();
});

test('the page closes the session for the other page', { timeout: 60_000 }, async () => {
  const [ada, bob] = [await openPage({ room: 'done', id: 'ada', name: 'Ada' }), await openPage({ room: 'done', id: 'bob', name: 'Bob' })];
  await Promise.all([sees(ada, 1), sees(bob, 1)]);
  await ada.evaluate(() => new Promise((resolve) => connection.closeEntireSession(resolve)));
  await Promise.all([logged(ada, 'the session is closed'), logged(bob, 'the session is closed')]);
  const native = await joinNative({ port: server.port, room: 'done', name: 'Alan' });
  assert.deepEqual(native.joined.members.map(({ name }) => name), ['Alan']);
  native.socket.destroy();
});

test('a native member meets it under its name, and both say what they have words for', async () => {
  const native = await joinNative({ port: server.port, room: 'mixed', name: 'Alan' });
  const ada = await speak({ userid: 'ada', extra: JSON.stringify({ fullName: 'Ada' }) });
  const online = next(ada.socket, 'user-connected');
  assert.deepEqual(await ada.open('mixed'), [false, 'Room not available'], 'somebody is there');
  assert.deepEqual(await ada.join('mixed'), [true]);
  assert.equal((await online)[0], native.peer);
  const { member } = await native.event('member-joined');
  assert.deepEqual([member.name, member.alias], ['Ada', 'ada']);

  const offered = ada.hear();
  await native.request({ type: 'offer', to: member.peer, sdp: 'v=0\r\no=- 7 1 IN IP4 0.0.0.0\r\n' });
  const { sender, message } = await offered;
  assert.deepEqual([sender, message.type, message.renegotiatingPeer], [native.peer, 'offer', false]);
  await ada.send(native.peer, { type: 'answer', sdp: 'v=1' });
  const answer = await native.event('answer');
  assert.deepEqual([answer.from, answer.sdp], [member.peer, 'v=1']);
  await ada.send(native.peer, { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 });
  assert.equal((await native.event('candidate')).candidate.candidate, 'candidate:1');

  ada.socket.emit('extra-data-updated', { fullName: 'Ada Lovelace' });
  assert.equal((await native.event('member-updated')).member.name, 'Ada Lovelace');
  const renamed = next(ada.socket, 'extra-data-updated');
  await native.request({ type: 'update', name: 'Alan Turing' });
  assert.deepEqual((await renamed).slice(0, 2), [native.peer, { fullName: 'Alan Turing' }]);
  const chat = next(ada.socket, 'chat');
  await native.request({ type: 'chat', text: 'tea?' });
  assert.equal((await chat)[0].text, 'tea?');
  const offline = next(ada.socket, 'user-disconnected');
  await native.request({ type: 'leave' });
  assert.equal((await offline)[0], native.peer);
  ada.socket.close();
});

test('after a cut it goes on as the member that it was', async () => {
  const [ada, bob] = [await speak({ userid: 'ada' }), await speak({ userid: 'bob', transports: ['websocket'] })];
  await ada.open('cut');
  const came = next(ada.socket, 'user-connected');
  await bob.join('cut');
  await came;
  const strays = ['user-disconnected', 'user-connected'].map((event) => collect(ada.socket, event));
  const back = next(bob.socket, 'connect');
  const heard = bob.hear();
  bob.socket.io.engine.close();
  await ada.send('bob', { while: 'away' });
  await back;
  assert.ok(bob.socket.recovered);
  assert.deepEqual((await heard).message, { while: 'away' });
  const answer = ada.hear();
  await bob.send('ada', { still: 'here' });
  assert.equal((await answer).sender, 'bob');
  assert.deepEqual(strays, [[], []]);
  for (const { socket } of [ada, bob]) socket.close();
});

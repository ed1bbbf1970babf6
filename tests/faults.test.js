// What a call and its messages go through when the network breaks: at any byte, for a while, again and again, and
// when the server itself goes away.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { mediaFlows, received, rememberPeerConnections } from './harness/media.js';
import { seeded, startProxy } from './harness/proxy.js';
import { startServer } from './harness/server.js';
import { assertComplete, settleTraffic, startTraffic } from './harness/traffic.js';

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

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A page whose `call` has media and peer connections, and whose `line` goes through the server alone. */
async function member({ name, room, url, to = server }) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const page = await browser.sdkPage({ server: to, context });
  await page.evaluate(async (options) => {
    const { join, devices } = window.parlor;
    const common = { name: options.name, url: options.url, remember: false };
    window.call = await join({ ...common, room: options.room });
    window.call.on('track', ({ member: from }) => {
      const video = document.createElement('video');
      Object.assign(video, { srcObject: from.media, autoplay: true });
      document.body.append(video);
    });
    window.line = await join({ ...common, room: `${options.room}-line`, mesh: false });
    await window.call.publish('camera', await devices.openCamera({ width: 160, height: 120 }));
    await window.call.publish('microphone', await devices.openMicrophone({}));
  }, { name, room, url });
  return page;
}

const WHERE = { 'in the call': 'call', 'on the line': 'line' };

const startTalk = (people) => startTraffic(people.map(({ page, name }) => {
  const rooms = Object.entries(WHERE).map(([where, room]) => [`${name} ${where}`, room]);
  return { page, rooms: Object.fromEntries(rooms) };
}));

const talkers = (people, where) => people.map(({ page, name }) => ({ page, label: `${name} ${where}` }));

async function assertNothingLost(t, people) {
  for (const where of Object.keys(WHERE)) {
    const seen = await settleTraffic(talkers(people, where));
    assertComplete(seen);
    const total = (field) => seen.reduce((sum, one) => sum + one[field], 0);
    t.diagnostic(`${where}: ${total('sent')} messages to ${people.length - 1} each and ${total('said')} chat lines, all once and in order`);
    assert.equal(total('left'), 0, 'nobody was seen to leave');
  }
}

/** Watches until `done`: in every few seconds each peer connection of each page decodes frames. */
async function mediaNeverStops(people, done) {
  const frames = () => Promise.all(people.map(async ({ page }) => (await received(page)).map((one) => one.frames)));
  let last = await frames();
  while (!done()) {
    await pause(5_000);
    const now = await frames();
    now.forEach((peers, person) => {
      assert.equal(peers.length, people.length - 1, `${people[person].name} is connected to all`);
      peers.forEach((count, peer) => assert.ok(count > last[person][peer], `${people[person].name} sees a picture move`));
    });
    last = now;
  }
}

test('30 % of the connections die every second for a minute: nothing is lost, the call goes on', { timeout: 180_000 }, async (t) => {
  const proxy = await startProxy({ to: server.port });
  const people = [];
  for (const name of ['Ada', 'Grace', 'Alan']) {
    people.push({ name, page: await member({ name, room: 'storm', url: proxy.webSocketUrl }) });
  }
  for (const { page } of people) await mediaFlows(page, 2);
  await startTalk(people);

  const seed = 0x5eed;
  const random = seeded(seed);
  const storm = setInterval(() => proxy.killSome(0.3, random), 1_000);
  const endsAt = Date.now() + 60_000;
  await mediaNeverStops(people, () => Date.now() >= endsAt).finally(() => clearInterval(storm));

  t.diagnostic(`seed ${seed}: ${proxy.broken} connections killed, ${proxy.accepted} made`);
  assert.ok(proxy.broken > 40, 'the storm was one');
  await assertNothingLost(t, people);
  await proxy.close();
});

test('20 seconds without network and without a word of it: the member comes back as the same, with all that was said', { timeout: 120_000 }, async (t) => {
  const proxy = await startProxy({ to: server.port });
  const ada = { name: 'Ada', page: await member({ name: 'Ada', room: 'tunnel', url: proxy.webSocketUrl }) };
  const grace = { name: 'Grace', page: await member({ name: 'Grace', room: 'tunnel', url: server.webSocketUrl }) };
  await mediaFlows(ada.page, 1);
  await startTalk([ada, grace]);

  proxy.freeze();
  const thawsAt = Date.now() + 20_000;
  await until(ada.page, () => window.line.state === 'reconnecting', null, 15_000);
  await mediaNeverStops([ada, grace], () => Date.now() >= thawsAt);
  proxy.thaw();

  await until(ada.page, () => window.line.state === 'connected' && window.call.state === 'connected', null, 15_000);
  await until(grace.page, () => window.line.members.every(({ state }) => state === 'connected'));
  await assertNothingLost(t, [ada, grace]);
  await proxy.close();
});

for (const [how, goAway] of Object.entries({ SIGTERM: (it) => it.stop(), 'kill -9': (it) => it.kill() })) {
  test(`the server goes away by ${how} and comes back: so do the members, the chat and the call`, { timeout: 120_000 }, async () => {
    const mortal = await startServer();
    const people = [];
    for (const name of ['Ada', 'Grace']) {
      people.push({ name, page: await member({ name, room: 'restart', url: mortal.webSocketUrl, to: mortal }) });
    }
    for (const { page } of people) await mediaFlows(page, 1);
    await goAway(mortal);
    for (const { page } of people) await until(page, () => window.line.state === 'reconnecting');
    await pause(2_000);
    await mortal.start();
    for (const { page } of people) {
      await until(page, () => [window.line, window.call].every(({ state, members }) => state === 'connected' && members.length === 2));
    }
    for (const { page, name } of people) await page.evaluate((label) => void window.line.chat(`${label} is back`), name);
    for (const { page } of people) {
      await until(page, () => ['Ada', 'Grace'].every((name) => window.line.history.filter(({ text }) => text === `${name} is back`).length === 1));
      await mediaFlows(page, 1);
    }
    await mortal.stop();
  });
}

/** From inside the handshake over the join into the talk. */
const OFFSETS = [1, 3, 60, 200, 400, 600, 650, 700, 750, 800, 850, 900, 1_000, 1_200, 1_500, 2_000, 2_500, 3_000, 4_000, 6_000];
const AT_ONCE = 10;

for (const direction of ['toServer', 'toClient']) {
  test(`the connection breaks at any byte ${direction === 'toServer' ? 'to the server' : 'to the client'}: nothing is lost, nobody is there twice`, { timeout: 180_000 }, async () => {
    const page = await browser.sdkPage({ server });
    await page.evaluate(installConversation);
    for (let first = 0; first < OFFSETS.length; first += AT_ONCE) {
      await Promise.all(OFFSETS.slice(first, first + AT_ONCE).map((offset) => conversationCutAt({ page, direction, offset })));
    }
  });
}

/** The first connection breaks there, and so does the one that is to mend it. */
async function conversationCutAt({ page, direction, offset }) {
  const proxy = await startProxy({ to: server.port });
  proxy.cutNext({ [direction]: offset });
  proxy.cutNext({ [direction]: offset });
  const options = { room: `cut-${direction}-${offset}`, through: proxy.webSocketUrl, direct: server.webSocketUrl };
  const { adaHeard, graceHeard, chat, members } = await page.evaluate((it) => window.converse(it), options);
  const where = `cut after ${offset} bytes ${direction}`;
  assert.equal(proxy.cutsLeft, 0, `${where}: both cuts were made`);
  const all = Array.from({ length: 40 }, (_, n) => n);
  assert.deepEqual(graceHeard, all, `${where}: what Grace heard`);
  assert.deepEqual(adaHeard, all, `${where}: what Ada heard`);
  assert.deepEqual(chat, ['line 0', 'line 10', 'line 20', 'line 30'], `${where}: the chat`);
  assert.deepEqual(members, ['Grace', 'Ada'], `${where}: who is there`);
  await proxy.close();
}

function installConversation() {
  const listen = (room) => {
    const heard = [];
    room.on('message', ({ data }) => heard.push(data));
    return heard;
  };
  /** A person whose first attempt fails tries again. */
  const patiently = async (attempt) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (tries === 4) throw error;
      }
    }
  };
  const settled = async (holds) => {
    const deadline = Date.now() + 30_000;
    while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  window.converse = async ({ room, through, direct }) => {
    const common = { room, mesh: false, remember: false };
    const grace = await window.parlor.join({ ...common, name: 'Grace', url: direct });
    const graceHeard = listen(grace);
    const ada = await patiently(() => window.parlor.join({ ...common, name: 'Ada', url: through }));
    const adaHeard = listen(ada);
    await settled(() => grace.members.length === 2);
    for (let n = 0; n < 40; n += 1) {
      await Promise.all([ada.send(n), grace.send(n)]);
      if (n % 10 === 0) void ada.chat(`line ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await settled(() => adaHeard.length >= 40 && graceHeard.length >= 40 && grace.history.length >= 4 && ada.history.length >= 4);
    const result = { adaHeard, graceHeard, chat: grace.history.map(({ text }) => text), members: grace.members.map(({ name }) => name) };
    await Promise.all([ada.leave(), grace.leave()]);
    return result;
  };
}

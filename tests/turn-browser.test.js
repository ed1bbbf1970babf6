// Calls that may go by nothing but the relay: two browsers that never learn each other's address.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser, until } from './harness/browser.js';
import { mediaFlows, rememberPeerConnections } from './harness/media.js';
import { startProxy } from './harness/proxy.js';
import { startServer } from './harness/server.js';

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

const CALL = { timeout: 60_000 };
/** Of credentials, by default. */
const LIFETIME_S = 3_600;

/** Somebody who is in a room with camera and microphone, over the relay alone. `by`: how the relay is reached. */
async function relayed({ room, name, by, url }) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const page = await browser.sdkPage({ server, context });
  await page.evaluate(async (options) => {
    const { join, devices } = window.parlor;
    const { iceServers } = await (await fetch('/api/v1/ice-servers')).json();
    const urls = (server) => server.urls.filter((one) => one.endsWith(`transport=${options.by}`));
    const own = iceServers.map((server) => ({ ...server, urls: urls(server) })).filter((server) => server.urls.length);
    const rtc = { iceTransportPolicy: 'relay', ...(options.by && { iceServers: own }) };
    const { room, name, url } = options;
    window.room = await join({ room, name, url, rtc, remember: false });
    window.room.on('track', ({ member }) => {
      const video = document.createElement('video');
      Object.assign(video, { srcObject: member.media, autoplay: true });
      document.body.append(video);
    });
    await window.room.publish('camera', await devices.openCamera({ width: 160, height: 120 }));
    await window.room.publish('microphone', await devices.openMicrophone({}));
  }, { room, name, by, url });
  return page;
}

/** How the browser's side of the connection in use was gathered. */
function ways(page) {
  return page.evaluate(() => Promise.all(window.peerConnections.map(async (peer) => {
    const report = await peer.getStats();
    const { selectedCandidatePairId } = [...report.values()].find(({ type }) => type === 'transport');
    const pair = report.get(selectedCandidatePairId);
    const [mine, theirs] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => report.get(id));
    return [mine.candidateType, mine.relayProtocol, theirs.candidateType];
  })));
}

/** Until when the credentials hold that the page's one connection has, or 0 if that is not after `earlier`. */
function expiry(earlier = 0) {
  const [{ iceServers }] = window.peerConnections.map((peer) => peer.getConfiguration());
  const at = Number(iceServers.find(({ username }) => username).username.split(':')[0]);
  return at > earlier ? at : 0;
}

test('with what the server says by itself, a call goes over the relay by UDP, on the port of the page', CALL, async () => {
  const pages = [await relayed({ room: 'udp', name: 'Ada' }), await relayed({ room: 'udp', name: 'Grace' })];
  for (const page of pages) {
    await mediaFlows(page, 1);
    assert.deepEqual(await ways(page), [['relay', 'udp', 'relay']]);
    const [other] = await page.evaluate(() => window.room.members.filter(({ isMe }) => !isMe).map(({ path }) => path));
    assert.equal(other, 'relayed');
  }
});

test('one who reaches the relay by TCP alone and one who reaches it by UDP see each other', CALL, async () => {
  const pages = [
    await relayed({ room: 'tcp', name: 'Ada', by: 'tcp' }),
    await relayed({ room: 'tcp', name: 'Grace', by: 'udp' }),
  ];
  for (const page of pages) await mediaFlows(page, 1);
  assert.deepEqual(await ways(pages[0]), [['relay', 'tcp', 'relay']]);
  assert.deepEqual(await ways(pages[1]), [['relay', 'udp', 'relay']]);
});

test('new credentials reach the connections that there are, and the call goes on', CALL, async () => {
  const proxy = await startProxy({ to: server.port });
  const url = proxy.webSocketUrl;
  const pages = [await relayed({ room: 'renewed', name: 'Ada', url }), await relayed({ room: 'renewed', name: 'Grace', url })];
  for (const page of pages) await mediaFlows(page, 1);
  const first = await Promise.all(pages.map((page) => page.evaluate(expiry, 0)));
  // Their expiry is told in seconds: those of the same second are the same.
  await until(pages[0], (made) => Date.now() / 1000 > made + 1, Math.max(...first) - LIFETIME_S);
  proxy.killAll();
  for (const [index, page] of pages.entries()) {
    await until(page, expiry, first[index]);
    await mediaFlows(page, 1);
    assert.equal(await page.evaluate(() => window.peerConnections.length), 1);
  }
  await proxy.close();
});

// 10,000 pieces of junk per second from one address, while the picture and sound of two people at another address pass
// through the server: each kind beside the same call without it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { mediaFlows, rememberPeerConnections, seesVideos } from './harness/media.js';
import { SERVER_ADDRESS, startNetwork } from './harness/network.js';
import { binary } from './harness/server.js';

const PORT = 443;
const RATE = 10_000;
const SECONDS = 6;
/** Attacker, server and both browsers share this machine, and a browser that waits for a processor freezes by itself. */
const FREEZES_BY_NOISE = 1;
const FROZEN_SECONDS = 1;
const PATIENCE_MS = 45_000;

let network;
let parlor;
let browser;
let pages = [];
before(async () => {
  network = await startNetwork({ clients: ['accept', 'accept'], serverPort: PORT });
  parlor = await network.server.start(binary, '--listen', `${SERVER_ADDRESS}:${PORT}`, '--open-rooms', '--tls-self-signed', '--state-dir', network.folder, '--drain-timeout', '0s');
  await parlor.says('open https://');
  const executablePath = await network.clients[1].pathOf(process.env.PARLOR_CHROMIUM ?? '/usr/bin/chromium');
  browser = await launchBrowser({ executablePath, flags: ['--ignore-certificate-errors'] });
  for (const name of ['Ada', 'Grace']) {
    const context = await browser.person();
    await rememberPeerConnections(context);
    await context.addInitScript(onlyTheRelay);
    pages.push(await browser.appMember({ server: { url: `https://${SERVER_ADDRESS}` }, room: 'club', name, context }));
  }
  for (const page of pages) {
    await seesVideos(page, 1, '.tile[data-member-id]:not([data-me]) video', PATIENCE_MS);
    await mediaFlows(page, 1, PATIENCE_MS);
  }
});
after(async () => {
  await browser?.close();
  assert.equal(await parlor?.stop(), 0, 'the server has stood all of it');
  await network?.close();
});

for (const kind of ['stun', 'tls']) {
  test(`${kind}: the picture of people at another address goes on`, { timeout: 90_000 }, async (t) => {
    const calm = await during(() => new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000)));
    let junk;
    const seen = await during(async () => { junk = await sendJunk(kind); });
    t.diagnostic(`${Math.round(junk.perSecond)} per second; ${shown(seen)}; without: ${shown(calm)}`);
    assert.ok(junk.perSecond > RATE / 4, 'the junk was much');
    for (const [index, { frames, freezes, frozen, lost }] of seen.entries()) {
      assert.ok(frames > calm[index].frames / 2, `${frames} frames, of ${calm[index].frames} without`);
      assert.ok(freezes <= calm[index].freezes + FREEZES_BY_NOISE, `${freezes} freezes`);
      assert.ok(frozen < FROZEN_SECONDS, `frozen for ${frozen} s`);
      assert.ok(lost <= calm[index].lost + frames / 10, `${lost} packets lost`);
    }
  });
}

/** Runs in the page, before any script of it. */
function onlyTheRelay() {
  const Native = window.RTCPeerConnection;
  const narrow = (config) => ({ ...config, iceTransportPolicy: 'relay' });
  window.RTCPeerConnection = class extends Native {
    constructor(config) { super(narrow(config)); }
    setConfiguration(config) { super.setConfiguration(narrow(config)); }
  };
}

/** What came of the other's video meanwhile, at each page. */
async function during(meanwhile) {
  const before = await Promise.all(pages.map(received));
  await meanwhile();
  const then = await Promise.all(pages.map(received));
  return then.map((all, index) => Object.fromEntries(Object.entries(all).map(([name, value]) => [name, value - before[index][name]])));
}

function received(page) {
  return page.evaluate(async () => {
    const [connection] = window.peerConnections.filter((peer) => peer.connectionState === 'connected');
    const video = [...(await connection.getStats()).values()].find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    return { frames: video.framesDecoded, freezes: video.freezeCount, frozen: video.totalFreezesDuration, lost: video.packetsLost };
  });
}

async function sendJunk(kind) {
  const args = ['loadtest', 'junk', `${SERVER_ADDRESS}:${PORT}`, '--kind', kind, '--rate', RATE, '--seconds', SECONDS, '--json'];
  // The attacker's own work is not to take the processor from those who are attacked.
  const { stdout } = await network.clients[0].run('nice', '-n', '10', binary, ...args.map(String));
  return JSON.parse(stdout);
}

const shown = (seen) => seen.map(({ frames, freezes, frozen, lost }) => `${frames} frames, ${freezes} freezes of ${frozen.toFixed(2)} s, ${lost} lost`).join(' and ');

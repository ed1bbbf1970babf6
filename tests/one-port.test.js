// One port is all that has to be open: calls across NATs and firewalls, each party a host of its own.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { mediaFlows, rememberPeerConnections, seesVideos } from './harness/media.js';
import { LETS_OUT, SERVER_ADDRESS, startNetwork } from './harness/network.js';
import { binary } from './harness/server.js';

const PORT = 443;
const server = { url: `https://${SERVER_ADDRESS}` };
/** The server's certificate is its own, for pages and for relays. */
const TRUST_ANYBODY = ['--ignore-certificate-errors'];
const CALL = { timeout: 120_000 };
/** Ways that are blocked take a browser its time to give up. */
const PATIENCE_MS = 45_000;
const NAMES = ['Ada', 'Grace'];

let network;
let parlor;
let browsers = [];
afterEach(async () => {
  await Promise.all(browsers.splice(0).map((browser) => browser.close()));
  await parlor?.stop();
  await network?.close();
});

/** The server on its host, and a browser on each client's. */
async function start(...letsOut) {
  network = await startNetwork({ clients: letsOut, serverPort: PORT });
  parlor = await network.server.start(binary, '--listen', `${SERVER_ADDRESS}:${PORT}`, '--open-rooms', '--tls-self-signed',
    '--state-dir', network.folder);
  await parlor.says('open https://');
  const chromium = process.env.PARLOR_CHROMIUM ?? '/usr/bin/chromium';
  for (const client of network.clients) {
    browsers.push(await launchBrowser({ executablePath: await client.pathOf(chromium), flags: TRUST_ANYBODY }));
  }
}

/** Of each connection, how the page reaches the network: by a relay or not, and over which transport. */
function routes(page) {
  return page.evaluate(async () => {
    const open = window.peerConnections.filter((peer) => peer.connectionState === 'connected');
    return Promise.all(open.map(async (peer) => {
      const stats = await peer.getStats();
      const all = [...stats.values()];
      const { selectedCandidatePairId } = all.find(({ type }) => type === 'transport');
      const pair = stats.get(selectedCandidatePairId);
      const { candidateType, relayProtocol } = stats.get(pair.localCandidateId);
      return { local: candidateType, by: relayProtocol };
    }));
  });
}

/** Everybody in the app, in one room; `by` leaves them one transport to a relay, and no other way. */
async function inACall({ by } = {}) {
  return Promise.all(browsers.map(async (browser, index) => {
    const context = await browser.person();
    await rememberPeerConnections(context);
    if (by) await context.addInitScript(onlyRelays, by);
    return browser.appMember({ server, room: 'club', name: NAMES[index], context });
  }));
}

/** Runs in the page, before any script of it. */
function onlyRelays(by) {
  const Native = window.RTCPeerConnection;
  const leads = (url) => (by === 'tls' ? url.startsWith('turns:') : url.startsWith('turn:') && url.endsWith(`transport=${by}`));
  const narrow = ({ iceServers, ...config }) => ({
    ...config,
    iceTransportPolicy: 'relay',
    iceServers: iceServers.map(({ urls, ...server }) => ({ ...server, urls: urls.filter(leads) })).filter(({ urls }) => urls.length > 0),
  });
  window.RTCPeerConnection = class extends Native {
    constructor(config) { super(narrow(config)); }
    setConfiguration(config) { super.setConfiguration(narrow(config)); }
  };
}

async function talk(pages) {
  for (const page of pages) await seesVideos(page, 1, '.tile[data-member-id]:not([data-me]) video', PATIENCE_MS);
  for (const page of pages) await mediaFlows(page, 1, PATIENCE_MS);
}

for (const [what, letsOut, expected] of [
  ['let nothing out but 443/tcp', [LETS_OUT.webOnly, LETS_OUT.webOnly], ['tcp', 'tls']],
  ['block UDP, of one party', [LETS_OUT.tcp, LETS_OUT.everything], ['tcp', 'tls', 'udp']],
]) {
  test(`a call works behind NATs that ${what}`, CALL, async () => {
    await start(...letsOut);
    const pages = await inACall();
    await talk(pages);
    const [first] = await routes(pages[0]);
    assert.equal(first.local, 'relay');
    assert.ok(expected.includes(first.by), first.by);
  });
}

for (const by of ['udp', 'tcp', 'tls']) {
  test(`with only one port open on the server, relays meet over ${by.toUpperCase()}`, CALL, async () => {
    await start(LETS_OUT.everything, LETS_OUT.everything);
    const pages = await inACall({ by });
    await talk(pages);
    for (const page of pages) assert.deepEqual(await routes(page), [{ local: 'relay', by }]);
  });
}

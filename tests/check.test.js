// Why a call does or does not connect: what the tiles of a call say of each connection, and the page that checks one's own.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { joinInApp, launchBrowser, until } from './harness/browser.js';
import { startCoturn } from './harness/coturn.js';
import { startServer } from './harness/server.js';

let server;
let browser;
let turn;
before(async () => {
  [server, browser, turn] = await Promise.all([startServer(), launchBrowser(), startCoturn()]);
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await server.stop();
  await turn.stop();
});

const CALL = { timeout: 120_000 };
/** Three restarts in vain, and some time for a busy machine. */
const FAILED_AFTER_MS = 60_000;

/** Somebody in the call, whose connections may use only what `rtc` says. */
async function arrive(room, name, rtc = {}) {
  const context = await browser.person();
  await context.addInitScript((forced) => {
    const Native = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Native {
      constructor(config) {
        super({ ...config, ...forced });
      }
    };
  }, rtc);
  return browser.appMember({ server, room, name, context });
}

async function pair(room, rtc) {
  return [await arrive(room, 'Ada', rtc), await arrive(room, 'Grace', rtc)];
}

/** Keeps all that the page ever says: a busy machine may look away while a sentence stands there. */
async function listen(page) {
  await page.evaluate(() => {
    window.told = new Set();
    new MutationObserver(() => window.told.add(document.body.innerText)).observe(document.body, { childList: true, characterData: true, subtree: true });
  });
  return () => page.evaluate(() => [...window.told].join('\n'));
}

const mark = (page) => page.locator('.tile:not([data-me])').getByTestId('connection');
const details = (page) => page.getByTestId('connection-details');

test('two people who reach each other see that they are connected directly, and how well', CALL, async () => {
  for (const [page, other] of (await pair('direct')).map((page, index) => [page, ['Grace', 'Ada'][index]])) {
    await mark(page).waitFor();
    assert.equal(await mark(page).getAttribute('aria-label'), `Connection with ${other}: direct, over UDP`);
    await mark(page).click();
    await until(page, () => /\d ms.*\d %/s.test(document.querySelector('.connection-facts')?.textContent ?? ''));
    assert.match(await details(page).innerText(), /Direct, over UDP/);
    await page.keyboard.press('Escape');
    await details(page).waitFor({ state: 'hidden' });
    await until(page, () => document.activeElement?.matches('[data-testid="connection"]'));
    await page.getByTestId('people').click();
    await page.getByTestId('people-list').getByText('direct, over UDP', { exact: false }).waitFor();
    assert.deepEqual(page.complaints, []);
  }
});

for (const transport of ['udp', 'tcp']) {
  test(`two people whom only a relay brings together see that it is one, over ${transport}`, CALL, async () => {
    const rtc = { iceServers: turn.iceServers(transport), iceTransportPolicy: 'relay' };
    for (const page of await pair(`relayed ${transport}`, rtc)) {
      await mark(page).waitFor();
      assert.match(await mark(page).getAttribute('aria-label'), new RegExp(`relayed over ${transport.toUpperCase()}$`));
      await mark(page).click();
      assert.match(await details(page).innerText(), /pass through a relay/);
    }
  });
}

test('two people whom nothing brings together are told where it got stuck, and are offered the check', CALL, async () => {
  const rtc = { iceServers: [], iceTransportPolicy: 'relay' };
  const page = await arrive('stuck', 'Ada', rtc);
  const told = await listen(page);
  await arrive('stuck', 'Grace', rtc);
  const tile = page.locator('.tile:not([data-me])');
  await tile.getByText('No network path between you was found', { exact: false }).waitFor({ timeout: FAILED_AFTER_MS });
  assert.match(await told(), /Looking for a way through the network/);
  assert.equal(await mark(page).getAttribute('data-stage'), 'connecting');
  await mark(page).click();
  const stages = await details(page).locator('li').evaluateAll((all) => all.map((one) => one.dataset.mark));
  assert.deepEqual(stages, ['done', 'stuck', 'ahead', 'ahead']);
  await page.keyboard.press('Escape');

  const [opened] = await Promise.all([page.context().waitForEvent('page'), tile.getByTestId('check-link').click()]);
  await opened.getByRole('heading', { name: 'Check my connection' }).waitFor();
  assert.ok(await page.getByTestId('leave').isVisible(), 'the call goes on meanwhile');
});

/** The check page in a world where the server names these STUN and TURN servers; null: it knows of none. */
async function checkPage(iceServers, { path = '/check', permissions = ['camera', 'microphone'], prepare = async () => {} } = {}) {
  const context = await browser.person();
  // What is not granted then counts as denied.
  if (permissions) await context.grantPermissions(['clipboard-read', 'clipboard-write', ...permissions]);
  const page = await context.newPage();
  await page.route('**/api/v1/ice-servers', (route) => (iceServers
    ? route.fulfill({ json: { iceServers, ttlMs: 3_600_000 } })
    : route.fulfill({ status: 404, body: '' })));
  await prepare(page);
  await page.goto(new URL(path, server.url).href);
  return page;
}

async function verdict(page) {
  const card = page.getByTestId('check-verdict');
  await until(page, () => document.querySelector('[data-testid="check-verdict"]')?.dataset.code, undefined, 60_000);
  return { code: await card.getAttribute('data-code'), title: await card.getByRole('heading').innerText() };
}

const levelOf = (page, step) => page.locator(`[data-check="${step}"]`).getAttribute('data-level');

test('from the lobby one comes to the check and back, and hears that everything works', CALL, async () => {
  const page = await checkPage(turn.iceServers('udp', 'tcp'), { path: '/room/standup' });
  await page.getByTestId('name-input').waitFor();
  await page.getByTestId('check-link').click();
  assert.deepEqual(await verdict(page), { code: 'good', title: 'Your calls will connect.' });
  for (const step of ['page', 'browser', 'server', 'clock', 'direct', 'relay-udp', 'relay-tcp']) {
    assert.equal(await levelOf(page, step), 'good', step);
  }
  assert.equal(await levelOf(page, 'relay-tls'), 'unknown');
  await page.locator('[data-check="relay-udp"] summary').press('Enter');
  assert.match(await page.locator('[data-check="relay-udp"] dl').innerText(), /turn:127\.0\.0\.1.*100/s);
  assert.match(await page.getByRole('status').first().textContent(), /^Done\. Your calls will connect\./);

  await page.getByTestId('check-copy').click();
  await page.getByText('Copied.', { exact: false }).waitFor();
  const report = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(report.verdict.code, 'good');
  assert.equal(report.seen['relay-udp'].sent, 100);
  assert.doesNotMatch(JSON.stringify(report), /secret|credential|fake_device|deviceId/);

  await page.getByRole('button', { name: 'Back' }).click();
  await joinInApp(page, 'Ada');
});

test('who allowed camera and microphone before is not asked again, and may stop the test and start it', CALL, async () => {
  const page = await checkPage(null);
  const works = () => until(page, () => ['microphone', 'camera'].every((device) => /Works/.test(document.querySelector(`[data-check="${device}"]`)?.textContent ?? ''))
    && document.querySelector('.check-preview video').videoWidth > 0);
  await works();
  await page.getByTestId('check-devices').click();
  await page.locator('.check-preview').waitFor({ state: 'hidden' });
  assert.equal(await levelOf(page, 'camera'), 'unknown');
  await page.getByTestId('check-devices').click();
  await works();
});

test('each bad world has its own verdict', CALL, async () => {
  const dead = (transport) => ({ urls: `turn:127.0.0.1:9?transport=${transport}`, username: 'ada', credential: 'secret' });
  const wrong = turn.iceServers('udp').map((one) => (one.credential ? { ...one, credential: 'wrong' } : one));
  const worlds = [
    ['no-relay', null],
    ['udp-blocked', [dead('udp'), ...turn.iceServers('tcp').slice(1)]],
    ['all-blocked', [dead('udp'), dead('tcp')]],
    ['relay-refused', wrong],
    ['websocket-blocked', null, (page) => page.addInitScript(() => {
      const Native = window.WebSocket;
      window.WebSocket = class extends Native {
        constructor(url) {
          super(String(url).replace(/\/ws$/, '/nothing/here'));
        }
      };
    })],
    ['no-webrtc', null, (page) => page.addInitScript(() => delete window.RTCPeerConnection)],
  ];
  for (const [code, iceServers, prepare] of worlds) {
    const page = await checkPage(iceServers, { prepare });
    assert.equal((await verdict(page)).code, code);
    await page.context().close();
  }
  const denied = await checkPage(turn.iceServers('udp'), { permissions: ['camera'] });
  assert.deepEqual(await verdict(denied), { code: 'microphone', title: 'Microphone access is blocked for this page' });
});

test('a server that went away is named, and so is its return', CALL, async () => {
  const away = await startServer();
  const page = await checkPage(turn.iceServers('udp'), { path: new URL('/check', away.url) });
  assert.equal((await verdict(page)).code, 'good');
  await away.kill();
  await page.getByTestId('check-again').click();
  assert.equal((await verdict(page)).code, 'unreachable');
  await away.start();
  await page.getByTestId('check-again').click();
  assert.equal((await verdict(page)).code, 'good');
  await away.stop();
});

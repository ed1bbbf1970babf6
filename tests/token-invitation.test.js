// Somebody who was sent a link with a token in it, and a program that gets tokens from somewhere, in Chromium.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { joinInApp, launchBrowser, until } from './harness/browser.js';
import { startServer } from './harness/server.js';
import { SECRET, claims, mint, stateFolder } from './harness/tokens.js';

let server;
let browser;
before(async () => {
  const args = ['--tokens-secret', SECRET, '--state-dir', stateFolder().folder, '--web-dir', new URL('../web', import.meta.url).pathname];
  [server, browser] = await Promise.all([startServer({ args }), launchBrowser()]);
});
after(async () => {
  await browser.close();
  assert.equal((await server.stop()).code, 0);
});

async function visit(path) {
  const page = await (await browser.person()).newPage();
  await page.goto(server.url + path);
  await page.getByTestId('name-input').waitFor();
  return page;
}

for (const place of ['#token=', '?token=']) {
  test(`a link with ${place} lets somebody in, and the address keeps no token`, { timeout: 60_000 }, async () => {
    const page = await visit(`/room/standup${place}${mint()}`);
    assert.equal(await page.evaluate(() => location.href), `${server.url}/room/standup`);
    assert.equal(await page.evaluate(() => history.length), 2, 'going back does not lead to it');
    await page.reload();
    await joinInApp(page, 'Ada');
    assert.equal(await page.evaluate(() => location.href), `${server.url}/room/standup`);
    await browser.sendEverybodyHome();
  });
}

test('whoever has no token, or one for another room, is told so', { timeout: 60_000 }, async () => {
  for (const [hash, words] of [['', /invited/], [`#token=${mint(claims({ room: 'kitchen' }))}`, /another room/], ['#token=x', /not one of this server/]]) {
    const page = await visit(`/room/standup${hash}`);
    await page.getByTestId('name-input').fill('Eve');
    await page.getByTestId('join').click();
    assert.match(await page.getByRole('alert').filter({ hasText: words }).innerText(), words);
  }
  await browser.sendEverybodyHome();
});

test('the SDK asks for a token each time that it joins, and again when it could not have one', { timeout: 60_000 }, async () => {
  const page = await browser.sdkPage({ server });
  await page.exposeFunction('mint', () => mint(claims({ room: 'program' })));
  const asked = await page.evaluate(async () => {
    let asked = 0;
    const token = async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return window.mint();
    };
    window.room = await window.parlor.join({ room: 'program', name: 'Ada', token, remember: false, mesh: false });
    return asked;
  });
  assert.equal(asked, 2);
  const refusals = await page.evaluate(async (tokens) => {
    const codes = [];
    for (const token of tokens) await window.parlor.join({ room: 'program', token, remember: false }).catch(({ code }) => codes.push(code));
    await window.parlor.presence({ room: 'program' }).catch(({ code }) => codes.push(code));
    return codes;
  }, [undefined, 'x', mint(claims({ exp: 1, iat: 0, room: 'program' }))]);
  assert.deepEqual(refusals, ['token-required', 'token-invalid', 'token-expired', 'token-required']);
  const present = await page.evaluate((token) => window.parlor.presence({ room: 'program', token }), mint(claims({ room: 'program' })));
  assert.deepEqual(present.members, [{ name: 'Ada' }]);
  await until(page, () => window.room.state === 'connected');
});

test('where memberships end with their tokens, the SDK shows a newer one in time', { timeout: 60_000 }, async () => {
  const args = ['--tokens-secret', SECRET, '--state-dir', stateFolder().folder, '--tokens-end-sessions', '--web-dir', new URL('../web', import.meta.url).pathname];
  const strict = await startServer({ args });
  const page = await browser.sdkPage({ server: strict });
  const soon = () => mint(claims({ exp: Math.floor(Date.now() / 1_000) + 3 }));
  await page.exposeFunction('mint', soon);
  const ends = (options) => page.evaluate(async ({ given }) => {
    let asked = 0;
    let stayed;
    const outlived = new Promise((resolve) => { stayed = resolve; });
    // By the fourth the first one has expired long ago.
    const token = given ?? (() => { asked += 1; if (asked === 4) stayed('still here'); return window.mint(); });
    const room = await window.parlor.join({ room: 'standup', token, remember: false, mesh: false });
    const end = new Promise((resolve) => room.on('state', ({ state, reason }) => { if (state === 'closed') resolve(reason.code); }));
    return Promise.race([end, outlived]);
  }, options);
  assert.deepEqual(await Promise.all([ends({}), ends({ given: soon() })]), ['still here', 'expired']);
  await browser.sendEverybodyHome();
  assert.equal((await strict.stop()).code, 0);
});

// People in a call, in the app, as they would do it: each has a browser of their own with a camera, a microphone
// and a screen to share.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { joinInApp, launchBrowser, until } from './harness/browser.js';
import { mediaFlows, rememberPeerConnections, seesVideos } from './harness/media.js';
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

const OTHERS = '.tile[data-member-id]:not([data-me]) video';
const SCREENS = '.tile[data-screen-of] video';
const CALL = { timeout: 120_000 };

/** Somebody with their own browser, in the call. */
async function arrive(room, name) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  return browser.appMember({ server, room, name, context });
}

const tiles = (page) => page.locator('.tile[data-member-id]');
const myId = (page) => page.locator('.tile[data-me][data-member-id]').getAttribute('data-member-id');

async function memberIds(page) {
  const ids = await tiles(page).evaluateAll((all) => all.map((tile) => tile.dataset.memberId));
  return ids.sort();
}

async function seesMembers(page, count) {
  await until(page, (wanted) => document.querySelectorAll('.tile[data-member-id]').length === wanted, count);
}

async function say(page, text) {
  const input = page.getByTestId('chat-input');
  if (!(await input.isVisible())) await page.getByTestId('chat').click();
  await input.fill(text);
  await input.press('Enter');
}

async function reads(page, ...texts) {
  const input = page.getByTestId('chat-input');
  if (!(await input.isVisible())) await page.getByTestId('chat').click();
  // Each once, and in this order.
  await until(page, (wanted) => {
    const said = [...document.querySelectorAll('.message:not(.sending) .message-text')].map(({ textContent }) => textContent);
    return said.filter((text) => wanted.includes(text)).join('\n') === wanted.join('\n');
  }, texts);
}

function assertCalm(...pages) {
  for (const page of pages) assert.deepEqual(page.complaints, []);
}

test('two people open a link: they see and hear each other, and talk in the chat', CALL, async () => {
  const ada = await arrive('standup', 'Ada');
  const grace = await arrive('standup', 'Grace');
  for (const page of [ada, grace]) {
    await seesVideos(page, 1, OTHERS);
    await mediaFlows(page, 1);
  }
  await say(ada, 'Good morning');
  await reads(grace, 'Good morning');
  await say(grace, 'Hello <b>Ada</b>');
  await reads(ada, 'Good morning', 'Hello <b>Ada</b>');
  assertCalm(ada, grace);
});

test('a screen is shared, seen, and taken away again', CALL, async () => {
  const [ada, grace] = [await arrive('screen', 'Ada'), await arrive('screen', 'Grace')];
  await seesVideos(grace, 1, OTHERS);
  for (let round = 0; round < 2; round += 1) {
    await ada.getByTestId('share').click();
    await seesVideos(grace, 1, SCREENS);
    assert.equal(await grace.locator('.tile[data-screen-of]').getAttribute('data-screen-of'), await myId(ada));
    await seesVideos(grace, 1, OTHERS);
    await ada.getByTestId('share').click();
    await grace.locator('.tile[data-screen-of]').waitFor({ state: 'detached' });
  }
  await mediaFlows(grace, 1);
  assertCalm(ada, grace);
});

test('both share their screens at the same moment', CALL, async () => {
  const pages = [await arrive('glare', 'Ada'), await arrive('glare', 'Grace')];
  for (const page of pages) await seesVideos(page, 1, OTHERS);
  await Promise.all(pages.map((page) => page.getByTestId('share').click()));
  for (const page of pages) {
    await seesVideos(page, 2, SCREENS);
    await mediaFlows(page, 1);
  }
  assertCalm(...pages);
});

test('a microphone and a camera go off and on, and the other sees that they do', CALL, async () => {
  const [ada, grace] = [await arrive('muting', 'Ada'), await arrive('muting', 'Grace')];
  await seesVideos(grace, 1, OTHERS);
  const tile = grace.locator('.tile:not([data-me])');
  await ada.getByTestId('mic').click();
  await until(grace, () => document.querySelector('.tile:not([data-me]).silent') !== null);
  await ada.getByTestId('camera').click();
  await until(grace, () => document.querySelector('.tile:not([data-me]):not(.showing)') !== null);
  assert.match(await tile.getAttribute('aria-label'), /Ada/);
  await ada.getByTestId('mic').click();
  await ada.getByTestId('camera').click();
  await until(grace, () => document.querySelector('.tile:not([data-me]).showing:not(.silent)') !== null);
  await mediaFlows(grace, 1);
});

test('a third and a fourth join the call and leave it, and nobody else is disturbed', CALL, async () => {
  const pages = [];
  for (const name of ['Ada', 'Grace', 'Alan', 'Barbara']) pages.push(await arrive('four', name));
  for (const page of pages) await seesVideos(page, 3, OTHERS);
  for (const page of pages) await mediaFlows(page, 3, 60_000);
  const everybody = await memberIds(pages[0]);
  for (const page of pages) assert.deepEqual(await memberIds(page), everybody);
  const [ada, grace, alan, barbara] = pages;
  await barbara.getByTestId('leave').click();
  for (const page of [ada, grace, alan]) await seesMembers(page, 3);
  await alan.getByTestId('leave').click();
  for (const page of [ada, grace]) {
    await seesMembers(page, 2);
    await mediaFlows(page, 1);
  }
  assertCalm(...pages);
});

test('who comes late reads what was said before, in order', CALL, async () => {
  const ada = await arrive('history', 'Ada');
  const lines = ['first line', 'second line', 'third line'];
  for (const line of lines) {
    await say(ada, line);
    await reads(ada, line);
  }
  const grace = await arrive('history', 'Grace');
  await reads(grace, ...lines);
});

test('who reloads is the same member, back in the call, with the history', CALL, async () => {
  const [ada, grace] = [await arrive('reload', 'Ada'), await arrive('reload', 'Grace')];
  await seesVideos(ada, 1, OTHERS);
  await say(ada, 'before the reload');
  await reads(grace, 'before the reload');
  const before = await memberIds(ada);
  await grace.reload();
  await grace.getByTestId('leave').waitFor();
  for (const page of [ada, grace]) {
    await seesVideos(page, 1, OTHERS);
    await mediaFlows(page, 1);
    assert.deepEqual(await memberIds(page), before);
  }
  await say(grace, 'after the reload');
  await reads(ada, 'before the reload', 'after the reload');
  await reads(grace, 'before the reload', 'after the reload');
});

test('a duplicated tab is a second member, and the first goes on', CALL, async () => {
  const ada = await arrive('twice', 'Ada');
  const first = await myId(ada);
  // A page that a page opens gets a copy of its sessionStorage, as a duplicated tab does.
  const [copy] = await Promise.all([ada.context().waitForEvent('page'), ada.evaluate(() => void window.open(location.href))]);
  await joinInApp(copy, 'Ada again');
  for (const page of [ada, copy]) await seesMembers(page, 2);
  assert.equal(await myId(ada), first);
  assert.notEqual(await myId(copy), first);
  assert.equal(await ada.getByTestId('ended').count(), 0);
});

test('a name that is markup is shown as it is written', CALL, async () => {
  const name = '<img src=x onerror=alert(1)>';
  const [mallory, grace] = [await arrive('markup', name), await arrive('markup', 'Grace')];
  await say(mallory, '<script>alert(2)</script>');
  await reads(grace, '<script>alert(2)</script>');
  await until(grace, (wanted) => document.querySelector('.tile:not([data-me]) .tile-name')?.textContent === wanted, name);
  assert.equal(await grace.locator('img').count(), 0);
  assertCalm(mallory, grace);
});

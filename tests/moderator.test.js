// The app in the hands of those who keep the order, and of those whom it is kept with: by mouse, by keyboard, as it is
// read aloud, and on a phone.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { startServer } from './harness/server.js';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

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

let rooms = 0;
const newRoom = () => `order-${(rooms += 1)}`;
const enter = async (room, name, options) => browser.appMember({ server, room, name, context: options && (await browser.person(options)) });

/** As a person would, up to the point where a room may say no. */
async function knock(room, name) {
  const page = await (await browser.person()).newPage();
  await page.goto(`${server.url}/room/${room}`);
  await page.getByTestId('name-input').fill(name);
  await page.getByTestId('join').click();
  return page;
}

const row = (page, name) => page.locator('.people-list .person-row', { hasText: name });
const openPeople = (page) => page.getByTestId('people').click();
const pressed = (page, testid, state) => page.locator(`[data-testid="${testid}"][aria-pressed="${state}"]`).waitFor();
const toast = (page, text) => page.locator('.toast', { hasText: text }).first().waitFor();

async function act(page, name, action) {
  await row(page, name).locator('.person-more').click();
  await page.locator(`[data-action="${action}"]`).click();
}

function assertCalm(...pages) {
  for (const page of pages) assert.deepEqual(page.complaints, []);
}

test('whoever makes the room owns it; the others are offered nothing that they may not do', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const ada = await enter(room, 'Ada');
  const grace = await enter(room, 'Grace');
  await openPeople(ada);
  await openPeople(grace);
  await row(grace, 'Ada').locator('.role-badge.owner').waitFor();
  assert.equal(await row(ada, 'Grace').locator('.role-badge').count(), 0, 'an ordinary member needs no badge');
  await row(ada, 'Grace').locator('.person-more').waitFor();
  assert.equal(await row(ada, 'Ada').locator('.person-more').isVisible(), false, 'nothing to do to oneself');
  assert.equal(await ada.getByTestId('room-controls').isVisible(), true);
  assert.equal(await row(grace, 'Ada').locator('.person-more').isVisible(), false);
  assert.equal(await grace.getByTestId('room-controls').isVisible(), false);
  assertCalm(ada, grace);
});

test('hands are shown in the order in which they went up, and go down', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const ada = await enter(room, 'Ada');
  const [grace, alan] = [await enter(room, 'Grace'), await enter(room, 'Alan')];
  await alan.getByTestId('hand').click();
  await pressed(alan, 'hand', true);
  await toast(ada, 'Alan raised a hand');
  await grace.locator('body').press('h');
  await pressed(grace, 'hand', true);
  await openPeople(ada);
  const hands = ada.locator('[data-testid="hand-list"] li');
  await hands.nth(1).waitFor();
  assert.deepEqual(await hands.locator('bdi').allTextContents(), ['Alan', 'Grace']);
  await ada.locator('.tile-hand:visible', { hasText: '2' }).waitFor();
  assert.equal(await row(ada, 'Grace').locator('.hand-badge').getAttribute('aria-label'), 'Hand raised, number 2');

  const lower = hands.first().getByTestId('lower-hand');
  assert.equal(await lower.getAttribute('aria-label'), 'Lower the hand of Alan');
  await lower.focus();
  await ada.keyboard.press('Enter');
  await pressed(alan, 'hand', false);
  await ada.locator('[data-testid="hand-list"] li:only-child').waitFor();
  assert.equal(await ada.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Lower the hand of Grace', 'the focus goes to the next one');
  await grace.getByTestId('hand').click();
  await ada.locator('[data-testid="hand-list"]').waitFor({ state: 'hidden' });
  assertCalm(ada, grace, alan);
});

test('by keyboard alone somebody is muted, who can switch the microphone on again', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const [ada, grace] = [await enter(room, 'Ada'), await enter(room, 'Grace')];
  await pressed(grace, 'mic', true);
  await ada.locator('body').press('p');
  const more = row(ada, 'Grace').locator('.person-more');
  await more.waitFor();
  await more.focus();
  await ada.keyboard.press('Enter');
  const menu = ada.getByTestId('member-menu');
  await menu.waitFor();
  assert.equal(await menu.getAttribute('aria-label'), 'What to do with Grace');
  assert.equal(await more.getAttribute('aria-expanded'), 'true');
  const focused = () => ada.evaluate(() => document.activeElement?.getAttribute('data-action') ?? document.activeElement?.className);
  assert.equal(await focused(), 'mute-microphone');
  await ada.keyboard.press('ArrowUp');
  assert.equal(await focused(), 'ban', 'around the end');
  await ada.keyboard.press('m');
  await pressed(ada, 'mic', true);
  await ada.keyboard.press('Escape');
  await menu.waitFor({ state: 'hidden' });
  assert.match(await focused(), /person-more/, 'the focus returns');
  await ada.keyboard.press('Enter');
  await ada.keyboard.press('Home');
  await ada.keyboard.press('Enter');
  await pressed(grace, 'mic', false);
  await toast(grace, 'A moderator muted you');
  await row(ada, 'Grace').locator('[aria-label="microphone off"]').waitFor();
  await grace.getByTestId('mic').click();
  await pressed(grace, 'mic', true);
  await row(ada, 'Grace').locator('[aria-label="microphone on"]').waitFor();
  assertCalm(ada, grace);
});

test('a listener has no buttons that can only fail, is told why, and may become a speaker', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const ada = await enter(room, 'Ada');
  const grace = await enter(room, 'Grace', PHONE);
  await pressed(grace, 'camera', true);
  await openPeople(ada);
  await act(ada, 'Grace', 'make-listener');
  await row(ada, 'Grace').locator('.role-badge.listener').waitFor();
  for (const testid of ['mic', 'camera']) await grace.getByTestId(testid).waitFor({ state: 'hidden' });
  await grace.getByTestId('missing').waitFor();
  assert.match(await grace.getByTestId('missing').textContent(), /Raise your hand/);
  await toast(grace, 'You are a listener now');
  await grace.locator('body').press('m');
  assert.equal(await row(ada, 'Grace').locator('[aria-label="microphone on"]').count(), 0);
  await grace.getByTestId('hand').click();
  await row(ada, 'Grace').locator('.hand-badge').waitFor();
  await act(ada, 'Grace', 'make-speaker');
  await grace.getByTestId('mic').waitFor();
  await grace.getByTestId('missing').waitFor({ state: 'hidden' });
  assertCalm(ada, grace);
});

test('a moderator keeps order below, an owner above', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const ada = await enter(room, 'Ada');
  const [grace, alan] = [await enter(room, 'Grace'), await enter(room, 'Alan')];
  await openPeople(ada);
  await act(ada, 'Grace', 'make-moderator');
  await toast(grace, 'You are a moderator now');
  await openPeople(grace);
  await row(grace, 'Alan').locator('.person-more').click();
  const actions = await grace.locator('[data-action]').evaluateAll((items) => items.map((item) => item.dataset.action));
  assert.ok(actions.includes('remove') && actions.includes('make-listener'));
  for (const action of ['make-moderator', 'make-owner']) assert.ok(!actions.includes(action), action);
  await grace.keyboard.press('Escape');
  assert.equal(await row(grace, 'Ada').locator('.person-more').isVisible(), false);
  await grace.locator('.room-controls summary').click();
  assert.equal(await grace.getByTestId('end-for-all').isVisible(), false);
  await pressed(alan, 'mic', true);
  await grace.getByTestId('mute-all').click();
  await pressed(alan, 'mic', false);
  await pressed(ada, 'mic', true);
  assertCalm(ada, grace, alan);
});

test('a locked room lets nobody in, and everybody sees that it is locked', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const [ada, grace] = [await enter(room, 'Ada'), await enter(room, 'Grace')];
  await openPeople(ada);
  await ada.locator('.room-controls summary').click();
  await ada.getByTestId('rule-locked').check();
  for (const page of [ada, grace]) await page.getByTestId('room-locked').waitFor();
  const eve = await knock(room, 'Eve');
  await eve.locator('.field-error', { hasText: 'locked' }).waitFor();
  await ada.getByTestId('rule-locked').uncheck();
  await grace.getByTestId('room-locked').waitFor({ state: 'hidden' });
  await eve.getByTestId('join').click();
  await eve.getByTestId('leave').waitFor();
  assertCalm(ada, grace);
});

test('who knocks is announced, let in or sent away', { timeout: 90_000 }, async () => {
  const room = newRoom();
  const ada = await enter(room, 'Ada');
  await openPeople(ada);
  await ada.locator('.room-controls summary').click();
  await ada.getByTestId('rule-waitingRoom').check();
  await ada.locator('.people .panel-header button').click();

  const grace = await knock(room, 'Grace');
  await grace.getByTestId('waiting').waitFor();
  assert.equal(await grace.evaluate(() => document.activeElement?.textContent), 'Waiting to be let in');
  assert.match(await grace.title(), /Waiting/);
  assert.equal(await grace.locator('.preview').isVisible(), true, 'whoever waits can get ready');
  const banner = ada.getByTestId('knock');
  await banner.waitFor();
  const words = banner.locator('[aria-live="polite"]');
  assert.equal(await words.textContent(), 'Grace wants to come in');
  await ada.getByTestId('knock-admit').click();
  await grace.getByTestId('leave').waitFor();
  await banner.waitFor({ state: 'hidden' });

  const [eve, mallory] = [await knock(room, 'Eve'), await knock(room, 'Mallory')];
  await ada.getByTestId('knock-see').click();
  const waiting = ada.locator('[data-testid="waiting-list"] li');
  await waiting.nth(1).waitFor();
  await banner.waitFor({ state: 'hidden' });
  const deny = waiting.filter({ hasText: 'Eve' }).getByTestId('deny');
  assert.equal(await deny.getAttribute('aria-label'), 'Deny Eve');
  await deny.click();
  await eve.locator('.field-error', { hasText: 'not let in' }).waitFor();
  await mallory.getByTestId('stop-waiting').click();
  await mallory.getByTestId('join').waitFor();
  await ada.getByTestId('waiting-list').waitFor({ state: 'hidden' });
  assertCalm(ada);
});

test('who is removed is told so and stays out; who is banned too', { timeout: 90_000 }, async () => {
  const room = newRoom();
  const ada = await enter(room, 'Ada');
  const grace = await enter(room, 'Grace');
  await openPeople(ada);
  await act(ada, 'Grace', 'remove');
  await ada.getByTestId('cancel').click();
  assert.match(await ada.evaluate(() => document.activeElement?.className), /person-more/, 'nothing has happened');
  await act(ada, 'Grace', 'remove');
  await ada.getByTestId('confirm').click();
  await grace.locator('[data-testid="ended"][data-why="removed"]').waitFor();
  assert.equal(await grace.getByTestId('rejoin').count(), 0);
  const eve = await enter(room, 'Eve');
  await act(ada, 'Eve', 'ban');
  await ada.getByTestId('ban-time').selectOption({ label: 'One hour' });
  await ada.getByTestId('confirm').click();
  await eve.locator('[data-testid="ended"][data-why="removed"]').waitFor();
  const again = await knock(room, 'Eve again');
  await again.locator('.field-error', { hasText: 'not let into' }).waitFor();
  assertCalm(ada);
});

test('an owner ends the call for everybody, after being asked', { timeout: 60_000 }, async () => {
  const room = newRoom();
  const [ada, grace] = [await enter(room, 'Ada', PHONE), await enter(room, 'Grace')];
  await openPeople(ada);
  await ada.locator('.room-controls summary').click();
  await ada.getByTestId('end-for-all').click();
  await ada.getByTestId('confirm').click();
  for (const page of [ada, grace]) await page.locator('[data-testid="ended"][data-why="ended"]').waitFor();
  assertCalm(ada, grace);
});

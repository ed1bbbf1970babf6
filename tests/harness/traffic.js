// Numbered messages and chat between SDK members, so that a test can count what was lost, doubled or reordered.

import assert from 'node:assert/strict';
import { until } from './browser.js';

const SEND_EVERY_MS = 50;
const CHAT_EVERY_MS = 400;

/** Runs in the page: `window.listen(room, label)` for all talkers first, then `window.talk(label)`. */
export function installTraffic([sendEveryMs, chatEveryMs]) {
  window.talks = {};
  window.listen = (room, label) => {
    const seen = { label, sent: 0, said: 0, heard: {}, chats: [], left: 0, states: [], errors: [] };
    window.talks[label] = { room, seen, timers: [] };
    room.on('message', ({ data }) => (seen.heard[data.by] ??= []).push(data.n));
    room.on('chat', ({ text }) => seen.chats.push(text));
    room.on('member-left', () => (seen.left += 1));
    room.on('state', ({ state }) => seen.states.push(state));
  };
  window.talk = (label) => {
    const { room, seen, timers } = window.talks[label];
    const note = (error) => seen.errors.push(`${error.code}: ${error.message}`);
    timers.push(
      setInterval(() => void room.send({ by: label, n: seen.sent++ }).catch(note), sendEveryMs),
      setInterval(() => void room.chat(`${label} says ${seen.said++}`).catch(note), chatEveryMs),
    );
  };
  window.hush = (label) => window.talks[label].timers.forEach(clearInterval);
}

/**
 * Everybody listens and sees everybody, then all talk.
 * @param {{ page: import('playwright-core').Page, rooms: Record<string, string> }[]} people with the expression of each room by its label
 */
export async function startTraffic(people) {
  for (const { page, rooms } of people) {
    await page.evaluate(installTraffic, [SEND_EVERY_MS, CHAT_EVERY_MS]);
    for (const [label, name] of Object.entries(rooms)) {
      await until(page, ([room, count]) => window[room].members.length === count, [name, people.length]);
      await page.evaluate(([room, as]) => window.listen(window[room], as), [name, label]);
    }
  }
  for (const { page, rooms } of people) {
    for (const label of Object.keys(rooms)) await page.evaluate((as) => window.talk(as), label);
  }
}

/** @param {{ page: import('playwright-core').Page, label: string }[]} talkers of one room */
export async function settleTraffic(talkers, timeoutMs = 40_000) {
  for (const { page, label } of talkers) await page.evaluate((name) => window.hush(name), label);
  const look = ({ page, label }) => page.evaluate((name) => window.talks[name].seen, label);
  const sent = await Promise.all(talkers.map(look));
  const said = sent.reduce((sum, one) => sum + one.said, 0);
  for (const { page, label } of talkers) {
    const wanted = sent.filter((other) => other.label !== label).map((other) => [other.label, other.sent]);
    const arrived = ([name, expected, chats]) => {
      const { heard, chats: read } = window.talks[name].seen;
      return read.length >= chats && expected.every(([from, count]) => (heard[from]?.length ?? 0) >= count);
    };
    await until(page, arrived, [label, wanted, said], timeoutMs).catch(() => {});
  }
  return Promise.all(talkers.map(look));
}

/** Nothing lost, nothing twice, each sender's order kept; and the chat is the same for all, in the same order. */
export function assertComplete(seen) {
  for (const one of seen) {
    assert.deepEqual(one.errors, [], `${one.label} could send all`);
    for (const other of seen) {
      if (other === one) continue;
      const expected = Array.from({ length: other.sent }, (_, n) => n);
      assert.deepEqual(one.heard[other.label] ?? [], expected, `${one.label} heard all of ${other.label}`);
    }
    assert.deepEqual(one.chats, seen[0].chats, `${one.label} reads the same chat as ${seen[0].label}`);
  }
  for (const { label, said } of seen) {
    const mine = seen[0].chats.filter((text) => text.startsWith(`${label} says `));
    assert.deepEqual(mine, Array.from({ length: said }, (_, n) => `${label} says ${n}`), `the chat of ${label}`);
  }
}

// Clients of every kind in one room: who hears whom is what docs/bring-your-client.md says, for each two kinds and each word.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launchBrowser } from './harness/browser.js';
import { kinds, uuid } from './harness/everybody.js';
import { joinNative } from './harness/native.js';
import { startServer } from './harness/server.js';

const ROOM = 'everybody';
const SIGNALS = ['offer', 'answer', 'candidate'];
const SAID = ['chat', 'message', 'named event', 'binary in an event'];
const PATIENCE_MS = 15_000;

let server;
let browser;
after(async () => {
  await browser.close();
  for (const kind of ['Socket.IO', 'RTCMultiConnection']) await members[kind]?.leave();
  assert.equal((await server.stop()).code, 0);
});

/** The cells of a table of the page, by kind and word; a row or a column may be about several. */
async function table(corner) {
  const page = await readFile(new URL('../docs/bring-your-client.md', import.meta.url), 'utf8');
  const [, text] = page.split(`\n| ${corner} ↓ `);
  const [head, , ...rows] = text.split('\n\n')[0].split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  const split = (names) => names.split(', ');
  return Object.fromEntries(rows.flatMap(([names, ...cells]) => {
    const byWord = cells.flatMap((cell, at) => split(head[at]).map((word) => [word, cell]));
    return split(names).map((kind) => [kind, Object.fromEntries(byWord)]);
  }));
}

let hears;
let says;
let witness;
const members = {};
const visitors = {};
const everybody = () => [...Object.values(members), ...Object.values(visitors)];
const has = (cell) => !cell.startsWith('–');
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 10));

/** Comes into the room; the witness tells under which address. */
async function arrive(kind, name) {
  const client = await kinds[kind]({ server, browser, room: ROOM, name });
  const { member: { peer, alias } } = await witness.event('member-joined', PATIENCE_MS);
  return { ...client, kind, peer, address: alias ?? peer, names: [peer, alias, uuid(peer)].filter(Boolean), past: [] };
}

const heard = (hearer, fits) => hearer.past.find(fits);
const of = (word, speaker) => (one) => one.word === word && speaker.names.includes(one.from);
const tagged = (word, speaker, tag) => (one) =>
  one.word === word && JSON.stringify(one.raw).includes(`"${tag}"`) && (one.from === undefined || speaker.names.includes(one.from));

/** Listens until nothing is missing, and tells what is wrong with it in the end. */
async function settled(look) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    await Promise.all(everybody().map(listen));
    const missing = look().filter(({ is, wanted }) => wanted && !is);
    if (missing.length === 0 || Date.now() > deadline) break;
    await aMoment();
  }
  await Promise.all(everybody().map(fence));
  return look().filter(({ is, wanted }) => is !== wanted).map(({ what, wanted }) => `${what}: ${wanted ? 'not heard' : 'heard'}`);
}

async function listen(client) {
  client.past.push(...(await client.hear()));
}

/** What comes to somebody comes in order: who has heard this has heard all that was said before. */
async function fence(client) {
  const [word, request] = has(hears[client.kind].message)
    ? ['message', { type: 'send', data: { tag: 'fence' } }]
    : ['offer', { type: 'offer', sdp: 'v=0' }];
  const count = () => client.past.filter((one) => one.word === word && (word === 'offer' ? witness.names.includes(one.from) : isFence(one))).length;
  await listen(client);
  const before = count();
  const { type } = await witness.request({ ...request, to: word === 'offer' ? client.peer : [client.peer] });
  assert.equal(type, 'ok');
  const deadline = Date.now() + PATIENCE_MS;
  while (count() === before) {
    assert.ok(Date.now() < deadline, `${client.kind} still listens`);
    await aMoment();
    await listen(client);
  }
}

const isFence = ({ raw }) => JSON.stringify(raw).includes('"tag":"fence"');

before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  [hears, says] = [await table('hears'), await table('says')];
  witness = await joinNative({ port: server.port, room: ROOM, name: 'Witness' });
  witness.names = [witness.peer, uuid(witness.peer)];
  for (const [at, kind] of Object.keys(kinds).entries()) members[kind] = await arrive(kind, `member-${at}`);
});

test('each kind can say what the page says it can', () => {
  const able = ({ kind, says: can }) => [kind, [...SAID, ...SIGNALS].filter((word) => word in can)];
  const told = ({ kind }) => [kind, [
    ...SAID.filter((word) => (word.startsWith('binary') ? / with binary/.test(says[kind]['named event']) : has(says[kind][word]))),
    ...SIGNALS.filter((word) => has(says[kind][word])),
  ]];
  assert.deepEqual(Object.values(members).map(able), Object.values(members).map(told));
});

test('who joins is seen by those who have a word for it', { timeout: 60_000 }, async () => {
  for (const [at, kind] of Object.keys(kinds).entries()) visitors[kind] = await arrive(kind, `visitor-${at}`);
  assert.deepEqual(await settled(() => Object.values(members).flatMap((hearer) => Object.values(visitors).map((visitor) => ({
    what: `${hearer.kind} hears ${visitor.kind} join`,
    is: Boolean(heard(hearer, of('joins', visitor))),
    wanted: has(hears[hearer.kind].joins),
  })))), []);
});

for (const word of SAID) {
  test(`${word}: all hear it who have a word for it, whoever says it`, { timeout: 60_000 }, async () => {
    const comesAs = word.startsWith('binary') ? 'named event' : word;
    const speakers = Object.values(members).filter((speaker) => word in speaker.says);
    const tag = (speaker) => `${word} of ${speaker.kind}`;
    for (const speaker of speakers) await speaker.says[word]({ tag: tag(speaker) });
    assert.deepEqual(await settled(() => speakers.flatMap((speaker) => everybody().map((hearer) => {
      const cell = hears[hearer.kind][word];
      const one = heard(hearer, tagged(comesAs, speaker, tag(speaker)));
      const inItsForm = !one || !word.startsWith('binary') || JSON.stringify(one.raw).includes('"$binary"') === cell.includes('$binary');
      return {
        what: `${hearer.kind} hears ${hearer === speaker ? 'itself' : speaker.kind}`,
        is: Boolean(one) && inItsForm,
        wanted: has(cell) && (hearer !== speaker || cell.includes('also its own')),
      };
    }))), []);
  });
}

test('offers, answers, candidates: whom they are for hears them, whoever offers', { timeout: 60_000 }, async () => {
  for (const word of SIGNALS) {
    for (const speaker of Object.values(members).filter((one) => word in one.says)) {
      for (const { peer, address } of everybody().filter((one) => one !== speaker)) await speaker.says[word]({ to: peer, address });
    }
    const both = (kind) => [members[kind], visitors[kind]];
    const pairs = Object.keys(kinds).flatMap((speaker) => Object.keys(kinds).map((hearer) => [speaker, hearer]));
    // PeerJS and the SDK answer whoever offers, which a channel's page never does.
    const answerable = ([speaker, hearer]) => word !== 'answer' || has(says[hearer][word]) || !['PeerJS', 'SDK'].includes(speaker);
    assert.deepEqual(await settled(() => pairs.filter(answerable).map(([speaker, hearer]) => ({
      what: `${hearer} hears the ${word} of ${speaker}`,
      is: both(hearer).some((one) => both(speaker).some((other) => heard(one, of(word, other)))),
      wanted: has(says[speaker][word]) && has(hears[hearer][word]),
    }))), [], word);
  }
});

test('who leaves is missed by those who have a word for it', { timeout: 60_000 }, async () => {
  const gone = Object.values(visitors);
  for (const visitor of gone) await visitor.leave();
  Object.keys(visitors).forEach((kind) => delete visitors[kind]);
  assert.deepEqual(await settled(() => Object.values(members).flatMap((hearer) => gone.map((visitor) => ({
    what: `${hearer.kind} hears ${visitor.kind} leave`,
    is: Boolean(heard(hearer, of('leaves', visitor))),
    wanted: has(hears[hearer.kind].leaves),
  })))), []);
});

test('PeerJS is not told who leaves without having talked with it', { timeout: 60_000 }, async () => {
  const stranger = await arrive('JSON', 'stranger');
  await stranger.leave();
  assert.deepEqual(await settled(() => Object.values(members).map((hearer) => ({
    what: `${hearer.kind} hears the stranger leave`,
    is: Boolean(heard(hearer, of('leaves', stranger))),
    wanted: has(hears[hearer.kind].leaves) && !hears[hearer.kind].leaves.includes('who talked'),
  }))), []);
});

test('what came is called what the page calls it', () => {
  // Candidates that are found by themselves may be for somebody who has just left.
  const isMistake = ({ label, raw }) => label === 'error' && raw.code !== 'unknown-target';
  const unknown = everybody().flatMap(({ kind, past }) => past
    .filter((one) => isMistake(one) || (one.word && !hears[kind][one.word].includes(one.label)))
    .map(({ word, raw }) => `${kind}: ${word}: ${JSON.stringify(raw)}`));
  assert.deepEqual([...new Set(unknown)], []);
});

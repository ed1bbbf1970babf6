// The check of a connection: what is measured, and which sentence each bad world gets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingWords, report, verdictWords } from '../app/logic/check-words.js';
import { findRelay, readMappings, stunUrls } from '../sdk/check/ice.js';
import { judge } from '../sdk/check/judge.js';
import { summary } from '../sdk/check/samples.js';
/** @import { Observations, RelaySeen } from '../sdk/check/types.js' */

const STEADY = summary(100, Array.from({ length: 100 }, () => 20));

/** @param {'udp' | 'tcp' | 'tls'} kind @param {Partial<RelaySeen>} [seen] @returns {RelaySeen} */
function relay(kind, seen = {}) {
  const url = `${kind === 'tls' ? 'turns' : 'turn'}:meet.example.org:443?transport=${kind === 'udp' ? 'udp' : 'tcp'}`;
  return { ...STEADY, url, reached: 'data', connectMs: 200, errorCode: null, errorText: '', ...seen };
}

/** @param {Partial<RelaySeen>} seen */
const failed = (seen) => ({ ...summary(0, []), connectMs: null, ...seen });
const SILENT = failed({ reached: 'nothing', errorCode: 701 });
const ABSENT = failed({ url: null, reached: 'nothing' });

/** Everything works, unless told otherwise. @param {Partial<Observations>} [worse] @returns {Observations} */
function world(worse = {}) {
  return {
    page: { address: 'https://meet.example.org', secure: true, online: true },
    browser: { name: 'Some browser', missing: [] },
    server: { ...STEADY, reached: 'hello', refused: false, version: 'parlor/0.1.0', helloMs: 80 },
    clock: { aheadMs: 300 },
    ice: { answer: 'some' },
    direct: { stunServers: 1, ports: 'found', families: ['IPv4'] },
    'relay-udp': relay('udp'), 'relay-tcp': relay('tcp'), 'relay-tls': relay('tls'),
    microphone: { state: 'works', code: '' }, camera: { state: 'works', code: '' },
    ...worse,
  };
}

/** @param {Partial<RelaySeen>} seen */
const everyRelay = (seen) => ({ 'relay-udp': relay('udp', seen), 'relay-tcp': relay('tcp', seen), 'relay-tls': relay('tls', seen) });
const NO_RELAY = /** @type {const} */ ({ ice: { answer: 'none' }, ...everyRelay(ABSENT) });
/** @type {Observations['direct']} */
const NOTHING_BACK = { stunServers: 1, ports: 'none', families: [] };
/** @param {Partial<NonNullable<Observations['server']>>} seen @returns {Partial<Observations>} */
const server = (seen) => ({ server: { ...summary(0, []), reached: 'hello', refused: false, version: '', helloMs: null, ...seen } });
/** @type {Observations['page']} */
const LAN = { address: 'http://192.168.1.20:8080', secure: false, online: true };

/** @type {[code: string, level: string, words: RegExp, worse: Partial<Observations>][]} */
const WORLDS = [
  ['good', 'good', /^Your calls will connect\. .* ask them to open this page\./, {}],
  ['good', 'good', /Camera and microphone are not tested yet/, { camera: { state: 'untested', code: '' } }],
  ['no-webrtc', 'problem', /can’t make calls\. Use a current/, { browser: { name: '', missing: ['webrtc'] } }],
  ['no-websocket', 'problem', /can’t make calls/, { browser: { name: '', missing: ['websocket'] } }],
  ['no-devices', 'warning', /watch and listen/, { browser: { name: '', missing: ['devices'] } }],
  ['unreachable', 'problem', /The server does not answer\. Try another network.* blocks meet\.example\.org;/, server({ reached: 'nothing' })],
  ['offline', 'problem', /offline\. Connect it/, { ...server({ reached: 'nothing' }), page: { address: 'https://meet.example.org', secure: true, online: false } }],
  ['websocket-blocked', 'problem', /proxy in front of meet\.example\.org to pass on the Upgrade/, server({ reached: 'http' })],
  ['origin-refused', 'problem', /to allow https:\/\/meet\.example\.org \(setting/, server({ reached: 'http', refused: true })],
  ['silent', 'problem', /switch off buffering/, server({ reached: 'websocket' })],
  ['insecure', 'problem', /not secure\. .* not to http:\/\/192\.168\.1\.20:8080\./, { page: LAN, microphone: { state: 'failed', code: 'insecure-page' } }],
  ['relay-refused', 'problem', /its relay answers 401\./, everyRelay(failed({ reached: 'nothing', errorCode: 401 }))],
  ['relay-refused', 'problem', /its relay answers 486\./, { ...everyRelay(SILENT), 'relay-tcp': relay('tcp', failed({ reached: 'nothing', errorCode: 486 })) }],
  ['relay-broken', 'problem', /external address/, everyRelay(failed({ reached: 'address' }))],
  ['relay-broken', 'problem', /lets nothing through/, everyRelay(failed({ reached: 'path' }))],
  ['relay-unreachable', 'warning', /Only direct calls.* through to meet\.example\.org:443\./, everyRelay(SILENT)],
  ['all-blocked', 'problem', /lets no sound.* through to meet\.example\.org:443\./, { ...everyRelay(SILENT), direct: NOTHING_BACK }],
  ['strict-no-relay', 'problem', /turn its relay \(TURN\) on/, { ...NO_RELAY, direct: { stunServers: 2, ports: 'per-destination', families: ['IPv4'] } }],
  ['udp-blocked-no-relay', 'warning', /No UDP gets out/, { ...NO_RELAY, direct: NOTHING_BACK }],
  ['no-relay', 'warning', /Calls to some networks will fail/, NO_RELAY],
  ['relay-untold', 'warning', /Wait a minute/, { ...NO_RELAY, ice: { answer: 'failed' } }],
  ['udp-blocked', 'warning', /over TCP\. .* through to meet\.example\.org:443\./, { 'relay-udp': relay('udp', SILENT), direct: NOTHING_BACK }],
  ['only-tls', 'warning', /slowest way/, { 'relay-udp': relay('udp', SILENT), 'relay-tcp': relay('tcp', SILENT), direct: NOTHING_BACK }],
  ['poor', 'warning', /500 ms there and back, 0 % lost/, { 'relay-udp': relay('udp', { rttMs: 500 }) }],
  ['poor', 'warning', /20 ms there and back, 12 % lost/, { 'relay-udp': relay('udp', { lossPercent: 12 }) }],
  ['poor', 'warning', /the line is poor/, { 'relay-udp': relay('udp', { jitterMs: 90 }) }],
  ['microphone', 'problem', /^Microphone access is blocked.* Click the icon/, { microphone: { state: 'failed', code: 'permission-denied-user' } }],
  ['camera', 'problem', /^Your camera is in use Close other apps/, { camera: { state: 'failed', code: 'device-in-use' } }],
  ['wrong', 'warning', /clock of this device is wrong\. It is 60 minutes off/, { clock: { aheadMs: -3_600_000 } }],
  ['microphone-quiet', 'warning', /silent\. .* mute switch/, { microphone: { state: 'quiet', code: '' } }],
];

for (const [code, level, words, worse] of WORLDS) {
  test(`the verdict "${code}" is a ${level} one and says ${words}`, () => {
    const seen = world(worse);
    const judged = judge(seen);
    assert.deepEqual(judged.verdict, { level, code });
    const { title, advice } = verdictWords(judged, seen);
    assert.match(`${title} ${advice}`, words);
    assert.ok(!/\{|undefined|null/.test(title + advice), 'nothing is left out');
  });
}

test('every finding of every world has a line of its own', () => {
  for (const [, , , worse] of WORLDS) {
    const seen = world(worse);
    for (const [part, finding] of Object.entries(judge(seen).findings)) {
      const words = findingWords(/** @type {'page'} */ (part), finding, seen);
      assert.ok(words.length > 3 && !/\{|undefined|null/.test(words), `${part} ${finding.code}: ${words}`);
    }
  }
});

test('the first thing in the way is named, whatever else is wrong', () => {
  const everything = world({ ...server({ reached: 'http' }), ...everyRelay(SILENT), direct: NOTHING_BACK, clock: { aheadMs: 9e9 },
    microphone: { state: 'failed', code: 'device-in-use' } });
  assert.equal(judge(everything).verdict.code, 'websocket-blocked');
  assert.equal(judge({ ...everything, page: LAN }).verdict.code, 'insecure', 'a secure address helps against proxies too');
  assert.equal(judge({ ...everything, page: LAN, ...server({ reached: 'nothing' }) }).verdict.code, 'unreachable');
});

test('one relay that works makes the others a remark', () => {
  const { findings, verdict } = judge(world({ 'relay-tcp': relay('tcp', SILENT) }));
  assert.deepEqual([verdict.code, findings['relay-tcp']], ['good', { level: 'warning', code: 'unreachable' }]);
});

test('a relay that is offered by TLS alone says nothing about UDP', () => {
  const seen = world({ 'relay-udp': relay('udp', ABSENT), 'relay-tcp': relay('tcp', ABSENT) });
  assert.equal(judge(seen).verdict.code, 'good');
});

test('no public address is good news where UDP reaches the relay: there is nothing to translate', () => {
  const open = judge(world({ direct: NOTHING_BACK }));
  assert.deepEqual(open.findings.direct, { level: 'good', code: 'open' });
  const refused = judge(world({ direct: NOTHING_BACK, ...everyRelay(failed({ reached: 'nothing', errorCode: 486 })) }));
  assert.deepEqual(refused.findings.direct, { level: 'good', code: 'open' });
});

test('what was not looked at gets no finding', () => {
  assert.deepEqual(judge({}).findings, {});
});

test('each relay is tried by its own address and nothing else', () => {
  const turn = { urls: ['turn:a.example:1?transport=udp', 'turn:a.example:1?transport=tcp', 'turns:a.example:2?transport=tcp'], username: 'u', credential: 'c' };
  const servers = [{ urls: 'stun:a.example:1' }, turn, { urls: 'turn:b.example' }];
  assert.deepEqual(stunUrls(servers), ['stun:a.example:1']);
  assert.deepEqual(findRelay(servers, 'relay-udp'), { urls: 'turn:a.example:1?transport=udp', username: 'u', credential: 'c' });
  assert.deepEqual(findRelay(servers, 'relay-tcp')?.urls, 'turn:a.example:1?transport=tcp');
  assert.deepEqual(findRelay(servers, 'relay-tls')?.urls, 'turns:a.example:2?transport=tcp');
  assert.deepEqual(findRelay([{ urls: 'turn:b.example' }], 'relay-udp')?.urls, 'turn:b.example');
  assert.equal(findRelay([{ urls: 'turn:b.example' }], 'relay-tls'), null);
});

test('a router that changes the port for each destination is told from a device with two networks', () => {
  const seen = (/** @type {[string, number, string][]} */ ...all) => readMappings(all.map(([address, port, url]) => ({ address, port, url })));
  assert.deepEqual(seen(), { ports: 'none', families: [] });
  assert.deepEqual(seen(['203.0.113.7', 4000, 'a']), { ports: 'found', families: ['IPv4'] });
  assert.deepEqual(seen(['203.0.113.7', 4000, 'a'], ['2001:db8::7', 4000, 'a']), { ports: 'found', families: ['IPv4', 'IPv6'] });
  assert.equal(seen(['203.0.113.7', 4000, 'a'], ['203.0.113.7', 4001, 'b']).ports, 'per-destination');
  assert.equal(seen(['203.0.113.7', 4000, 'a'], ['203.0.113.7', 4001, 'a']).ports, 'found');
  assert.equal(seen(['203.0.113.7', 4000, 'a'], ['203.0.113.7', 4000, 'b']).ports, 'found');
});

test('round trips are summed up by their middle, their variation and what is missing', () => {
  assert.deepEqual(summary(0, []), { sent: 0, rttMs: null, jitterMs: null, lossPercent: 0 });
  assert.deepEqual(summary(4, [10, 30, 20, 900]), { sent: 4, rttMs: 30, jitterMs: 303, lossPercent: 0 });
  assert.deepEqual(summary(10, [20, 20]), { sent: 10, rttMs: 20, jitterMs: 0, lossPercent: 80 });
  assert.deepEqual(summary(5, []), { sent: 5, rttMs: null, jitterMs: null, lossPercent: 100 });
});

test('the report has verdict, findings and what was seen, and its time', () => {
  const seen = world({ 'relay-udp': relay('udp', SILENT), direct: NOTHING_BACK });
  const text = JSON.parse(report(judge(seen), seen, new Date(0)));
  assert.deepEqual([text.at, text.verdict.code, text.findings.clock.code, text.seen.page.secure], ['1970-01-01T00:00:00.000Z', 'udp-blocked', 'right', true]);
});

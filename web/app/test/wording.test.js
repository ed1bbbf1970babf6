// Every state and every error has words of its own.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isKey, t } from '../i18n.js';
import { Speaking } from '../logic/speaking.js';
import { connectionNotice, deviceProblem, explain, peerFailure } from '../logic/wording.js';
import { en } from '../strings.js';

const DEVICE_CODES = ['permission-denied-user', 'permission-denied-system', 'device-in-use', 'device-not-found', 'insecure-page', 'device-constraints', 'permission-policy', 'unsupported'];

test('each device problem has its own title and its own advice', () => {
  for (const source of /** @type {const} */ (['microphone', 'camera'])) {
    const texts = DEVICE_CODES.map((code) => deviceProblem(source, { code, message: 'raw' }));
    assert.equal(new Set(texts.map(({ title }) => title)).size, DEVICE_CODES.length);
    assert.equal(new Set(texts.map(({ advice }) => advice)).size, DEVICE_CODES.length);
    assert.ok(texts.every(({ title, advice }) => !`${title}${advice}`.includes('raw')));
  }
});

test('an unknown problem is said in the words it came with', () => {
  assert.deepEqual(deviceProblem('camera', { code: 'new-code', message: 'it broke', hint: 'mend it' }),
    { title: 'The camera could not be started', advice: 'It broke. Mend it.' });
  assert.equal(explain({ code: 'new-code', message: 'nope', hint: '' }), 'Nope.');
});

test('each stage of a failed connection has its own advice', () => {
  const stages = ['signaling', 'connecting', 'securing', 'communicating', undefined];
  assert.equal(new Set(stages.map(peerFailure)).size, stages.length);
});

test('a lost connection is told, and so is its return with what was missed', () => {
  assert.deepEqual(connectionNotice('connected', { state: 'reconnecting', retryInMs: 0 }), { text: 'Connection lost. Reconnecting…', lasting: true });
  assert.deepEqual(connectionNotice('reconnecting', { state: 'reconnecting', retryInMs: 4000 }), { text: 'Connection lost. Next try in 4 seconds…', lasting: true });
  assert.deepEqual(connectionNotice('reconnecting', { state: 'connected', recovered: 3 }), { text: 'Back. 3 messages recovered.', lasting: false });
  assert.deepEqual(connectionNotice('reconnecting', { state: 'connected', recovered: 0 }), { text: 'You’re back.', lasting: false });
  assert.match(connectionNotice('reconnecting', { state: 'connected', recovered: 0, anew: true })?.text ?? '', /restarted/);
  assert.equal(connectionNotice('connecting', { state: 'connected' }), null);
});

test('plurals and values are filled in', () => {
  assert.equal(t('prejoin.here', { count: 1, names: 'Ada' }), 'Ada is here.');
  assert.equal(t('prejoin.here', { count: 2, names: 'Ada and Grace' }), 'Ada and Grace are here.');
  assert.equal(isKey('toString'), false);
});

test('the catalogue holds no string that nobody says', () => {
  const folder = new URL('../', import.meta.url);
  const files = ['main.js', ...['views', 'logic'].flatMap((name) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`))];
  const source = files.map((file) => readFileSync(new URL(file, folder), 'utf8')).join('\n');
  // A key built with `${…}` stands for all keys of that pattern.
  const built = [...source.matchAll(/`([a-z]+\.[^`]*\$\{[^`]*)`/g)].map(([, pattern = '']) => new RegExp(`^${pattern.split(/\$\{[^}]*\}/).map((part) => part.replaceAll('.', '\\.')).join('.+')}$`));
  const unused = Object.keys(en).filter((key) => !source.includes(`'${key}'`) && !built.some((pattern) => pattern.test(key)));
  assert.deepEqual(unused, []);
});

test('speech lights a ring that does not flicker between words', () => {
  const speaking = new Speaking();
  assert.equal(speaking.handleLevel(0.1, 0), false);
  assert.equal(speaking.handleLevel(0.5, 100), true);
  assert.equal(speaking.handleLevel(0, 700), true);
  assert.equal(speaking.handleLevel(0, 900), false);
});

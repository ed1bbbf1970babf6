// A device that does not open, as the app hears of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { devices } from '../sdk/media/devices.js';

/** @param {unknown} mediaDevices @param {boolean} [isSecureContext] */
function browserWith(mediaDevices, isSecureContext = true) {
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices }, configurable: true });
  Object.assign(globalThis, { isSecureContext });
}

/** @param {string} name @param {string} [message] */
const refusing = (name, message) => async () => { throw new DOMException(message, name); };

/** @param {Promise<unknown>} opening */
const failure = (opening) => opening.then(() => assert.fail('it opened'), (error) => [error.code, error.message, error.hint, error.cause?.name]);

test('each refusal has a code, and says who can mend it', async () => {
  /** @type {[string, string, string][]} name, message, code */
  const refusals = [
    ['NotAllowedError', 'Permission denied', 'permission-denied-user'],
    ['NotAllowedError', 'Permission denied by system', 'permission-denied-system'],
    ['NotAllowedError', 'Permissions policy', 'permission-policy'],
    ['NotReadableError', '', 'device-in-use'],
    ['NotFoundError', '', 'device-not-found'],
    ['OverconstrainedError', '', 'device-constraints'],
    ['Error', '', 'unsupported'],
  ];
  for (const [name, message, code] of refusals) {
    browserWith({ getUserMedia: refusing(name, message) });
    const [found, text, , cause] = await failure(devices.openCamera());
    assert.deepEqual([found, cause], [code, name]);
    assert.notEqual(text, code);
  }
});

test('a screen that nobody chose is not a screen that nobody may share', async () => {
  browserWith({ getDisplayMedia: refusing('NotAllowedError') });
  assert.deepEqual(await failure(devices.openScreen()), ['share-cancelled', 'Nothing was chosen to be shared', '', 'NotAllowedError']);
  browserWith({});
  assert.deepEqual(await failure(devices.openScreen()), ['unsupported', 'This browser can not share the screen', 'Share from a computer', undefined]);
});

test('a page that is not secure has no devices to open, nor to list', async () => {
  browserWith(undefined, false);
  const told = ['insecure-page', 'This page may not use devices', 'Open it over https or from localhost', undefined];
  assert.deepEqual(await failure(devices.openMicrophone()), told);
  assert.deepEqual(await failure(devices.list()), told);
});

test('the screen is asked for at once, while the click counts', () => {
  let asked = false;
  browserWith({ getDisplayMedia: async () => { asked = true; } });
  devices.openScreen();
  assert.equal(asked, true);
});

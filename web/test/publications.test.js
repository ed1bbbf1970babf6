// What is published, as the others see and hear it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Publications, SOURCES } from '../sdk/media/publications.js';

/** Remembers whether a track made a sound when it was added. */
class Stream {
  id = 'id';
  /** @type {boolean[]} */ heard = [];
  /** @param {any} track */
  addTrack(track) { this.heard.push(track.enabled); }
  removeTrack() {}
}

function microphone() {
  const track = Object.assign(new EventTarget(), { kind: 'audio', enabled: true });
  const stream = /** @type {any} */ ({ getAudioTracks: () => [track], getVideoTracks: () => [] });
  return { track, stream: /** @type {MediaStream} */ (stream) };
}

function published() {
  Object.assign(globalThis, { MediaStream: Stream });
  const publications = new Publications(true, { me: () => undefined, request: async () => {}, onChange() {}, onEnded() {} });
  const heard = () => [...publications.slots().values()].flatMap(({ stream }) => /** @type {any} */ (stream).heard);
  return { publications, heard };
}

test('a microphone that is published muted makes no sound, and is announced as muted', () => {
  const { publications, heard } = published();
  const { track, stream } = microphone();
  publications.publish('microphone', stream, { muted: true });
  assert.deepEqual(heard(), [false]);
  assert.deepEqual(SOURCES.map((source) => publications.state(source)), ['muted', 'off', 'off']);
  publications.setMuted('microphone', false);
  assert.equal(track.enabled, true);
  assert.deepEqual(SOURCES.map((source) => publications.state(source)), ['on', 'off', 'off']);
});

test('another device is as muted as the one before, unless it is said', () => {
  const { publications, heard } = published();
  publications.publish('microphone', microphone().stream);
  publications.setMuted('microphone', true);
  publications.publish('microphone', microphone().stream);
  publications.publish('microphone', microphone().stream, { muted: false });
  assert.deepEqual(heard(), [true, false, true]);
});

// What is offered to whom: nothing that would be refused, and nothing less.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionsFor, badgeOf, missing, newsAboutMe, places } from '../logic/moderation.js';

/** @param {Partial<import('../logic/moderation.js').Somebody>} [more] @returns {import('../logic/moderation.js').Somebody} */
const member = (more = {}) => ({ isMe: false, role: 'speaker', hand: null, sources: { microphone: 'on', camera: 'off', screen: 'muted' }, ...more });
const owner = { may: true, isAbove: true, owns: true };
const moderator = { may: true, isAbove: true, owns: false };

test('an owner does everything to those below', () => {
  assert.deepEqual(actionsFor(member({ hand: 5 }), owner),
    ['mute-microphone', 'lower-hand', 'make-owner', 'make-moderator', 'make-listener', 'remove', 'ban']);
  assert.deepEqual(actionsFor(member({ role: 'moderator', sources: { microphone: 'off', camera: 'on', screen: 'on' } }), owner),
    ['mute-camera', 'mute-screen', 'make-owner', 'make-speaker', 'make-listener', 'remove', 'ban']);
});

test('a moderator makes no moderators and unmakes none', () => {
  assert.deepEqual(actionsFor(member({ role: 'listener' }), moderator), ['mute-microphone', 'make-speaker', 'remove', 'ban']);
  assert.deepEqual(actionsFor(member({ role: 'moderator' }), { ...moderator, isAbove: false }), []);
});

test('who may not is offered nothing, and nobody anything about themselves', () => {
  assert.deepEqual(actionsFor(member(), { may: false, isAbove: false, owns: false }), []);
  assert.deepEqual(actionsFor(member({ isMe: true, role: 'owner' }), owner), []);
});

test('most people need no badge', () => {
  assert.deepEqual((/** @type {const} */ (['owner', 'moderator', 'speaker', 'listener'])).map(badgeOf), ['owner', 'moderator', null, 'listener']);
});

test('hands have places from one on', () => {
  assert.deepEqual([...places([{ id: 'b' }, { id: 'a' }])], [['b', 1], ['a', 2]]);
});

test('what changed about me is said once, the role before what follows from it', () => {
  const speaker = { role: /** @type {const} */ ('speaker'), permissions: ['microphone', 'chat'] };
  const listener = { role: /** @type {const} */ ('listener'), permissions: ['chat'] };
  assert.equal(newsAboutMe(speaker, listener), 'mine.role.listener');
  assert.equal(newsAboutMe(speaker, { ...speaker, permissions: ['chat'] }), 'mine.mayNotSpeak');
  assert.equal(newsAboutMe({ ...speaker, permissions: [] }, speaker), 'mine.maySpeak');
  assert.equal(newsAboutMe(speaker, { ...speaker, permissions: ['microphone'] }), null);
  assert.deepEqual(missing(['microphone', 'chat']), { microphone: false, camera: true, screen: true, chat: false });
});

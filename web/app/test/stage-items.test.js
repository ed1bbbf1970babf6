// Who stands where, and what is large.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Focus, stageItems } from '../logic/stage-items.js';

/** @param {string} id @param {number} order @param {{isMe?: boolean, sharing?: boolean}} [more] */
const member = (id, order, { isMe = false, sharing = false } = {}) => ({ id, order, isMe, sharing });
const me = member('me', 3, { isMe: true });

test('I am first, the others follow in the order of joining, a screen stands beside its owner', () => {
  const keys = stageItems([member('b', 5), me, member('a', 1, { sharing: true })]).map((item) => item.key);
  assert.deepEqual(keys, ['member:me', 'member:a', 'screen:a', 'member:b']);
});

test('alone, the invitation keeps me company; with a second one it goes', () => {
  assert.deepEqual(stageItems([me]).map((item) => item.kind), ['member', 'invite']);
  assert.deepEqual(stageItems([me, member('a', 1)]).map((item) => item.kind), ['member', 'member']);
});

test('the newest screen of somebody else is large; my own is not', () => {
  const focus = new Focus();
  assert.equal(focus.update([{ ...me, sharing: true }, member('a', 1)]), null);
  assert.equal(focus.update([me, member('a', 1), member('b', 5, { sharing: true })]), 'screen:b');
  assert.equal(focus.update([me, member('a', 1, { sharing: true }), member('b', 5, { sharing: true })]), 'screen:a');
  assert.equal(focus.update([me, member('a', 1), member('b', 5, { sharing: true })]), 'screen:b');
  assert.equal(focus.update([me, member('a', 1), member('b', 5)]), null);
});

test('a pinned tile stays large while screens come, and until its member leaves', () => {
  const focus = new Focus();
  focus.update([me, member('a', 1)]);
  focus.toggle('member:a');
  assert.equal(focus.update([me, member('a', 1), member('b', 5, { sharing: true })]), 'member:a');
  assert.equal(focus.update([me, member('b', 5, { sharing: true })]), 'screen:b');
});

test('a screen that was made small stays small until a new one comes', () => {
  const focus = new Focus();
  const sharing = member('a', 1, { sharing: true });
  focus.update([me, sharing]);
  focus.toggle('screen:a');
  assert.equal(focus.update([me, sharing]), null);
  assert.equal(focus.update([me, sharing, member('b', 5, { sharing: true })]), 'screen:b');
});

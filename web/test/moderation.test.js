// What the module that moderates shows and asks for, beside a room that only remembers what it is asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Moderation } from '../sdk/moderation.js';

/** @param {string} id @param {string} role @param {number | null} [hand] */
const member = (id, role, hand = null) =>
  ({ id, role, hand, isMe: id === 'me', permissions: role === 'owner' || role === 'moderator' ? ['chat', 'moderate'] : ['chat'] });

const knocker = (/** @type {string} */ peer) => ({ peer, name: peer, since: 1 });

class Room {
  /** @type {object[]} */ asked = [];
  /** @type {any[]} */ _notices = [];
  /** @type {any} */ _picture = { rules: { locked: false, waitingRoom: true, muteOnEntry: false, permanent: false }, waiting: [knocker('eve')] };
  /** @type {Map<string, (detail: any) => void>} */ listeners = new Map();
  members = [member('me', 'moderator'), member('ada', 'owner', 9), member('grace', 'speaker', 5)];
  get me() { return this.members[0]; }
  /** @param {string} type @param {(detail: any) => void} listener */
  on(type, listener) {
    this.listeners.set(type, listener);
    return () => this.listeners.delete(type);
  }
  /** @param {object} request */
  async _request(request) { this.asked.push(JSON.parse(JSON.stringify(request))); }
  /** @param {object} notice */
  notice(notice) {
    this._notices.push(notice);
    this.listeners.get('notice')?.(notice);
  }
}

function made(prepare = (/** @type {Room} */ _room) => {}) {
  const room = new Room();
  prepare(room);
  const moderation = new Moderation(/** @type {any} */ (room));
  const ids = () => moderation.waiting.map(({ id }) => id);
  return { room, moderation, ids };
}

test('those who wait come from the picture and from what was heard since', () => {
  const { room, moderation, ids } = made((early) => early.notice({ type: 'knock', seq: 2, who: knocker('mary') }));
  assert.deepEqual(ids(), ['eve', 'mary']);
  /** @type {string[]} */ const heard = [];
  moderation.on('knock', ({ id }) => heard.push(`${id} knocks`));
  moderation.on('knock-ended', ({ id, how }) => heard.push(`${id} ${how}`));
  room.notice({ type: 'knock', seq: 3, who: knocker('alan') });
  room.notice({ type: 'knock-ended', seq: 4, peer: 'eve', how: 'denied' });
  assert.deepEqual([ids(), heard], [['mary', 'alan'], ['alan knocks', 'eve denied']]);
});

test('rules change as the room says, and anew with each picture', () => {
  const { room, moderation, ids } = made();
  assert.deepEqual(moderation.rules, { locked: false, waitingRoom: true, muteOnEntry: false, maxMembers: null });
  room.notice({ type: 'room-updated', seq: 3, rules: { locked: true, waitingRoom: false, muteOnEntry: true, maxMembers: 5, permanent: false }, at: 0 });
  assert.deepEqual(moderation.rules, { locked: true, waitingRoom: false, muteOnEntry: true, maxMembers: 5 });
  room._picture = { rules: {} };
  room._notices = [];
  room.listeners.get('state')?.({ state: 'connected' });
  assert.deepEqual([moderation.rules.locked, ids()], [false, []]);
});

test('nobody stands above their equals, and hands are in the order in which they were raised', () => {
  const { room, moderation } = made();
  const [me, ada, grace] = /** @type {any[]} */ (room.members);
  assert.deepEqual([me, ada, grace].map((one) => moderation.mayModerate(one)), [false, false, true]);
  assert.deepEqual([moderation.may, moderation.owns], [true, false]);
  assert.deepEqual(moderation.hands.map(({ id }) => id), ['grace', 'ada']);
});

test('who does not moderate any more sees nobody who waits', () => {
  const { room, ids } = made();
  room.members[0] = member('me', 'speaker');
  room.listeners.get('member-updated')?.({ member: room.me });
  room.members[0] = member('me', 'moderator');
  assert.deepEqual(ids(), []);
});

test('what is asked is said in the words of the protocol', async () => {
  const { room, moderation } = made();
  const [, ada] = /** @type {any[]} */ (room.members);
  await moderation.raiseHand(true);
  await moderation.remove(ada);
  await moderation.remove(ada, { banMs: 1000 });
  await moderation.muteOthers();
  await moderation.mute(ada, 'camera');
  await moderation.setRole(ada, 'listener');
  await moderation.setPermissions(ada, ['chat']);
  await moderation.setRules({ maxMembers: null });
  await moderation.setRules({ locked: true, waitingRoom: false });
  await moderation.admitAll();
  await moderation.end();
  const order = (/** @type {object} */ fields) => ({ type: 'moderate', ...fields });
  assert.deepEqual(room.asked, [
    { type: 'raise-hand', raised: true },
    order({ action: 'remove', peer: 'ada' }),
    order({ action: 'remove', peer: 'ada', banMs: 1000 }),
    order({ action: 'mute', source: 'microphone' }),
    order({ action: 'mute', peer: 'ada', source: 'camera' }),
    order({ action: 'set-role', peer: 'ada', role: 'listener' }),
    order({ action: 'set-permissions', peer: 'ada', permissions: ['chat'] }),
    order({ action: 'set-rules', maxMembers: null }),
    order({ action: 'set-rules', locked: true, waitingRoom: false }),
    order({ action: 'admit', peer: 'eve' }),
    order({ action: 'end' }),
  ]);
});

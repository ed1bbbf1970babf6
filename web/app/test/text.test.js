// What people type and what is made of it: names, rooms, links, limits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initials, tone, TONES } from '../logic/avatar.js';
import { startsGroup } from '../logic/chat-groups.js';
import { chatBudget, CHAT_LIMIT, cleanName } from '../logic/limits.js';
import { splitLinks } from '../logic/links.js';
import { randomRoomName, roomFromPath, roomNameFrom, roomPath } from '../logic/room-name.js';
import { badgeText, Unread } from '../logic/unread.js';

test('only http and https become links, and the full stop stays outside', () => {
  assert.deepEqual(splitLinks('see https://example.org/a?b=1. Or (http://example.org/x_(y)).'), [
    { text: 'see ' },
    { text: 'https://example.org/a?b=1', href: 'https://example.org/a?b=1' },
    { text: '. Or (' },
    { text: 'http://example.org/x_(y)', href: 'http://example.org/x_(y)' },
    { text: ').' },
  ]);
  for (const text of ['javascript:alert(1)', 'data:text/html,x', 'ftp://example.org', 'https://', '']) {
    assert.ok(splitLinks(text).every((piece) => piece.href === undefined), text);
  }
});

test('the pieces of a message are the whole message', () => {
  for (const text of ['a https://b.example c', 'https://b.example', 'x\nhttps://b.example,https://c.example\n', '<b>https://b.example/"onclick="</b>']) {
    assert.equal(splitLinks(text).map((piece) => piece.text).join(''), text);
  }
});

test('a writer is told near the limit and beyond it, counted in bytes', () => {
  assert.deepEqual(chatBudget('short'), { left: CHAT_LIMIT, near: false, over: false });
  assert.deepEqual(chatBudget('x'.repeat(CHAT_LIMIT)), { left: 0, near: true, over: false });
  assert.deepEqual(chatBudget('é'.repeat(CHAT_LIMIT / 2 + 1)), { left: -2, near: true, over: true });
});

test('a name is cleaned, and cut between characters', () => {
  assert.equal(cleanName('  Ada \n\t Lovelace '), 'Ada Lovelace');
  assert.equal([...cleanName('🙂'.repeat(80))].length, 64);
  assert.equal(cleanName(' \u0007 '), '');
});

test('initials come from the first and the last word, in every script', () => {
  assert.equal(initials('Ada King Lovelace'), 'AL');
  assert.equal(initials('grace'), 'G');
  assert.equal(initials('علاء الدين'), 'عا');
  assert.equal(initials('👩‍💻 Ada'), '👩‍💻A');
  assert.equal(initials('(guest)'), 'G');
  assert.equal(initials(''), '?');
});

test('a name has its colour, and different names spread over all of them', () => {
  assert.equal(tone('Ada'), tone('Ada'));
  const tones = new Set(Array.from({ length: 200 }, (_, index) => tone(`Guest ${index}`)));
  assert.equal(tones.size, TONES);
});

test('a room is named by what was typed, or by a pasted link', () => {
  assert.equal(roomNameFrom('  Monday breakfast '), 'Monday-breakfast');
  assert.equal(roomNameFrom('https://meet.example.org/room/caf%C3%A9?x=1#y'), 'café');
  assert.equal(roomNameFrom('a/b?c#d'), 'a-b-c-d');
  assert.equal([...roomNameFrom('x'.repeat(100))].length, 64);
  assert.equal(roomNameFrom('   '), '');
});

test('a room’s address leads back to the room', () => {
  for (const room of ['standup', 'café', 'غرفة', '100 %', 'a+b']) assert.equal(roomFromPath(roomPath(room)), room);
  for (const path of ['/', '/room/', '/room/a/b', '/room/%', `/room/${'x'.repeat(65)}`, '/room/a%00b']) assert.equal(roomFromPath(path), null);
});

test('a made-up room name reads well and can hardly be guessed', () => {
  let combinations = 1;
  const name = randomRoomName((limit) => { combinations *= limit; return limit - 1; });
  assert.match(name, /^[a-z]+-[a-z]+-[a-z0-9]{7}$/);
  assert.ok(combinations > 2 ** 40);
});

test('messages of one person stand together until a pause or another name', () => {
  const first = { fromId: 'a', name: 'Ada', at: 0 };
  assert.equal(startsGroup(null, first), true);
  assert.equal(startsGroup(first, { ...first, at: 60_000 }), false);
  assert.equal(startsGroup(first, { ...first, at: 600_000 }), true);
  assert.equal(startsGroup(first, { ...first, name: 'Ada L.' }), true);
  assert.equal(startsGroup(first, { ...first, fromId: 'b' }), true);
});

test('unread counts what others say while the chat is closed', () => {
  const unread = new Unread();
  unread.arrived({ mine: false });
  unread.arrived({ mine: true });
  unread.arrived({ mine: false });
  assert.equal(unread.count, 2);
  unread.setReading(true);
  unread.arrived({ mine: false });
  assert.equal(unread.count, 0);
  unread.setReading(false);
  unread.arrived({ mine: false });
  assert.equal(unread.count, 1);
  assert.deepEqual([0, 1, 99, 100].map(badgeText), ['', '1', '99', '99+']);
});

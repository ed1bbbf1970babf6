// What I may do to the room and to the others, and that it happens; refusals become words.
import { Moderation } from '../../sdk/moderation.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { newsAboutMe } from '../logic/moderation.js';
import { explain } from '../logic/wording.js';
import { openConfirm } from './confirm.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').Member} Member */
/** @typedef {import('../../sdk/parlor.js').ParlorError} ParlorError */
/** @typedef {import('../logic/moderation.js').Action} Action */
/** @typedef {import('../logic/moderation.js').Role} Role */
/** @typedef {import('../logic/moderation.js').Source} Source */
/** @typedef {Moderation['waiting'][number]} Knocker */
/** @typedef {import('./toasts.js').Toasts} Toasts */

const HOUR_MS = 3_600_000;
/** How long a ban may hold. @type {readonly {key: 'ban.hour' | 'ban.day' | 'ban.month', ms: number}[]} */
const BANS = [{ key: 'ban.hour', ms: HOUR_MS }, { key: 'ban.day', ms: 24 * HOUR_MS }, { key: 'ban.month', ms: 30 * 24 * HOUR_MS }];

export class Moderating {
  #room;
  #toasts;
  #moderation;
  /** @type {{role: Role, permissions: readonly string[]}} */
  #before;
  /** @type {(() => void)[]} */
  #unsubscribe;

  /** @param {{room: Room, toasts: Toasts, onChange: () => void}} options */
  constructor({ room, toasts, onChange }) {
    this.#room = room;
    this.#toasts = toasts;
    this.#moderation = new Moderation(room);
    const { role, permissions } = room.me;
    this.#before = { role, permissions };
    this.#unsubscribe = [
      this.#moderation.on('change', onChange),
      room.on('member-updated', ({ member }) => { if (member.isMe) this.#tellMe(member); }),
    ];
  }

  close() {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  get may() { return this.#moderation.may; }

  get owns() { return this.#room.state !== 'closed' && this.#room.me.role === 'owner'; }

  get rules() { return this.#moderation.rules; }

  get waiting() { return this.#moderation.waiting; }

  get hands() { return this.#moderation.hands; }

  /** @param {Member} member @returns {import('../logic/moderation.js').Standing} */
  standingTo(member) {
    return { may: this.may, isAbove: this.#moderation.mayModerate(member), owns: this.owns };
  }

  /** @param {boolean} raised */
  raiseHand(raised) { return this.#try(this.#moderation.raiseHand(raised)); }

  /** @param {Member} member */
  lowerHand(member) { return this.#try(member.isMe ? this.#moderation.raiseHand(false) : this.#moderation.lowerHand(member)); }

  /** @param {Knocker} knocker */
  admit(knocker) { return this.#try(this.#moderation.admit(knocker)); }

  /** @param {Knocker} knocker */
  deny(knocker) { return this.#try(this.#moderation.deny(knocker)); }

  admitAll() { return this.#try(this.#moderation.admitAll()); }

  /** @param {import('./room-controls.js').Rule} rule @param {boolean} on */
  setRule(rule, on) { return this.#try(this.#moderation.setRules({ [rule]: on })); }

  async muteAll() {
    if (await this.#try(this.#moderation.muteOthers())) this.#toasts.show({ text: t('room.allMuted'), kind: 'good', key: 'mute-all' });
  }

  endForAll() {
    openConfirm({ title: t('confirm.end'), text: t('confirm.endText'), confirm: t('room.endForAll'), onConfirm: () => void this.#try(this.#moderation.end()) });
  }

  /** @param {Action} action @param {string} id */
  act(action, id) {
    const member = this.#room.members.find((candidate) => candidate.id === id);
    if (!member) return;
    const { name } = member;
    switch (action) {
      case 'mute-microphone': case 'mute-camera': case 'mute-screen':
        return void this.#try(this.#moderation.mute(member, /** @type {Source} */ (action.slice('mute-'.length))));
      case 'lower-hand': return void this.lowerHand(member);
      case 'make-owner': case 'make-moderator': case 'make-speaker': case 'make-listener':
        return void this.#try(this.#moderation.setRole(member, /** @type {Role} */ (action.slice('make-'.length))));
      case 'remove':
        return openConfirm({ title: t('confirm.remove', { name }), text: t('confirm.removeText'), confirm: t('member.remove'), onConfirm: () => void this.#try(this.#moderation.remove(member)) });
      case 'ban': return this.#ban(member);
      default: /** @satisfies {never} */ (action);
    }
  }

  /** @param {Member} member */
  #ban(member) {
    const choice = h('select', { 'data-testid': 'ban-time' }, ...BANS.map(({ key, ms }) => h('option', { value: ms }, t(key))));
    openConfirm({
      title: t('confirm.ban', { name: member.name }), text: t('confirm.banText'), confirm: t('member.ban'),
      choice: h('label', { class: 'settings-row' }, t('ban.howLong'), choice),
      onConfirm: () => void this.#try(this.#moderation.remove(member, { banMs: Number(choice.value) })),
    });
  }

  /** @param {Member} me */
  #tellMe({ role, permissions }) {
    const key = newsAboutMe(this.#before, { role, permissions });
    this.#before = { role, permissions };
    if (key) this.#toasts.show({ text: t(key), key: 'mine' });
  }

  /** @param {Promise<unknown>} done @returns {Promise<boolean>} */
  async #try(done) {
    try {
      await done;
      return true;
    } catch (error) {
      this.#toasts.show({ text: explain(/** @type {ParlorError} */ (error)), kind: 'problem', key: 'moderation' });
      return false;
    }
  }
}

// Tells who came, who went and who said what; many at once in one sentence.
import { t } from '../i18n.js';

/** @typedef {import('../../sdk/parlor.js').Member} Member */
/** @typedef {import('../../sdk/parlor.js').ChatMessage} ChatMessage */
/** @typedef {import('./toasts.js').Toasts} Toasts */

/** What happens within this time is one piece of news. */
const TOGETHER_MS = 400;
const PREVIEW_LENGTH = 140;

export class News {
  #toasts;
  /** @type {Member[]} */
  #joined = [];
  /** @type {{member: Member, reason: string}[]} */
  #left = [];
  /** @type {ChatMessage[]} */
  #said = [];
  /** @type {() => void} */
  #openChat = () => undefined;
  /** @type {Set<string>} */
  #sharing = new Set();
  /** Whose hand is known to be up. @type {Map<string, number>} */
  #hands = new Map();
  #timer = 0;

  /** @param {Toasts} toasts */
  constructor(toasts) {
    this.#toasts = toasts;
  }

  close() {
    clearTimeout(this.#timer);
  }

  /** @param {Member} member */
  joined(member) {
    this.#joined.push(member);
    this.#tellSoon();
  }

  /** @param {Member} member @param {string} reason */
  left(member, reason) {
    this.#sharing.delete(member.id);
    this.#hands.delete(member.id);
    this.#left.push({ member, reason });
    this.#tellSoon();
  }

  /** A hand that goes up is news; one that goes down is none. @param {Member} member */
  updated(member) {
    const known = this.#hands.get(member.id) ?? null;
    if (member.hand === null) {
      this.#hands.delete(member.id);
      this.#toasts.dismiss(`hand-${member.id}`);
    } else if (member.hand !== known) {
      this.#hands.set(member.id, member.hand);
      if (!member.isMe) this.#toasts.show({ text: t('call.handRaised', { name: member.name }), key: `hand-${member.id}` });
    }
  }

  /** @param {Member} member @param {string} source */
  track(member, source) {
    if (source !== 'screen' || this.#sharing.has(member.id)) return;
    this.#sharing.add(member.id);
    this.#toasts.show({ text: t('call.sharesScreen', { name: member.name }), key: `share-${member.id}` });
  }

  /** @param {Member} member @param {string} source */
  trackEnded(member, source) {
    if (source !== 'screen') return;
    this.#sharing.delete(member.id);
    this.#toasts.dismiss(`share-${member.id}`);
  }

  /** @param {ChatMessage} message @param {() => void} openChat */
  said(message, openChat) {
    this.#said.push(message);
    this.#openChat = openChat;
    this.#tellSoon();
  }

  chatOpened() {
    this.#said = [];
    this.#toasts.dismiss('chat');
  }

  #tellSoon() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#tell(), TOGETHER_MS);
  }

  #tell() {
    this.#tellJoined();
    this.#tellLeft();
    this.#tellSaid();
  }

  #tellJoined() {
    const [only] = this.#joined;
    const count = this.#joined.length;
    this.#joined = [];
    if (only) this.#toasts.show({ text: count === 1 ? t('call.joined', { name: only.name }) : t('call.joinedMany', { count }), key: 'joined' });
  }

  #tellLeft() {
    const [only] = this.#left;
    const count = this.#left.length;
    this.#left = [];
    if (!only) return;
    const key = only.reason === 'timeout' ? 'call.timedOut' : only.reason === 'removed' ? 'call.removed' : 'call.left';
    this.#toasts.show({ text: count === 1 ? t(key, { name: only.member.name }) : t('call.leftMany', { count }), key: 'left' });
  }

  #tellSaid() {
    const [only] = this.#said;
    const count = this.#said.length;
    this.#said = [];
    if (!only) return;
    const text = count === 1 ? t('chat.preview', { name: only.name, text: shortened(only.text) }) : t('chat.newMany', { count });
    this.#toasts.show({ text, key: 'chat', action: { label: t('control.chat'), run: this.#openChat } });
  }
}

/** @param {string} text */
function shortened(text) {
  const line = text.replace(/\s+/g, ' ');
  return line.length > PREVIEW_LENGTH ? `${line.slice(0, PREVIEW_LENGTH)}…` : line;
}

// The chat panel: what was said, and a field to say something.
import { h, icon, uniqueId } from '../dom.js';
import { t, timeOfDay } from '../i18n.js';
import { startsGroup } from '../logic/chat-groups.js';
import { chatBudget } from '../logic/limits.js';
import { splitLinks } from '../logic/links.js';
import { explain } from '../logic/wording.js';
import { avatar } from './avatar.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').ChatMessage} ChatMessage */
/** @typedef {import('../../sdk/parlor.js').ParlorError} ParlorError */

/** Who is this close to the end follows what is said. */
const NEAR_END_PX = 80;

export class ChatPanel {
  #room;
  /** @type {Set<string>} */
  #shown = new Set();
  /** @type {ChatMessage | null} */
  #last = null;
  /** @type {ChatMessage[]} */
  #waiting = [];
  /** @type {{text: string, element: HTMLElement}[]} */
  #sending = [];
  #scheduled = false;
  #log = h('div', { class: 'chat-log', role: 'log', 'aria-live': 'polite', 'aria-label': t('chat.log'), tabindex: 0, 'data-testid': 'chat-log', onscroll: () => this.#noteScroll() });
  #pending = h('div', { class: 'chat-pending', 'aria-hidden': 'true' });
  #empty = h('p', { class: 'chat-empty' }, t('chat.empty'));
  #jump = h('button', { class: 'button small chat-jump', type: 'button', hidden: true, onclick: () => this.#toEnd() }, icon('down'), t('chat.new'));
  #hint = h('p', { class: 'chat-hint', role: 'status', hidden: true });
  #input;
  #send = h('button', { class: 'icon-button send', type: 'submit', 'aria-label': t('chat.send'), title: t('chat.send'), 'data-testid': 'chat-send' }, icon('send'));
  #silent = h('p', { class: 'chat-silent', role: 'status', hidden: true }, t('mine.noChat'));
  #form;

  /** @param {{room: Room, onClose: () => void}} options */
  constructor({ room, onClose }) {
    this.#room = room;
    const id = uniqueId('message');
    this.#input = h('textarea', {
      id, rows: 1, dir: 'auto', 'data-testid': 'chat-input', placeholder: t('chat.input'), enterkeyhint: 'send',
      oninput: () => this.#noteInput(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#noteKey(event),
    });
    this.#form = h('form', { class: 'chat-form', onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); void this.#submit(); } },
      this.#hint,
      h('div', { class: 'chat-field' }, h('label', { for: id, class: 'visually-hidden' }, t('chat.input')), this.#input, this.#send));
    this.heading = h('h2', { tabindex: -1 }, t('chat.heading'));
    this.element = h('aside', { class: 'panel chat', 'aria-label': t('chat.heading'), hidden: true },
      h('header', { class: 'panel-header' }, this.heading,
        h('button', { class: 'icon-button', type: 'button', 'aria-label': t('chat.close'), title: t('chat.close'), onclick: onClose }, icon('close'))),
      h('div', { class: 'chat-scroll' }, this.#empty, this.#log, this.#jump),
      this.#silent, this.#form);
    for (const message of room.history) this.add(message);
    this.#flush();
  }

  opened() {
    this.#toEnd();
    if (this.#form.hidden) this.heading.focus();
    else this.#input.focus();
  }

  /** @param {boolean} may */
  showMay(may) {
    if (!may && this.#form.contains(document.activeElement)) this.heading.focus();
    this.#form.hidden = !may;
    this.#silent.hidden = may;
  }

  /** Many at once are put into the page together. @param {ChatMessage} message */
  add(message) {
    if (this.#shown.has(message.id)) return;
    this.#shown.add(message.id);
    this.#waiting.push(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush() {
    this.#scheduled = false;
    if (this.#waiting.length === 0) return;
    const follow = this.#isAtEnd() || this.#waiting.some((message) => message.mine);
    const batch = document.createDocumentFragment();
    for (const message of this.#waiting) {
      if (message.mine) this.#dropPending(message.text);
      batch.append(this.#messageElement(message, startsGroup(this.#last, message)));
      this.#last = message;
    }
    this.#waiting = [];
    this.#log.append(batch, this.#pending);
    this.#empty.hidden = true;
    if (follow) this.#toEnd();
    else this.#jump.hidden = false;
  }

  /** @param {ChatMessage} message @param {boolean} first */
  #messageElement(message, first) {
    return h('article', { class: `message ${message.mine ? 'mine' : ''} ${first ? 'first' : ''}`, 'data-message-id': message.id },
      first && avatar(message.name),
      first && h('p', { class: 'message-head' },
        h('bdi', { class: 'message-name' }, message.mine ? t('call.you') : message.name), ' ',
        h('time', { datetime: new Date(message.at).toISOString() }, timeOfDay(message.at))),
      h('p', { class: 'message-text', dir: 'auto' }, ...linked(message.text)));
  }

  async #submit() {
    const text = this.#input.value.trim();
    if (text === '' || chatBudget(text).over) return;
    const element = h('article', { class: 'message mine sending' },
      h('p', { class: 'message-text', dir: 'auto' }, text), h('p', { class: 'message-state' }, t('chat.sending')));
    this.#sending.push({ text, element });
    this.#pending.append(element);
    this.#log.append(this.#pending);
    this.#empty.hidden = true;
    this.#input.value = '';
    this.#noteInput();
    this.#toEnd();
    try {
      this.add(await this.#room.chat(text));
    } catch (error) {
      this.#dropPending(text);
      this.#giveBack(text, /** @type {ParlorError} */ (error));
    }
  }

  /** What could not be sent is not lost. @param {string} text @param {ParlorError} error */
  #giveBack(text, error) {
    if (this.#input.value === '') this.#input.value = text;
    this.#noteInput();
    this.#say(t('chat.failed', { reason: explain(error) }), true);
  }

  /** @param {string} text */
  #dropPending(text) {
    const index = this.#sending.findIndex((sending) => sending.text === text);
    const [sending] = index < 0 ? [] : this.#sending.splice(index, 1);
    sending?.element.remove();
  }

  #noteInput() {
    const { left, near, over } = chatBudget(this.#input.value.trim());
    this.#say(near ? t(over ? 'chat.over' : 'chat.left', { count: Math.abs(left) }) : '', over);
    this.#send.disabled = over;
    this.#input.setAttribute('aria-invalid', String(over));
    this.#input.style.setProperty('height', 'auto');
    this.#input.style.setProperty('height', `${this.#input.scrollHeight}px`);
  }

  /** @param {string} text @param {boolean} wrong */
  #say(text, wrong) {
    this.#hint.textContent = text;
    this.#hint.hidden = text === '';
    this.#hint.classList.toggle('wrong', wrong);
  }

  /** @param {KeyboardEvent} event */
  #noteKey(event) {
    // While a character is being composed, Enter belongs to the input method.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.#submit();
  }

  #isAtEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < NEAR_END_PX;
  }

  #noteScroll() {
    if (this.#isAtEnd()) this.#jump.hidden = true;
  }

  #toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#jump.hidden = true;
  }
}

/** @param {string} text */
function linked(text) {
  return splitLinks(text).map((piece) => (piece.href === undefined
    ? piece.text
    : h('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer' }, piece.text)));
}

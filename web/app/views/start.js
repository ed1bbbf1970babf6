// The start page: name a room, make one, or go back to one.
import { fill, h, icon, uniqueId, wordmark } from '../dom.js';
import { t } from '../i18n.js';
import { randomRoomName, ROOM_LIMIT, roomNameFrom, roomPath } from '../logic/room-name.js';
import { settings } from '../settings.js';
import { checkLink } from './check-link.js';

export class StartView {
  #onEnter;
  #error = h('p', { class: 'field-error', id: uniqueId('error'), role: 'alert' });
  #recent = h('div', { class: 'recent' });
  #input;

  /** @param {{problem: string, onEnter: (room: string) => void, onCheck: () => void}} options */
  constructor({ problem, onEnter, onCheck }) {
    this.#onEnter = onEnter;
    const id = uniqueId('room');
    this.#input = h('input', {
      id, 'data-testid': 'room-input', type: 'text', name: 'room', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
      dir: 'auto', enterkeyhint: 'go', placeholder: t('start.roomPlaceholder'), 'aria-describedby': this.#error.id,
      oninput: () => this.#complain(''),
    });
    this.heading = h('h1', { tabindex: -1 }, t('start.heading'));
    this.element = h('div', { class: 'entry start' },
      h('header', { class: 'entry-header' }, wordmark(t('app.name')), checkLink(onCheck)),
      h('main', { class: 'start-main' },
        h('div', { class: 'start-words' },
          this.heading,
          h('p', { class: 'lead' }, t('start.lead')),
          h('button', { class: 'button primary large', type: 'button', 'data-testid': 'create-room', onclick: () => this.#create() }, icon('plus'), t('start.create')),
          h('p', { class: 'note' }, t('start.createNote')),
          h('p', { class: 'or', 'aria-hidden': 'true' }, t('start.or')),
          h('form', { class: 'start-form', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) },
            h('label', { for: id }, t('start.roomLabel')),
            h('div', { class: 'field-row' },
              this.#input,
              h('button', { class: 'button', type: 'submit', 'data-testid': 'enter-room' }, t('start.enter'))),
            this.#error),
          this.#recent),
        h('img', { class: 'start-picture', src: '/app/hero.svg', alt: '', width: 560, height: 520 })));
    this.#complain(problem);
    this.#showRecent();
  }

  close() {}

  #create() {
    this.#onEnter(randomRoomName((limit) => {
      const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
      return value % limit;
    }));
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const room = roomNameFrom(this.#input.value);
    if (room) return this.#onEnter(room);
    this.#complain(t('start.empty'));
    this.#input.focus();
  }

  /** @param {string} problem */
  #complain(problem) {
    this.#error.textContent = problem;
    this.#error.hidden = problem === '';
    this.#input.setAttribute('aria-invalid', String(problem !== ''));
  }

  #showRecent() {
    const { rooms } = settings.values;
    this.#recent.hidden = rooms.length === 0;
    fill(this.#recent,
      h('h2', {}, t('start.recent')),
      h('ul', {}, ...rooms.map((room) => h('li', {},
        h('a', { class: 'chip', href: roomPath(room), dir: 'auto', onclick: (/** @type {MouseEvent} */ event) => this.#follow(event, room) }, icon('door'), h('span', {}, room)),
        h('button', { class: 'icon-button small', type: 'button', 'aria-label': t('start.forget', { room }), title: t('start.forget', { room }), onclick: () => this.#forget(room) }, icon('close'))))));
  }

  /** @param {MouseEvent} event @param {string} room */
  #follow(event, room) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || room.length > ROOM_LIMIT) return;
    event.preventDefault();
    this.#onEnter(room);
  }

  /** @param {string} room */
  #forget(room) {
    settings.forget(room);
    this.#showRecent();
    (this.#recent.querySelector('a') ?? this.#input).focus();
  }
}

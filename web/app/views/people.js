// The people panel: who waits, who wants to speak, everybody in the room and how they are connected.
import { fill, h, icon, setAttribute, setIcon } from '../dom.js';
import { t } from '../i18n.js';
import { connectionWords } from '../logic/connection.js';
import { actionsFor, badgeOf, places } from '../logic/moderation.js';
import { avatar } from './avatar.js';
import { HandList } from './hand-list.js';
import { KeyedList } from './keyed-list.js';
import { MemberMenu } from './member-menu.js';
import { RoomControls } from './room-controls.js';
import { WaitingList } from './waiting-list.js';

/** @typedef {import('../../sdk/parlor.js').Member} Member */
/** @typedef {import('../logic/moderation.js').Action} Action */
/** @typedef {import('./keyed-list.js').Row<Member>} MemberRow */
/** @typedef {import('./moderating.js').Moderating} Moderating */

const ROLE_ICONS = /** @type {const} */ ({ owner: 'crown', moderator: 'shield', listener: 'sound' });

export class PeoplePanel {
  #moderating;
  #count = h('span', { class: 'panel-count' });
  #waiting;
  #hands;
  #controls;
  #menu;
  #members;
  /** @type {Map<string, number>} */
  #places = new Map();

  /** @param {{moderating: Moderating, onClose: () => void, onCopyLink: () => void}} options */
  constructor({ moderating, onClose, onCopyLink }) {
    this.#moderating = moderating;
    this.#waiting = new WaitingList(moderating);
    this.#hands = new HandList(moderating);
    this.#controls = new RoomControls(moderating);
    this.#menu = new MemberMenu({ onAction: (action, id) => moderating.act(action, id) });
    const list = h('ul', { class: 'people-list', 'data-testid': 'people-list' });
    this.#members = new KeyedList({ element: list, keyOf: (/** @type {Member} */ member) => member.id, make: () => this.#row() });
    this.heading = h('h2', { tabindex: -1 }, t('people.heading'), ' ', this.#count);
    this.element = h('aside', { class: 'panel people', 'aria-label': t('people.heading'), hidden: true },
      h('header', { class: 'panel-header' }, this.heading,
        h('button', { class: 'icon-button', type: 'button', 'aria-label': t('people.close'), title: t('people.close'), onclick: onClose }, icon('close'))),
      h('div', { class: 'people-scroll' }, this.#waiting.element, this.#hands.element, list),
      this.#controls.element,
      h('footer', { class: 'panel-footer' },
        h('button', { class: 'button wide', type: 'button', onclick: onCopyLink }, icon('link'), t('people.invite'))),
      this.#menu.element);
  }

  opened() {
    this.heading.focus();
  }

  /** @param {readonly Member[]} members */
  update(members) {
    this.#count.textContent = String(members.length);
    this.#places = places(this.#moderating.hands);
    this.#waiting.update();
    this.#hands.update();
    this.#controls.update();
    this.#members.update(members);
    this.#menu.update((id) => members.some((member) => member.id === id && this.#actions(member).length > 0));
  }

  /** @param {Member} member */
  #actions(member) {
    return actionsFor(member, this.#moderating.standingTo(member));
  }

  /** @returns {MemberRow} */
  #row() {
    const name = h('bdi', {});
    const words = h('p', { class: 'person-state' });
    const badges = h('span', { class: 'person-badges' });
    const face = h('span', { class: 'person-face' });
    const [microphone, camera] = [deviceIcon('mic'), deviceIcon('camera')];
    /** @type {Member | null} */
    let shown = null;
    const more = h('button', {
      class: 'icon-button small person-more', type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', hidden: true,
      onclick: () => { if (shown) this.#menu.open(shown, this.#actions(shown), more); },
    }, icon('more'));
    const element = h('li', { class: 'person-row' }, face,
      h('div', { class: 'person-words' }, h('p', { class: 'person-name' }, name, badges), words), microphone.element, camera.element, more);
    return {
      element,
      update: (member) => {
        if (shown?.name !== member.name || name.textContent === '') { fill(face, avatar(member.name)); name.textContent = member.name; }
        shown = member;
        setAttribute(element, 'data-person', member.id);
        setAttribute(element, 'data-role', member.role);
        this.#showBadges(badges, member);
        words.textContent = state(member);
        showDevice(microphone, 'mic', member.sources.microphone === 'on', t(microphoneWords(member.sources.microphone)));
        showDevice(camera, 'camera', member.sources.camera === 'on', t(member.sources.camera === 'on' ? 'people.cameraOn' : 'tile.cameraOff'));
        more.hidden = this.#actions(member).length === 0;
        setAttribute(more, 'aria-label', t('member.menu', { name: member.name }));
        setAttribute(more, 'title', t('member.more'));
      },
    };
  }

  /** @param {HTMLElement} element @param {Member} member */
  #showBadges(element, member) {
    const role = badgeOf(member.role);
    const place = this.#places.get(member.id);
    const key = `${member.isMe} ${role} ${place}`;
    if (element.dataset['shown'] === key) return;
    element.dataset['shown'] = key;
    fill(element,
      member.isMe && h('span', { class: 'person-me' }, t('call.you')),
      role && h('span', { class: `role-badge ${role}` }, icon(ROLE_ICONS[role]), t(`role.${role}`)),
      place !== undefined && h('span', { class: 'hand-badge', role: 'img', 'aria-label': t('hand.place', { place }), title: t('hand.place', { place }) }, icon('hand'), String(place)));
  }
}

/** @param {import('../logic/moderation.js').SourceState} microphone */
function microphoneWords(microphone) {
  return microphone === 'on' ? 'tile.microphoneOn' : microphone === 'off' ? 'people.noMicrophone' : 'tile.microphoneOff';
}

/** @param {'mic' | 'camera'} name */
function deviceIcon(name) {
  const svg = icon(name);
  return { svg, element: h('span', { class: 'person-device', role: 'img' }, svg) };
}

/** @param {ReturnType<typeof deviceIcon>} device @param {'mic' | 'camera'} name @param {boolean} on @param {string} words */
function showDevice({ svg, element }, name, on, words) {
  setIcon(svg, on ? name : `${name}-off`);
  element.classList.toggle('on', on);
  setAttribute(element, 'aria-label', words);
  setAttribute(element, 'title', words);
}

/** @param {Member} member */
function state(member) {
  const words = [];
  if (member.sources.screen !== 'off') words.push(t('people.sharing'));
  if (!member.isMe) words.push(...connection(member));
  return words.join(' · ');
}

/** @param {Member} member */
function connection(member) {
  if (member.state === 'reconnecting' || member.peerState === 'reconnecting') return [t('people.reconnecting')];
  if (member.peerState === 'failed') return [t('people.failed')];
  if (member.peerState === 'connecting') return [t('people.connecting')];
  const words = connectionWords(member.peerState, member.connection);
  return words ? [words] : [];
}

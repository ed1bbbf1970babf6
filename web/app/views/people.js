// The people panel: everybody in the room, and how they are connected.
import { fill, h, icon } from '../dom.js';
import { t } from '../i18n.js';
import { connectionWords } from '../logic/connection.js';
import { avatar } from './avatar.js';

/** @typedef {import('../../sdk/parlor.js').Member} Member */

export class PeoplePanel {
  #count = h('span', { class: 'panel-count' });
  #list = h('ul', { class: 'people-list', 'data-testid': 'people-list' });

  /** @param {{onClose: () => void, onCopyLink: () => void}} options */
  constructor({ onClose, onCopyLink }) {
    this.heading = h('h2', { tabindex: -1 }, t('people.heading'), ' ', this.#count);
    this.element = h('aside', { class: 'panel people', 'aria-label': t('people.heading'), hidden: true },
      h('header', { class: 'panel-header' }, this.heading,
        h('button', { class: 'icon-button', type: 'button', 'aria-label': t('people.close'), title: t('people.close'), onclick: onClose }, icon('close'))),
      this.#list,
      h('footer', { class: 'panel-footer' },
        h('button', { class: 'button wide', type: 'button', onclick: onCopyLink }, icon('link'), t('people.invite'))));
  }

  opened() {
    this.heading.focus();
  }

  /** @param {readonly Member[]} members */
  update(members) {
    this.#count.textContent = String(members.length);
    fill(this.#list, ...members.map(row));
  }
}

/** @param {Member} member */
function row(member) {
  const { microphone, camera } = member.sources;
  return h('li', { class: 'person-row', 'data-person': member.id },
    avatar(member.name),
    h('div', { class: 'person-words' },
      h('p', { class: 'person-name' }, h('bdi', {}, member.name), member.isMe && h('span', { class: 'person-me' }, t('call.you'))),
      h('p', { class: 'person-state' }, state(member))),
    deviceIcon(microphone === 'on' ? 'mic' : 'mic-off', t(microphone === 'on' ? 'tile.microphoneOn' : microphone === 'off' ? 'people.noMicrophone' : 'tile.microphoneOff'), microphone === 'on'),
    deviceIcon(camera === 'on' ? 'camera' : 'camera-off', t(camera === 'on' ? 'people.cameraOn' : 'tile.cameraOff'), camera === 'on'));
}

/** @param {import('../dom.js').IconName} name @param {string} words @param {boolean} on */
function deviceIcon(name, words, on) {
  return h('span', { class: `person-device ${on ? 'on' : ''}`, role: 'img', 'aria-label': words, title: words }, icon(name));
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

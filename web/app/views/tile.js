// One person or one screen on the stage.
import { fill, h, icon, setAttribute, setIcon } from '../dom.js';
import { t } from '../i18n.js';
import { connectionIcon, connectionWords } from '../logic/connection.js';
import { peerFailure } from '../logic/wording.js';
import { tone } from '../logic/avatar.js';
import { avatar } from './avatar.js';
import { checkLink } from './check-link.js';

/** @typedef {import('../../sdk/parlor.js').Member} Member */
/**
 * @typedef {object} Look
 * @property {string} name
 * @property {boolean} showVideo
 * @property {'off' | 'muted' | 'on'} microphone
 * @property {boolean} large
 * @property {number} [hand] the place of the raised hand; 0: it is down
 */

export class Tile {
  #media;
  #isScreen;
  #avatarName = '';
  #face = h('div', { class: 'tile-face' });
  #micIcon = icon('mic-off');
  #name = h('bdi', { class: 'tile-name' });
  #hand = h('div', { class: 'tile-hand', role: 'img', hidden: true });
  #status = h('div', { class: 'tile-status', hidden: true });
  #sizeIcon = icon('enlarge');
  #sizeButton;
  #pathIcon = icon('direct');
  #pathButton;

  /** @param {{memberId: string, isMe: boolean, isScreen: boolean, onResize: () => void, details: HTMLElement, onDetails: (mark: HTMLElement) => void}} options */
  constructor({ memberId, isMe, isScreen, onResize, details, onDetails }) {
    this.#isScreen = isScreen;
    this.#media = h('video', { playsinline: true, autoplay: true, class: isMe && !isScreen ? 'mirrored' : '' });
    this.#media.muted = isMe;
    this.#sizeButton = h('button', { class: 'icon-button tile-resize', type: 'button', onclick: onResize }, this.#sizeIcon);
    this.#pathButton = h('button', {
      class: 'icon-button tile-path', type: 'button', hidden: true, 'data-testid': 'connection', 'aria-haspopup': 'dialog', onclick: () => onDetails(this.#pathButton),
    }, this.#pathIcon);
    this.#pathButton.popoverTargetElement = details;
    this.element = h('section', {
      class: `tile ${isScreen ? 'screen' : 'person'}`, role: 'group',
      ...(isScreen ? { 'data-screen-of': memberId } : { 'data-member-id': memberId }), 'data-me': isMe,
    },
    this.#face, this.#media, this.#status, this.#hand,
    h('div', { class: 'tile-plate' }, !isScreen && this.#micIcon, isScreen && icon('share'), this.#name),
    !isMe && !isScreen && this.#pathButton, this.#sizeButton);
  }

  get media() {
    return this.#media;
  }

  /** @param {Look} look */
  update({ name, showVideo, microphone, large, hand = 0 }) {
    const silent = microphone !== 'on';
    this.#name.textContent = name;
    this.element.setAttribute('aria-label', this.#isScreen ? name : t('tile.label', { name, microphone: t(silent ? 'tile.microphoneOff' : 'tile.microphoneOn') }));
    this.element.classList.toggle('silent', silent);
    this.element.classList.toggle('large', large);
    this.element.classList.toggle('showing', showVideo);
    this.#showHand(hand);
    setIcon(this.#micIcon, silent ? 'mic-off' : 'mic');
    const action = t(large ? 'tile.shrink' : 'tile.enlarge', { name });
    setAttribute(this.#sizeButton, 'aria-label', action);
    setAttribute(this.#sizeButton, 'title', action);
    setIcon(this.#sizeIcon, large ? 'shrink' : 'enlarge');
  }

  /** @param {number} place */
  #showHand(place) {
    if (this.#hand.dataset['place'] === String(place)) return;
    this.#hand.dataset['place'] = String(place);
    this.#hand.hidden = place === 0;
    this.#hand.setAttribute('aria-label', t('hand.place', { place }));
    fill(this.#hand, place > 0 && icon('hand'), place > 0 && String(place));
  }

  /** @param {string} name whose initials stand where no picture is */
  setFace(name) {
    if (this.#avatarName === name && this.#face.hasChildNodes()) return;
    this.#avatarName = name;
    this.#face.className = `tile-face tone-${tone(name)}`;
    fill(this.#face, avatar(name));
  }

  /** @param {boolean} speaking */
  setSpeaking(speaking) {
    this.element.classList.toggle('speaking', speaking);
  }

  /** @param {Member} member @param {boolean} slow connecting takes long */
  setConnection(member, slow) {
    this.#setPath(member);
    const words = statusOf(member, slow);
    const shown = JSON.stringify(words);
    if (this.#status.dataset['shown'] === shown) return;
    this.#status.dataset['shown'] = shown;
    this.#status.hidden = words === null;
    this.element.classList.toggle('away', words !== null);
    fill(this.#status, words !== null && h('p', { class: 'tile-status-title' },
      words.failed ? icon('warning') : h('span', { class: 'spinner', 'aria-hidden': 'true' }), h('span', {}, words.title)),
    words?.advice && h('p', { class: 'tile-status-advice' }, words.advice),
    words?.advice && checkLink());
  }

  /** @param {Member} member */
  #setPath({ name, peerState, connection }) {
    const symbol = connectionIcon(peerState, connection);
    this.#pathButton.hidden = symbol === null;
    this.element.classList.toggle('with-path', symbol !== null);
    if (!symbol) return;
    const how = connectionWords(peerState, connection);
    setIcon(this.#pathIcon, symbol);
    setAttribute(this.#pathButton, 'aria-label', t('peer.connection', { name, how }));
    setAttribute(this.#pathButton, 'title', how);
    setAttribute(this.#pathButton, 'data-path', connection?.path?.kind);
    setAttribute(this.#pathButton, 'data-transport', connection?.path?.transport);
    setAttribute(this.#pathButton, 'data-stage', connection?.stage);
  }
}

/**
 * Puts a tile where the layout wants it. A tile is moved by style, never in the document: that would restart its video.
 * @param {HTMLElement} element
 * @param {import('../logic/grid.js').Rect | null} rect null: there is no place for it now
 */
export function placeTile(element, rect) {
  element.classList.toggle('offstage', rect === null);
  if (!rect) return;
  for (const [name, value] of Object.entries({ x: rect.x, y: rect.y, w: rect.width, h: rect.height })) {
    element.style.setProperty(`--${name}`, `${value}px`);
  }
}

/**
 * @param {Member} member
 * @param {boolean} slow
 * @returns {{title: string, advice: string, failed: boolean} | null}
 */
function statusOf({ isMe, name, state, peerState, connection }, slow) {
  if (isMe) return null;
  if (state === 'reconnecting' || peerState === 'reconnecting') return { title: t('tile.reconnecting'), advice: '', failed: false };
  if (peerState === 'failed') return { title: t('peer.failed', { name }), advice: peerFailure(connection?.stage), failed: true };
  if (peerState === 'connecting') return { title: t('tile.connecting'), advice: slow ? t(`peer.slow.${connection?.stage ?? 'signaling'}`) : '', failed: false };
  return null;
}

// One person or one screen on the stage.
import { fill, h, icon, setAttribute, setIcon } from '../dom.js';
import { t } from '../i18n.js';
import { peerFailure } from '../logic/wording.js';
import { tone } from '../logic/avatar.js';
import { avatar } from './avatar.js';

/** @typedef {import('../../sdk/parlor.js').Member} Member */
/**
 * @typedef {object} Look
 * @property {string} name
 * @property {boolean} showVideo
 * @property {'off' | 'muted' | 'on'} microphone
 * @property {boolean} large
 */

export class Tile {
  #media;
  #isScreen;
  #avatarName = '';
  #face = h('div', { class: 'tile-face' });
  #micIcon = icon('mic-off');
  #name = h('bdi', { class: 'tile-name' });
  #status = h('div', { class: 'tile-status', hidden: true });
  #sizeIcon = icon('enlarge');
  #sizeButton;

  /** @param {{memberId: string, isMe: boolean, isScreen: boolean, onResize: () => void}} options */
  constructor({ memberId, isMe, isScreen, onResize }) {
    this.#isScreen = isScreen;
    this.#media = h('video', { playsinline: true, autoplay: true, class: isMe && !isScreen ? 'mirrored' : '' });
    this.#media.muted = isMe;
    this.#sizeButton = h('button', { class: 'icon-button tile-resize', type: 'button', onclick: onResize }, this.#sizeIcon);
    this.element = h('section', {
      class: `tile ${isScreen ? 'screen' : 'person'}`, role: 'group',
      ...(isScreen ? { 'data-screen-of': memberId } : { 'data-member-id': memberId }), 'data-me': isMe,
    },
    this.#face, this.#media, this.#status,
    h('div', { class: 'tile-plate' }, !isScreen && this.#micIcon, isScreen && icon('share'), this.#name),
    this.#sizeButton);
  }

  get media() {
    return this.#media;
  }

  /** @param {Look} look */
  update({ name, showVideo, microphone, large }) {
    const silent = microphone !== 'on';
    this.#name.textContent = name;
    this.element.setAttribute('aria-label', this.#isScreen ? name : t('tile.label', { name, microphone: t(silent ? 'tile.microphoneOff' : 'tile.microphoneOn') }));
    this.element.classList.toggle('silent', silent);
    this.element.classList.toggle('large', large);
    this.element.classList.toggle('showing', showVideo);
    setIcon(this.#micIcon, silent ? 'mic-off' : 'mic');
    const action = t(large ? 'tile.shrink' : 'tile.enlarge', { name });
    setAttribute(this.#sizeButton, 'aria-label', action);
    setAttribute(this.#sizeButton, 'title', action);
    setIcon(this.#sizeIcon, large ? 'shrink' : 'enlarge');
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

  /**
   * @param {Member} member
   * @param {string | undefined} stage where the connection to them is or got stuck
   */
  setStatus(member, stage) {
    const words = statusOf(member, stage);
    const shown = JSON.stringify(words);
    if (this.#status.dataset['shown'] === shown) return;
    this.#status.dataset['shown'] = shown;
    this.#status.hidden = words === null;
    this.element.classList.toggle('away', words !== null);
    fill(this.#status, words !== null && h('p', { class: 'tile-status-title' },
      words.advice ? icon('warning') : h('span', { class: 'spinner', 'aria-hidden': 'true' }), h('span', {}, words.title)),
    words?.advice && h('p', { class: 'tile-status-advice' }, words.advice));
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
 * @param {string | undefined} stage
 * @returns {{title: string, advice: string} | null}
 */
function statusOf(member, stage) {
  if (member.isMe) return null;
  if (member.state === 'reconnecting' || member.peerState === 'reconnecting') return { title: t('tile.reconnecting'), advice: '' };
  if (member.peerState === 'failed') return { title: t('peer.failed', { name: member.name }), advice: peerFailure(stage) };
  if (member.peerState === 'connecting') return { title: t('tile.connecting'), advice: '' };
  return null;
}

// The stage: keeps one tile per person and screen, and puts each where the layout wants it.
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { Patience } from '../logic/connection.js';
import { layoutTiles } from '../logic/grid.js';
import { Focus, INVITE_KEY, memberKey, stageItems } from '../logic/stage-items.js';
import { Levels } from '../levels.js';
import { InviteCard } from './invite-card.js';
import { placeTile, Tile } from './tile.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').Member} Member */
/** @typedef {import('../local-media.js').LocalMedia} LocalMedia */
/** @typedef {import('../playback.js').Playback} Playback */
/** @typedef {import('../logic/stage-items.js').StageItem} StageItem */

const GAP = 8;

export class Stage {
  #room;
  #media;
  #playback;
  #invite;
  #focus = new Focus();
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #patience = new Patience();
  #patienceTimer = 0;
  /** Of one update: who is not slow yet by it is waited for. */
  #now = 0;
  #details;
  #levels = new Levels((id, speaking) => this.#tiles.get(memberKey(id))?.setSpeaking(speaking));
  #tilesElement = h('div', { class: 'tiles' });
  #more = h('p', { class: 'tiles-more', hidden: true });
  /** @type {Map<string, number>} */
  #hands = new Map();
  #observer = new ResizeObserver(() => this.#layout());

  /** @param {{room: Room, media: LocalMedia, playback: Playback, link: string, onCopyLink: () => void, details: import('./connection-popover.js').ConnectionPopover}} options */
  constructor({ room, media, playback, link, onCopyLink, details }) {
    this.#details = details;
    this.#room = room;
    this.#media = media;
    this.#playback = playback;
    this.#invite = new InviteCard({ link, onCopy: onCopyLink });
    this.element = h('main', { class: 'stage', 'aria-label': t('call.stage') }, this.#tilesElement, this.#more);
    this.#observer.observe(this.element);
  }

  close() {
    clearTimeout(this.#patienceTimer);
    this.#observer.disconnect();
    this.#levels.close();
    for (const tile of this.#tiles.values()) this.#playback.drop(tile.media);
  }

  /** @param {Map<string, number>} hands the place of each raised one */
  showHands(hands) {
    this.#hands = hands;
  }

  update() {
    this.#now = performance.now();
    const members = this.#stageMembers();
    const items = stageItems(members);
    const focus = this.#focus.update(members);
    this.#reconcile(items);
    for (const item of items) this.#dress(item, focus);
    this.#layout();
    this.#waitForTheSlow();
  }

  #waitForTheSlow() {
    const at = this.#patience.pollTimeout(this.#now);
    clearTimeout(this.#patienceTimer);
    if (at !== Infinity) this.#patienceTimer = window.setTimeout(() => this.update(), Math.ceil(at - this.#now));
  }

  #stageMembers() {
    return this.#room.members.map((member) => ({
      id: member.id, isMe: member.isMe, order: member.order,
      sharing: member.isMe ? this.#media.isOn('screen') : member.sources.screen !== 'off' && member.screen !== null,
    }));
  }

  /** Only newcomers are put into the document: moving a playing video would interrupt it. @param {StageItem[]} items */
  #reconcile(items) {
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, tile] of this.#tiles) {
      if (wanted.has(key)) continue;
      this.#playback.drop(tile.media);
      tile.element.remove();
      this.#tiles.delete(key);
      this.#patience.forget(key.replace(/^member:/, ''));
      this.#levels.watch(key.replace(/^member:/, ''), null);
    }
    if (!wanted.has(INVITE_KEY)) this.#invite.element.remove();
    /** @type {Element | null} */
    let previous = null;
    for (const item of items) {
      const element = this.#elementFor(item);
      if (!element.isConnected || element.parentElement !== this.#tilesElement) {
        if (previous) previous.after(element);
        else this.#tilesElement.prepend(element);
      }
      previous = element;
    }
  }

  /** @param {StageItem} item */
  #elementFor(item) {
    if (item.kind === 'invite') return this.#invite.element;
    const known = this.#tiles.get(item.key);
    if (known) return known.element;
    const tile = new Tile({
      memberId: item.memberId, isMe: item.memberId === this.#room.me.id, isScreen: item.kind === 'screen',
      onResize: () => { this.#focus.toggle(item.key); this.update(); },
      details: this.#details.element, onDetails: (mark) => this.#prepareDetails(item.memberId, mark),
    });
    this.#tiles.set(item.key, tile);
    return tile.element;
  }

  /** @param {string} id @param {HTMLElement} mark */
  #prepareDetails(id, mark) {
    const member = this.#room.members.find((candidate) => candidate.id === id);
    if (member) this.#details.prepare(member, mark);
  }

  /** @param {StageItem} item @param {string | null} focus */
  #dress(item, focus) {
    const tile = this.#tiles.get(item.key);
    const member = this.#room.members.find((candidate) => candidate.id === item.memberId);
    if (!tile || !member) return;
    const large = item.key === focus;
    if (item.kind === 'screen') this.#dressScreen(tile, member, large);
    else if (member.isMe) this.#dressMe(tile, member, large);
    else this.#dressOther(tile, member, large);
  }

  /** @param {Tile} tile @param {Member} member @param {boolean} large */
  #dressScreen(tile, member, large) {
    const name = member.isMe ? t('tile.myScreen') : t('tile.screen', { name: member.name });
    this.#playback.play(tile.media, member.isMe ? this.#media.stream('screen') : member.screen);
    tile.update({ name, showVideo: true, microphone: 'on', large });
  }

  /** @param {Tile} tile @param {Member} me @param {boolean} large */
  #dressMe(tile, me, large) {
    this.#playback.play(tile.media, this.#media.stream('camera'));
    tile.setFace(me.name);
    tile.update({ name: t('call.nameYou', { name: me.name }), showVideo: this.#media.isOn('camera'), microphone: this.#media.state('microphone'), large, hand: this.#hands.get(me.id) ?? 0 });
    this.#levels.watch(me.id, this.#media.isOn('microphone') ? this.#media.stream('microphone') : null, () => tile.setSpeaking(false));
  }

  /** @param {Tile} tile @param {Member} member @param {boolean} large */
  #dressOther(tile, member, large) {
    const { microphone, camera } = visibleSources(member);
    this.#playback.play(tile.media, member.media);
    tile.setFace(member.name);
    tile.update({ name: member.name, showVideo: camera === 'on' && hasTrack(member.media, 'video'), microphone, large, hand: this.#hands.get(member.id) ?? 0 });
    tile.setConnection(member, this.#patience.handleState(member.id, member.peerState, this.#now));
    this.#levels.watch(member.id, microphone === 'on' ? member.media : null, () => tile.setSpeaking(false));
  }

  #layout() {
    const area = { width: this.element.clientWidth - 2 * GAP, height: this.element.clientHeight - 2 * GAP, gap: GAP };
    const keys = stageItems(this.#stageMembers()).map((item) => item.key);
    const { tiles, hidden, height } = layoutTiles(keys, area, this.#focus.current);
    this.#tilesElement.style.setProperty('--stage-height', `${height}px`);
    for (const [key, tile] of this.#tiles) placeTile(tile.element, tiles.get(key) ?? null);
    placeTile(this.#invite.element, tiles.get(INVITE_KEY) ?? null);
    this.#more.hidden = hidden.length === 0;
    this.#more.textContent = t('tile.hidden', { count: hidden.length });
    const large = tiles.get(this.#focus.current ?? '');
    if (!large) return;
    this.#more.style.setProperty('--x', `${large.x + large.width}px`);
    this.#more.style.setProperty('--y', `${large.y + large.height}px`);
  }
}

/**
 * A client of another kind sends without a word about it.
 * @param {Member} member
 * @returns {{microphone: import('../../sdk/parlor.js').SourceState, camera: import('../../sdk/parlor.js').SourceState}}
 */
function visibleSources(member) {
  if ('media-stream' in member.attributes) return member.sources;
  const state = (/** @type {'audio' | 'video'} */ kind) => (hasTrack(member.media, kind) ? 'on' : 'off');
  return { microphone: state('audio'), camera: state('video') };
}

/** @param {MediaStream | null} stream @param {'audio' | 'video'} kind */
function hasTrack(stream, kind) {
  return stream?.getTracks().some((track) => track.kind === kind && track.readyState === 'live') ?? false;
}

// How one person is connected, on demand: beside the mark on their tile, gone with the next click elsewhere.
import { fill, h, icon, uniqueId } from '../dom.js';
import { t } from '../i18n.js';
import { connectionWords, lossPercent, stageMarks } from '../logic/connection.js';
import { peerFailure } from '../logic/wording.js';
import { checkLink } from './check-link.js';

/** @typedef {import('../../sdk/parlor.js').Room} Room */
/** @typedef {import('../../sdk/parlor.js').Member} Member */
/** @typedef {import('../../sdk/parlor.js').PeerStats} PeerStats */

const EVERY_MS = 2_000;
const GAP = 8;

export class ConnectionPopover {
  #room;
  /** @type {Member | null} */ #member = null;
  /** @type {HTMLElement | null} */ #anchor = null;
  /** @type {PeerStats | undefined} */ #before;
  #timer = 0;
  #title = h('h2', { id: uniqueId('connection'), tabindex: -1 });
  #how = h('p', { class: 'connection-how' });
  #body = h('div', { class: 'connection-body' });

  /** @param {Room} room */
  constructor(room) {
    this.#room = room;
    this.element = h('div', { class: 'connection-popover', popover: 'auto', role: 'dialog', 'aria-labelledby': this.#title.id, 'data-testid': 'connection-details' },
      h('div', { class: 'connection-head' }, this.#title,
        h('button', { class: 'icon-button small', type: 'button', 'aria-label': t('peer.close'), title: t('peer.close'), onclick: () => this.element.hidePopover() }, icon('close'))),
      this.#how, this.#body);
    this.element.addEventListener('toggle', (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === 'open') this.#opened();
      else this.#closed();
    });
  }

  close() {
    clearTimeout(this.#timer);
  }

  /**
   * The mark on the tile of a member was pressed; the browser opens or closes this next.
   * @param {Member} member
   * @param {HTMLElement} anchor
   */
  prepare(member, anchor) {
    if (this.#anchor === anchor) return;
    this.element.hidePopover();
    this.#member = member;
    this.#anchor = anchor;
    this.#before = undefined;
    this.#title.textContent = t('peer.connectionWith', { name: member.name });
    this.#show(undefined);
  }

  /** The room has news. */
  update() {
    if (!this.#member) return;
    if (!this.#room.members.includes(this.#member)) return this.element.hidePopover();
    this.#show(undefined);
  }

  #opened() {
    if (!this.#anchor) return;
    clearTimeout(this.#timer);
    this.#place(this.#anchor);
    this.#title.focus({ preventScroll: true });
    void this.#measure();
  }

  #closed() {
    // Of one that is open again by now, for somebody else.
    if (this.element.matches(':popover-open')) return;
    clearTimeout(this.#timer);
    this.#member = null;
    this.#anchor = null;
  }

  async #measure() {
    const member = this.#member;
    if (!member) return;
    const { peers } = await this.#room.stats().catch(() => ({ peers: [] }));
    if (this.#member !== member) return;
    const sample = peers.find(({ peer }) => peer === member.id);
    this.#show(sample);
    this.#before = sample ?? this.#before;
    this.#timer = window.setTimeout(() => void this.#measure(), EVERY_MS);
  }

  /** @param {PeerStats | undefined} sample */
  #show(sample) {
    const member = /** @type {Member} */ (this.#member);
    const { peerState, connection } = member;
    this.#how.textContent = sentence(connectionWords(peerState, connection) || t('peer.how.connecting'));
    this.#how.dataset['state'] = peerState;
    const connected = peerState === 'connected';
    const shown = connected ? JSON.stringify([connection, sample?.rttMs, sample?.packetsLost]) : `${peerState} ${connection?.stage}`;
    if (this.#body.dataset['shown'] === shown || (connected && !sample && this.#before)) return;
    this.#body.dataset['shown'] = shown;
    fill(this.#body, ...(connected ? this.#numbers(member, sample) : stages(member)));
  }

  /** @param {Member} member @param {PeerStats | undefined} sample */
  #numbers({ connection }, sample) {
    const loss = sample ? lossPercent(this.#before, sample) : null;
    const rtt = sample?.rttMs ?? null;
    return [
      h('p', { class: 'note' }, t(connection?.path?.kind === 'relayed' ? 'peer.why.relayed' : 'peer.why.direct')),
      h('dl', { class: 'connection-facts' },
        h('dt', {}, t('peer.rtt')), h('dd', {}, rtt === null ? t('peer.unknown') : t('peer.ms', { value: rtt })),
        h('dt', {}, t('peer.loss')), h('dd', {}, loss === null ? t('peer.unknown') : t('peer.percent', { value: loss }))),
    ];
  }

  /** Above the mark or below it, inside the window. @param {HTMLElement} anchor */
  #place(anchor) {
    const [mark, own] = [anchor.getBoundingClientRect(), this.element.getBoundingClientRect()];
    const above = mark.top - own.height - GAP;
    const x = Math.max(GAP, Math.min(mark.right - own.width, innerWidth - own.width - GAP));
    const y = above >= GAP ? above : Math.max(GAP, Math.min(mark.bottom + GAP, innerHeight - own.height - GAP));
    this.element.style.setProperty('--x', `${x}px`);
    this.element.style.setProperty('--y', `${y}px`);
  }
}

/** @param {Member} member */
function stages({ peerState, connection }) {
  const stage = connection?.stage ?? 'signaling';
  return [
    h('ol', { class: 'connection-stages' }, ...stageMarks(peerState, stage).map(({ stage: one, mark }) => h('li', { 'data-mark': mark },
      h('span', { class: 'stage-mark' }, mark === 'done' ? icon('check') : mark === 'stuck' ? icon('close') : mark === 'running' ? h('span', { class: 'spinner', 'aria-hidden': 'true' }) : null),
      h('span', { class: 'visually-hidden' }, `${t(`peer.mark.${mark}`)}: `), t(`peer.stage.${one}`)))),
    peerState === 'failed' && h('p', { class: 'note' }, peerFailure(stage)),
    checkLink(),
  ];
}

/** @param {string} words */
function sentence(words) {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

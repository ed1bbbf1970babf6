// Why a call does or does not connect from here: the verdict first, then everything that was looked at.
import { judge, observe, STEPS } from '../../sdk/check.js';
import { fill, h, icon, wordmark } from '../dom.js';
import { t } from '../i18n.js';
import { factsOf, findingWords, report, verdictWords } from '../logic/check-words.js';
import { CheckDevices } from './check-devices.js';
import { CheckRow } from './check-row.js';

/** @typedef {import('../logic/check-words.js').Part} Part */
/** @typedef {import('../../sdk/check.js').Step} Step */
/** @typedef {import('../../sdk/check.js').Observations} Observations */

/** @type {{name: 'here' | 'server' | 'way', parts: Part[]}[]} */
const GROUPS = [
  { name: 'here', parts: ['page', 'browser', 'microphone', 'camera'] },
  { name: 'server', parts: ['server', 'clock'] },
  { name: 'way', parts: ['direct', 'relay-udp', 'relay-tcp', 'relay-tls'] },
];
const VERDICT_ICONS = /** @type {const} */ ({ good: 'check', warning: 'warning', problem: 'close', unknown: 'minus' });

export class CheckView {
  #stop = new AbortController();
  /** @type {Observations} */ #seen = {};
  /** @type {Step | null} */ #current = null;
  #done = false;
  /** @type {Map<Part, CheckRow>} */ #rows = new Map(GROUPS.flatMap(({ parts }) => parts.map((part) => [part, new CheckRow(part)])));
  #devices = new CheckDevices({ onChange: () => this.#show() });

  #mark = h('span', { class: 'verdict-mark', 'aria-hidden': 'true' });
  #title = h('h2', { tabindex: -1 });
  #advice = h('p', {});
  #progress = h('progress', { max: STEPS.length, 'aria-label': t('check.progress') });
  #verdict = h('section', { class: 'verdict', 'data-testid': 'check-verdict' }, this.#mark, h('div', { class: 'verdict-words' }, this.#title, this.#advice, this.#progress));
  #spoken = h('p', { class: 'visually-hidden', role: 'status' });
  #copied = h('p', { class: 'note', role: 'status' });
  #byHand = h('textarea', { class: 'check-by-hand', readonly: true, rows: 6, 'aria-label': t('check.report'), hidden: true });
  #again = h('button', { class: 'button primary', type: 'button', 'data-testid': 'check-again', onclick: () => this.#restart() }, icon('retry'), t('check.again'));
  #copy = h('button', { class: 'button', type: 'button', 'data-testid': 'check-copy', onclick: () => void this.#copyReport() }, icon('copy'), t('check.copy'));

  /** @param {{onBack: () => void}} options */
  constructor({ onBack }) {
    this.heading = h('h1', { tabindex: -1 }, t('check.heading'));
    this.element = h('div', { class: 'entry check' },
      h('header', { class: 'entry-header' },
        wordmark(t('app.name')),
        h('button', { class: 'button quiet', type: 'button', onclick: onBack }, icon('back'), t('check.back'))),
      h('main', { class: 'check-main' },
        h('div', { class: 'check-outcome' },
          this.heading, h('p', { class: 'lead' }, t('check.lead')),
          this.#verdict, this.#spoken,
          h('div', { class: 'button-row' }, this.#again, this.#copy),
          h('p', { class: 'note' }, t('check.reportNote')), this.#copied, this.#byHand,
          this.#devices.element),
        h('div', { class: 'check-steps', role: 'group', 'aria-label': t('check.steps') }, ...GROUPS.map((group) => this.#group(group)))));
    void this.#run();
  }

  close() {
    this.#stop.abort();
    this.#devices.close();
  }

  /** @param {typeof GROUPS[number]} group */
  #group({ name, parts }) {
    return h('section', { class: 'check-group' },
      h('h2', {}, t(`check.group.${name}`)),
      h('ul', {}, ...parts.map((part) => this.#rows.get(part)?.element)));
  }

  async #run() {
    const { signal } = this.#stop;
    const onStep = (/** @type {Step} */ step, /** @type {Observations} */ seen) => {
      this.#seen = seen;
      this.#current = step;
      this.#say(t('check.announce', { step: t(`check.step.${step}`), number: STEPS.indexOf(step) + 1, count: STEPS.length }));
      this.#show();
    };
    try {
      this.#seen = await observe({ url: new URL('/', location.href), signal, onStep });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    this.#current = null;
    this.#done = true;
    this.#show();
  }

  #restart() {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#seen = {};
    this.#done = false;
    this.#copied.textContent = '';
    this.#byHand.hidden = true;
    // Its button falls asleep meanwhile.
    this.#title.focus({ preventScroll: true });
    void this.#run();
    this.#show();
  }

  get #observed() {
    return { ...this.#seen, microphone: this.#devices.seen('microphone'), camera: this.#devices.seen('camera') };
  }

  #show() {
    const seen = this.#observed;
    const judged = judge(seen);
    for (const [part, row] of this.#rows) {
      const finding = judged.findings[part];
      if (part === this.#current) row.show({ level: 'running', words: '', facts: [] });
      else if (!finding) row.show({ level: this.#done ? 'unknown' : 'waiting', words: '', facts: [] });
      else row.show({ level: finding.level, words: findingWords(part, finding, seen), facts: isStep(part) ? factsOf(part, seen) : [] });
    }
    this.#showVerdict(judged, seen);
  }

  /** @param {import('../../sdk/check.js').Verdict} judged @param {Observations} seen */
  #showVerdict(judged, seen) {
    const level = this.#done ? judged.verdict.level : 'running';
    const { title, advice } = this.#done ? verdictWords(judged, seen) : { title: t('check.running'), advice: t('check.runningText') };
    this.#verdict.dataset['level'] = level;
    this.#verdict.dataset['code'] = this.#done ? judged.verdict.code : '';
    this.#progress.hidden = this.#done;
    this.#progress.value = this.#current ? STEPS.indexOf(this.#current) : 0;
    for (const button of [this.#again, this.#copy]) button.disabled = !this.#done;
    if (this.#title.textContent !== title || this.#advice.textContent !== advice) {
      this.#title.textContent = title;
      this.#advice.textContent = advice;
      fill(this.#mark, level === 'running' ? h('span', { class: 'spinner' }) : icon(VERDICT_ICONS[level]));
    }
    if (this.#done) this.#say(t('check.done', { title, advice }));
  }

  /** @param {string} words */
  #say(words) {
    if (this.#spoken.textContent !== words) this.#spoken.textContent = words;
  }

  async #copyReport() {
    const seen = this.#observed;
    const text = report(judge(seen), seen, new Date());
    try {
      await navigator.clipboard.writeText(text);
      this.#copied.textContent = t('check.copied');
    } catch {
      // An insecure page has no clipboard.
      this.#copied.textContent = t('check.copyByHand');
      this.#byHand.value = text;
      this.#byHand.hidden = false;
      this.#byHand.focus();
      this.#byHand.select();
    }
  }
}

/** @param {Part} part @returns {part is Step} */
function isStep(part) {
  return STEPS.some((step) => step === part);
}

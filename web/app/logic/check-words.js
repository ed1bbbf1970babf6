// What the findings of a check are called. No DOM.
import { isKey, t } from '../i18n.js';
import { deviceProblem } from './wording.js';

/** @typedef {import('../../sdk/check.js').Finding} Finding */
/** @typedef {import('../../sdk/check.js').Observations} Observations */
/** @typedef {import('../../sdk/check.js').Step} Step */
/** @typedef {import('../../sdk/check.js').Verdict} Verdict */
/** @typedef {Step | 'microphone' | 'camera'} Part */
/** @typedef {import('../i18n.js').Values} Values */

const RELAYS = /** @type {const} */ (['relay-udp', 'relay-tcp', 'relay-tls']);
const MINUTE_MS = 60_000;

/**
 * The one thing to know, and the one thing to change.
 * @param {Verdict} judged
 * @param {Observations} seen
 * @returns {{title: string, advice: string}}
 */
export function verdictWords({ verdict, findings }, seen) {
  const { code } = verdict;
  if (code === 'microphone' || code === 'camera') return deviceWords(code, seen);
  const title = `check.verdict.${code}`;
  return { title: t(isKey(title) ? title : 'check.verdict.good'), advice: t(adviceKey(code, findings), verdictValues(seen)) };
}

/** @param {string} code @param {Verdict['findings']} findings */
function adviceKey(code, findings) {
  const untested = [findings.microphone, findings.camera].some((one) => one?.code === 'untested');
  if (code === 'good' && untested) return 'check.verdict.good.untested';
  const key = `check.verdict.${code}.advice`;
  return isKey(key) ? key : 'check.verdict.good.advice';
}

/** @param {Observations} seen @returns {Values} */
function verdictValues(seen) {
  const relays = RELAYS.map((relay) => seen[relay]);
  const used = relays.find((relay) => relay?.reached === 'data') ?? seen.server;
  return {
    address: seen.page?.address ?? '',
    host: hostOf(seen.page?.address ?? ''),
    relay: relays.map((relay) => /^turns?:([^?]+)/.exec(relay?.url ?? '')?.[1]).find(Boolean) ?? '',
    // What a relay says is below what browsers say of silence.
    errorCode: relays.flatMap((relay) => relay?.errorCode ?? []).sort((a, b) => a - b)[0] ?? '',
    rttMs: used?.rttMs ?? '',
    lossPercent: used?.lossPercent ?? '',
    minutes: minutes(seen),
  };
}

/**
 * One line about one part.
 * @param {Part} part
 * @param {Finding} finding
 * @param {Observations} seen
 */
export function findingWords(part, finding, seen) {
  if (finding.code === 'failed' && (part === 'microphone' || part === 'camera')) return t('check.devices.failed', deviceWords(part, seen));
  const key = [`check.${part}.${finding.code}`, `check.relay.${finding.code}`].find(isKey);
  const values = /** @type {Values} */ (/** @type {unknown} */ ({ ...seen[part], minutes: minutes(seen) }));
  return key ? t(key, values).trim() : '';
}

/** @param {'microphone' | 'camera'} device @param {Observations} seen */
function deviceWords(device, seen) {
  return deviceProblem(device, { code: seen[device]?.code ?? '', message: '' });
}

/**
 * What was observed of one part, for the details.
 * @param {Step} step
 * @param {Observations} seen
 * @returns {{name: string, value: string}[]}
 */
export function factsOf(step, seen) {
  const facts = seen[step] ?? {};
  if ('url' in facts && facts.url === null) return [];
  const unsent = 'sent' in facts && facts.sent === 0;
  return Object.entries(facts).flatMap(([key, value]) => {
    if (unsent && ['sent', 'lossPercent'].includes(key)) return [];
    const name = `check.fact.${key}`;
    const text = valueWords(key, value);
    return isKey(name) && text !== '' ? [{ name: t(name), value: text }] : [];
  });
}

/** @param {string} key @param {unknown} value @returns {string} */
function valueWords(key, value) {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return t(value ? 'check.value.yes' : 'check.value.no');
  if (key.endsWith('Ms')) return t('check.value.ms', { value: String(value) });
  if (key.endsWith('Percent')) return t('check.value.percent', { value: String(value) });
  const known = `check.value.${value}`;
  return isKey(known) ? t(known) : String(value);
}

/** @param {Observations} seen */
function minutes({ clock }) {
  return Math.round(Math.abs(clock?.aheadMs ?? 0) / MINUTE_MS);
}

/** @param {string} address */
function hostOf(address) {
  return URL.canParse(address) ? new URL(address).host : address;
}

/**
 * For whoever helps: what the page shows, and nothing that names a person, a device or an internet address of theirs.
 * @param {Verdict} judged
 * @param {Observations} seen
 * @param {Date} at
 */
export function report(judged, seen, at) {
  const { title, advice } = verdictWords(judged, seen);
  return JSON.stringify({ at: at.toISOString(), verdict: { ...judged.verdict, title, advice }, findings: judged.findings, seen }, null, 2);
}

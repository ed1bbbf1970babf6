// Who may do what to whom, and in which words. No DOM.

/** @typedef {'listener' | 'speaker' | 'moderator' | 'owner'} Role */
/** @typedef {'microphone' | 'camera' | 'screen'} Source */
/** @typedef {'off' | 'muted' | 'on'} SourceState */
/**
 * @typedef {object} Somebody
 * @property {boolean} isMe
 * @property {Role} role
 * @property {number | null} hand
 * @property {Readonly<Record<Source, SourceState>>} sources
 */
/** @typedef {{may: boolean, isAbove: boolean, owns: boolean}} Standing what I am to that member */
/** @typedef {'mute-microphone' | 'mute-camera' | 'mute-screen' | 'lower-hand' | `make-${Role}` | 'remove' | 'ban'} Action */

/** @type {readonly {action: Action, source: Source}[]} */
const MUTES = [
  { action: 'mute-microphone', source: 'microphone' },
  { action: 'mute-camera', source: 'camera' },
  { action: 'mute-screen', source: 'screen' },
];
/** @type {readonly Role[]} */
const ROLES = ['owner', 'moderator', 'speaker', 'listener'];
/** Only owners make these, or unmake them. @type {ReadonlySet<Role>} */
const HIGH = new Set(['owner', 'moderator']);

/**
 * What I can do to a member, in the order of the menu; nothing that would be refused.
 * @param {Somebody} member
 * @param {Standing} standing
 * @returns {Action[]}
 */
export function actionsFor(member, { may, isAbove, owns }) {
  if (!may || !isAbove || member.isMe) return [];
  const mutes = MUTES.filter(({ source }) => member.sources[source] === 'on').map(({ action }) => action);
  const roles = ROLES.filter((role) => role !== member.role && (owns || !(HIGH.has(role) || HIGH.has(member.role))));
  return [
    ...mutes,
    ...(member.hand === null ? [] : [/** @type {const} */ ('lower-hand')]),
    ...roles.map((role) => /** @type {const} */ (`make-${role}`)),
    'remove', 'ban',
  ];
}

/** What is shown beside a name: most people are speakers, and need no word for it. @param {Role} role */
export function badgeOf(role) {
  return role === 'speaker' ? null : role;
}

/**
 * What I may not do here, of what has a button.
 * @param {readonly string[]} permissions
 */
export function missing(permissions) {
  const has = (/** @type {string} */ word) => permissions.includes(word);
  return { microphone: !has('microphone'), camera: !has('camera'), screen: !has('screen'), chat: !has('chat') };
}

/**
 * Which place each raised hand has in the row; the first one is 1.
 * @param {readonly {id: string}[]} hands in the order in which they were raised
 * @returns {Map<string, number>}
 */
export function places(hands) {
  return new Map(hands.map(({ id }, index) => [id, index + 1]));
}

/**
 * What changed about me that I should be told, as keys of the catalogue.
 * @param {{role: Role, permissions: readonly string[]}} before
 * @param {{role: Role, permissions: readonly string[]}} after
 */
export function newsAboutMe(before, after) {
  if (before.role !== after.role) return /** @type {const} */ (`mine.role.${after.role}`);
  const [had, has] = [missing(before.permissions), missing(after.permissions)];
  if (had.microphone !== has.microphone) return has.microphone ? /** @type {const} */ ('mine.mayNotSpeak') : /** @type {const} */ ('mine.maySpeak');
  return null;
}

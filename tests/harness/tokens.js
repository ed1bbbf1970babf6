// Tokens made by node's own crypto, good ones and ones that are wrong in one way.

import { createHmac, createSign, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from './cleanup.js';

export const SECRET = 'a secret of more than thirty-two bytes';

export const b64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');
export const now = () => Math.floor(Date.now() / 1_000);

/** What a good token says; `undefined` takes a claim away. */
export const claims = (change = {}) => ({ aud: 'parlor', sub: 'ada', room: 'standup', iat: now() - 1, exp: now() + 300, jti: randomBytes(9).toString('base64url'), ...change });

const SIGNERS = {
  HS256: (text, key) => createHmac('sha256', key).update(text).digest(),
  HS384: (text, key) => createHmac('sha384', key).update(text).digest(),
  HS512: (text, key) => createHmac('sha512', key).update(text).digest(),
  RS256: (text, key) => createSign('sha256').update(text).sign(key),
  RS512: (text, key) => createSign('sha512').update(text).sign(key),
  ES256: (text, key) => createSign('sha256').update(text).sign({ key, dsaEncoding: 'ieee-p1363' }),
  EdDSA: (text, key) => signBytes(null, Buffer.from(text), key),
};

/** @param {object | string} payload a text is taken as it is, such as JSON that no object writes */
export function mint(payload = claims(), { alg = 'HS256', by = alg, key = SECRET, header = { alg, typ: 'JWT' } } = {}) {
  const signed = `${b64(header)}.${b64(payload)}`;
  return `${signed}.${b64(SIGNERS[by](signed, key))}`;
}

export function keyPair(kind) {
  const options = { 'rsa': { modulusLength: 2048 }, 'ec': { namedCurve: 'P-256' }, 'ed25519': {} }[kind];
  const { publicKey, privateKey } = generateKeyPairSync(kind, options);
  return { publicKey, privateKey, pem: publicKey.export({ type: 'spki', format: 'pem' }) };
}

export const jwk = ({ publicKey }, kid) => ({ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' });

/** A folder for the state of a server, with these tokens revoked, and a way to put files into it. */
export function stateFolder(revoked = []) {
  const folder = mkdtempSync(join(tmpdir(), 'parlor-tokens-'));
  endWithFile(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(join(folder, 'tokens/revoked.json'), JSON.stringify(Object.fromEntries(revoked.map((id) => [id, Date.now() + 600_000]))));
  return {
    folder,
    file(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}

/** A good token, changed afterwards. */
function changed(change) {
  const [header, payload, signature] = mint().split('.');
  return change({ header, payload, signature });
}

const text = (part) => Buffer.from(part, 'base64url').toString();

/**
 * Every token that must open nothing, with the code that it is refused by.
 * @param {{ rsa: ReturnType<typeof keyPair>, ec: ReturnType<typeof keyPair>, ed: ReturnType<typeof keyPair>, revoked: string }} keys
 * @returns {[string, string, string][]} name, code, token
 */
export function badTokens({ rsa, ec, ed, revoked }) {
  const invalid = (name, token) => [name, 'token-invalid', token];
  const claiming = (name, change, code = 'token-invalid') => [name, code, mint(claims(change))];
  const header = (name, more, options = {}) => invalid(name, mint(claims(), { ...options, header: { alg: 'HS256', ...more } }));
  const spki = (pair) => pair.publicKey.export({ type: 'spki', format: 'der' });
  const nested = `${'['.repeat(20)}${']'.repeat(20)}`;
  const raw = (more) => JSON.stringify(claims()).replace(/}$/, `,${more}}`);
  return [
    ...['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg) => [
      invalid(`alg ${alg || 'empty'}, no signature`, changed(({ payload }) => `${b64({ alg })}.${payload}.`)),
      invalid(`alg ${alg || 'empty'}, the signature of HS256`, changed(({ payload, signature }) => `${b64({ alg })}.${payload}.${signature}`)),
    ]),
    header('no alg', { alg: undefined }),
    header('alg is null', { alg: null }),
    header('alg is a list', { alg: ['HS256'] }),
    header('alg in small letters', { alg: 'hs256' }),
    header('HS384 with the secret', { alg: 'HS384' }, { by: 'HS384' }),
    header('HS512 with the secret', { alg: 'HS512' }, { by: 'HS512' }),
    invalid('RS512 with a key for RS256', mint(claims(), { alg: 'RS512', key: rsa.privateKey })),
    invalid('the public key of RSA as a secret, in PEM', mint(claims(), { key: rsa.pem })),
    invalid('the public key of RSA as a secret, in PEM without its end', mint(claims(), { key: rsa.pem.trim() })),
    invalid('the public key of RSA as a secret, in DER', mint(claims(), { key: spki(rsa) })),
    invalid('the public key of P-256 as a secret, in PEM', mint(claims(), { key: ec.pem })),
    invalid('the public key of Ed25519 as a secret, in DER', mint(claims(), { key: spki(ed) })),
    invalid('the public key of Ed25519 as a secret, bare', mint(claims(), { key: spki(ed).subarray(-32) })),
    invalid('RS256 under the name of ES256', mint(claims(), { alg: 'ES256', by: 'RS256', key: rsa.privateKey })),
    invalid('ES256 under the name of EdDSA', mint(claims(), { alg: 'EdDSA', by: 'ES256', key: ec.privateKey })),
    invalid('HS256 under the name of RS256', mint(claims(), { alg: 'RS256', by: 'HS256' })),
    invalid('another secret', mint(claims(), { key: `${SECRET}.` })),
    invalid('an empty secret', mint(claims(), { key: '' })),
    invalid('another key of RSA', mint(claims(), { alg: 'RS256', key: keyPair('ec') && keyPair('rsa').privateKey })),
    invalid('another key of P-256', mint(claims(), { alg: 'ES256', key: keyPair('ec').privateKey })),
    invalid('an ES256 signature of zeros', changed(({ payload }) => `${b64({ alg: 'ES256' })}.${payload}.${b64(Buffer.alloc(64))}`)),
    invalid('an ES256 signature in DER', (() => {
      const signed = `${b64({ alg: 'ES256' })}.${b64(claims())}`;
      return `${signed}.${b64(createSign('sha256').update(signed).sign(ec.privateKey))}`;
    })()),
    invalid('its own key in the header (jwk)', mint(claims(), (() => {
      const own = keyPair('rsa');
      return { alg: 'RS256', key: own.privateKey, header: { alg: 'RS256', jwk: jwk(own, 'own') } };
    })())),
    invalid('a place for its own key (jku, x5u)', mint(claims(), { alg: 'RS256', key: keyPair('rsa').privateKey, header: { alg: 'RS256', jku: 'http://127.0.0.1:9/', x5u: 'http://127.0.0.1:9/' } })),
    header('crit', { crit: ['exp'] }),
    header('an empty crit', { crit: [] }),
    header('b64', { b64: false, crit: ['b64'] }),
    header('b64 without crit', { b64: false }),
    header('typ of something else', { typ: 'at+jwt' }),
    header('a kid that is no text', { kid: 7 }),
    header('an endless kid', { kid: 'k'.repeat(300) }),
    invalid('a header with alg twice', changed(({ payload }) => {
      const signed = `${b64('{"alg":"none","alg":"HS256"}')}.${payload}`;
      return `${signed}.${b64(SIGNERS.HS256(signed, SECRET))}`;
    })),
    invalid('a header that is a list', changed(({ payload, signature }) => `${b64([])}.${payload}.${signature}`)),
    claiming('another audience', { aud: 'other' }),
    claiming('no audience', { aud: undefined }),
    claiming('an audience that is nearly right', { aud: 'parlor2' }),
    claiming('an audience that is a number', { aud: 1 }),
    claiming('expired', { exp: now() - 31 }, 'token-expired'),
    claiming('expired long ago', { iat: 0, exp: 1 }, 'token-expired'),
    claiming('not yet valid', { nbf: now() + 100 }, 'token-early'),
    claiming('made in the future', { iat: now() + 100 }, 'token-early'),
    claiming('no exp', { exp: undefined }),
    claiming('exp is a text', { exp: String(now() + 60) }),
    claiming('exp is null', { exp: null }),
    claiming('exp is negative', { exp: -1 }),
    claiming('exp is huge', { exp: 1e300 }),
    invalid('exp is beyond every number', mint(raw('"exp":1e999').replace(/"exp":\d+,/, ''))),
    claiming('a lifetime that is too long', { exp: now() + 90_000 }),
    claiming('another room', { room: 'kitchen' }, 'token-other-room'),
    claiming('a pattern that does not fit', { room: 'team-*' }, 'token-other-room'),
    claiming('a room in other letters', { room: 'Standup' }, 'token-other-room'),
    claiming('a room with a letter that looks alike', { room: 'st\u0430ndup' }, 'token-other-room'),
    claiming('a room with an invisible letter', { room: 'standup\u200b' }, 'token-other-room'),
    claiming('a room in full-width letters', { room: '\uff53\uff54\uff41\uff4e\uff44\uff55\uff50' }, 'token-other-room'),
    claiming('no room', { room: undefined }),
    claiming('rooms that are no texts', { room: [1] }),
    claiming('no rooms', { room: [] }),
    claiming('without the grant join', { grants: ['chat'] }, 'token-no-grant'),
    claiming('without any grant', { grants: [] }, 'token-no-grant'),
    claiming('an unknown grant', { grants: ['join', 'fly'] }),
    claiming('grants that are a text', { grants: 'join' }),
    claiming('an unknown role', { role: 'king' }),
    claiming('a sub that is a number', { sub: 7 }),
    claiming('a sub that is empty', { sub: '' }),
    claiming('a sub without end', { sub: 'x'.repeat(500) }),
    claiming('revoked', { jti: revoked }, 'token-revoked'),
    claiming('a jti that is a list', { jti: [revoked] }),
    invalid('a claim twice', mint(raw('"room":"kitchen"'))),
    invalid('a claim twice, once in disguise', mint(raw('"\\u0072oom":"standup"'))),
    invalid('nested without end', mint(raw(`"x":${nested}`))),
    invalid('claims with something behind them', mint(`${JSON.stringify(claims())}{}`)),
    invalid('claims that are a list', mint('[]')),
    invalid('claims that are no JSON', mint('standup')),
    invalid('claims with a comma too many', mint(JSON.stringify(claims()).replace(/}$/, ',}'))),
    invalid('claims with a lone surrogate', mint(raw('"x":"\\ud800"'))),
    invalid('changed claims', changed(({ header, payload, signature }) => `${header}.${b64(text(payload).replace('standup', 'standuq'))}.${signature}`)),
    invalid('a changed header', changed(({ payload, signature }) => `${b64({ alg: 'HS256', typ: 'JWT', x: 1 })}.${payload}.${signature}`)),
    invalid('a changed signature', changed(({ header, payload, signature }) => `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`)),
    invalid('half a signature', changed(({ header, payload, signature }) => `${header}.${payload}.${signature.slice(0, 22)}`)),
    invalid('no signature', changed(({ header, payload }) => `${header}.${payload}.`)),
    invalid('two parts', changed(({ header, payload }) => `${header}.${payload}`)),
    invalid('four parts', changed(({ header, payload, signature }) => `${header}.${payload}.${signature}.${signature}`)),
    invalid('five parts, as if encrypted', changed(({ header, payload, signature }) => `${header}.${payload}.${signature}.a.b`)),
    invalid('dots alone', '..'),
    invalid('padded', `${mint()}=`),
    invalid('in the other alphabet', changed(({ header, payload }) => `${header}.${payload}.++//`)),
    invalid('in a spelling with bits left over', changed(({ header, payload, signature }) => `${header}.${payload}.${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(42) + 1)}`)),
    invalid('more than 8 KiB', mint(claims({ x: 'x'.repeat(7_000) }))),
    invalid('with a blank in it', changed(({ header, payload, signature }) => `${header}.${payload}. ${signature}`)),
    ['nothing', 'token-required', ''],
  ];
}

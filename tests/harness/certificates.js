// A certificate authority of our own: roots, certificates of any name and time, and what stands in a request for one.
// X.509 (RFC 5280) written and read by hand, as far as it is needed here.

import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify, X509Certificate } from 'node:crypto';

const Tag = Object.freeze({ boolean: 1, integer: 2, bits: 3, octets: 4, oid: 6, text: 12, utcTime: 23, sequence: 48, set: 49 });

const Oid = Object.freeze({
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
});

function der(tag, ...parts) {
  const body = Buffer.concat(parts);
  const size = [];
  for (let rest = body.length; body.length > 127 && rest > 0; rest >>= 8) size.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, ...(size.length ? [0x80 | size.length, ...size] : [body.length])]), body]);
}

const sequence = (...parts) => der(Tag.sequence, ...parts);
const oid = (hex) => der(Tag.oid, Buffer.from(hex, 'hex'));
const context = (number, ...parts) => der(0xa0 | number, ...parts);
const named = (text) => sequence(der(Tag.set, sequence(oid(Oid.commonName), der(Tag.text, Buffer.from(text)))));
const time = (date) => der(Tag.utcTime, Buffer.from(`${date.toISOString().replaceAll(/[-:T]|\.\d+/g, '').slice(2)}`));
const algorithm = sequence(oid(Oid.ecdsaWithSha256));
const extension = (id, value, critical = false) =>
  sequence(oid(id), critical ? der(Tag.boolean, Buffer.from([0xff])) : Buffer.alloc(0), der(Tag.octets, value));

/** `[tag, content, whole]` of each value in a row. */
function* values(bytes) {
  for (let at = 0; at < bytes.length; ) {
    let length = bytes[at + 1];
    let head = 2;
    if (length & 0x80) {
      const size = length & 0x7f;
      length = bytes.readUIntBE(at + 2, size);
      head += size;
    }
    yield [bytes[at], bytes.subarray(at + head, at + head + length), bytes.subarray(at, at + head + length)];
    at += head + length;
  }
}

const DAY_MS = 86_400_000;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyPem = (key) => key.export({ type: 'pkcs8', format: 'pem' });
const pem = (bytes) => `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END CERTIFICATE-----\n`;

export class Authority {
  #key = newKey();

  constructor(name = 'Root of the tests') {
    this.name = name;
    this.pem = this.#made({ subject: name, publicKey: this.#key.publicKey, extensions: [extension(Oid.basicConstraints, sequence(der(Tag.boolean, Buffer.from([0xff]))), true)] });
  }

  /** A certificate that nobody else vouches for, with its key. @param {{ names: string[] }} options */
  static alone({ names }) {
    const own = new Authority(names[0]);
    return { certificate: own.certify({ names, publicKey: own.#key.publicKey }), key: keyPem(own.#key.privateKey) };
  }

  /** A certificate with a key of its own. @returns {{ certificate: string, key: string, fingerprint: string }} */
  issue(options) {
    const { publicKey, privateKey } = newKey();
    const certificate = this.certify({ ...options, publicKey });
    return { certificate, key: keyPem(privateKey), fingerprint: new X509Certificate(certificate).fingerprint256 };
  }

  /** A certificate for somebody's key; names that look like IPv4 addresses are addresses. */
  certify({ names, publicKey, from, until }) {
    const alternatives = names.map((name) =>
      /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)));
    return this.#made({ subject: names[0], publicKey, from, until, extensions: [extension(Oid.subjectAltName, sequence(...alternatives))] });
  }

  #made({ subject, publicKey, extensions, from = new Date(Date.now() - DAY_MS), until = new Date(Date.now() + 30 * DAY_MS) }) {
    const facts = sequence(
      context(0, der(Tag.integer, Buffer.from([2]))),
      der(Tag.integer, Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
      algorithm,
      named(this.name),
      sequence(time(from), time(until)),
      named(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      context(3, sequence(...extensions)),
    );
    return pem(sequence(facts, algorithm, der(Tag.bits, Buffer.from([0]), sign('sha256', facts, this.#key.privateKey))));
  }
}

/** The public key of a request (RFC 2986) that is signed with it and asks for this name. */
export function readRequest(bytes, name) {
  const [[, whole]] = values(bytes);
  const [[, inner, signed], , [, signature]] = values(whole);
  const [, , [, , spki]] = values(inner);
  const publicKey = createPublicKey({ key: spki, type: 'spki', format: 'der' });
  if (!verify('sha256', signed, publicKey, signature.subarray(1))) throw new Error('the request is not signed with its key');
  if (!inner.includes(der(0x82, Buffer.from(name)))) throw new Error(`the request is not for ${name}`);
  return publicKey;
}

/** The extension of RFC 8737, section 3, letter by letter: critical, with the digest in it. */
export function acmeIdentifier(digest) {
  return extension('2b0601050507011f', der(Tag.octets, digest), true);
}

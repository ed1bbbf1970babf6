// A certificate authority that speaks ACME (RFC 8555) and looks itself whether a name is proven by TLS-ALPN-01
// (RFC 8737). It takes nothing on trust: signatures, nonces, addresses and the proof are verified.

import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { Authority, acmeIdentifier, readRequest } from './certificates.js';
import { endWithFile } from './cleanup.js';

const ERROR = 'urn:ietf:params:acme:error:';
const VALIDATION_TIMEOUT_MS = 5_000;
const encoded = (bytes) => Buffer.from(bytes).toString('base64url');
const decoded = (text) => Buffer.from(text, 'base64url');
const sha256 = (text) => createHash('sha256').update(text).digest();

class Problem extends Error {
  constructor(type, detail, status = 400) {
    super(detail);
    this.status = status;
    this.body = { type: ERROR + type, detail, status };
  }
}

/** @returns {Promise<AcmeServer>} */
export async function startAcme(options) {
  const server = new AcmeServer(options);
  await server.listening;
  return server;
}

class AcmeServer {
  #server;
  #port;
  #nonces = new Set();
  #accounts = new Map();
  #orders = [];
  #refusesNonce = true;

  /** `port` is where names are proven; certificates are valid for `lifeMs`. */
  constructor({ port, lifeMs = 30 * 86_400_000 }) {
    this.port = port;
    this.lifeMs = lifeMs;
    this.authority = new Authority();
    /** What was asked for, in words. */
    this.seen = [];
    const own = this.authority.issue({ names: ['localhost', '127.0.0.1'] });
    this.#server = createServer({ cert: own.certificate, key: own.key }, (request, response) => this.#serve(request, response));
    const ended = endWithFile(() => this.#server.close());
    this.#server.once('close', ended);
    this.#server.listen(0, '127.0.0.1');
    this.listening = once(this.#server, 'listening').then(() => {
      this.#port = this.#server.address().port;
      this.url = `https://127.0.0.1:${this.#port}`;
      this.directory = `${this.url}/directory`;
    });
  }

  count(what) {
    return this.seen.filter((one) => one === what).length;
  }

  /** As an authority that was set up anew. */
  forgetAccounts() {
    this.#accounts.clear();
  }

  async close() {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await this.#answer(request, Buffer.concat(chunks)).catch((error) => {
      if (!(error instanceof Problem)) throw error;
      return { status: error.status, type: 'application/problem+json', body: error.body };
    });
    const { status = 200, headers = {}, body = '', type = 'application/json' } = answer;
    response.writeHead(status, { 'Replay-Nonce': this.#newNonce(), 'Content-Type': type, ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  #newNonce() {
    const nonce = encoded(randomBytes(16));
    this.#nonces.add(nonce);
    return nonce;
  }

  async #answer(request, body) {
    const [, what, id] = request.url.split('/');
    if (what === 'directory') {
      const at = (path) => `${this.url}/${path}`;
      return { body: { newNonce: at('nonce'), newAccount: at('account'), newOrder: at('order'), meta: { termsOfService: at('terms') } } };
    }
    if (what === 'nonce') return {};
    const { account, jwk, payload } = this.#verified(request, body);
    this.seen.push(id === undefined ? what : `${what} again`);
    switch (what) {
      case 'account':
        return this.#account(jwk, payload);
      case 'order':
        return id === undefined ? this.#newOrder(account, payload) : this.#shown(this.#order(account, id));
      case 'authorization':
        return { body: this.#authorization(this.#order(account, id)) };
      case 'challenge':
        return { body: await this.#challenged(this.#order(account, id)) };
      case 'finalize':
        return this.#finalize(this.#order(account, id), payload);
      case 'certificate':
        return { type: 'application/pem-certificate-chain', body: this.#order(account, id).certificate + this.authority.pem };
      default:
        throw new Problem('malformed', 'no such address', 404);
    }
  }

  /** RFC 8555, section 6: who says what, where, and for the first time. */
  #verified(request, body) {
    const jws = JSON.parse(body.toString());
    const head = JSON.parse(decoded(jws.protected).toString());
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/jose+json') throw new Problem('malformed', 'no JWS');
    if (head.alg !== 'ES256') throw new Problem('badSignatureAlgorithm', head.alg);
    if (head.url !== this.url + request.url) throw new Problem('unauthorized', `signed for ${head.url}`);
    if (!this.#nonces.delete(head.nonce) || this.#refusesNonce) {
      this.#refusesNonce = false; // Once, because clients have to live with it.
      throw new Problem('badNonce', 'try this one');
    }
    const account = this.#accounts.get(head.kid);
    if (head.kid && !account) throw new Problem('accountDoesNotExist', 'who is that?');
    const jwk = head.jwk ?? account.jwk;
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
    if (!verify('sha256', Buffer.from(`${jws.protected}.${jws.payload}`), key, decoded(jws.signature))) throw new Problem('malformed', 'bad signature');
    return { account, jwk, payload: jws.payload === '' ? null : JSON.parse(decoded(jws.payload).toString()) };
  }

  #account(jwk, { termsOfServiceAgreed, contact }) {
    if (!termsOfServiceAgreed) throw new Problem('userActionRequired', 'the terms');
    const { crv, kty, x, y } = jwk;
    const url = `${this.url}/account/${encoded(randomBytes(6))}`;
    this.#accounts.set(url, { url, jwk, contact, thumbprint: encoded(sha256(JSON.stringify({ crv, kty, x, y }))) });
    return { status: 201, headers: { Location: url }, body: { status: 'valid', contact } };
  }

  #newOrder(account, { identifiers: [{ type, value: name }] }) {
    if (type !== 'dns') throw new Problem('unsupportedIdentifier', type);
    const order = { id: this.#orders.length, account, name, token: encoded(randomBytes(32)), status: 'pending', challenge: 'pending' };
    this.#orders.push(order);
    return { ...this.#shown(order), status: 201 };
  }

  #order(account, id) {
    const order = this.#orders[id];
    if (!order || order.account !== account) throw new Problem('unauthorized', 'not yours', 403);
    return order;
  }

  #shown({ id, status, name, error }) {
    const certificate = status === 'valid' ? `${this.url}/certificate/${id}` : undefined;
    const body = { status, identifiers: [{ type: 'dns', value: name }], authorizations: [`${this.url}/authorization/${id}`], finalize: `${this.url}/finalize/${id}`, certificate, error };
    return { headers: { Location: `${this.url}/order/${id}` }, body };
  }

  #authorization(order) {
    const status = order.challenge === 'processing' ? 'pending' : order.challenge;
    return { status, identifier: { type: 'dns', value: order.name }, challenges: [this.#challenge(order)] };
  }

  #challenge({ id, token, challenge, problem }) {
    return { type: 'tls-alpn-01', url: `${this.url}/challenge/${id}`, token, status: challenge, error: problem };
  }

  async #challenged(order) {
    if (order.challenge === 'pending') {
      order.challenge = 'processing';
      this.#prove(order).then(
        () => Object.assign(order, { challenge: 'valid', status: 'ready' }),
        (error) => Object.assign(order, { challenge: 'invalid', status: 'invalid', problem: error.body ?? new Problem('connection', error.message).body }),
      );
    }
    return this.#challenge(order);
  }

  /** RFC 8737, section 3: connects, says only `acme-tls/1`, and looks at what it is shown. */
  async #prove({ name, token, account }) {
    const socket = connect({ port: this.port, host: '127.0.0.1', servername: name, ALPNProtocols: ['acme-tls/1'], rejectUnauthorized: false });
    socket.setTimeout(VALIDATION_TIMEOUT_MS, () => socket.destroy(new Error('Timeout during connect (likely firewall problem)')));
    await once(socket, 'secureConnect');
    const shown = socket.getPeerX509Certificate();
    const protocol = socket.alpnProtocol;
    socket.destroy();
    if (protocol !== 'acme-tls/1') throw new Problem('unauthorized', `it speaks ${protocol}`);
    if (shown.subjectAltName !== `DNS:${name}`) throw new Problem('unauthorized', `it shows a certificate for ${shown.subjectAltName}`);
    if (!shown.verify(shown.publicKey)) throw new Problem('unauthorized', 'what it shows is not signed by itself');
    if (!shown.raw.includes(acmeIdentifier(sha256(`${token}.${account.thumbprint}`)))) throw new Problem('unauthorized', 'what it shows is no proof');
  }

  #finalize(order, { csr }) {
    if (order.status !== 'ready') throw new Problem('orderNotReady', order.status, 403);
    const publicKey = readRequest(decoded(csr), order.name);
    const [from, until] = [new Date(Date.now() - 1_000), new Date(Date.now() + this.lifeMs)];
    order.certificate = this.authority.certify({ names: [order.name], publicKey, from, until });
    order.status = 'valid';
    return this.#shown(order);
  }
}

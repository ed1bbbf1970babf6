// The doctor (`parlor doctor`) through a relay that nobody here wrote (coturn): UDP, TCP and TLS, and what can be wrong with each.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createAuthority, doctor, startStranger } from './harness/doctor.js';
import { freePort, startServer } from './harness/server.js';
import { startCoturn } from './harness/coturn.js';

let server;
let authority;
let relay;
before(async () => {
  [server, authority] = await Promise.all([startServer(), createAuthority()]);
  relay = await startCoturn({ certificate: await authority.issue() });
});
after(() => Promise.all([server.stop(), relay.stop()]));

/** Checks these relays in place of the server's. */
function through(urls, { user = relay.user, env = authority.trusted } = {}) {
  const turn = urls.flatMap((url) => ['--turn', url]);
  return doctor([server.url, ...turn, '--user', user], { env });
}

const words = (report) => JSON.stringify(report, null, 1);

test('a relay carries over UDP, TCP and TLS, and says at which address', async () => {
  const report = await through([relay.udp, relay.tcp, relay.tls]);
  assert.equal(report.code, 0, words(report));
  for (const [name, url] of [['relay-udp', relay.udp], ['relay-tcp', relay.tcp], ['relay-tls', relay.tls]]) {
    const { result, facts } = report.check(name);
    assert.equal(result, 'ok', words(report));
    assert.deepEqual({ url: facts.url, sent: facts.sent, lost: facts.lost }, { url, sent: 40, lost: 0 });
    assert.ok(facts.roundTripMs > 0 && facts.allocateMs > 0);
    for (const address of facts.relayed) assert.match(address, /^127\.0\.0\.1:\d+$/);
  }
  assert.deepEqual(report.check('relay-address').facts.relayed, ['127.0.0.1']);
  assert.equal(report.check('relay-address').result, 'ok');
  assert.equal(report.verdict.sentence, 'Calls will work.');
});

test('STUN tells the address, and that there is no NAT on loopback', async () => {
  const stun = relay.udp.replace('turn:', 'stun:').replace('?transport=udp', '');
  const report = await through([stun, relay.udp]);
  const { result, facts } = report.check('stun');
  assert.equal(result, 'ok', words(report));
  assert.equal(facts.nat, false);
  assert.match(facts.mapped, /^127\.0\.0\.1:\d+$/);
});

test('wrong credentials are told', async () => {
  const report = await through([relay.udp], { user: 'ada:wrong' });
  assert.equal(report.code, 1);
  assert.match(report.check('relay-udp').sentence, /refuses an allocation \(401/);
  assert.match(report.check('relay-udp').change, /name and password/);
  assert.match(report.verdict.sentence, /^Calls will fail for people whose networks keep them from meeting directly/);
});

test('a relay that forbids its own address as a peer is told', async () => {
  const strict = await startCoturn({ certificate: await authority.issue(), peers: false });
  const report = await through([strict.udp]);
  assert.equal(report.code, 1, words(report));
  assert.match(report.check('relay-udp').sentence, /refuses a permission for its own relayed address \(403/);
  assert.match(report.check('relay-udp').change, /allowed-peer-ip/);
  await strict.stop();
});

test('TCP and TLS that are shut leave out those whose network blocks UDP', async () => {
  const [tcp, tls] = [await freePort(), await freePort()];
  const report = await through([relay.udp, `turn:127.0.0.1:${tcp}?transport=tcp`, `turns:127.0.0.1:${tls}`]);
  assert.equal(report.check('relay-udp').result, 'ok');
  assert.match(report.check('relay-tcp').sentence, /connection is refused/);
  assert.match(report.check('relay-tcp').change, new RegExp(`${tcp}/tcp`));
  assert.match(report.verdict.sentence, /^Calls will fail for people whose network blocks UDP/);
});

test('UDP that is shut leaves the slow way', async () => {
  const udp = await freePort();
  const report = await through([`turn:127.0.0.1:${udp}?transport=udp`, relay.tcp]);
  assert.equal(report.check('relay-udp').result, 'failed');
  assert.match(report.check('relay-udp').change, new RegExp(`${udp}/udp`));
  assert.equal(report.check('relay-tcp').result, 'ok');
  assert.match(report.verdict.sentence, /^Calls through the relay will stutter/);
});

test('a certificate that browsers refuse is told, though the relay relays', async () => {
  const report = await through([relay.udp, relay.tls], { env: {} });
  assert.equal(report.check('relay-udp').result, 'ok');
  assert.equal(report.check('relay-tls').result, 'warning', 'as it is on this machine alone');
  assert.match(report.check('relay-tls').sentence, /relays, but browsers refuse its certificate \(its issuer is unknown\)/);
});

test('what is no relay is told', async () => {
  const web = await startStranger((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  const mute = await startStranger();
  const report = await through([`turn:127.0.0.1:${web.port}?transport=tcp`, `turns:127.0.0.1:${web.port}`]);
  assert.match(report.check('relay-tcp').sentence, /is no relay: the bytes are no STUN message/);
  assert.match(report.check('relay-tls').sentence, /TLS handshake fails/);
  const silent = await through([`turn:127.0.0.1:${mute.port}?transport=tcp`]);
  assert.match(silent.check('relay-tcp').sentence, /nothing comes back/);
  await Promise.all([web.close(), mute.close()]);
});

test('credentials that have ended by this machine’s clock are told', async () => {
  const report = await through([relay.udp], { user: '1700000000:ada:secret' });
  assert.match(report.check('clock').sentence, /credentials expired \d+ days ago/);
});

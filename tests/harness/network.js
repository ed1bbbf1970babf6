// A small internet of network namespaces: a server with a public address, and clients behind their own NAT.
//
//   client 10.0.<n>.2 ── 10.0.<n>.1 NAT 203.0.113.<10+n> ──┐
//                                                          ├── exchange ── server 203.0.113.1
//   client …                              NAT …          ──┘

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endWithFile } from './cleanup.js';
import { environment } from './server.js';
import { eventually } from './wait.js';

const run = promisify(execFile);

/** RFC 5737: an address for documentation, which no real network uses. */
export const SERVER_ADDRESS = '203.0.113.1';

/** What a client's NAT lets out, in the words of nft. */
export const LETS_OUT = {
  everything: 'accept',
  tcp: 'ip protocol tcp accept',
  webOnly: 'tcp dport 443 accept',
};

const SAYS_TIMEOUT_MS = 10_000;
const ESTABLISHED = 'ct state established,related accept';

/**
 * Builds the network. `clients` says for each what its NAT lets out; `serverPort` is the one that the server's
 * firewall leaves open.
 */
export async function startNetwork({ clients, serverPort }) {
  const network = new Network();
  try {
    await network.build({ clients, serverPort });
  } catch (error) {
    await network.close();
    throw error;
  }
  return network;
}

class Network {
  #prefix = `parlor-${process.pid}-`;
  #spaces = [];
  /** For what hosts keep on disk; gone with the network. */
  folder = '';
  #ended = endWithFile(() => this.close());
  /** @type {Host[]} */
  clients = [];
  /** @type {Host} */
  server;

  async build({ clients, serverPort }) {
    this.folder = await mkdtemp(join(tmpdir(), 'parlor-network-'));
    const exchange = await this.#space('exchange');
    await exchange.ip('link add bridge type bridge');
    await exchange.ip('link set bridge up');
    const server = await this.#space('server');
    await this.#plug({ host: server, into: exchange, address: `${SERVER_ADDRESS}/24` });
    await server.firewall({
      'filter hook input': ['policy drop', 'iif lo accept', ESTABLISHED, `meta l4proto { tcp, udp } th dport ${serverPort} accept`],
    });
    this.server = server;
    for (const [index, letsOut] of clients.entries()) {
      this.clients.push(await this.#client(index + 1, letsOut, exchange));
    }
  }

  async #client(number, letsOut, exchange) {
    const [nat, client] = [await this.#space(`nat${number}`), await this.#space(`client${number}`)];
    await this.#plug({ host: nat, into: exchange, address: `203.0.113.${10 + number}/24` });
    await nat.ip(`link add inside type veth peer name eth0 netns ${client.space}`);
    for (const [host, device, address] of [[nat, 'inside', 1], [client, 'eth0', 2]]) {
      await host.ip(`address add 10.0.${number}.${address}/24 dev ${device}`);
      await host.ip(`link set ${device} up`);
    }
    // Without a default route a browser has no addresses to offer.
    await client.ip(`route add default via 10.0.${number}.1`);
    await nat.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    await nat.firewall({
      'nat hook postrouting': ['oif eth0 masquerade random'],
      'filter hook forward': ['policy drop', ESTABLISHED, `iif inside ${letsOut}`],
    });
    return client;
  }

  async #space(name) {
    const space = `${this.#prefix}${name}`;
    await run('ip', ['netns', 'add', space]);
    this.#spaces.push(space);
    const host = new Host(space, this.folder);
    // An address that comes to life later looks to a browser as if its network changed: pages fail to load.
    await host.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1');
    await host.ip('link set lo up');
    return host;
  }

  async #plug({ host, into, address }) {
    const port = `port${this.#spaces.length}`;
    await into.ip(`link add ${port} type veth peer name eth0 netns ${host.space}`);
    await into.ip(`link set ${port} master bridge up`);
    await host.ip(`address add ${address} dev eth0`);
    await host.ip('link set eth0 up');
  }

  async close() {
    this.#ended();
    const spaces = this.#spaces.splice(0);
    await Promise.all(spaces.map((space) => run('ip', ['netns', 'delete', space])));
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

class Host {
  #folder;

  constructor(space, folder) {
    this.space = space;
    this.#folder = folder;
  }

  ip(words) {
    return run('ip', ['-netns', this.space, ...words.split(' ')]);
  }

  run(program, ...args) {
    return run('ip', ['netns', 'exec', this.space, program, ...args]);
  }

  firewall(chains) {
    const blocks = Object.entries(chains).map(([hook, rules], index) =>
      `chain c${index} {\ntype ${hook} priority 0\n${rules.join('\n')}\n}`);
    return this.run('nft', `table ip parlor {\n${blocks.join('\n')}\n}`);
  }

  /** A program that runs `program` on this host, for those who can only be told a path. */
  async pathOf(program) {
    const path = join(this.#folder, `${this.space}-${program.split('/').at(-1)}`);
    await writeFile(path, `#!/bin/sh\nexec ip netns exec ${this.space} ${program} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Starts a program that goes on until it is stopped. */
  async start(program, ...args) {
    return new Running(spawn(await this.pathOf(program), args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] }));
  }
}

class Running {
  #child;
  #said = '';
  #exited;

  constructor(child) {
    this.#child = child;
    const ended = endWithFile(() => child.kill('SIGKILL'));
    this.#exited = new Promise((resolve) => child.once('close', resolve)).finally(ended);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { this.#said += text; });
  }

  /** Waits until it has said something. */
  async says(words) {
    await eventually(`"${words}"`, () => {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#said}`);
      return this.#said.includes(words);
    }, SAYS_TIMEOUT_MS);
  }

  async stop() {
    this.#child.kill('SIGTERM');
    return this.#exited;
  }
}

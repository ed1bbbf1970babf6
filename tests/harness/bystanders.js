// Two members who talk in a room of their own, in a thread of their own, and time how long a word takes there and
// back, so that a test can see whether anybody else's misbehaviour reaches them.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { joinNative } from './native.js';

const EVERY_MS = 20;

/** @returns {Promise<Bystanders>} */
export async function startBystanders({ port }) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port } });
  const bystanders = new Bystanders(worker);
  await bystanders.ready;
  return bystanders;
}

class Bystanders {
  #worker;

  constructor(worker) {
    this.#worker = worker;
    this.ready = this.#answer();
  }

  /** Runs `meanwhile` and returns what the two saw during it. */
  async during(meanwhile) {
    await this.#ask('forget');
    await meanwhile();
    return this.#ask('tell');
  }

  async stop() {
    await this.#ask('stop');
    await this.#worker.terminate();
  }

  #ask(what) {
    this.#worker.postMessage(what);
    return this.#answer();
  }

  #answer() {
    return once(this.#worker, 'message').then(([answer]) => answer);
  }
}

export function percentiles(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Infinity;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

async function talk({ port }) {
  const room = 'bystanders';
  const [ada, grace] = [await joinNative({ port, room, name: 'Ada' }), await joinNative({ port, room, name: 'Grace' })];
  const state = { times: [], running: true };
  const echoing = echo(grace, state);
  const asking = converse(ada, state);
  parentPort.on('message', async (what) => {
    if (what === 'stop') {
      state.running = false;
      await asking;
      ada.socket.destroy();
      grace.socket.destroy();
      await echoing;
    }
    const seen = percentiles(state.times.splice(0));
    parentPort.postMessage(what === 'tell' ? seen : null);
  });
  parentPort.postMessage(null);
}

async function echo(member, state) {
  while (state.running) {
    const heard = await member.event('message').catch(() => null);
    if (heard) member.socket.send({ type: 'send', data: heard.data, to: [heard.from], volatile: true });
  }
}

async function converse(member, state) {
  for (let word = 0; state.running; word += 1) {
    const started = performance.now();
    member.socket.send({ type: 'send', data: word, volatile: true });
    await member.event('message', 30_000);
    state.times.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

if (!isMainThread) await talk(workerData);

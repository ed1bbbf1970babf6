// Attacks on a server while two bystanders talk in a room of their own: the process lives, and they don't notice.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startBystanders } from './bystanders.js';
import { startServer } from './server.js';

/** Machines are noisy, and attacker, server and bystanders share one: this only sees whether somebody had to wait in line. */
const SLOWDOWN = 25;
const NOISE_MS = 250;

/** Some fifty words there and back. */
const WATCH_MS = 1_200;

/** A server for the tests of a file, and `attack`, which declares one of them. */
export function underAttack() {
  const field = { server: null, attack };
  let bystanders;
  let calm;
  before(async () => {
    field.server = await startServer();
    bystanders = await startBystanders({ port: field.server.port });
    calm = await bystanders.during(() => new Promise((resolve) => setTimeout(resolve, WATCH_MS)));
  });
  after(async () => {
    await bystanders.stop();
    assert.equal((await field.server.stop()).code, 0);
  });

  /** What is over at once is done again and again for a while. */
  function attack(name, run) {
    test(name, { timeout: 60_000 }, async (t) => {
      const { pid } = field.server;
      const seen = await bystanders.during(async () => {
        const stopAt = Date.now() + WATCH_MS;
        do await run(t);
        while (Date.now() < stopAt);
      });
      const ms = (time) => `${time.toFixed(1)} ms`;
      t.diagnostic(`bystanders: p99 ${ms(seen.p99)}, max ${ms(seen.max)} of ${seen.count} (calm: p99 ${ms(calm.p99)})`);
      assert.ok(field.server.isAlive() && field.server.pid === pid, 'the process lives');
      assert.ok(seen.p99 < Math.max(calm.p99 * SLOWDOWN, NOISE_MS), `bystanders wait ${ms(seen.p99)}`);
    });
  }
  return field;
}

// Two negotiations that talk to each other: whatever the order of events, both end up agreed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Negotiation } from '../sdk/peers/negotiation.js';
import { forSeeds, seeded } from './helpers.js';

/** @import { NegotiationAction } from '../sdk/internal.js' */

/** A peer connection reduced to its signaling state, strict about what a real one refuses, and about what makes it roll back. */
class Side {
  /** @type {string[]} frames to the other side */ outbox = [];
  /** @type {string} the last pair of descriptions that both applied */ agreed = '';
  /** what this side wants to have described */ version = 0;
  described = 0;
  state = 'stable';
  #open = '';
  #count = 0;

  /** @param {string} name @param {boolean} polite */
  constructor(name, polite) {
    this.name = name;
    this.negotiation = new Negotiation({ polite: () => polite, waitUntil: 0 });
  }

  change() {
    this.version += 1;
    if (this.state === 'stable') this.perform(this.negotiation.handleNeeded(0));
  }

  /** @param {string} frame */
  receive(frame) {
    const [type, sdp = ''] = frame.split('|');
    if (type === 'offer') this.perform(this.negotiation.handleOffer(sdp));
    if (type === 'answer') this.perform(this.negotiation.handleAnswer(sdp));
  }

  /** @param {NegotiationAction[]} actions */
  perform(actions) {
    for (const action of actions) this.#carryOut(action);
    // A browser asks again when it is stable and something is still undescribed.
    if (actions.length && this.state === 'stable' && this.described < this.version) {
      this.perform(this.negotiation.handleNeeded(0));
    }
  }

  /** @param {NegotiationAction} action */
  #carryOut(action) {
    switch (action.kind) {
      case 'offer':
        assert.equal(this.state, 'stable');
        this.state = 'have-local-offer';
        this.#open = `o=- ${this.name === 'a' ? 1 : 2} offer ${++this.#count} v${this.version}`;
        return this.outbox.push(`offer|${this.#open}`);
      case 'propose':
        assert.equal(this.state, 'stable');
        this.#open = `o=- ${this.name === 'a' ? 1 : 2} offer ${++this.#count} v${this.version}`;
        return this.outbox.push(`offer|${this.#open}`);
      case 'accept-offer': {
        assert.equal(this.state, 'stable', 'no offer is ever rolled back');
        const answer = `o=- ${this.name === 'a' ? 1 : 2} answer ${++this.#count} v${this.version}`;
        this.state = 'stable';
        this.described = this.version;
        this.agreed = `${action.sdp} / ${answer}`;
        return this.outbox.push(`answer|${answer}`);
      }
      case 'accept-answer':
        assert.ok(this.name === 'b' || this.state === 'have-local-offer');
        this.state = 'stable';
        this.described = Number(/v(\d+)/.exec(this.#open)?.[1]);
        this.agreed = `${this.#open} / ${action.sdp}`;
        return;
      case 'repeat-offer': return this.outbox.push(`offer|${this.#open}`);
      default: assert.fail(`unexpected ${action.kind}`);
    }
  }
}

test('both sides change things at the same time, and end up with the same agreement', () => {
  forSeeds(500, (seed) => {
    const random = seeded(seed);
    const [a, b] = [new Side('a', false), new Side('b', true)];
    for (let steps = 0; steps < 200; steps += 1) {
      const [one, other] = random() < 0.5 ? [a, b] : [b, a];
      const frame = random() < 0.7 ? one.outbox.shift() : undefined;
      if (frame) other.receive(frame);
      else if (steps < 120 && random() < 0.3) one.change();
    }
    for (let round = 0; round < 50; round += 1) {
      for (const frame of a.outbox.splice(0)) b.receive(frame);
      for (const frame of b.outbox.splice(0)) a.receive(frame);
    }
    assert.deepEqual([a.state, b.state], ['stable', 'stable']);
    assert.equal(a.agreed, b.agreed);
    assert.deepEqual([a.described, b.described], [a.version, b.version]);
  });
});

test('of two offers that cross, the impolite one stands and the polite one was only a proposal', () => {
  const impolite = new Negotiation({ polite: () => false, waitUntil: 0 });
  const polite = new Negotiation({ polite: () => true, waitUntil: 0 });
  assert.deepEqual(impolite.handleNeeded(0), [{ kind: 'offer' }]);
  assert.deepEqual(polite.handleNeeded(0), [{ kind: 'propose' }]);
  assert.deepEqual(impolite.handleOffer('o=- 2 2'), []);
  assert.deepEqual(polite.handleOffer('o=- 1 2'), [{ kind: 'accept-offer', sdp: 'o=- 1 2' }]);
  assert.deepEqual(polite.handleAnswer('o=- 1 3'), [], 'an answer to the offer that was taken back');
});

test('the newcomer waits to be offered, but not for ever', () => {
  const newcomer = new Negotiation({ polite: () => true, waitUntil: 3_000 });
  assert.deepEqual(newcomer.handleNeeded(0), []);
  assert.deepEqual(newcomer.handleTimeout(2_999), []);
  assert.equal(newcomer.pollTimeout(), 3_000);
  assert.deepEqual(newcomer.handleTimeout(3_000), [{ kind: 'propose' }]);
});

test('candidates that overtake their description wait for it', () => {
  const side = new Negotiation({ polite: () => true, waitUntil: 3_000 });
  const candidate = { candidate: 'candidate:1' };
  assert.deepEqual(side.handleCandidate(candidate), []);
  assert.deepEqual(side.handleOffer('o=- 1 2'), [{ kind: 'accept-offer', sdp: 'o=- 1 2' }, { kind: 'add-candidate', candidate }]);
  assert.deepEqual(side.handleCandidate(candidate), [{ kind: 'add-candidate', candidate }]);
});

test('an offer from another connection of the same member starts over', () => {
  const side = new Negotiation({ polite: () => true, waitUntil: 0 });
  side.handleOffer('v=0\no=- 111 2 IN IP4');
  assert.deepEqual(side.handleOffer('v=0\no=- 111 3 IN IP4').map(({ kind }) => kind), ['accept-offer']);
  assert.deepEqual(side.handleOffer('v=0\no=- 222 2 IN IP4').map(({ kind }) => kind), ['start-over']);
});

test('an offer that nobody answers is said again, three times', () => {
  const side = new Negotiation({ polite: () => true, waitUntil: 0 });
  side.handleNeeded(0);
  for (const now of [8_000, 16_000, 24_000]) assert.deepEqual(side.handleTimeout(now), [{ kind: 'repeat-offer' }]);
  assert.equal(side.pollTimeout(), Infinity);
});

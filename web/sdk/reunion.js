// Finds out, after the server was started anew, who of its members is at the other end of which open data channel.

import { randomToken } from './signaling/connection.js';
/** @import { Connection, Content, MemberRecord, Peer } from './internal.js' */

/**
 * A challenge goes over the channel and comes back through the server, which stamps its sender:
 * so nobody can claim another one's channel, nor another one's id.
 */
export class Reunion {
  #connection;
  /** @type {Map<string, MemberRecord>} */ #challenges = new Map();
  /** @type {Map<MemberRecord, Extract<Content, {kind: 'rejoined'}>>} */ #asked = new Map();

  /** @param {Connection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /** I am back under a new id. @param {string} me @param {[MemberRecord, Peer | undefined][]} orphans */
  begin(me, orphans) {
    this.#challenges.clear();
    for (const [record, peer] of orphans) {
      if (!peer?.channelOpen) continue;
      const challenge = randomToken();
      this.#challenges.set(challenge, record);
      peer.send(JSON.stringify(rejoinedData(me, challenge)));
    }
    for (const question of this.#asked.values()) this.#prove(question);
  }

  /** They are back. While I am not, the proof is refused; then it is said again. @param {MemberRecord} record @param {Extract<Content, {kind: 'rejoined'}>} question */
  handleQuestion(record, question) {
    this.#asked.set(record, question);
    this.#prove(question);
  }

  /** @param {string} challenge @returns {MemberRecord | undefined} who has proved to be there */
  handleProof(challenge) {
    const record = this.#challenges.get(challenge);
    this.#challenges.delete(challenge);
    return record;
  }

  /** @param {MemberRecord} record */
  remove(record) {
    this.#asked.delete(record);
  }

  /** @param {Extract<Content, {kind: 'rejoined'}>} question */
  #prove({ id, challenge }) {
    this.#connection.request({ type: 'send', to: [id], data: proofData(challenge) }).catch(() => {});
  }
}

/** As `read` of messages/streams.js reads them. @param {string} id @param {string} challenge */
const rejoinedData = (id, challenge) => ({ parlor: 1, rejoined: [id, challenge] });
/** @param {string} challenge */
const proofData = (challenge) => ({ parlor: 1, proof: challenge });

// The types of the module that moderates.

export type { Member } from './roster.js';
export type { Room } from './room.js';
export type { Source } from './types.js';
export type { Notice, Permission, Request, Role, Rules, WireKnocker } from './wire.js';

/** Somebody who waits to be let in. */
export interface Knocker {
  readonly id: string;
  readonly name: string;
  readonly identity: string | null;
  /** Milliseconds since 1970 UTC. */
  readonly since: number;
}

export interface ModerationRules {
  readonly locked: boolean;
  readonly waitingRoom: boolean;
  readonly muteOnEntry: boolean;
  /** Null: the server's limit. */
  readonly maxMembers: number | null;
}

export type RulesChange = { -readonly [K in keyof ModerationRules]?: ModerationRules[K] };

export interface ModerationEvents {
  /** Rules, hands, roles or those who wait. */
  'change': undefined;
  'knock': Knocker;
  'knock-ended': { id: string; how: 'admitted' | 'denied' | 'left' };
  'token-expiring': { endsAt: number };
}

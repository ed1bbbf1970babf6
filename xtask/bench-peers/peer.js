// The server of PeerJS as its package starts it.
import { PeerServer } from 'peer';
import { address, endWithParent } from './start.js';

PeerServer({ ...address(), path: '/', concurrent_limit: 20_000 });
endWithParent();

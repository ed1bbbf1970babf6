// Two members in a call on another host, as a program of its own: `node distant-call.js <address of the WebSocket>`. For
// each line on standard input it says, as a line of JSON, how long a word took there and back since the last one.

import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const EVERY_MS = 20;
/** Who waits longer than this for a word notices. */
const FREEZE_MS = 500;

const [ada, grace] = [await enter('Ada'), await enter('Grace')];
const times = [];
let freezes = 0;
let asked = 0;

grace.heard = ({ from, data }) => say(grace, from, data);
ada.heard = () => {
  const took = performance.now() - asked;
  times.push(took);
  if (took > FREEZE_MS) freezes += 1;
  setTimeout(ask, EVERY_MS);
};
for (const { socket } of [ada, grace]) socket.on('close', (code, reason) => fail(`closed: ${code} ${reason}`));

console.log('"ready"');
ask();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stop') break;
  const sorted = times.splice(0).sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
  console.log(JSON.stringify({ count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1), freezes }));
  freezes = 0;
}
process.exit(0);

function ask() {
  asked = performance.now();
  say(ada, grace.peer, 'how are you?');
}

function say({ socket }, to, data) {
  socket.send(JSON.stringify({ type: 'send', data, to: [to], volatile: true }));
}

function enter(name) {
  const socket = new WebSocket(process.argv[2], { rejectUnauthorized: false });
  const member = { socket, peer: '', heard: () => {} };
  socket.on('open', () => socket.send(JSON.stringify({ type: 'join', id: 1, protocol: 1, room: 'call', name })));
  return new Promise((resolve) => {
    socket.on('error', (error) => fail(error.message));
    socket.on('message', (text) => {
      const message = JSON.parse(String(text));
      if (message.type === 'joined') {
        member.peer = message.peer;
        resolve(member);
      } else if (message.type === 'message') {
        member.heard(message);
      } else if (message.type === 'error') {
        fail(message.message);
      }
    });
  });
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

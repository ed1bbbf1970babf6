// Rooms over `ws`, as tutorials write them: one JSON.parse and one JSON.stringify for each message.
import { randomUUID } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { address, endWithParent } from './start.js';

/** @type {Map<string, Set<any>>} */
const rooms = new Map();

const backlog = 4096;
const server = new WebSocketServer({ ...address(), backlog });
server.on('connection', (socket) => {
  const member = { id: randomUUID(), socket, room: '' };
  socket.on('message', (data) => handle(member, JSON.parse(data.toString())));
  socket.on('close', () => leave(member));
});
endWithParent();

function handle(member, message) {
  if (message.type === 'join') join(member, message.roomId);
  else relay(member, { ...message, roomId: member.room, sender: member.id });
}

function join(member, room) {
  member.room = room;
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members);
  for (const other of members) {
    member.socket.send(JSON.stringify({ type: 'existing-user', userId: other.id, roomId: room }));
  }
  members.add(member);
  relay(member, { type: 'user-joined', userId: member.id, roomId: room });
}

function relay(member, message) {
  const text = JSON.stringify(message);
  for (const other of rooms.get(member.room) ?? []) {
    if (other !== member) other.socket.send(text);
  }
}

function leave(member) {
  const members = rooms.get(member.room);
  if (members?.delete(member) && members.size === 0) rooms.delete(member.room);
}

// Rooms over `socket.io`, as its documentation writes them.
import { Server } from 'socket.io';
import { createServer } from 'node:http';
import { address, endWithParent } from './start.js';

const http = createServer();
const io = new Server(http, { serveClient: false });
io.on('connection', (socket) => {
  let room;
  socket.on('join', (name, done) => {
    room = name;
    socket.join(room);
    socket.to(room).emit('user-joined', socket.id);
    done({ ok: true });
  });
  socket.on('message', (data) => socket.to(room).emit('message', data, socket.id));
});
const { host, port } = address();
http.listen({ host, port, backlog: 4096 });
endWithParent();

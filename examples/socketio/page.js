// A chat and a whiteboard on socket.io-client alone. Of Parlor it knows the address; `draw` is the page's own event.

const server = new URLSearchParams(location.search).get('server') ?? 'http://localhost:8080';
const { io } = await import(`${server}/socket.io/socket.io.esm.min.js`);

const element = (id) => document.getElementById(id);
const socket = io(server);
const ink = element('board').getContext('2d');

function tell(line) {
  const item = document.createElement('li');
  item.textContent = line;
  element('log').append(item);
}

function dot([x, y]) {
  ink.fillRect(x - 2, y - 2, 4, 4);
}

socket.on('connect', async () => {
  element('me').textContent = socket.id;
  if (!socket.recovered) await socket.emitWithAck('join-room', 'whiteboard', 'Somebody with a page');
});
socket.on('disconnect', (reason) => { element('me').textContent = `away (${reason})`; });
socket.on('existing-user', (_, name) => tell(`${name} is here`));
socket.on('user-joined', (_, name) => tell(`${name} came`));
socket.on('user-left', () => tell('somebody left'));
socket.on('chat', ({ name, text }) => tell(`${name}: ${text}`));
socket.on('draw', dot);

element('say').addEventListener('submit', (event) => {
  event.preventDefault();
  socket.emit('chat', { text: element('text').value });
  element('text').value = '';
});
element('board').addEventListener('pointermove', ({ buttons, offsetX, offsetY }) => {
  if (!buttons) return;
  dot([offsetX, offsetY]);
  socket.emit('draw', [offsetX, offsetY]);
});

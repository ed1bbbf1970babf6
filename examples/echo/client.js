// Whatever is sent comes back. Good for seeing that the server can be reached at all.

const server = new URLSearchParams(location.search).get('server') ?? 'ws://localhost:8080';
const element = (id) => document.getElementById(id);
const log = (line) => element('log').append(Object.assign(document.createElement('li'), { textContent: line }));

const socket = new WebSocket(server);
socket.onopen = () => socket.send('hello');
socket.onmessage = ({ data }) => log(data);
socket.onclose = ({ code, reason }) => log(`closed: ${code} ${reason}`);

element('form').onsubmit = (event) => {
  event.preventDefault();
  socket.send(element('text').value);
  element('text').value = '';
};

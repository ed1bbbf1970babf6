// A PeerJS page as its own documentation teaches it: a call and a chat with the peer whose id is typed in.

const query = new URLSearchParams(location.search);
const server = new URL(query.get('server') ?? 'http://localhost:8080');
const options = { host: server.hostname, port: server.port, path: '/', key: query.get('room') ?? 'peerjs' };
const element = (id) => document.getElementById(id);
const peer = new Peer(query.get('id') ?? undefined, options);
let other;

const show = (text) => {
  const line = document.createElement('li');
  line.textContent = text;
  element('log').append(line);
};
const camera = navigator.mediaDevices.getUserMedia({ audio: true, video: true });
camera.then((stream) => (element('mine').srcObject = stream));

function talk(connection) {
  other = connection;
  connection.on('open', () => show(`${connection.peer} is here`));
  connection.on('data', (text) => show(`${connection.peer}: ${text}`));
  connection.on('close', () => show(`${connection.peer} is gone`));
}
function watch(call) {
  call.on('stream', (stream) => (element('theirs').srcObject = stream));
}

peer.on('open', (id) => (element('me').textContent = id));
peer.on('error', ({ type, message }) => show(`${type}: ${message}`));
peer.on('connection', talk);
peer.on('call', async (call) => {
  call.answer(await camera);
  watch(call);
});
element('call').onsubmit = async (event) => {
  event.preventDefault();
  const id = new FormData(event.target).get('peer');
  talk(peer.connect(id, { serialization: 'json' }));
  watch(peer.call(id, await camera));
};
element('chat').onsubmit = (event) => {
  event.preventDefault();
  other?.send(new FormData(event.target).get('text'));
  event.target.reset();
};

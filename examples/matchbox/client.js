// What a matchbox socket says, in plain JavaScript: whoever was there before offers, and bytes go from page to page.

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? 'ws://localhost:8080';
const room = query.get('room') ?? 'arena';
const next = query.get('next'); // Groups of so many, one after the other.
const element = (id) => document.getElementById(id);
const log = (line) => element('log').append(Object.assign(document.createElement('li'), { textContent: line }));

const peers = new Map();
const socket = new WebSocket(`${server}/${encodeURIComponent(room)}${next ? `?next=${next}` : ''}`);
const signal = (receiver, data) => socket.send(JSON.stringify({ Signal: { receiver, data } }));
setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('"KeepAlive"'), 10_000);
socket.onclose = ({ code, reason }) => log(`closed: ${code} ${reason}`);
socket.onmessage = ({ data }) => {
  const [[event, value]] = Object.entries(JSON.parse(data));
  react[event](value).catch((error) => log(`error: ${error.message}`));
};

const react = {
  IdAssigned: async (id) => log(`I am ${id}`),
  NewPeer: async (id) => {
    log(`${id} came`);
    const { connection } = peer(id);
    await connection.setLocalDescription();
    signal(id, { Offer: connection.localDescription.sdp });
  },
  PeerLeft: async (id) => {
    log(`${id} left`);
    peers.get(id)?.connection.close();
    peers.delete(id);
  },
  Signal: async ({ sender, data: { Offer, Answer, IceCandidate } }) => {
    const { connection } = peer(sender);
    if (IceCandidate) return connection.addIceCandidate(JSON.parse(IceCandidate));
    await connection.setRemoteDescription({ type: Offer ? 'offer' : 'answer', sdp: Offer ?? Answer });
    if (!Offer) return;
    await connection.setLocalDescription();
    signal(sender, { Answer: connection.localDescription.sdp });
  },
};

function peer(id) {
  if (peers.has(id)) return peers.get(id);
  const connection = new RTCPeerConnection();
  const channel = connection.createDataChannel('matchbox_socket_0', { negotiated: true, id: 0 });
  channel.binaryType = 'arraybuffer';
  channel.onopen = () => log(`connected with ${id}`);
  channel.onmessage = ({ data }) => log(`${id}: ${new TextDecoder().decode(data)}`);
  connection.onicecandidate = ({ candidate }) => signal(id, { IceCandidate: JSON.stringify(candidate) });
  peers.set(id, { connection, channel });
  return peers.get(id);
}

element('form').onsubmit = (event) => {
  event.preventDefault();
  const bytes = new TextEncoder().encode(element('text').value);
  peers.forEach(({ channel }) => channel.readyState === 'open' && channel.send(bytes));
  element('text').value = '';
};

// A call between two: one peer connection, and plain JSON over a WebSocket. Open the page twice.

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? 'ws://localhost:8080';
const roomId = query.get('room') ?? 'room123';
const element = (id) => document.getElementById(id);
const log = (line) => element('log').append(Object.assign(document.createElement('li'), { textContent: line }));

async function start() {
  const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  element('mine').srcObject = camera;
  const socket = new WebSocket(server);
  const send = (message) => socket.send(JSON.stringify({ ...message, roomId }));
  socket.onopen = () => send({ type: 'join' });
  socket.onclose = ({ code, reason }) => log(`closed: ${code} ${reason}`);

  let peer = connect();
  function connect() {
    const connection = new RTCPeerConnection();
    camera.getTracks().forEach((track) => connection.addTrack(track, camera));
    connection.ontrack = ({ streams }) => (element('theirs').srcObject = streams[0]);
    connection.onicecandidate = ({ candidate }) => candidate && send({ type: 'ice-candidate', candidate });
    return connection;
  }

  const react = {
    'existing-user': ({ name }) => log(`${name} is here`),
    'user-joined': async ({ name }) => {
      log(`${name} came`);
      await peer.setLocalDescription();
      send({ type: 'offer', sdp: peer.localDescription });
    },
    'user-left': ({ userId }) => {
      log(`${userId} left`);
      peer.close();
      peer = connect();
    },
    'offer': async ({ sdp }) => {
      await peer.setRemoteDescription(sdp);
      await peer.setLocalDescription();
      send({ type: 'answer', sdp: peer.localDescription });
    },
    'answer': ({ sdp }) => peer.setRemoteDescription(sdp),
    'ice-candidate': ({ candidate }) => peer.addIceCandidate(candidate),
    'chat': ({ name, text }) => log(`${name}: ${text}`),
    'error': ({ code, message }) => log(`error ${code}: ${message}`),
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    Promise.resolve(react[message.type]?.(message)).catch((error) => log(`error: ${error.message}`));
  };
  element('form').onsubmit = (event) => {
    event.preventDefault();
    send({ type: 'chat', text: element('text').value });
    element('text').value = '';
  };
}

start().catch((error) => log(`error: ${error.message}`));

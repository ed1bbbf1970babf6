// What a first WebRTC tutorial makes its reader write: one peer connection, plain JSON over a WebSocket at `/`. It knows
// nothing of this project, ignores what it does not know, and never says who it is or whom it means.

const query = new URLSearchParams(location.search);
const roomId = query.get('room');
const socket = new WebSocket(query.get('server'));
const peer = new RTCPeerConnection();

/** For the test to look at. */
window.tutorial = { peer, errors: [], heard: [], joined: false };

const send = (message) => socket.send(JSON.stringify({ ...message, roomId }));
const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
document.getElementById('local').srcObject = media;
media.getTracks().forEach((track) => peer.addTrack(track, media));

peer.ontrack = ({ streams: [stream] }) => {
  document.getElementById('remote').srcObject = stream;
};
peer.onicecandidate = ({ candidate }) => {
  if (candidate) send({ type: 'ice-candidate', candidate });
};

socket.onmessage = async ({ data }) => {
  const message = JSON.parse(data);
  window.tutorial.heard.push(message);
  try {
    await react(message);
  } catch (error) {
    window.tutorial.errors.push(`${message.type}: ${error}`);
  }
};

async function react(message) {
  switch (message.type) {
    case 'user-joined':
      await peer.setLocalDescription(await peer.createOffer());
      return send({ type: 'offer', sdp: peer.localDescription });
    case 'offer':
      await peer.setRemoteDescription(new RTCSessionDescription(message.sdp));
      await peer.setLocalDescription(await peer.createAnswer());
      return send({ type: 'answer', sdp: peer.localDescription });
    case 'answer':
      return peer.setRemoteDescription(new RTCSessionDescription(message.sdp));
    case 'ice-candidate':
      return peer.addIceCandidate(new RTCIceCandidate(message.candidate));
  }
}

const join = () => {
  send({ type: 'join' });
  window.tutorial.joined = true;
};
if (socket.readyState === WebSocket.OPEN) join();
else socket.onopen = join;

// A call with chat in fifty lines. Start `parlor`, then open two-people.html twice.
const sdk = new URLSearchParams(location.search).get('sdk') ?? 'http://localhost:8080/sdk/parlor.js';
const { join, devices } = await import(sdk);
const show = (id, text) => { document.getElementById(id).textContent = text; };
const name = `Guest ${Math.floor(Math.random() * 900 + 100)}`;
const room = await join({ room: 'two-people', name }).catch((error) => {
  show('state', `${error.message}. ${error.hint}`);
  throw error;
});

room.on('state', ({ state, recovered }) => show('state', recovered ? `${state}, ${recovered} messages recovered` : state));
room.on('error', (error) => show('state', `${error.message}. ${error.hint}`));
show('state', `You are ${name}`);

// Media: one video element for each stream that somebody sends.
const videos = new Map();
room.on('track', ({ stream }) => {
  const video = videos.get(stream) ?? document.createElement('video');
  Object.assign(video, { srcObject: stream, autoplay: true, playsInline: true, width: 320 });
  videos.set(stream, video);
  document.getElementById('people').append(video);
});
room.on('track-ended', () => {
  for (const [stream, video] of videos) if (!stream.getTracks().length) video.remove();
});
const button = document.getElementById('call');
button.disabled = false;
button.onclick = async () => {
  try {
    await room.publish('camera', await devices.openCamera());
    await room.publish('microphone', await devices.openMicrophone());
    button.disabled = true;
  } catch (error) {
    show('state', `${error.message}. ${error.hint}`);
  }
};

// Chat: what was said before, and what is said from now on.
const line = ({ name, text }) => {
  const item = document.createElement('li');
  item.textContent = `${name}: ${text}`;
  document.getElementById('chat').append(item);
};
room.history.forEach(line);
room.on('chat', line);
document.getElementById('say').onsubmit = (event) => {
  event.preventDefault();
  room.chat(event.target.elements.text.value).catch((error) => show('state', error.hint));
  event.target.reset();
};

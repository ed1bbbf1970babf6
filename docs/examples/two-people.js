// A call with chat. Start `parlor`, then open two-people.html twice: from the disk, or from any web server.
const sdk = new URLSearchParams(location.search).get('sdk') ?? 'http://localhost:8080/sdk/parlor.js';
const element = (id) => document.getElementById(id);
const say = (text) => { element('state').textContent = text; };
const complain = (error) => say(`${error.message}. ${error.hint ?? ''}`);

async function main() {
  const { join, devices } = await import(sdk);
  const name = `Guest ${Math.floor(Math.random() * 900 + 100)}`;
  const room = await join({ room: 'two-people', name });
  room.on('state', ({ state, recovered }) => say(recovered ? `${state}, ${recovered} events recovered` : state));
  room.on('error', complain);
  say(`You are ${name}`);

  // Media: one video element for each stream that somebody sends.
  const videos = new Map();
  room.on('track', ({ stream }) => {
    const video = videos.get(stream) ?? document.createElement('video');
    Object.assign(video, { srcObject: stream, autoplay: true, playsInline: true, width: 320 });
    videos.set(stream, video);
    element('people').append(video);
  });
  room.on('track-ended', () => {
    for (const [stream, video] of videos) if (!stream.getTracks().length) video.remove();
  });
  element('call').disabled = false;
  element('call').onclick = async () => {
    try {
      await room.publish('camera', await devices.openCamera());
      await room.publish('microphone', await devices.openMicrophone());
      element('call').disabled = true;
    } catch (error) { complain(error); }
  };

  // Chat: what was said before, and what is said from now on.
  const add = (message) => {
    const item = document.createElement('li');
    item.textContent = `${message.name}: ${message.text}`;
    element('chat').append(item);
  };
  room.history.forEach(add);
  room.on('chat', add);
  element('say').onsubmit = (event) => {
    event.preventDefault();
    room.chat(event.target.elements.text.value).catch(complain);
    event.target.reset();
  };
}
main().catch(complain);

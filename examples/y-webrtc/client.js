// One text, edited on several pages at once. Yjs merges; y-webrtc connects the pages; the server only introduces them.

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? 'ws://localhost:8080/signaling';
const room = query.get('room') ?? 'shared-text';
const password = query.get('password'); // Hides from the server what the pages say to each other.
const element = (id) => document.getElementById(id);

async function start() {
  const [Y, { WebrtcProvider }] = await Promise.all([import('yjs'), import('y-webrtc')]);
  const document_ = new Y.Doc();
  const provider = new WebrtcProvider(room, document_, { signaling: [server], password });
  const text = document_.getText('text');
  const area = element('text');

  provider.signalingConns.forEach((connection) => {
    connection.on('connect', () => (element('signaling').textContent = 'connected'));
    connection.on('disconnect', () => (element('signaling').textContent = 'away'));
  });
  provider.on('peers', ({ webrtcPeers }) => (element('others').textContent = webrtcPeers.length));

  text.observe(() => {
    if (area.value !== text.toString()) area.value = text.toString();
  });
  area.oninput = () => document_.transact(() => replace(text, area.value));
}

/** Changes only what differs, so that two people can write at once. */
function replace(text, wanted) {
  const had = text.toString();
  let start = 0;
  while (start < had.length && had[start] === wanted[start]) start += 1;
  let end = 0;
  while (end < Math.min(had.length, wanted.length) - start && had.at(-1 - end) === wanted.at(-1 - end)) end += 1;
  text.delete(start, had.length - end - start);
  text.insert(start, wanted.slice(start, wanted.length - end));
}

start().catch((error) => (element('signaling').textContent = `error: ${error.message}`));

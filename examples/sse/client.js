// A chat without the SDK and without WebSocket. Open the page twice. `?wait=25` for a proxy that buffers.

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? 'http://localhost:8080';
const room = `${server}/api/v1/rooms/${encodeURIComponent(query.get('room') ?? 'standup')}`;
const fields = new URLSearchParams({ name: query.get('name') ?? 'Guest' });
if (query.has('wait')) fields.set('wait', query.get('wait'));

const element = (id) => document.getElementById(id);
let token = null;

// It comes back by itself after a cut, with the id of its last event: nothing is lost, nothing comes twice.
const events = new EventSource(`${room}/events?${fields}`);

const on = (type, listener) =>
  events.addEventListener(type, (event) => {
    if (event.data !== undefined) listener(JSON.parse(event.data));
  });

on('joined', (joined) => {
  token = joined.token;
  element('log').replaceChildren();
  joined.history.forEach(show);
  element('state').textContent = 'connected';
});
on('resumed', (resumed) => {
  token = resumed.token;
  element('state').textContent = 'connected';
});
on('chat', show);
on('closing', ({ code, reason }) => {
  element('state').textContent = reason;
  // Left, or served elsewhere: an EventSource would come back all the same.
  if (code === 1000 || code === 4001) events.close();
});
events.addEventListener('error', (event) => {
  if (event.data === undefined) element('state').textContent = 'reconnecting';
});

function show({ name, text }) {
  const line = document.createElement('li');
  line.textContent = `${name}: ${text}`;
  element('log').append(line);
}

/** Repeats until there is an answer; the key sees to it that it is said once. */
async function say(text) {
  const key = crypto.getRandomValues(new Uint32Array(4)).join('-');
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await fetch(`${room}/messages`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain', 'Idempotency-Key': key },
      body: text,
    }).catch(() => null);
    if (answer && answer.status !== 429 && answer.status < 500) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

element('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = element('text').value;
  element('text').value = '';
  if (text !== '' && token !== null) say(text);
});

// Asks whether a channel has anybody, opens it, and trades whatever JSON it likes: here a name and a text.

const query = new URLSearchParams(location.search);
const server = query.get('server') ?? 'ws://localhost:8080';
const channel = query.get('room') ?? 'lobby';
const me = query.get('name') ?? `guest-${Math.floor(Math.random() * 1_000)}`;
const element = (id) => document.getElementById(id);
const log = (line) => element('log').append(Object.assign(document.createElement('li'), { textContent: line }));

const socket = new WebSocket(server);
const send = (message) => socket.send(JSON.stringify({ ...message, channel }));
const say = (data) => send({ data: { userid: me, ...data } });

socket.onopen = () => send({ checkPresence: true });
socket.onclose = ({ code, reason }) => log(`closed: ${code} ${reason}`);
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data);
  if (message?.isChannelPresent !== undefined) {
    element('presence').textContent = message.isChannelPresent ? 'somebody is here' : 'nobody was here';
    send({ open: true });
    say({ arrived: true });
  } else if (message?.error) {
    log(`error ${message.error.code}: ${message.error.message}`);
  } else if (message?.arrived) {
    log(`${message.userid} came`);
  } else if (message?.userLeft) {
    log(`${message.userid} left`);
  } else if (message?.chat) {
    log(`${message.name}: ${message.chat}`); // Chat of those who speak otherwise.
  } else if (message?.text) {
    log(`${message.userid}: ${message.text}`);
  } else {
    log(JSON.stringify(message));
  }
};

element('form').onsubmit = (event) => {
  event.preventDefault();
  const text = element('text').value;
  say({ text });
  log(`${me}: ${text}`); // What one says does not come back.
  element('text').value = '';
};

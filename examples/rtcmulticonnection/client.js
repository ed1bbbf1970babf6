// An RTCMultiConnection page as its own documentation teaches it: whoever comes to the room sees and hears the others.

const query = new URLSearchParams(location.search);
const room = query.get('room') ?? 'standup';
const element = (id) => document.getElementById(id);
const connection = new RTCMultiConnection();

const show = (text) => {
  const line = document.createElement('li');
  line.textContent = text;
  element('log').append(line);
};
const nameOf = ({ userid, extra }) => extra?.fullName ?? userid;

connection.socketURL = `${query.get('server') ?? 'http://localhost:8080'}/`; // It must end with a slash.
connection.session = { audio: true, video: true, data: true };
connection.sdpConstraints.mandatory = { OfferToReceiveAudio: true, OfferToReceiveVideo: true };
connection.iceServers = []; // On one machine nobody has to ask for an address.
connection.enableLogs = false;
connection.videosContainer = element('videos');
connection.extra = { fullName: query.get('name') ?? 'Somebody with a page' };
if (query.has('id')) connection.userid = query.get('id');

connection.onUserStatusChanged = ({ userid, status }) => show(`${userid} is ${status}`);
connection.onopen = (event) => show(`${nameOf(event)} is here`);
connection.onmessage = (event) => show(`${nameOf(event)}: ${event.data}`);
connection.onleave = (event) => show(`${nameOf(event)} is gone`);
connection.onEntireSessionClosed = () => show('the session is closed');

connection.openOrJoin(room, (isIn, name, error) => {
  element('me').textContent = isIn ? connection.userid : error;
});
element('leave').onclick = () => {
  connection.leave();
  connection.closeSocket();
};
element('chat').onsubmit = (event) => {
  event.preventDefault();
  connection.send(new FormData(event.target).get('text'));
  event.target.reset();
};

// Clients of streams that nobody here wrote, curl and EventSource, and the examples made of them.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchBrowser, until } from './harness/browser.js';
import { endWithFile, within } from './harness/cleanup.js';
import { logged, openExample, say } from './harness/examples.js';
import { joinNative } from './harness/native.js';
import { seeded, startProxy } from './harness/proxy.js';
import { startServer } from './harness/server.js';

const CUTS = 30;
/** More bytes than the head of any answer. */
const HEAD = 1_000;
const CHATS = 500;
const POSTS = 40;

let server;
let browser;
before(async () => {
  const curl = spawnSync('curl', ['--version']);
  assert.equal(curl.status, 0, 'curl is missing: install it (Debian package curl)');
  server = await startServer();
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
  await server.stop();
});

const bySocket = (room, name) => joinNative({ port: server.port, room, name });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A shell in a group of its own, so that what it has started ends with it. */
function shell(args, { cwd, input } = {}) {
  const child = spawn('bash', args, { cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // Ended by itself.
    }
  };
  endWithFile(end);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (said.err += text));
  if (input !== undefined) child.stdin.end(input);
  const exited = new Promise((resolve) => child.once('close', resolve));
  return { child, said, end, exited };
}

test('the commands of the manual, word for word, join a room and chat with a WebSocket', { timeout: 30_000 }, async () => {
  const manual = await readFile(new URL('../docs/sse.md', import.meta.url), 'utf8');
  const commands = [...manual.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text]) => text.replaceAll('localhost:8080', `localhost:${server.port}`));
  assert.equal(commands.length, 2);
  const cwd = await mkdtemp(join(tmpdir(), 'parlor-curl-'));
  const grace = await bySocket('standup', 'Grace');
  const listening = shell(['-c', commands[0]], { cwd });
  const joined = await grace.event('member-joined');
  assert.equal(joined.member.name, 'Ada');
  while (!listening.said.out.includes('"token"')) await pause(20);
  await grace.request({ type: 'chat', text: 'Good morning, Ada' });
  while (!listening.said.out.includes('Good morning, Ada')) await pause(20);

  const talking = shell(['-c', commands[1]], { cwd, input: '' });
  assert.equal(await talking.exited, 0, talking.said.err);
  assert.equal((await grace.socket.take((message) => message.text === 'Good morning')).from, joined.member.peer);
  assert.deepEqual((await grace.event('member-updated')).member.attributes, { mic: 'muted' });
  assert.equal((await grace.event('member-left')).reason, 'left');
  assert.match(talking.said.out, /"members":\[{"name":"Grace"},{"name":"Ada"}\]/);
  await within(10_000, listening.exited, 'the end of the stream');
  assert.match(listening.said.out, /event: closing\ndata: {"type":"closing","code":1000,"reason":"left"}\n\n$/);
  grace.socket.destroy();
  await rm(cwd, { recursive: true });
});

test('the chat of the terminal says and shows, and leaves at its end', { timeout: 30_000 }, async () => {
  const grace = await bySocket('terminal', 'Grace');
  const script = fileURLToPath(new URL('../examples/sse/chat.sh', import.meta.url));
  const chat = shell([script, server.url, 'terminal', 'Ada Löwe']);
  assert.equal((await grace.event('member-joined')).member.name, 'Ada Löwe');
  await grace.request({ type: 'chat', text: 'Hello "terminal"' });
  while (!chat.said.out.includes('Grace: Hello \\"terminal\\"')) await pause(20);
  chat.child.stdin.write('Hello, Grace!\n');
  assert.equal((await grace.socket.take((message) => message.name === 'Ada Löwe' && message.type === 'chat')).text, 'Hello, Grace!');
  chat.child.stdin.end();
  assert.equal((await grace.event('member-left')).reason, 'left');
  assert.equal(await within(10_000, chat.exited, 'the end of the script'), 0, chat.said.err);
  grace.socket.destroy();
});

test('the example page chats without the SDK and without WebSocket, also by polls', { timeout: 60_000 }, async () => {
  for (const wait of [{}, { wait: 20 }]) {
    const room = `page ${JSON.stringify(wait)}`;
    const grace = await bySocket(room, 'Grace');
    const page = await openExample({ browser, kind: 'sse', query: { server: server.url, room, name: 'Ada', ...wait } });
    await grace.event('member-joined');
    await page.locator('#state', { hasText: 'connected' }).waitFor();
    await grace.request({ type: 'chat', text: '<b>Hello</b>' });
    await logged(page, 'Grace: <b>Hello</b>');
    await say(page, 'Hello, Grace!');
    assert.equal((await grace.socket.take((message) => message.name === 'Ada' && message.type === 'chat')).text, 'Hello, Grace!');
    await logged(page, 'Ada: Hello, Grace!');
    assert.deepEqual(page.complaints, []);
    grace.socket.destroy();
    await browser.sendEverybodyHome();
  }
});

/** In the page: an EventSource that does nothing but what it does by itself, and POSTs that are repeated until answered. */
function chatInPage({ posts }) {
  const state = { heard: [], entered: [], posted: 0, isOpen: () => source.readyState === 1 };
  window.state = state;
  let token;
  const source = new EventSource('/api/v1/rooms/cuts/events?name=Ada');
  for (const type of ['joined', 'resumed']) {
    source.addEventListener(type, ({ data }) => {
      state.entered.push(type);
      ({ token } = JSON.parse(data));
      if (type === 'joined') talk();
    });
  }
  source.addEventListener('chat', ({ data }) => state.heard.push(JSON.parse(data).text));
  async function talk() {
    for (let number = 0; number < posts; number += 1) {
      const headers = () => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain', 'Idempotency-Key': `key-${number}` });
      const post = () => fetch('/api/v1/rooms/cuts/messages', { method: 'POST', headers: headers(), body: `a${number}` });
      let answer;
      while (!(answer = await post().then((got) => got.json()).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 50));
      if (answer.type === 'ok') state.posted += 1;
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
  }
}

test('an EventSource comes back by itself: nothing lost or twice over 30 cuts', { timeout: 120_000 }, async (t) => {
  const random = seeded(3);
  const proxy = await startProxy({ to: server.port });
  const grace = await bySocket('cuts', 'Grace');
  const page = await (await browser.person()).newPage();
  await page.goto(`http://localhost:${proxy.port}/livez`);
  await page.evaluate(chatInPage, { posts: POSTS });
  await grace.event('member-joined');
  const talking = (async () => {
    for (let number = 0; number < CHATS; number += 1) {
      await grace.request({ type: 'chat', text: `g${number}` });
      await pause(35);
    }
  })();
  for (let cut = 0; cut < CUTS; cut += 1) {
    // Every other one falls into the middle of an event, or of the answer that brings a new secret.
    // Never into the head: Chromium takes half a head for a whole one, misses the type in it, and gives up for good.
    if (cut % 2 === 0) proxy.cutNext({ toClient: HEAD + Math.floor(random() * 4_000) });
    await until(page, () => window.state.isOpen());
    await pause(random() * 150);
    proxy.killAll();
  }
  await talking;
  await until(page, (count) => window.state.heard.length >= count, CHATS + POSTS, 60_000);
  await pause(300);
  const { heard, entered, posted } = await page.evaluate(() => ({ ...window.state, isOpen: undefined }));
  t.diagnostic(`${proxy.broken} connections were broken, ${entered.length - 1} streams went on`);
  const of = (letter, count) => Array.from({ length: count }, (_, number) => `${letter}${number}`);
  assert.deepEqual(heard.filter((text) => text[0] === 'g'), of('g', CHATS));
  assert.deepEqual(heard.filter((text) => text[0] === 'a'), of('a', POSTS));
  assert.equal(posted, POSTS);
  assert.deepEqual([...new Set(entered)], ['joined', 'resumed']);
  assert.equal(entered.filter((type) => type === 'joined').length, 1);
  assert.ok(proxy.broken >= CUTS && entered.length > CUTS / 2);
  grace.socket.destroy();
  await browser.sendEverybodyHome();
  await proxy.close();
});

// What the documentation shows is what happens: its example, its code blocks, its conversation, its configuration.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launchBrowser, until } from './harness/browser.js';
import { mediaFlows, rememberPeerConnections, seesVideos } from './harness/media.js';
import { joinNative, NativeMember } from './harness/native.js';
import { runParlor, startServer } from './harness/server.js';
import { serveFiles } from './harness/site.js';
import { openSocket } from './harness/ws.js';

const root = new URL('../', import.meta.url);
const read = (path) => readFile(new URL(path, root), 'utf8');

let server;
let browser;
let examples;
let somePage;
before(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  [examples, somePage] = await Promise.all(['docs/examples/', 'tests/harness/'].map((folder) => serveFiles(new URL(folder, root))));
});
afterEach(() => browser.sendEverybodyHome());
after(async () => {
  await browser.close();
  await Promise.all([examples.close(), somePage.close()]);
  await server.stop();
});

/** The fenced blocks of a language, without their common indent. */
async function blocks(path, language) {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm');
  return [...(await read(path)).matchAll(fence)].map(([, indent, code]) => code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

async function pageOf(url) {
  const context = await browser.person();
  await rememberPeerConnections(context);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  await page.goto(url);
  return page;
}

test('the example is short enough to read', async () => {
  const code = await read('docs/examples/two-people.js');
  assert.ok(code.trimEnd().split('\n').length <= 60);
});

for (const [from, home] of Object.entries({ 'a web site': () => `${examples.url}/`, 'the disk': () => new URL('docs/examples/', root).href })) {
  test(`the example opened twice from ${from} is a call with chat`, { timeout: 90_000 }, async () => {
    const address = `${home()}two-people.html?${new URLSearchParams({ sdk: `${server.url}/sdk/parlor.js` })}`;
    const pages = [await pageOf(address), await pageOf(address)];
    for (const page of pages) await page.locator('#call').click();
    for (const page of pages) {
      await seesVideos(page, 1);
      await mediaFlows(page, 1);
    }
    const words = `Hello from ${from}`;
    await pages[0].locator('input[name="text"]').fill(words);
    await pages[0].locator('#say button').click();
    for (const page of pages) {
      await until(page, (text) => document.getElementById('chat').textContent.split(text).length === 2, words);
      assert.deepEqual(page.complaints, []);
    }
  });
}

for (const path of ['README.md', 'docs/client-guide.md']) {
  test(`the first code of ${path} runs as it is shown`, { timeout: 90_000 }, async () => {
    const [code] = await blocks(path, 'js');
    assert.match(code, /^import /);
    const room = `shown in ${path}`;
    const shown = code.replaceAll('http://localhost:8080', server.url).replaceAll("room: 'standup'", `room: '${room}'`);
    const pages = [await pageOf(`${somePage.url}/page.html`), await pageOf(`${somePage.url}/page.html`)];
    for (const page of pages) await page.addScriptTag({ type: 'module', content: shown });
    for (const page of pages) {
      await seesVideos(page, 1);
      assert.deepEqual(page.complaints, []);
    }
    const witness = await joinNative({ port: server.port, room, name: 'Alan' });
    assert.deepEqual(witness.joined.history.map(({ text }) => text), ['Good morning', 'Good morning']);
  });
}

test('the conversation in protocol.md takes place as it is written', async () => {
  const [, conversation] = /## A conversation\n\n```\n([\s\S]*?)```/.exec(await read('docs/protocol.md'));
  const lines = conversation.trim().split('\n').map((line) => ({ said: line.startsWith('→'), text: line.slice(2) }));
  const typeOf = (text) => /"type":"([^"]+)"/.exec(text)[1];

  const ada = new NativeMember(await openSocket({ port: server.port }));
  let grace;
  for (const { said, text } of lines) {
    if (said) {
      ada.socket.send(grace ? text.replace(/"to":"[^"]+"/, `"to":"${grace.peer}"`) : text);
      continue;
    }
    if (typeOf(text) === 'member-joined') grace = await joinNative({ port: server.port, room: 'standup', name: 'Grace' });
    if (typeOf(text) === 'answer') {
      const { from } = await grace.event('offer');
      await grace.request({ type: 'answer', to: from, sdp: 'v=0' });
    }
    const answer = await ada.socket.next();
    assert.equal(answer.type, typeOf(text));
    // The line shows some of the fields by name, and this very id.
    for (const [, field] of text.replaceAll(/\{[^{}]*\}(?=[,}\]])/g, '{}').matchAll(/[{,]"(\w+)":/g)) {
      assert.ok(field in answer, `${answer.type} has ${field}`);
    }
    assert.equal(answer.id, /"id":(\d+)/.exec(text) ? Number(/"id":(\d+)/.exec(text)[1]) : undefined, text);
  }
});

test('what api.md does with curl is done, and answered as it says', { timeout: 60_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'parlor-api-md-'));
  t.after(() => rm(folder, { recursive: true }));
  const shown = [...(await read('docs/api.md')).matchAll(/^```(sh|json)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
  const shell = (text) => promisify(execFile)('sh', ['-ec', text], { cwd: folder });
  await shell(shown.shift().text);
  const secret = ['--tokens-secret', 'what the manual signs its tokens with', '--open-rooms', '--state-dir', folder];
  const administered = await startServer({ args: ['--admin-token-file', join(folder, 'admin-token'), ...secret] });
  t.after(() => administered.stop());
  const [ada] = [await joinNative({ port: administered.port, room: 'standup', name: 'Ada' }), await joinNative({ port: administered.port, room: 'standup', name: 'Grace' })];
  assert.ok(shown.length > 20);
  let said = '';
  for (const { language, text } of shown) {
    if (language === 'json') {
      for (const key of Object.keys(JSON.parse(text))) assert.ok(key in JSON.parse(said), `${key} in ${said}`);
    } else {
      const command = text.replaceAll('http://localhost:8080', administered.url).replaceAll('q6sPF2xYQ0S5mBzW8N1JxQ', ada.peer);
      said = (await shell(command)).stdout;
      assert.equal(said.includes('urn:problem-type'), command.includes('nowhere'), `${command}${said}`);
    }
  }
});

test('every configuration that is shown is one', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'parlor-docs-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'parlor.toml');
  const shown = [...(await blocks('docs/install.md', 'toml')), ...(await blocks('docs/operating.md', 'toml'))];
  assert.ok(shown.length > 0);
  const example = await runParlor(['--print-example-config']);
  const uncommented = example.stdout.replaceAll(/^# (?=[a-z_]+ = )/gm, '');
  for (const text of [...shown, example.stdout, uncommented]) {
    await writeFile(file, text);
    const { code, stderr } = await runParlor(['--config', file, '--check-config']);
    assert.equal(code, 0, `${stderr}\nin\n${text}`);
  }
});

// Chromium with devices that are made of code, and the two ways a test uses it: as a person in the app, found by
// `data-testid`, and as a program on a blank page that imports the SDK.

import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--auto-select-desktop-capture-source=Entire screen',
  '--autoplay-policy=no-user-gesture-required',
];

const STEP_TIMEOUT_MS = 20_000;

/** @param {{ executablePath?: string, flags?: string[] }} [options] */
export async function launchBrowser({ executablePath, flags = [] } = {}) {
  const browser = await chromium.launch({
    executablePath: executablePath ?? process.env.PARLOR_CHROMIUM ?? '/usr/bin/chromium',
    args: [...FLAGS, ...flags],
  });
  return new Browser(browser);
}

class Browser {
  #browser;
  #people = new Set();

  constructor(browser) {
    this.#browser = browser;
  }

  close() {
    return this.#browser.close();
  }

  /** Somebody else's browser: nothing is shared with other people's pages. */
  async person(options = {}) {
    const context = await this.#browser.newContext({ viewport: { width: 900, height: 640 }, ...options });
    context.setDefaultTimeout(STEP_TIMEOUT_MS);
    this.#people.add(context);
    context.once('close', () => this.#people.delete(context));
    return context;
  }

  /** After each test, however it ended: pages with video that nobody looks at slow down all that follow. */
  async sendEverybodyHome() {
    await Promise.all([...this.#people].map((context) => context.close()));
  }

  /** A page in the app's room, joined as a person would. */
  async appMember({ server, room, name, context }) {
    const page = await watched(context ?? (await this.person()));
    await page.goto(`${server.url}/room/${encodeURIComponent(room)}`);
    await joinInApp(page, name);
    return page;
  }

  /** A page of the server's origin that has nothing of its own, with the SDK as `parlor`. */
  async sdkPage({ server, context }) {
    const page = await watched(context ?? (await this.person()));
    await page.goto(`${server.url}/livez`);
    await page.evaluate(async () => {
      window.parlor = await import('/sdk/parlor.js');
    });
    return page;
  }
}

export async function joinInApp(page, name) {
  await page.getByTestId('name-input').fill(name);
  await page.getByTestId('join').click();
  await page.getByTestId('leave').waitFor();
}

/** Keeps what went wrong in the page: a test ends with `assertCalm`. */
async function watched(context) {
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(message.text());
  });
  return page;
}

/** Waits in the page until `look` returns something true, and returns it. */
export async function until(page, look, argument, timeoutMs = STEP_TIMEOUT_MS) {
  const handle = await page.waitForFunction(look, argument, { timeout: timeoutMs, polling: 100 });
  return handle.jsonValue();
}

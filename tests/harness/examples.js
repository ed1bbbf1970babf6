// The example pages as a person has them: opened from the disk, read by their text, written to by their form.

import { serveCdn } from './cdn.js';

/** Opens `examples/<kind>/index.html` in a browser of its own. */
export async function openExample({ browser, kind, query }) {
  const context = await browser.person();
  await serveCdn(context);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  const file = new URL(`../../examples/${kind}/index.html`, import.meta.url);
  file.search = new URLSearchParams(query);
  await page.goto(file.href);
  return page;
}

export async function say(page, text) {
  await page.locator('#text').fill(text);
  await page.locator('#text').press('Enter');
}

/** Waits for a line of the page's log. */
export async function logged(page, line) {
  const pattern = line instanceof RegExp ? line : new RegExp(`^${escape(line)}$`);
  const item = page.locator('#log li').filter({ hasText: pattern }).first();
  try {
    await item.waitFor();
  } catch {
    throw new Error(`no line ${pattern} in: ${(await log(page)).join(' | ')} ${page.complaints}`);
  }
  return item.textContent();
}

export const log = (page) => page.locator('#log li').allTextContents();

const escape = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

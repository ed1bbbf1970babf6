// The CDNs that example pages name, answered from `node_modules`, so that tests use no network.

import { readFile } from 'node:fs/promises';

const CDN = 'https://esm.sh/';
const modules = new URL('../../node_modules/', import.meta.url);

/** What a browser takes of what a package offers. */
const CONDITIONS = ['browser', 'module', 'import', 'default'];

export async function serveCdn(context) {
  await context.route(`${CDN}**`, async (route) => {
    const address = new URL(route.request().url());
    const body = await answer(address).catch((error) => `throw new Error(${JSON.stringify(String(error))})`);
    await route.fulfill({ contentType: 'text/javascript', headers: { 'Access-Control-Allow-Origin': '*' }, body });
  });
  await context.route('https://unpkg.com/**', async (route) => {
    const [, name, version, file] = /^\/([^@]+)@([^/]+)\/(.+)$/.exec(new URL(route.request().url()).pathname);
    await checkVersion(name, version);
    await route.fulfill({ contentType: 'text/javascript', body: await readFile(new URL(`${name}/${file}`, modules)) });
  });
}

/** `/yjs@13.6.33` is a package, `/file/lib0/map.js` a file of one. */
async function answer({ pathname, searchParams }) {
  const external = searchParams.get('external')?.split(',') ?? [];
  const file = /^\/file\/(.+)$/.exec(pathname)?.[1];
  if (file) return served(file, external);
  const [, name, version] = /^\/([^@]+)@(.+)$/.exec(pathname);
  await checkVersion(name, version);
  return `export * from '${await addressOf(name, external)}';`;
}

async function checkVersion(name, version) {
  const installed = await manifest(name);
  if (installed.version !== version) throw new Error(`${name} ${version} is named, ${installed.version} is installed`);
}

async function served(file, external) {
  const text = await readFile(new URL(file, modules), 'utf8');
  if (!/^(?:import|export)\b/m.test(text)) {
    return `const module = { exports: {} }; let exports = module.exports;\n${text}\nexport default module.exports;`;
  }
  const imports = /(\bfrom\s*|\bimport\s*)(['"])([\w@][\w@./-]*)\2/g;
  const bare = [...new Set([...text.matchAll(imports)].map(([, , , name]) => name))];
  const addresses = new Map(await Promise.all(bare.map(async (name) => [name, await addressOf(name, external)])));
  return text.replace(imports, (_, keyword, quote, name) => `${keyword}${quote}${addresses.get(name)}${quote}`);
}

async function addressOf(specifier, external) {
  if (external.includes(specifier)) return specifier;
  const [name, ...path] = specifier.split('/');
  const { exports, module, main } = await manifest(name);
  const subpath = ['.', ...path].join('/');
  const entry = exports ? chosen(exports[subpath] ?? exports) : path.length > 0 ? subpath : (module ?? main);
  const query = external.length > 0 ? `?external=${external}` : '';
  return `${CDN}file/${name}/${entry.replace(/^\.\//, '')}${query}`;
}

function chosen(entry) {
  if (typeof entry === 'string') return entry;
  return chosen(entry[CONDITIONS.find((condition) => condition in entry)]);
}

const manifest = async (name) => JSON.parse(await readFile(new URL(`${name}/package.json`, modules), 'utf8'));

// What every peer of the benchmark does: listens where it is told, and ends with whoever started it.

/** @returns {{host: string, port: number}} from the command line: `node ws.js 127.0.0.1 8080` */
export function address() {
  const [host, port] = process.argv.slice(2);
  return { host, port: Number(port) };
}

/** The benchmark holds the other end of standard input, and loses it even when it is killed. */
export function endWithParent() {
  process.stdin.resume().on('end', () => process.exit());
}

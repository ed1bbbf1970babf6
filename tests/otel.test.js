// OpenTelemetry: a collector gets metrics and spans in the shape of OTLP's JSON, and one that is not there costs nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { endWithFile } from './harness/cleanup.js';
import { http } from './harness/http.js';
import { scrape } from './harness/metrics.js';
import { joinNative } from './harness/native.js';
import { startReceiver, toldBy } from './harness/receiver.js';
import { freePort, startServer } from './harness/server.js';
import { eventually } from './harness/wait.js';

/** Takes what is told, and refuses what is not OTLP. */
async function startCollector() {
  const collector = { metrics: [], spans: [], mistakes: [] };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    try {
      assert.equal(request.method, 'POST');
      assert.equal(request.headers['content-type'], 'application/json');
      const body = JSON.parse(Buffer.concat(chunks).toString());
      if (request.url === '/otlp/v1/metrics') collector.metrics.push(readMetrics(body));
      else if (request.url === '/otlp/v1/traces') collector.spans.push(...readSpans(body));
      else assert.fail(`nothing is told at ${request.url}`);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    } catch (mistake) {
      collector.mistakes.push(mistake);
      response.writeHead(400).end();
    }
  }).listen(0, 'localhost');
  await once(server, 'listening');
  endWithFile(() => server.close().closeAllConnections());
  return Object.assign(collector, { url: `http://localhost:${server.address().port}/otlp` });
}

const only = (object, names) => assert.deepEqual(Object.keys(object).filter((name) => !names.includes(name)), []);
const NANOS = /^[1-9]\d{18}$/;
const WHOLE = /^\d+$/;

function readAttributes(list) {
  return Object.fromEntries(list.map((attribute) => {
    only(attribute, ['key', 'value']);
    only(attribute.value, ['stringValue']);
    assert.equal(typeof attribute.value.stringValue, 'string');
    return [attribute.key, attribute.value.stringValue];
  }));
}

function readScope(group, inner) {
  only(group, ['resource', inner]);
  const resource = readAttributes(group.resource.attributes);
  assert.equal(resource['service.name'], 'parlor');
  assert.match(resource['service.version'], /^\d+\.\d+\.\d+$/);
  assert.match(resource['service.instance.id'], /^[0-9a-f]{16}$/);
  const [scoped] = group[inner];
  assert.equal(scoped.scope.name, 'parlor');
  return scoped;
}

/** By name: the values by their attributes, or the histogram. */
function readMetrics({ resourceMetrics: [group], ...rest }) {
  only(rest, []);
  const { metrics } = readScope(group, 'scopeMetrics');
  return Object.fromEntries(metrics.map((metric) => {
    only(metric, ['name', 'description', 'gauge', 'sum', 'histogram']);
    const { name, gauge, sum, histogram } = metric;
    assert.equal([gauge, sum, histogram].filter(Boolean).length, 1, name);
    if (sum) assert.deepEqual([sum.aggregationTemporality, sum.isMonotonic], [2, true], name);
    const points = (gauge ?? sum ?? histogram).dataPoints;
    for (const point of points) {
      assert.match(point.timeUnixNano, NANOS);
      assert.match(point.startTimeUnixNano, NANOS);
      if (!histogram) only(point, ['startTimeUnixNano', 'timeUnixNano', 'asDouble', 'attributes']);
    }
    if (!histogram) return [name, points.map(({ asDouble, attributes }) => ({ value: asDouble, ...readAttributes(attributes) }))];
    const [{ bucketCounts, explicitBounds, count, sum: seconds }] = points;
    assert.equal(bucketCounts.length, explicitBounds.length + 1);
    assert.ok([count, ...bucketCounts].every((number) => WHOLE.test(number)), 'whole numbers are texts');
    assert.equal(bucketCounts.reduce((total, one) => total + Number(one), 0), Number(count));
    return [name, { count: Number(count), seconds }];
  }));
}

function readSpans({ resourceSpans: [group], ...rest }) {
  only(rest, []);
  const { spans } = readScope(group, 'scopeSpans');
  return spans.map((span) => {
    only(span, ['traceId', 'spanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano', 'attributes', 'status']);
    assert.match(span.traceId, /^(?!0+$)[0-9a-f]{32}$/);
    assert.match(span.spanId, /^(?!0+$)[0-9a-f]{16}$/);
    assert.ok(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano));
    return { ...span, attributes: readAttributes(span.attributes) };
  });
}

test('a collector gets the metrics of /metrics, and a span for each join, request and delivery', { timeout: 60_000 }, async () => {
  const [collector, receiver] = [await startCollector(), await startReceiver()];
  const server = await startServer({ args: ['--otel-endpoint', collector.url, '--otel-interval', '200ms', ...toldBy([receiver])] });
  const ada = await joinNative({ port: server.port, room: 'traced', name: 'Ada' });
  await http({ port: server.port, path: '/room/traced', headers: { 'X-Request-Id': 'mine-1' } });
  const named = (name) => collector.spans.filter((span) => span.name === name);
  await eventually('the spans', () => named('join').length >= 1 && named('webhook').some(({ attributes }) => attributes['parlor.event'] === 'member.joined') && named('request').some(({ attributes }) => attributes['parlor.request'] === 'mine-1'));

  const [join] = named('join');
  assert.deepEqual([join.kind, join.attributes, join.status], [1, { 'parlor.dialect': 'native', 'parlor.result': 'ok' }, {}]);
  const request = named('request').find(({ attributes }) => attributes['parlor.request'] === 'mine-1');
  assert.deepEqual([request.kind, request.attributes], [2, { 'http.request.method': 'GET', 'http.route': 'app', 'http.response.status_code': '200', 'parlor.request': 'mine-1' }]);
  const delivered = named('webhook').map(({ kind, attributes }) => [kind, ...Object.values(attributes)]);
  assert.deepEqual(delivered.slice(-2), [[3, 'room.started', '200'], [3, 'member.joined', '200']]);
  assert.equal(new Set(collector.spans.map(({ spanId }) => spanId)).size, collector.spans.length);

  const { names } = await scrape(server.port);
  const told = await eventually('metrics after the join', () => collector.metrics.find((metrics) => metrics.parlor_members[0].value === 1 && metrics.parlor_join_seconds.count === 1));
  for (const name of names) assert.ok(name.replace(/(?<=^parlor_join_seconds)_(bucket|sum|count)$/, '') in told, name);
  assert.deepEqual(told.parlor_joins_total, [{ value: 1, dialect: 'native', result: 'ok' }]);
  assert.deepEqual(collector.mistakes, []);
  assert.ok(!JSON.stringify(collector).includes('traced'), 'the name of a room was told');
  ada.socket.destroy();
  await server.stop();
});

test('a collector that is not there is said once to be away, and nobody waits for it', { timeout: 60_000 }, async () => {
  const server = await startServer({ args: ['--otel-endpoint', `http://localhost:${await freePort()}`, '--otel-interval', '100ms'] });
  const away = () => server.output.split('\n').filter((line) => line.includes('the collector of otel.endpoint'));
  await eventually('the line', () => away().length > 0);
  const ada = await joinNative({ port: server.port, room: 'alone', name: 'Ada' });
  assert.equal((await ada.request({ type: 'chat', text: 'hi' })).type, 'ok');
  ada.socket.destroy();
  await server.stop();
  assert.equal(away().length, 1);
});

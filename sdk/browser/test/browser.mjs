// The shipped script in a real Chromium, across two origins: `npm run test:browser` (CHROMIUM names another binary).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const SCRIPT = readFileSync(new URL('../dist/observe.js', import.meta.url));
const CORS = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' };

/** What the ingest origin was asked. */
let requests = [];
let answer = () => ({ status: 202, headers: {} });

const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler).listen(0, '127.0.0.1', () => resolve({ server, port: server.address().port }));
  });
const ingest = await listen((request, response) => {
  if (request.url === '/observe.js') {
    return response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store' }).end(SCRIPT);
  }
  let body = '';
  request.on('data', (part) => (body += part));
  request.on('end', () => {
    requests.push({ method: request.method, type: request.headers['content-type'], cookie: request.headers.cookie, body });
    const { status, headers } = answer();
    response.writeHead(status, { ...CORS, ...headers }).end('{"accepted":1,"duplicates":0,"rejected":[]}');
  });
});
const INGEST = `http://127.0.0.1:${ingest.port}`;
const site = await listen((request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' });
  response.end(`<!doctype html><title>${request.url}</title>
    <script>window.observe=window.observe||function(){(observe.q=observe.q||[]).push(arguments)}</script>
    <script async src="${INGEST}/observe.js" data-key="obs_pub_k"></script>
    <script>observe('register', {plan: 'pro'})</script><a href="/next">next</a>`);
});
const SITE = `http://localhost:${site.port}`;

const events = () => requests.filter(({ method }) => method === 'POST').flatMap(({ body }) => JSON.parse(body).events);
const named = (name) => events().filter((event) => event.name === name);
async function until(what, condition, ms = 8_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 25))) {
    if (condition()) return;
  }
  assert.fail(`never: ${what}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
});
const faults = [];

/** Runs one case in a browser profile of its own. */
async function check(name, work) {
  requests = [];
  answer = () => ({ status: 202, headers: {} });
  const context = await browser.newContext();
  const open = async (path) => {
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(`${name}: ${error.message}`));
    await page.goto(SITE + path);
    return page;
  };
  try {
    await work(open, context);
    console.log(`ok   ${name}`);
  } catch (error) {
    faults.push(`${name}: ${error.message}`);
    console.log(`FAIL ${name}: ${error.message}`);
  }
  await context.close();
}

const waiting = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('observe.q.')).length);
const loaded = (page) => page.waitForFunction(() => typeof window.observe.track === 'function');

await check('a page view arrives from another origin, as text, without preflight and cookies', async (open) => {
  await open('/home?token=abc&utm_source=news');
  await until('the page view', () => named('$pageview').length === 1);
  assert.deepEqual(requests.map(({ method }) => method), ['POST']);
  assert.equal(requests[0].type, 'text/plain;charset=UTF-8');
  assert.equal(requests[0].cookie, undefined);
  const [{ properties }] = named('$pageview');
  assert.equal(properties.$current_url, `${SITE}/home?token=***&utm_source=news`);
  assert.equal(properties.utm_source, 'news');
  assert.equal(properties.plan, 'pro');
  assert.equal(properties.$title, '/home?token=abc&utm_source=news');
});

await check('nothing waits once it was answered, and the lock is free', async (open) => {
  const page = await open('/');
  await until('the page view', () => named('$pageview').length === 1);
  await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('observe.q.')));
  assert.deepEqual(await page.evaluate(async () => (await navigator.locks.query()).held), []);
});

await check('an event right before a navigation arrives, also from the next page, with one uuid', async (open) => {
  const page = await open('/');
  await loaded(page);
  await until('the page view', () => named('$pageview').length === 1);
  await page.evaluate(() => {
    observe('track', 'clicked');
    location.href = '/next';
  });
  await until('the click by beacon', () => named('clicked').length >= 1);
  await until('the click again', () => named('clicked').length >= 2);
  assert.equal(new Set(named('clicked').map(({ uuid }) => uuid)).size, 1);
  await page.waitForFunction(() => !Object.keys(localStorage).some((key) => key.startsWith('observe.q.')));
});

await check('what a closed tab could not send goes out with the next visit', async (open, context) => {
  answer = () => ({ status: 503, headers: { 'retry-after': '60' } });
  const page = await open('/');
  await until('a refusal', () => requests.length > 0);
  await page.evaluate(() => observe('track', 'offline_work'));
  assert.equal(await waiting(page), 2);
  await page.close();
  answer = () => ({ status: 202, headers: {} });
  requests = [];
  await open('/again');
  await until('the leftovers', () => named('offline_work').length === 1 && named('$pageview').length === 2);
  assert.equal(context.pages().length, 1);
});

await check('a tab leaves alone what another open tab still has to send', async (open) => {
  answer = () => ({ status: 503, headers: { 'retry-after': '60' } });
  const first = await open('/first');
  await until('a refusal', () => requests.length > 0);
  assert.equal(await waiting(first), 1);
  answer = () => ({ status: 202, headers: {} });
  requests = [];
  await open('/second');
  await until('the second page view', () => named('$pageview').length === 1);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.deepEqual(named('$pageview').map(({ properties }) => properties.$pathname), ['/second']);
  assert.equal(await waiting(first), 1);
});

await check('two tabs are one visitor and one session', async (open) => {
  await open('/a');
  await open('/b');
  await until('both', () => named('$pageview').length === 2);
  const [a, b] = named('$pageview');
  assert.equal(a.anonymous_id, b.anonymous_id);
  assert.equal(a.session_id, b.session_id);
});

await check('single-page navigation and identify', async (open) => {
  const page = await open('/app');
  await loaded(page);
  await page.evaluate(() => {
    history.pushState(null, '', '/app/cart');
    observe.identify('u1', { email: 'a@b.example' });
    observe.track('added');
  });
  await until('all', () => named('added').length === 1);
  assert.deepEqual(
    named('$pageview').map(({ properties }) => [properties.$pathname, properties.$referrer]),
    [['/app', ''], ['/app/cart', `${SITE}/app`]],
  );
  assert.equal(named('added')[0].user_id, 'u1');
  assert.deepEqual(named('$identify')[0].properties.$set, { email: 'a@b.example' });
});

await check('four hundred events in one go block nothing and are all sent, in order', async (open) => {
  const page = await open('/');
  await loaded(page);
  const took = await page.evaluate(() => {
    const start = performance.now();
    for (let n = 0; n < 400; n++) observe.track('many', { n });
    return performance.now() - start;
  });
  await until('all', () => new Set(named('many').map(({ uuid }) => uuid)).size === 400);
  assert.deepEqual(named('many').map(({ properties }) => properties.n), Array.from({ length: 400 }, (_, n) => n));
  console.log(`     ${(took / 400).toFixed(3)} ms an event`);
});

await check('a page with the script comes back from the back/forward cache, and goes on', async (open) => {
  const page = await open('/one');
  await until('the page view', () => named('$pageview').length === 1);
  await page.evaluate(() => {
    window.marked = true;
    observe.track('before_leaving');
  });
  await page.goto(`${SITE}/two`);
  await page.goBack({ waitUntil: 'commit' });
  assert.equal(await page.evaluate(() => window.marked), true, 'it was loaded anew');
  await page.evaluate(() => observe.track('after_return'));
  await until('the event after', () => named('after_return').length === 1);
  assert.equal(new Set(named('before_leaving').map(({ uuid }) => uuid)).size, 1);
});

await browser.close();
ingest.server.close();
site.server.close();
if (faults.length) {
  console.error(faults.join('\n'));
  process.exit(1);
}

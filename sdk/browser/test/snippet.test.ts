// The script that is shipped, as pages load it.
import { JSDOM, VirtualConsole } from 'jsdom';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Sent } from './page';

const SCRIPT = readFileSync('dist/observe.js', 'utf8');
const SNIPPET = 'window.observe=window.observe||function(){(observe.q=observe.q||[]).push(arguments)}';

interface Page {
  run(code: string): void;
  load(attributes: Record<string, string>): void;
  sent: { url: string; events: Sent[] }[];
  errors: unknown[];
}

function page(): Page {
  const errors: unknown[] = [];
  const virtualConsole = new VirtualConsole().on('jsdomError', (error) => errors.push(error));
  const { window } = new JSDOM('<!doctype html><title>Shop</title>', {
    url: 'https://shop.example/cart',
    runScripts: 'dangerously',
    virtualConsole,
  });
  const sent: Page['sent'] = [];
  Object.assign(window, {
    TextEncoder,
    fetch: async (url: string, init: RequestInit) => {
      sent.push({ url, events: JSON.parse(String(init.body)).events });
      return new Response('{}', { status: 202 });
    },
  });
  const run = (code: string, attributes: Record<string, string> = {}): void => {
    const script = window.document.createElement('script');
    for (const name in attributes) script.setAttribute(name, attributes[name]!);
    script.text = code;
    // An inline script has no address, a loaded one has.
    if (attributes['src']) {
      script.removeAttribute('src');
      Object.defineProperty(script, 'src', { value: attributes['src'] });
    }
    window.document.head.append(script);
  };
  return { run, load: (attributes) => run(SCRIPT, attributes), sent, errors };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

test('early calls are made again in order, after the page view', async () => {
  const { run, load, sent, errors } = page();
  run(SNIPPET);
  run("observe('register', {plan: 'pro'}); observe('track', 'early', {n: 1}); observe('identify', 'u1')");
  load({ src: 'https://observe.example/observe.js?v=1', 'data-key': 'obs_pub_k' });
  run("observe('track', 'late'); observe.track('method'); observe('nonsense'); observe('constructor'); observe('flush')");
  await settled();
  expect(errors).toEqual([]);
  expect(sent.map(({ url }) => url)).toEqual(['https://observe.example/v1/events?key=obs_pub_k']);
  const { events } = sent[0]!;
  expect(events.map(({ name }) => name)).toEqual(['$pageview', 'early', '$identify', 'late', 'method']);
  expect(events[1]!.properties).toMatchObject({ plan: 'pro', n: 1 });
  expect(new Set(events.map((event) => event.anonymous_id)).size).toBe(1);
});

test('events go where the script came from, or where the tag says', async () => {
  const proxied = page();
  proxied.load({ src: 'https://shop.example/o/o.js', 'data-key': 'obs_pub_k' });
  proxied.run("observe('flush')");
  const elsewhere = page();
  elsewhere.load({ src: 'https://cdn.example/observe.js', 'data-key': 'obs_pub_k', 'data-host': 'https://in.example' });
  elsewhere.run("observe('flush')");
  await settled();
  expect(proxied.sent[0]!.url).toBe('https://shop.example/o/v1/events?key=obs_pub_k');
  expect(elsewhere.sent[0]!.url).toBe('https://in.example/v1/events?key=obs_pub_k');
});

test('a second tag does not count everything twice', async () => {
  const { run, load, sent } = page();
  const tag = { src: 'https://observe.example/observe.js', 'data-key': 'obs_pub_k' };
  load(tag);
  load(tag);
  run("observe('flush')");
  await settled();
  expect(sent.flatMap(({ events }) => events)).toHaveLength(1);
});

test('a tag without attributes waits for a call with the key', async () => {
  const { run, load, sent, errors } = page();
  run(SNIPPET);
  run("observe('init', {key: 'obs_pub_k', host: 'https://observe.example', pageviews: false}); observe('track', 'one')");
  load({});
  run("observe('flush')");
  await settled();
  expect(errors).toEqual([]);
  expect(sent.flatMap(({ events }) => events.map(({ name }) => name))).toEqual(['one']);
});

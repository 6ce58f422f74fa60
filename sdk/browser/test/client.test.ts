import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient, type Client, type Options } from '../src/client';
import { accepted, freshPage, NOON, pass, refusal, visibility, type Network } from './page';

let network: Network;
let listeners: [EventTarget, string, EventListenerOrEventListenerObject][] = [];
const listen = EventTarget.prototype.addEventListener;
const { pushState, replaceState } = history;

function open(options: Partial<Options> = {}): Client {
  return createClient({ key: 'obs_pub_k', host: 'https://observe.example/', pageviews: false, ...options });
}

beforeEach(() => {
  // A client lives as long as its page; here pages come and go in one window.
  EventTarget.prototype.addEventListener = function (type, work, options) {
    if (work && (this === window || this === document)) listeners.push([this, type, work]);
    listen.call(this, type, work, options);
  };
  network = freshPage();
});

afterEach(() => {
  listeners.forEach(([target, type, work]) => target.removeEventListener(type, work));
  listeners = [];
  EventTarget.prototype.addEventListener = listen;
  history.pushState = pushState;
  history.replaceState = replaceState;
  Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.clearAllTimers();
});

describe('an event', () => {
  test('is sent a second later, as text, with all that belongs to it', async () => {
    history.replaceState(null, '', '/cart?utm_source=news&token=abc');
    open().track('added', { item: 7 });
    await pass(999);
    expect(network.requests).toHaveLength(0);
    await pass(1);
    const [{ url, init, body }] = network.requests as [Network['requests'][0]];
    expect(url).toBe('https://observe.example/v1/events?key=obs_pub_k');
    expect(init).toMatchObject({ method: 'POST', credentials: 'omit', keepalive: true });
    expect(init.headers).toBeUndefined();
    expect(body.api_key).toBe('obs_pub_k');
    expect(body.sent_at).toBe(new Date(NOON + 1_000).toISOString());
    expect(body.events).toEqual([
      {
        uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'added',
        anonymous_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        timestamp: new Date(NOON).toISOString(),
        properties: expect.objectContaining({
          item: 7,
          $current_url: 'https://shop.example/cart?utm_source=news&token=***',
          $host: 'shop.example',
          $pathname: '/cart',
          $title: 'Cart',
          utm_source: 'news',
          $lib: 'observe.js',
        }),
      },
    ]);
    expect(Object.keys(localStorage).sort()).toEqual(['observe.id', 'observe.session']);
  });

  test('is as it was when it was recorded, whatever the page does later', async () => {
    const properties = { items: [1] };
    open().track('added', properties);
    properties.items.push(2);
    await pass(1_000);
    expect(network.events()[0]!.properties['items']).toEqual([1]);
  });

  test('goes with others, ten at once without delay', async () => {
    const client = open();
    for (let i = 0; i < 10; i++) client.track(`e${i}`);
    await pass(0);
    expect(network.requests).toHaveLength(1);
    expect(network.names()).toHaveLength(10);
  });

  test('does not wait in large company', async () => {
    const client = open();
    client.track('big', { text: 'x'.repeat(45_000) });
    await pass(0);
    client.track('bigger', { text: 'x'.repeat(65_000) });
    await pass(0);
    expect(network.requests.map(({ init }) => init.keepalive)).toEqual([true, false]);
  });

  test('that is too large, or that JSON cannot hold, is left out, and nothing is thrown', async () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const client = open({ debug: true });
    client.track('circle', circle);
    client.track('big', { n: 1n });
    client.track('huge', { text: 'x'.repeat(300_000) });
    client.track('');
    client.track('thrower', {
      get bad(): never {
        throw new Error('no');
      },
    });
    client.track('good');
    await pass(1_000);
    expect(network.names()).toEqual(['good']);
    expect(warn).toHaveBeenCalledTimes(5);
  });
});

describe('a failure', () => {
  test.each([
    ['an outage', () => refusal(503)],
    ['a full queue', () => refusal(429)],
    ['a time-out', () => refusal(408)],
    ['a broken network', () => Promise.reject(new TypeError('network'))],
  ])('by %s is tried again with the same uuids', async (_, answer) => {
    network.answer = answer;
    open().track('one');
    await pass(1_000);
    network.answer = accepted;
    await pass(1_000);
    expect(network.requests).toHaveLength(2);
    expect(network.requests[1]!.body.events).toEqual(network.requests[0]!.body.events);
  });

  test('makes the waits longer, up to a minute', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    network.answer = () => refusal(500);
    const at: number[] = [];
    open().track('one');
    let seen = 0;
    for (let second = 0; second < 300; second++) {
      await pass(1_000);
      if (network.requests.length > seen) at.push(second + 1);
      seen = network.requests.length;
    }
    expect(at.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 124, 184]);
  });

  test.each([
    ['30', 30_000],
    [new Date(NOON + 41_000).toUTCString(), 40_000],
  ])('with Retry-After %s is not tried before', async (header, wait) => {
    network.answer = () => refusal(503, { 'retry-after': header });
    const client = open();
    client.track('one');
    await pass(1_000);
    client.track('two');
    client.flush();
    visibility('hidden');
    await pass(wait - 1_000);
    expect(network.requests).toHaveLength(1);
    expect(network.beacons).toHaveLength(0);
    network.answer = accepted;
    await pass(1_100);
    expect(network.names()).toEqual(['one', 'one', 'two']);
  });

  test('that will not go away drops the batch', async () => {
    network.answer = () => refusal(413);
    const client = open();
    client.track('one');
    await pass(1_000);
    network.answer = accepted;
    client.track('two');
    await pass(1_000);
    expect(network.names()).toEqual(['one', 'two']);
  });

  test('of a refused key stops everything, and says so to a developer', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    network.answer = () => refusal(401);
    const client = open({ debug: true });
    client.track('one');
    await pass(1_000);
    client.track('two');
    await pass(100_000);
    expect(network.requests).toHaveLength(1);
    expect(warn).toHaveBeenCalledExactlyOnceWith('[observe]', 'refused with 401: because');
  });

  test('of one event is explained to a developer', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    network.answer = () =>
      new Response('{"accepted":0,"rejected":[{"index":0,"code":"name_too_long","message":"too long"}]}', { status: 202 });
    open({ debug: true }).track('one');
    await pass(1_000);
    expect(warn).toHaveBeenCalledExactlyOnceWith('[observe]', 'event rejected: name_too_long: too long', expect.objectContaining({ name: 'one' }));
  });

  test('that never answers is given up', async () => {
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      network.requests.push({ url: '', init, body: JSON.parse(String(init.body)) });
      return new Promise((_, reject) => init.signal!.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    open().track('one');
    await pass(32_500);
    expect(network.requests).toHaveLength(2);
  });
});

describe('a page that goes away', () => {
  test('hands its events over, and the next page sends them again with the same uuids', async () => {
    open().track('clicked');
    dispatchEvent(new Event('pagehide'));
    expect(network.beacons.map(({ url }) => url)).toEqual(['https://observe.example/v1/events?key=obs_pub_k']);
    const [handed] = network.events();
    await pass(0);
    listeners.forEach(([target, type, work]) => target.removeEventListener(type, work));
    vi.clearAllTimers();
    await pass(61_000);
    open().track('next');
    await pass(3_000);
    expect(network.requests.flatMap(({ body }) => body.events).find((event) => event.name === 'clicked')).toEqual(handed);
  });

  test('sends in pieces that browsers take', () => {
    const client = open();
    for (let i = 0; i < 4; i++) client.track('big', { text: 'x'.repeat(25_000) });
    dispatchEvent(new Event('pagehide'));
    expect(network.beacons.map(({ body }) => body.events.length)).toEqual([2, 2]);
  });

  test('that is only hidden waits for its answer', async () => {
    open().track('one');
    visibility('hidden');
    await pass(0);
    expect(network.requests).toHaveLength(1);
    expect(network.beacons).toHaveLength(0);
    visibility('visible');
    await pass(5_000);
    expect(network.names()).toEqual(['one']);
  });

  test('and comes back from the cache sends what was handed over once more', async () => {
    open().track('one');
    dispatchEvent(new Event('pagehide'));
    dispatchEvent(new Event('pageshow'));
    await pass(1_000);
    const [first, second] = network.events();
    expect(first).toEqual(second);
    expect(Object.keys(localStorage).sort()).toEqual(['observe.id', 'observe.session']);
  });
});

describe('page views', () => {
  test('are recorded for the page and for each page of a single-page application', async () => {
    open({ pageviews: true });
    await pass(0);
    history.pushState(null, '', '/pay?step=1');
    document.title = 'Pay';
    await pass(0);
    history.replaceState(null, '', '/pay?step=2');
    await pass(0);
    history.pushState(null, '', '/thanks#top');
    await pass(1_000);
    const views = network.events().map(({ name, properties: p }) => [name, p['$pathname'], p['$title'], p['$referrer']]);
    expect(views).toEqual([
      ['$pageview', '/cart', 'Cart', ''],
      ['$pageview', '/pay', 'Pay', 'https://shop.example/cart'],
      ['$pageview', '/thanks', 'Pay', 'https://shop.example/pay?step=1'],
    ]);
  });

  test('count a redirect once, and fragments that are paths', async () => {
    open({ pageviews: true });
    await pass(0);
    history.pushState(null, '', '/old');
    history.replaceState(null, '', '/new');
    await pass(0);
    history.pushState(null, '', '/new#/settings');
    await pass(1_000);
    expect(network.events().map(({ properties }) => properties['$current_url'])).toEqual([
      'https://shop.example/cart',
      'https://shop.example/new',
      'https://shop.example/new#/settings',
    ]);
  });

  test('come before the first event, with what was registered by then', async () => {
    const client = open({ pageviews: true });
    client.register({ plan: 'pro' });
    client.track('clicked');
    await pass(1_000);
    expect(network.names()).toEqual(['$pageview', 'clicked']);
    expect(network.events()[0]!.properties['plan']).toBe('pro');
  });

  test('wait while a page is only prerendered', async () => {
    Object.defineProperty(document, 'prerendering', { value: true, configurable: true });
    open({ pageviews: true });
    await pass(2_000);
    expect(network.requests).toHaveLength(0);
    Object.defineProperty(document, 'prerendering', { value: false, configurable: true });
    document.dispatchEvent(new Event('prerenderingchange'));
    await pass(1_000);
    expect(network.names()).toEqual(['$pageview']);
  });

  test('leave history working as it did', () => {
    open({ pageviews: true });
    history.pushState({ a: 1 }, '', '/x');
    expect(history.state).toEqual({ a: 1 });
    expect(() => history.pushState(null, '', 'https://elsewhere.example/')).toThrow();
  });
});

describe('who is here', () => {
  test('is joined by identify, with properties of the person', async () => {
    const client = open();
    client.track('before');
    client.identify('u1', { plan: 'pro' });
    client.track('after');
    await pass(1_000);
    const [before, identify, after] = network.events();
    expect(before!.user_id).toBeUndefined();
    expect(identify).toMatchObject({ name: '$identify', user_id: 'u1', anonymous_id: before!.anonymous_id });
    expect(identify!.properties['$set']).toEqual({ plan: 'pro' });
    expect(after).toMatchObject({ user_id: 'u1', anonymous_id: before!.anonymous_id, session_id: before!.session_id });
  });

  test('is said once, and again when there is something to set', async () => {
    const client = open();
    client.identify(17);
    client.identify('17');
    client.identify('17', { plan: 'pro' });
    client.identify('');
    client.identify(undefined as never);
    client.identify({} as never);
    await pass(1_000);
    expect(network.events().map(({ name, user_id }) => [name, user_id])).toEqual([
      ['$identify', '17'],
      ['$identify', '17'],
    ]);
  });

  test('is another visitor when another user signs in', async () => {
    const client = open();
    client.identify('u1');
    client.identify('u2');
    await pass(1_000);
    const [one, two] = network.events();
    expect(two!.user_id).toBe('u2');
    expect(two!.anonymous_id).not.toBe(one!.anonymous_id);
  });

  test('is known on the next page and in other tabs, and forgotten by reset', async () => {
    open().identify('u1');
    const other = open();
    other.register({ plan: 'pro' });
    other.track('here');
    other.reset();
    other.track('gone');
    await pass(2_000);
    const [here, gone] = network.events().filter(({ name }) => name !== '$identify');
    expect(here).toMatchObject({ user_id: 'u1', properties: { plan: 'pro' } });
    expect(gone!.user_id).toBeUndefined();
    expect(gone!.anonymous_id).not.toBe(here!.anonymous_id);
    expect(gone!.session_id).not.toBe(here!.session_id);
    expect(gone!.properties['plan']).toBeUndefined();
  });

  test('is told to the page', () => {
    const client = open();
    client.identify('u1');
    expect(client.ids()).toMatchObject({ userId: 'u1', anonymousId: expect.any(String), sessionId: expect.any(String) });
  });
});

describe('privacy', () => {
  test('opting out stops everything, forgets everything and lasts', async () => {
    const client = open();
    client.track('one');
    client.optOut();
    client.track('two');
    client.identify('u1');
    client.register({ a: 1 });
    expect(client.ids()).toBeUndefined();
    open({ pageviews: true }).track('three');
    await pass(2_000);
    expect(network.requests).toHaveLength(0);
    expect(Object.keys(localStorage)).toEqual(['observe.optout']);
    client.optIn();
    client.track('four');
    await pass(1_000);
    expect(network.names()).toEqual(['four']);
  });

  test('signals of the browser count where the site wants it', async () => {
    Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
    open({ respectDnt: true, pageviews: true }).track('one');
    await pass(1_000);
    expect(network.requests).toHaveLength(0);
    expect(localStorage).toHaveLength(0);
    open().track('two');
    await pass(1_000);
    expect(network.names()).toEqual(['two']);
  });
});

test('a browser without storage, locks and beacons still counts', async () => {
  vi.spyOn(window, 'localStorage', 'get').mockImplementation(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  navigator.sendBeacon = undefined as never;
  const client = open({ pageviews: true });
  client.track('one');
  dispatchEvent(new Event('pagehide'));
  await pass(1_000);
  const [view, one] = network.events();
  expect([view!.name, one!.name]).toEqual(['$pageview', 'one']);
  expect(view!.anonymous_id).toBe(one!.anonymous_id);
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient, type Client, type Options } from '../src/client';
import { EXCEPTIONS_PER_MINUTE, REPEAT_MS, STACK_CHARS } from '../src/limits';
import { freshPage, pass, type Network, type Sent } from './page';

let network: Network;
let listeners: [string, EventListener][] = [];
const { addEventListener } = window;

function open(options: Partial<Options> = {}): Client {
  return createClient({ key: 'obs_pub_k', host: 'https://observe.example/', pageviews: false, ...options });
}

interface Listed {
  type: string;
  value: string;
  stack?: string;
  mechanism: { handled: boolean };
}

/** The errors that were sent. */
async function errors(): Promise<{ list: Listed[]; properties: Sent['properties'] }[]> {
  await pass(1_000);
  const sent = network.events().filter((event) => event.name === '$exception');
  return sent.map(({ properties }) => ({ list: properties['$exception_list'] as Listed[], properties }));
}

/** What a browser tells of a script that threw. */
function uncaught(told: ErrorEventInit): void {
  window.dispatchEvent(new ErrorEvent('error', told));
}

function rejected(reason: unknown): void {
  window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason }));
}

beforeEach(() => {
  // A client lives as long as its page; here pages come and go in one window.
  window.addEventListener = (type: string, work: EventListenerOrEventListenerObject) => {
    listeners.push([type, work as EventListener]);
    addEventListener.call(window, type, work);
  };
  network = freshPage();
});

afterEach(() => {
  listeners.forEach(([type, work]) => window.removeEventListener(type, work));
  listeners = [];
  window.addEventListener = addEventListener;
  vi.unstubAllGlobals();
  vi.clearAllTimers();
});

/** An error with a cause, in browsers older than the constructor that takes one too. */
const caused = (message: string, cause: unknown): Error => Object.assign(new Error(message), { cause });

describe('an error', () => {
  test('that nobody caught is recorded with its type, message and stack', async () => {
    open();
    const error = new TypeError('x is undefined');
    uncaught({ error, message: 'Uncaught TypeError: x is undefined' });
    const [{ list, properties }] = (await errors()) as [Awaited<ReturnType<typeof errors>>[0]];
    expect(list).toEqual([
      { type: 'TypeError', value: 'x is undefined', stack: error.stack, mechanism: { handled: false } },
    ]);
    expect(properties).toMatchObject({ $pathname: '/cart', $host: 'shop.example' });
  });

  test('of a rejected promise is recorded, whatever it was rejected with', async () => {
    open();
    rejected(new RangeError('too far'));
    rejected('no route');
    rejected({ code: 503 });
    rejected(undefined);
    rejected(null);
    const told = (await errors()).map(({ list }) => [list[0]!.type, list[0]!.value]);
    expect(told).toEqual([
      ['RangeError', 'too far'],
      ['', 'no route'],
      ['', '{"code":503}'],
      ['', 'undefined'],
      ['', 'null'],
    ]);
  });

  test('without an error object says where it was, if that is known', async () => {
    open();
    uncaught({ message: 'x is undefined', filename: 'https://shop.example/app.js', lineno: 7, colno: 9 });
    uncaught({ message: 'Script error.' });
    const told = (await errors()).map(({ list }) => list[0]);
    expect(told).toEqual([
      { type: 'Error', value: 'x is undefined', stack: 'at https://shop.example/app.js:7:9', mechanism: { handled: false } },
      { type: 'Error', value: 'Script error.', stack: '', mechanism: { handled: false } },
    ]);
  });

  test('that the page caught is recorded with what the page says of it', async () => {
    const client = open();
    client.captureException(caused('card refused', caused('503', 'timeout')), { amount: 12 });
    const [{ list, properties }] = (await errors()) as [Awaited<ReturnType<typeof errors>>[0]];
    expect(list.map(({ type, value }) => [type, value])).toEqual([
      ['Error', 'card refused'],
      ['Error', '503'],
      ['', 'timeout'],
    ]);
    expect(list[0]!.mechanism.handled).toBe(true);
    expect(properties['amount']).toBe(12);
  });
});

describe('what a page can say', () => {
  test('has an end: causes that go round, stacks and messages without end', async () => {
    const error = new Error('x'.repeat(1_000_000));
    error.stack = 'y'.repeat(1_000_000);
    Object.assign(error, { cause: error });
    open().captureException(error);
    const [{ list }] = (await errors()) as [Awaited<ReturnType<typeof errors>>[0]];
    expect(list).toHaveLength(4);
    expect(list[0]!.stack).toHaveLength(STACK_CHARS);
    expect(JSON.stringify(list).length).toBeLessThan(100_000);
  });

  test('counts repeats instead of sending them', async () => {
    const client = open();
    const error = new Error('again');
    for (let n = 0; n < 1_000; n++) client.captureException(error);
    await pass(REPEAT_MS);
    client.captureException(error);
    client.captureException(new Error('another'));
    const repeats = (await errors()).map(({ properties }) => properties['$exception_repeats']);
    expect(repeats).toEqual([undefined, 999, undefined]);
  });

  test('is bounded by the minute, and what was dropped is counted', async () => {
    const client = open();
    for (let n = 0; n < EXCEPTIONS_PER_MINUTE + 5; n++) client.captureException(new Error(`number ${n}`));
    expect(await errors()).toHaveLength(EXCEPTIONS_PER_MINUTE);
    await pass(60_000);
    client.captureException(new Error('later'));
    const all = await errors();
    expect(all).toHaveLength(EXCEPTIONS_PER_MINUTE + 1);
    expect(all.at(-1)!.properties['$dropped_events']).toBe(5);
  });

  test('is only what the page says itself where watching is turned off', async () => {
    const client = open({ exceptions: false });
    rejected(new Error('nobody listens'));
    client.captureException(new Error('by hand'));
    expect((await errors()).map(({ list }) => list[0]!.value)).toEqual(['by hand']);
  });

  test('is nothing where the visitor opted out', async () => {
    const client = open();
    client.optOut();
    uncaught({ error: new Error('out'), message: 'out' });
    client.captureException(new Error('out'));
    expect(await errors()).toEqual([]);
    client.optIn();
  });

  test('never harms the page', async () => {
    const client = open();
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('hostile');
      },
    });
    const round: Record<string, unknown> = {};
    round['round'] = round;
    for (const thrown of [hostile, round, Symbol('s'), 10n, () => 1, Object.create(null), document]) {
      expect(() => client.captureException(thrown)).not.toThrow();
      expect(() => rejected(thrown)).not.toThrow();
    }
    client.captureException(new Error('still here'));
    expect((await errors()).some(({ list }) => list[0]!.value === 'still here')).toBe(true);
  });
});

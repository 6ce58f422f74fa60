import { beforeEach, describe, expect, test, vi } from 'vitest';
import { QUEUE_BYTES, QUEUE_EVENTS } from '../src/limits';
import { openQueue } from '../src/queue';
import { openStore } from '../src/store';
import { uuidv7 } from '../src/uuid';
import { freshPage, NOON, pass } from './page';

const KEY = 'obs_pub_one';

function add(queue: ReturnType<typeof openQueue>, text = 'x'): string {
  const uuid = uuidv7(Date.now());
  queue.add(uuid, JSON.stringify({ text }));
  return uuid;
}

const uuids = (queue: ReturnType<typeof openQueue>): string[] => queue.waiting.map((event) => event.uuid);

/** Web Locks as the standard has them, for one browser. */
function fakeLocks(): void {
  const held = new Set<string>();
  const request = async (name: string, a: unknown, b?: unknown): Promise<unknown> => {
    const work = (b ?? a) as (lock: unknown) => unknown;
    if (held.has(name)) return work(null);
    held.add(name);
    try {
      return await work({ name });
    } finally {
      held.delete(name);
    }
  };
  vi.stubGlobal('navigator', Object.create(navigator, { locks: { value: { request } } }));
}

describe('the queue', () => {
  beforeEach(() => {
    vi.unstubAllGlobals();
    freshPage();
  });

  test('keeps events in storage until they are removed', () => {
    const queue = openQueue(openStore(), KEY, vi.fn());
    add(queue);
    add(queue);
    expect(localStorage).toHaveLength(2);
    queue.remove(queue.waiting.slice(0, 1));
    expect(localStorage).toHaveLength(1);
    expect(queue.waiting).toHaveLength(1);
  });

  test('drops the oldest beyond its number, and counts them', () => {
    const dropped = vi.fn();
    const queue = openQueue(openStore(), KEY, dropped);
    const all = Array.from({ length: QUEUE_EVENTS + 3 }, () => add(queue));
    expect(uuids(queue)).toEqual(all.slice(3));
    expect(localStorage).toHaveLength(QUEUE_EVENTS);
    expect(dropped).toHaveBeenCalledTimes(3);
  });

  test('drops the oldest beyond its bytes', () => {
    const dropped = vi.fn();
    const queue = openQueue(openStore(), KEY, dropped);
    for (let i = 0; i < 6; i++) add(queue, 'é'.repeat(50_000));
    expect(queue.waiting.reduce((sum, event) => sum + event.bytes, 0)).toBeLessThanOrEqual(QUEUE_BYTES);
    expect(dropped).toHaveBeenCalledTimes(2);
  });

  test('works without storage, and where storage is full', () => {
    const full = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const queue = openQueue(openStore(), KEY, vi.fn());
    const uuid = add(queue);
    expect(uuids(queue)).toEqual([uuid]);
    queue.remove(queue.waiting);
    expect(queue.waiting).toHaveLength(0);
    full.mockRestore();
  });

  test('takes over what a page that is gone left behind, in order and with the same uuids', async () => {
    fakeLocks();
    const gone = openQueue(openStore(), KEY, vi.fn());
    const left = [add(gone), add(gone)];
    gone.leave();
    await pass(1);
    const queue = openQueue(openStore(), KEY, vi.fn());
    const own = add(queue);
    const taken = vi.fn();
    queue.adopt(taken);
    await pass(1);
    expect(uuids(queue)).toEqual([...left, own]);
    expect(taken).toHaveBeenCalled();
    expect(localStorage).toHaveLength(3);
  });

  test('leaves alone what a page that is open still holds', async () => {
    fakeLocks();
    const open = openQueue(openStore(), KEY, vi.fn());
    add(open);
    const queue = openQueue(openStore(), KEY, vi.fn());
    queue.adopt(vi.fn());
    await pass(1);
    expect(queue.waiting).toHaveLength(0);
  });

  test('without locks takes over only what is old', async () => {
    const other = openQueue(openStore(), KEY, vi.fn());
    const old = add(other);
    await pass(50_000);
    add(other);
    await pass(20_000);
    const queue = openQueue(openStore(), KEY, vi.fn());
    queue.adopt(vi.fn());
    expect(uuids(queue)).toEqual([old]);
  });

  test('never sends events of another key, and throws them away after a week', async () => {
    const other = openQueue(openStore(), 'obs_pub_two', vi.fn());
    add(other);
    await pass(120_000);
    const queue = openQueue(openStore(), KEY, vi.fn());
    queue.adopt(vi.fn());
    expect(queue.waiting).toHaveLength(0);
    expect(localStorage).toHaveLength(1);
    vi.setSystemTime(NOON + 8 * 86_400_000);
    openQueue(openStore(), KEY, vi.fn());
    expect(localStorage).toHaveLength(0);
  });

  test('throws away what was damaged, since it would spoil a batch', () => {
    localStorage.setItem(`observe.q.${KEY}.page.${uuidv7(NOON - 100_000)}`, '{"name":');
    const queue = openQueue(openStore(), KEY, vi.fn());
    queue.adopt(vi.fn());
    expect(queue.waiting).toHaveLength(0);
    expect(localStorage).toHaveLength(0);
  });

  test('bounds what all pages together leave behind, the newest are kept', () => {
    for (let i = 0; i < QUEUE_EVENTS + 5; i++) localStorage.setItem(`observe.q.${KEY}.p${i}.${uuidv7(NOON + i)}`, '{}');
    const dropped = vi.fn();
    openQueue(openStore(), KEY, dropped);
    expect(localStorage).toHaveLength(QUEUE_EVENTS);
    expect(dropped).toHaveBeenCalledTimes(5);
    expect(Object.keys(localStorage).some((name) => name.includes('.p4.'))).toBe(false);
  });
});

import { beforeEach, describe, expect, test } from 'vitest';
import { maskUrl } from '../src/privacy';
import { endSession, touchSession } from '../src/session';
import { openStore } from '../src/store';
import { uuidTime, uuidv7 } from '../src/uuid';
import { NOON } from './page';

const MINUTE = 60_000;

describe('uuids', () => {
  test('are version 7 and hold their time', () => {
    const uuid = uuidv7(NOON);
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(uuidTime(uuid)).toBe(NOON);
  });

  test('sort in the order they were made within a millisecond', () => {
    const made = Array.from({ length: 2_000 }, () => uuidv7(NOON + 1));
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(2_000);
  });

  test('of something that is no uuid have no time', () => {
    expect(uuidTime('zzz')).toBeNaN();
  });
});

describe('a session', () => {
  beforeEach(() => localStorage.clear());

  test('goes on while no 30 minutes pass without an event', () => {
    const store = openStore();
    const first = touchSession(store, NOON);
    expect(touchSession(store, NOON + 30 * MINUTE)).toBe(first);
    expect(touchSession(store, NOON + 60 * MINUTE)).toBe(first);
    expect(touchSession(store, NOON + 90 * MINUTE + 1)).not.toBe(first);
  });

  test('ends 24 hours after it began, however busy', () => {
    const store = openStore();
    const first = touchSession(store, NOON);
    let at = NOON;
    for (; at <= NOON + 24 * 60 * MINUTE; at += 20 * MINUTE) expect(touchSession(store, at)).toBe(first);
    expect(touchSession(store, at)).not.toBe(first);
  });

  test('is shared: an event in another tab keeps it alive', () => {
    const first = touchSession(openStore(), NOON);
    expect(touchSession(openStore(), NOON + 25 * MINUTE)).toBe(first);
    expect(touchSession(openStore(), NOON + 50 * MINUTE)).toBe(first);
  });

  test('has an id that is no later than its first event', () => {
    expect(uuidTime(touchSession(openStore(), NOON + 99))).toBe(NOON + 99);
  });

  test('survives a small step back of the clock, not a large one', () => {
    const store = openStore();
    const first = touchSession(store, NOON);
    expect(touchSession(store, NOON - MINUTE)).toBe(first);
    expect(touchSession(store, NOON - 120 * MINUTE)).not.toBe(first);
  });

  test('begins anew when it was ended or what is stored is broken', () => {
    const store = openStore();
    const first = touchSession(store, NOON);
    endSession(store);
    expect(touchSession(store, NOON)).not.toBe(first);
    for (const broken of ['{', '[]', '7', '{"id":"x"}', '{"id":3,"start":1,"last":1}']) {
      localStorage.setItem('observe.session', broken);
      expect(touchSession(store, NOON)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe('addresses', () => {
  test.each([
    ['https://a.example/x?page=2&sort=up#top', 'https://a.example/x?page=2&sort=up#top'],
    ['https://a.example/reset?token=abc123&page=2', 'https://a.example/reset?token=***&page=2'],
    ['https://a.example/?access_token=a&Email=b&password=c', 'https://a.example/?access_token=***&Email=***&password=***'],
    ['https://a.example/cb#access_token=abc&state=1', 'https://a.example/cb#access_token=***&state=***'],
    ['https://a.example/#/login?token=abc', 'https://a.example/#/login?token=***'],
    ['https://a.example/?q=jane%40doe.example', 'https://a.example/?q=***'],
    ['https://a.example/?%74oken=abc', 'https://a.example/?%74oken=***'],
    ['https://jane:pw@a.example/x', 'https://a.example/x'],
    ['https://a.example/?next=/cb?token=abc', 'https://a.example/?next=/cb?token=***'],
    ['https://a.example/?next=%2Fcb%3Ftoken%3Dabc', 'https://a.example/?next=***'],
    ['https://a.example/?next=%2Fcb%3Fpage%3D2', 'https://a.example/?next=%2Fcb%3Fpage%3D2'],
    ['https://a.example/?author=kafka', 'https://a.example/?author=kafka'],
    ['https://a.example/?token=', 'https://a.example/?token='],
    ['https://a.example/?utm_source=x&keyword=y', 'https://a.example/?utm_source=x&keyword=y'],
    ['https://a.example/?a=%E0%A4%A', 'https://a.example/?a=%E0%A4%A'],
  ])('%s is kept as %s', (given, kept) => {
    expect(maskUrl(given)).toBe(kept);
  });

  test('are cut', () => {
    expect(maskUrl(`https://a.example/?x=${'y'.repeat(9_000)}`)).toHaveLength(2_000);
  });

  test('that are hostile take no time', () => {
    const start = performance.now();
    maskUrl(`https://a.example/?${'a=@'.repeat(50_000)}&${'@.'.repeat(50_000)}`);
    maskUrl(`https://a.example/?x=${'y'.repeat(1_000_000)}`);
    maskUrl(`https://a.example/?x=${'%25'.repeat(600)}`);
    expect(performance.now() - start).toBeLessThan(50);
  });
});

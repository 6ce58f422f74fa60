/** A page to test on: a fresh one for each test, with a network and a clock that the test controls. */
import { vi } from 'vitest';

export const NOON = Date.parse('2026-03-01T12:00:00Z');

/** What the server is asked, and what it answers. */
export interface Network {
  requests: { url: string; init: RequestInit; body: Body }[];
  beacons: { url: string; body: Body }[];
  /** The answer to the next requests; a function decides for each. */
  answer: () => Response | Promise<Response>;
  /** Names of all events that were sent, in order. */
  names(): string[];
  /** All events that were sent, in order. */
  events(): Sent[];
}

export interface Sent {
  uuid: string;
  name: string;
  anonymous_id: string;
  user_id?: string;
  session_id: string;
  timestamp: string;
  properties: Record<string, unknown>;
}

interface Body {
  api_key: string;
  sent_at: string;
  events: Sent[];
}

export function accepted(): Response {
  return new Response('{"accepted":1,"duplicates":0,"rejected":[]}', { status: 202 });
}

export function refusal(status: number, headers: Record<string, string> = {}): Response {
  return new Response('{"code":"X","message":"because"}', { status, headers });
}

/** Resets storage, address, clock and network. */
export function freshPage(): Network {
  vi.useFakeTimers({ now: NOON, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  localStorage.clear();
  history.replaceState(null, '', '/cart');
  document.title = 'Cart';
  const network: Network = {
    requests: [],
    beacons: [],
    answer: accepted,
    names: () => network.events().map((event) => event.name),
    events: () => [...network.requests, ...network.beacons].flatMap((request) => request.body.events),
  };
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    network.requests.push({ url, init, body: JSON.parse(String(init.body)) });
    return network.answer();
  });
  navigator.sendBeacon = (url, body) => {
    network.beacons.push({ url: String(url), body: JSON.parse(String(body)) });
    return true;
  };
  return network;
}

/** Lets time pass. */
export async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
}

/** The page is hidden, shown or left. */
export function visibility(state: 'hidden' | 'visible'): void {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}

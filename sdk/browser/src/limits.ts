/** Every bound of the SDK, by name. Bytes are UTF-8 bytes, times are milliseconds. */

/** So many waiting events are sent at once, without waiting for the delay. */
export const FLUSH_EVENTS = 10;
/** So many waiting bytes are sent at once; also the most that one request carries, unless one event alone has more. */
export const FLUSH_BYTES = 40_000;
/** How long an event waits for company. */
export const FLUSH_DELAY_MS = 1_000;
/** The most events in one request. */
export const BATCH_EVENTS = 100;
/** Browsers let 64 KiB of `keepalive` and beacon bodies be under way together; larger requests go without. */
export const UNLOAD_BYTES = 60_000;

/** The most events that wait; beyond, the oldest is dropped and counted. */
export const QUEUE_EVENTS = 500;
/** The most bytes that wait. */
export const QUEUE_BYTES = 500_000;
/** A larger event is refused. */
export const EVENT_BYTES = 200_000;
/** Where Web Locks are missing, an event of another tab is taken over when it is this old. */
export const ORPHAN_AGE_MS = 60_000;
/** Events that no page could send are thrown away when they are this old. */
export const STALE_AGE_MS = 7 * 86_400_000;

/** A request without an answer is given up after this time. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** The first wait after a failure; it doubles from failure to failure. */
export const RETRY_BASE_MS = 1_000;
/** The longest wait that we choose ourselves. */
export const RETRY_CAP_MS = 60_000;
/** The longest wait that a server may ask for with `Retry-After`. */
export const RETRY_AFTER_CAP_MS = 3_600_000;

/** A session ends after this time without an event. */
export const SESSION_IDLE_MS = 30 * 60_000;
/** No session is longer than this. */
export const SESSION_MAX_MS = 24 * 3_600_000;

/** Longer addresses and titles are cut to so many characters. */
export const TEXT_CHARS = 2_000;

/** The most errors that a page records in a minute; beyond, they are dropped and counted. */
export const EXCEPTIONS_PER_MINUTE = 20;
/** The same error within this time after it was recorded is counted with the next one. */
export const REPEAT_MS = 1_000;
/** How far the causes of an error are followed, itself included. */
export const CAUSES = 4;
/** Longer stacks are cut to so many characters: the call that threw comes first. */
export const STACK_CHARS = 10_000;

/** Longer texts, attributes and selectors of an element are cut to so many characters. */
export const ELEMENT_CHARS = 200;
/** So many characters of an element are looked at: what is masked there is not cut in the middle. */
export const RAW_TEXT_CHARS = 1_000;
/** The most properties that `data-observe-*` attributes give an event. */
export const ELEMENT_PROPERTIES = 20;
/** The most steps of an element's selector. */
export const SELECTOR_DEPTH = 5;
/** So many clicks in one place are rage: one more than select a paragraph. */
export const RAGE_CLICKS = 4;
/** All of them come within this time. */
export const RAGE_MS = 2_000;
/** The same place is within so many CSS pixels. */
export const RAGE_PIXELS = 30;

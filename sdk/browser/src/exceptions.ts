import { CAUSES, EXCEPTIONS_PER_MINUTE, REPEAT_MS, STACK_CHARS, TEXT_CHARS } from './limits.js';
import type { Properties } from './page.js';

/** Anything can be thrown; of what looks like an error these are read. */
type Thrown = { name?: unknown; message?: unknown; stack?: unknown; cause?: unknown } | null | undefined;

/** Records what was thrown; `handled` says whether the page went on by itself. */
export type Capture = (thrown: unknown, handled: boolean, properties?: Properties) => void;

/**
 * Bounds what a page can say of errors: what is thrown again at once is counted with the next one, and a page that throws
 * without end says so only so often.
 */
export function openExceptions(record: (properties: Properties) => void, dropped: () => void): Capture {
  let before = '';
  let last = 0;
  let repeats = 0;
  let minute = 0;
  let count = 0;
  return (thrown, handled, properties) => {
    const now = Date.now();
    const list = listOf(thrown, handled);
    const text = JSON.stringify(list);
    if (text !== before) repeats = 0;
    else if (now - last < REPEAT_MS) return void repeats++;
    if (now - minute >= 60_000) {
      minute = now;
      count = 0;
    }
    if (count++ >= EXCEPTIONS_PER_MINUTE) return dropped();
    record({ $exception_list: list, ...(repeats && { $exception_repeats: repeats }), ...properties });
    before = text;
    last = now;
    repeats = 0;
  };
}

/** What was thrown, then what caused it. Stacks go as the browser wrote them: the server reads every form there is. */
function listOf(thrown: unknown, handled: boolean): Properties[] {
  const list: Properties[] = [];
  let error = thrown as Thrown;
  do {
    const { name, message, stack, cause } = error ?? {};
    const isError = typeof message === 'string';
    const said = isError ? message : typeof error === 'object' ? JSON.stringify(error) : error;
    list.push({
      type: isError ? cut(name, TEXT_CHARS) : '',
      value: cut(said, TEXT_CHARS),
      stack: stack && cut(stack, STACK_CHARS),
      mechanism: { handled },
    });
    error = cause as Thrown;
  } while (error && list.length < CAUSES);
  return list;
}

function cut(value: unknown, chars: number): string {
  return String(value).slice(0, chars);
}

/** Hears of errors that nobody caught. */
export function watchExceptions(capture: Capture): void {
  addEventListener('error', ({ error, message, filename, lineno, colno }) => {
    // Old engines, and scripts of other origins, give no error; what is left is where it was, if that.
    capture(error ?? { name: 'Error', message, stack: filename && `at ${filename}:${lineno}:${colno}` }, false);
  });
  addEventListener('unhandledrejection', ({ reason }) => capture(reason, false));
}

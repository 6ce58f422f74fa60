// A shop whose payment fails, watched by Sentry's Node.js client; the DSN is the only argument.
import * as Sentry from '@sentry/node';

Sentry.init({ dsn: process.argv[2], release: 'shop@2.0', environment: 'test', tracesSampleRate: 1 });

class PaymentError extends Error {
  name = 'PaymentError';
}

function pay(order) {
  throw new PaymentError(`order ${order} was not paid`, { cause: new Error(`no route to bank ${order}`) });
}

for (const [order, person] of ['ada', 'ben', 'ada'].entries()) {
  Sentry.setUser({ id: person });
  try {
    pay(order);
  } catch (error) {
    Sentry.captureException(error);
  }
}
Sentry.captureMessage('stock is low');
await Sentry.flush(20_000);
// What nobody catches ends the program, and the client still sends it.
Sentry.setUser({ id: 'cid' });
Promise.reject(new TypeError('nobody waits for me'));

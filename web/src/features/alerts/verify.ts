/** How a receiver checks that a message is genuine, by the Standard Webhooks specification. */
export const VERIFIERS = {
  node: `import { createHmac, timingSafeEqual } from 'node:crypto';

// headers in lowercase, body as the bytes that came, secret as it was shown: whsec_...
export function isGenuine(headers, body, secret) {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signatures } = headers;
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const right = createHmac('sha256', key).update(\`\${id}.\${time}.\`).update(body).digest();
  return signatures.split(' ').some((one) => {
    const given = Buffer.from(one.replace(/^v1,/, ''), 'base64');
    return given.length === right.length && timingSafeEqual(given, right);
  });
}`,
  python: `import base64, hashlib, hmac, time

# headers in lowercase, body as the bytes that came, secret as it was shown: whsec_...
def is_genuine(headers, body, secret):
    sent = headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent}.".encode() + body
    right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(right, one) for one in headers["webhook-signature"].split(" "))`,
} as const;

export type Verifier = keyof typeof VERIFIERS;

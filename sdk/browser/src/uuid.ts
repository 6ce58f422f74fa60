/** A clock that was set back by more than this is followed; smaller steps are waited out by counting. */
const STEP_BACK_MS = 1_000;

let lastTime = 0;
let sequence = 0;

/**
 * A UUIDv7. The ids of one page sort in the order they were made, also within a millisecond: the 12 bits after the time
 * are a counter that starts at a random place.
 */
export function uuidv7(now: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  if (now > lastTime || lastTime - now > STEP_BACK_MS) {
    lastTime = now;
    sequence = ((bytes[6]! & 3) << 8) | bytes[7]!;
  } else {
    sequence++;
  }
  let rest = lastTime;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | ((sequence >> 8) & 15);
  bytes[7] = sequence & 255;
  bytes[8] = 0x80 | (bytes[8]! & 63);
  // By hand: some old libraries replace `Array.from` by one that maps nothing.
  let text = '';
  bytes.forEach((byte, i) => (text += (i === 4 || i === 6 || i === 8 || i === 10 ? '-' : '') + (byte + 256).toString(16).slice(1)));
  return text;
}

/** The time in a UUIDv7, or NaN. */
export function uuidTime(uuid: string): number {
  return parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

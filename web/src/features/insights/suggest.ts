/** Names that were never heard of, and what may have been meant. */

/** More than a third of a name changed is another name. */
const CHANGED_MAX = 1 / 3;

/** Answers the known name that is most like the one given, if one is close enough to be a slip of the keyboard. */
export function closestName(name: string, known: readonly string[]): string | null {
  const wanted = plain(name);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(wanted.length * CHANGED_MAX)) + 1;
  for (const one of known) {
    const distance = plain(one) === wanted ? 0 : edits(wanted, plain(one), least);
    if (distance < least) [best, least] = [one, distance];
  }
  return best;
}

/** Letters and digits only, so that `Sign Up`, `sign_up` and `signUp` are the same. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}$]/gu, "");
}

/** How many letters have to change, but not more than `limit`. */
function edits(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return Math.min(row[to.length] ?? limit, limit);
}

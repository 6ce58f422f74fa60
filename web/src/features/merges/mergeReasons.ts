/** Why a merge was refused, for the developer who can change it. The codes are those of RefusedMerge. */
export interface MergeReason {
  title: string;
  /** What to change; code stands between backticks. */
  advice: string;
}

const REASONS: Record<string, MergeReason> = {
  already_identified: {
    title: "Both are identified",
    advice:
      "Two users would have become one. Mostly a shared device: call `reset` when somebody signs out, and the next one starts with an id of their own. If both are the same user, merge them on the person's page, or with `$merge_dangerously` and a secret key.",
  },
  illegal_id: {
    title: "An id that names nobody",
    advice:
      "One of the two ids is a word like `null`, `undefined`, `guest` or `0`, which everybody would share. Send `identify` only once the user's id is known, and send the id itself. The event was stored and counts in totals.",
  },
  secret_key_needed: {
    title: "Needs a secret key",
    advice:
      "`$merge_dangerously` joins users for good reasons only a server has, and a write key is public. Send it from a server with a secret key, or merge the two on the person's page.",
  },
  too_many_ids: {
    title: "Too many ids",
    advice:
      "The two would have more than 1,000 distinct ids together. That is mostly one user id for everybody, such as a test account or a kiosk: give each their own, and find out which code names this id.",
  },
  illegal_group: {
    title: "A group that names nothing",
    advice:
      "`$groupidentify` needs `$group_type` and `$group_key`, each at most 200 characters, and no word like `null` or `undefined`. Send it only once the group's key is known.",
  },
  too_many_group_types: {
    title: "Too many types of group",
    advice:
      "A project has at most 5 types, such as company or team. A sixth is mostly a key in the wrong place: `$group_type` says what kind of group it is, `$group_key` which one.",
  },
};

/** Codes of what is no merge, but a group that was refused: there are no two persons then. */
export const GROUP_CODES: readonly string[] = ["illegal_group", "too_many_group_types"];

/** The codes that are known, the most frequent cause of trouble first. */
export const MERGE_CODES: readonly string[] = Object.keys(REASONS);

/** What a code means. One that is not known yet is shown by its own words, and with what the server said of it. */
export function mergeReasonOf(code: string, said = ""): MergeReason {
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  if (known) return known;
  const words = code.replaceAll("_", " ").trim();
  return { title: words ? words.charAt(0).toUpperCase() + words.slice(1) : "No reason given", advice: said };
}

/** The counts of the last day, the highest first; codes of a new server among them. */
export function countsOf(counts: Record<string, bigint>): { code: string; count: bigint }[] {
  return Object.entries(counts)
    .map(([code, count]) => ({ code, count }))
    .filter(({ count }) => count > 0n)
    .sort((a, b) => Number(b.count - a.count) || (a.code < b.code ? -1 : 1));
}

/** How many there were in the last day. */
export function countsTotal(counts: Record<string, bigint>): bigint {
  return Object.values(counts).reduce((sum, count) => sum + count, 0n);
}

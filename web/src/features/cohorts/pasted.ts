/** As many as one call takes. */
export const IDS_A_CALL = 1_000;
/** As many as may be pasted at once: 100 calls. */
export const IDS_MAX = 100_000;
/** The longest distinct id, in characters. */
const ID_CHARS = 200;

export interface Pasted {
  /** Each once, in their order. */
  ids: string[];
  /** Lines that are no distinct id. */
  tooLong: number;
}

/** Reads distinct ids, one a line; a column of a spreadsheet is that as well. Quotes around a whole line are not part of it. */
export function readIds(text: string): Pasted {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim().replace(/^"(.*)"$/, "$1")).filter((line) => line !== "");
  const unique = [...new Set(lines)];
  const ids = unique.filter((line) => [...line].length <= ID_CHARS);
  return { ids, tooLong: unique.length - ids.length };
}

/** The ids in portions of one call. */
export function portions(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / IDS_A_CALL) }, (_, index) => ids.slice(index * IDS_A_CALL, (index + 1) * IDS_A_CALL));
}

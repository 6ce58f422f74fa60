import { defaultFilter } from "cmdk";

/** How long the id is that can stand behind a name, in characters. */
const ID_LENGTH = 36;

/**
 * How well a name fits what is typed, or the best of the other words that find it, from 0 (not at all) to 1. Each counts by
 * itself, since letters picked from several words would fit anything. The id behind a name, which only tells things apart, does not count.
 */
export function byName(value: string, search: string, keywords?: string[]): number {
  const hasId = value.at(-ID_LENGTH - 1) === " " && /^[0-9a-f-]+$/i.test(value.slice(-ID_LENGTH));
  const name = hasId ? value.slice(0, -ID_LENGTH - 1) : value;
  return Math.max(...[name, ...(keywords ?? [])].map((word) => defaultFilter(word, search) ?? 0));
}

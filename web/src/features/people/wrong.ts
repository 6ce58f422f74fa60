import { readError } from "@/api/errors";

/** The places of the conditions that the server found fault with. */
export function wrongConditionsOf(error: unknown, count: number): number[] {
  if (!error) return [];
  const fields = Object.keys(readError(error).fields);
  const places = Array.from({ length: count }, (_, index) => index);
  return places.filter((index) => fields.some((field) => field.startsWith(`filter.conditions[${index}]`)));
}

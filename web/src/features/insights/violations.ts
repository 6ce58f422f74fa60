/** What the server found wrong, by the part of the builder it belongs to. */

/** Whether a violated field is a part of the request or lies below it, as `series[0].filter.conditions[1]` in `series[0]`. */
function isWithin(field: string, path: string): boolean {
  return field === path || field.startsWith(`${path}.`) || field.startsWith(`${path}[`);
}

/** The violations of one part. */
export function violationsAt(fields: Record<string, string>, path: string): string[] {
  return Object.keys(fields).flatMap((field) => (isWithin(field, path) ? [fields[field] ?? ""] : []));
}

/** The places of the conditions of a filter that are violated. */
export function wrongConditions(fields: Record<string, string>, filter: string, count: number): number[] {
  const places = Array.from({ length: count }, (_, index) => index);
  return places.filter((index) => violationsAt(fields, `${filter}.conditions[${index}]`).length > 0);
}

/** The violations that none of the parts shows. */
export function violationsElsewhere(fields: Record<string, string>, shown: readonly string[]): string[] {
  return Object.keys(fields).flatMap((field) =>
    shown.some((path) => isWithin(field, path)) ? [] : [`${field}: ${fields[field] ?? ""}`],
  );
}

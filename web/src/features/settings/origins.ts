/** Reads origins as people type them: one a line or separated by commas, with or without a slash at the end. */
export function parseOrigins(text: string): string[] {
  const origins = text
    .split(/[\s,]+/)
    .map((origin) => origin.trim().replace(/\/+$/, ""))
    .filter(Boolean);
  return [...new Set(origins)];
}

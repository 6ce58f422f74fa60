import { readError } from "@/api/errors";

/** Places the violations of a failed call at the two fields: `alert_channel.webhook.url` at `url`. */
export function placeChannelProblems(thrown: unknown): { fields: { name?: string; url?: string }; form?: string } {
  if (!thrown) return { fields: {} };
  const problem = readError(thrown);
  const fields: { name?: string; url?: string } = {};
  const rest: string[] = [];
  for (const [path, text] of Object.entries(problem.fields)) {
    const last = path.split(".").at(-1);
    if (last === "name" || last === "url") fields[last] ??= text;
    // A channel without an address is refused at the address as a whole.
    else if (last === "address" || last === "webhook") fields.url ??= text;
    else rest.push(text);
  }
  if (rest.length > 0) return { fields, form: rest.join(" ") };
  return Object.keys(fields).length > 0 ? { fields } : { fields, form: problem.message };
}

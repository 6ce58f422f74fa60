/** The properties that reports know of a session: those of its first event with a page, and what it came to. */
interface SessionProperty {
  name: string;
  /** The event property that has the same values; none for numbers. */
  valuesOf?: string;
  /** The values, where they are few and known. */
  values?: readonly string[];
}

export const SESSION_PROPERTIES: readonly SessionProperty[] = [
  { name: "$entry_pathname", valuesOf: "$pathname" },
  { name: "$entry_referring_domain", valuesOf: "$referring_domain" },
  { name: "$entry_utm_source", valuesOf: "utm_source" },
  { name: "$entry_utm_medium", valuesOf: "utm_medium" },
  { name: "$entry_utm_campaign", valuesOf: "utm_campaign" },
  { name: "$pageview_count" },
  { name: "$duration_seconds" },
  { name: "$is_bounce", values: ["true", "false"] },
];

/** Where the values of a property of sessions are found. */
export function sessionProperty(name: string): SessionProperty | undefined {
  return SESSION_PROPERTIES.find((one) => one.name === name);
}

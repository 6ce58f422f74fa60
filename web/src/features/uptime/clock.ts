// Making a formatter costs far more than using one.
const formatters = new Map<string, Intl.DateTimeFormat>();

/** The day and the time to the second: "3 Nov, 14:02:07". */
export function clockName(time: Date, timeZone: string): string {
  let known = formatters.get(timeZone);
  if (!known) {
    const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
    known = new Intl.DateTimeFormat("en-GB", { ...parts, timeZone });
    formatters.set(timeZone, known);
  }
  return known.format(time);
}

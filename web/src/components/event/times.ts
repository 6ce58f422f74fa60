/** Times in lists. Making a formatter is far dearer than using one, so those of each zone are kept. */
interface Formats {
  clock: Intl.DateTimeFormat;
  day: Intl.DateTimeFormat;
  whole: Intl.DateTimeFormat;
}

const kept = new Map<string, Formats>();
const DAY_MS = 86_400_000;

function formats(timeZone: string): Formats {
  let zone = kept.get(timeZone);
  if (!zone) {
    const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone } as const;
    const day = { day: "numeric", month: "short" } as const;
    zone = {
      clock: new Intl.DateTimeFormat("en-GB", clock),
      day: new Intl.DateTimeFormat("en-GB", { ...day, timeZone }),
      whole: new Intl.DateTimeFormat("en-GB", { ...day, ...clock, year: "numeric", fractionalSecondDigits: 3 }),
    };
    kept.set(timeZone, zone);
  }
  return zone;
}

/** "14:02:07"; the day instead, where it is long ago and the list does not say the day. */
export function rowTime(time: Date, timeZone: string, saysDay: boolean): string {
  const { clock, day } = formats(timeZone);
  return saysDay || Math.abs(Date.now() - time.getTime()) < DAY_MS ? clock.format(time) : day.format(time);
}

/** The whole instant, for hovering. */
export function rowInstant(time: Date, timeZone: string): string {
  return `${formats(timeZone).whole.format(time)}, ${timeZone}`;
}

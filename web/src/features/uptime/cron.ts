/** A line for a crontab that runs about as often as the interval says, and calls the address when the job has succeeded. */
export function cronLine(intervalSeconds: number, url: string): string {
  return `${schedule(intervalSeconds)} /path/to/job && curl -fsS -m 10 --retry 3 ${url}`;
}

/** Cron knows no seconds, and only what divides an hour or a day comes evenly. */
function schedule(seconds: number): string {
  const minutes = Math.max(1, Math.floor(seconds / 60));
  if (minutes < 60) return minutes === 1 ? "* * * * *" : `*/${minutes} * * * *`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return hours === 1 ? "0 * * * *" : `0 */${hours} * * *`;
  return "0 3 * * *";
}

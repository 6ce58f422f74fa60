import type { ReactNode } from "react";
import { Link } from "wouter";
import { MiniBars } from "@/charts/MiniBars";
import { knownZone } from "@/components/query/zone";
import { exactNumber, plural, shortNumber } from "@/format/number";
import type { Comparison, DayNumbers } from "@/gen/observe/reports/v1/overview_service_pb";
import { useProject } from "@/hooks/useProject";
import { changeOf, dayNames, hourNames, millisText } from "./numbersView";
import styles from "./numbers.module.css";

/** The numbers of today, each with what it was yesterday and how it went. */
export function Numbers({ numbers, now }: { numbers: DayNumbers; now: Date }) {
  const timeZone = knownZone(numbers.timeZone);
  const { requests, p95Ms, p95MsHours } = numbers;
  const requestCount = requests?.value ?? 0;
  const days = (what: string, values: readonly number[]) => (
    <MiniBars values={values} names={dayNames(values.length, now, timeZone)} label={`${what} a day, the last ${values.length} days`} write={exactNumber} unfinished />
  );
  return (
    <section className={styles.numbers} aria-label="Numbers of today">
      <h2 className={styles.group}>
        Today <span>until now, against the same hours of yesterday · {timeZone}</span>
      </h2>
      <div className={styles.tiles}>
        <Tile name="People" page="people" number={numbers.people} chart={days("People", numbers.peopleDays)} foot="14 days" />
        <Tile name="Events" page="live" number={numbers.events} chart={days("Events", numbers.eventDays)} foot="14 days" />
        <Tile name="Errors" page="errors" number={numbers.errors} chart={days("Errors", numbers.errorDays)} foot="14 days" />
        <Tile
          name="Request time, p95"
          page="endpoints"
          number={p95Ms}
          write={millisText}
          nothing="no requests yet"
          foot={requestCount > 0 ? `24 hours · ${plural(requestCount, "request")} today` : "24 hours"}
          chart={
            <MiniBars
              values={p95MsHours.map((value) => (value === 0 ? null : value))}
              names={hourNames(p95MsHours.length, now, timeZone)}
              label="95 % of requests were faster, by hour, the last 24 hours"
              write={millisText}
              unfinished
            />
          }
        />
      </div>
    </section>
  );
}

interface TileProps {
  name: string;
  /** The page behind the number. */
  page: string;
  number: Comparison | undefined;
  write?: (value: number) => string;
  /** Said instead of a number where there is none. */
  nothing?: string;
  chart: ReactNode;
  foot: string;
}

function Tile({ name, page, number, write, nothing = "–", chart, foot }: TileProps) {
  const { path } = useProject();
  const change = number && changeOf(number, write);
  return (
    <div className={styles.tile}>
      <h3>
        <Link href={path(page)}>{name}</Link>
      </h3>
      <p className={styles.value}>
        {number ? <b title={(write ?? exactNumber)(number.value)}>{(write ?? shortNumber)(number.value)}</b> : <span className={styles.nothing}>{nothing}</span>}
        {change && (
          <span className={styles.change} title={change.words}>
            <span aria-hidden>{change.short}</span>
            <span className="visually-hidden">{change.words}</span>
          </span>
        )}
      </p>
      {chart}
      <p className={styles.foot}>{foot}</p>
    </div>
  );
}

import type { ReactNode } from "react";
import { EventPicker, FilterBar, INSIGHT_SCOPES } from "@/components/query";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import { hintsOf, repaired } from "./hint";
import { Hints } from "./Hints";
import type { EventState } from "./question";
import { Violations } from "./Violations";
import { violationsAt, wrongConditions } from "./violations";
import styles from "./insights.module.css";

interface Props<T extends EventState> {
  /** What it is, inside sentences: "step 2". */
  name: string;
  value: T;
  /** Told what it is to be. */
  onChange(value: T): void;
  /** The part of the request that it is: `steps[1]`. */
  path: string;
  fields: Record<string, string>;
  hints: readonly Hint[];
  /** Stands in front: a number, a handle. */
  front?: ReactNode;
  /** Stands between the event and its filters: what is counted of it. */
  middle?: ReactNode;
  /** Stands after the filters. */
  after?: ReactNode;
  /** Stands at the end of the row. */
  end?: ReactNode;
  held?: boolean;
}

/** An event with its filters in one row, and below it what the server says about it. */
export function EventRow<T extends EventState>({ name, value, onChange, path, fields, hints, front, middle, after, end, held }: Props<T>) {
  return (
    <>
      <div className={styles.row} data-held={held || undefined}>
        {front}
        <EventPicker
          allowAny
          label={`Event of ${name}`}
          value={value.event}
          wrong={violationsAt(fields, `${path}.event`).length > 0}
          onChange={(event) => onChange({ ...value, event })}
        />
        {middle}
        <FilterBar
          quiet
          label={`Filters of ${name}`}
          value={value.filter}
          scopes={INSIGHT_SCOPES}
          eventName={value.event}
          wrong={wrongConditions(fields, `${path}.filter`, value.filter.conditions.length)}
          onChange={(filter) => onChange({ ...value, filter })}
        />
        {after}
        {end}
      </div>
      <Violations fields={fields} path={path} />
      <Hints hints={hintsOf(hints, value)} onReplace={(hint, by) => onChange(repaired(value, hint, by))} />
    </>
  );
}

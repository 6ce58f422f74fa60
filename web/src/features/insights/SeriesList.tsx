import { Plus, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker, PropertyPicker } from "@/components/query";
import { SelectField } from "@/components/SelectField";
import { Skeleton } from "@/components/Skeleton";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import { EventRow } from "./EventRow";
import { MATH_INFO, MATHS } from "./maths";
import { letter, newSeries, type SeriesState, SERIES_MAX } from "./question";
import { violationsAt } from "./violations";
import styles from "./insights.module.css";

const OPTIONS = MATHS.map((value) => ({ value, label: MATH_INFO[value].name }));

interface Props {
  series: readonly SeriesState[];
  fields: Record<string, string>;
  hints: readonly Hint[];
  onChange(series: SeriesState[]): void;
  /** The default question is not known yet. */
  loading: boolean;
  /** Leaves out what is counted: a series is only an event. */
  bare?: boolean;
}

/** What is counted: a row for each series. */
export function SeriesList({ series, fields, hints, onChange, loading, bare }: Props) {
  const replace = (index: number, next: SeriesState) => onChange(series.map((one, place) => (place === index ? next : one)));
  const remove = (index: number) => onChange(series.filter((_, place) => place !== index));
  if (loading) return <Loading rows={series.length} />;
  return (
    <div>
      <ol className={styles.rows} aria-label="Series">
        {series.map((one, index) => (
          <li key={index}>
            <EventRow
              name={`series ${index + 1}`}
              value={one}
              onChange={(next) => replace(index, next)}
              path={`series[${index}]`}
              fields={fields}
              hints={hints}
              front={
                <span className={styles.index} title={bare ? undefined : `${letter(index)} in a formula`} aria-hidden>
                  {letter(index)}
                </span>
              }
              middle={!bare && <Counted value={one} index={index} fields={fields} onChange={(next) => replace(index, next)} />}
              end={
                series.length > 1 && (
                  <IconButton size="s" className={styles.remove} label={`Remove series ${index + 1}`} icon={<X aria-hidden />} onClick={() => remove(index)} />
                )
              }
            />
          </li>
        ))}
      </ol>
      {series.length < SERIES_MAX && (
        <EventPicker quiet allowAny value={null} placeholder="Add series" icon={<Plus size={14} aria-hidden />} onChange={(event) => onChange([...series, newSeries(event)])} />
      )}
    </div>
  );
}

interface CountedProps {
  value: SeriesState;
  index: number;
  fields: Record<string, string>;
  onChange(series: SeriesState): void;
}

/** What is counted of the event; of which property, where the math needs one. */
function Counted({ value, index, fields, onChange }: CountedProps) {
  return (
    <>
      <SelectField
        label={`What series ${index + 1} counts`}
        hideLabel
        className={styles.math}
        value={value.math}
        options={OPTIONS}
        onChange={(math) => onChange({ ...value, math, property: MATH_INFO[math].ofProperty ? value.property : "" })}
      />
      {MATH_INFO[value.math].ofProperty && (
        <PropertyPicker
          label={`Property of series ${index + 1}`}
          scopes={["event"]}
          eventName={value.event}
          value={value.property === "" ? null : { property: value.property, scope: "event" }}
          wrong={violationsAt(fields, `series[${index}].math_property`).length > 0}
          onChange={({ property }) => onChange({ ...value, property })}
        />
      )}
    </>
  );
}

function Loading({ rows }: { rows: number }) {
  return (
    <div className={styles.rows} role="status" aria-label="Loading">
      {Array.from({ length: Math.max(1, rows) }, (_, index) => (
        <Skeleton key={index} width={320} height={32} radius="var(--radius-s)" />
      ))}
    </div>
  );
}

import { Plus, X } from "@/components/icons";
import { IconButton } from "@/components/IconButton";
import { EventPicker, FilterBar, NO_FILTER } from "@/components/query";
import { SelectField } from "@/components/SelectField";
import { Skeleton } from "@/components/Skeleton";
import { type Math, MATH_NAMES, type SeriesState, SERIES_MAX } from "./question";
import { Violations } from "./Violations";
import { violationsAt, wrongConditions } from "./violations";
import styles from "./insights.module.css";

const MATHS = (Object.keys(MATH_NAMES) as Math[]).map((value) => ({ value, label: MATH_NAMES[value] }));

interface Props {
  series: readonly SeriesState[];
  fields: Record<string, string>;
  onChange(series: SeriesState[]): void;
  /** The default question is not known yet. */
  loading: boolean;
}

/** What is counted: a row for each series. */
export function SeriesList({ series, fields, onChange, loading }: Props) {
  const replace = (index: number, part: Partial<SeriesState>) =>
    onChange(series.map((one, place) => (place === index ? { ...one, ...part } : one)));
  const remove = (index: number) => onChange(series.filter((_, place) => place !== index));
  const add = (event: string) => onChange([...series, { event, math: "total", filter: NO_FILTER }]);
  if (loading) return <Loading rows={series.length} />;
  return (
    <div>
      <ol className={styles.rows} aria-label="Series">
        {series.map((one, index) => (
          <li key={index}>
            <div className={styles.row}>
              <span className={styles.index} aria-hidden>
                {index + 1}
              </span>
              <EventPicker
                allowAny
                label={`Event of series ${index + 1}`}
                value={one.event}
                wrong={violationsAt(fields, `series[${index}].event`).length > 0}
                onChange={(event) => replace(index, { event })}
              />
              <SelectField
                label={`What series ${index + 1} counts`}
                hideLabel
                className={styles.math}
                value={one.math}
                options={MATHS}
                onChange={(math) => replace(index, { math })}
              />
              <FilterBar
                quiet
                label={`Filters of series ${index + 1}`}
                value={one.filter}
                eventName={one.event}
                wrong={wrongConditions(fields, `series[${index}].filter`, one.filter.conditions.length)}
                onChange={(filter) => replace(index, { filter })}
              />
              {series.length > 1 && (
                <IconButton
                  size="s"
                  className={styles.remove}
                  label={`Remove series ${index + 1}`}
                  icon={<X aria-hidden />}
                  onClick={() => remove(index)}
                />
              )}
            </div>
            <Violations fields={fields} path={`series[${index}]`} />
          </li>
        ))}
      </ol>
      {series.length < SERIES_MAX && (
        <EventPicker quiet allowAny value={null} placeholder="Add series" icon={<Plus size={14} aria-hidden />} onChange={add} />
      )}
    </div>
  );
}

function Loading({ rows }: { rows: number }) {
  return (
    <div className={styles.rows} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} width={320} height={32} radius="var(--radius-s)" />
      ))}
    </div>
  );
}

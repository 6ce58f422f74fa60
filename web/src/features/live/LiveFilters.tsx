import { useEffect, useState } from "react";
import { Button } from "@/components/Button";
import { Plus, X } from "@/components/icons";
import { EventPicker, FilterBar, NO_FILTER } from "@/components/query";
import { TextField } from "@/components/TextField";
import { isFiltered } from "./liveFilter";
import type { LiveState } from "./liveFilter";
import styles from "./live.module.css";

/** How long typing rests before it counts, in milliseconds. */
const TYPING_MS = 300;

export interface LiveFiltersProps {
  value: LiveState;
  onChange: (change: Partial<LiveState>) => void;
}

/** Which events are shown: by name, by person, by property. */
export function LiveFilters({ value, onChange }: LiveFiltersProps) {
  const { events, id, where } = value;
  const only = events.length === 1 ? events[0] : undefined;
  return (
    <div className={styles.filters}>
      {events.map((name) => (
        <span key={name} className={styles.chip}>
          <span className="truncate" title={name}>
            {name}
          </span>
          <button type="button" aria-label={`Remove ${name}`} onClick={() => onChange({ events: events.filter((one) => one !== name) })}>
            <X size={13} aria-hidden />
          </button>
        </span>
      ))}
      <EventPicker
        value={null}
        placeholder={events.length > 0 ? "Or event" : "All events"}
        label="Show only this event"
        icon={events.length > 0 ? <Plus size={14} aria-hidden /> : undefined}
        onChange={(name) => events.includes(name) || onChange({ events: [...events, name] })}
      />
      <FilterBar value={where} onChange={(next) => onChange({ where: next })} eventName={only} scopes={["event"]} allowAny={false} />
      <DistinctIdField value={id} onChange={(next) => onChange({ id: next })} />
      {isFiltered(value) && (
        <Button variant="ghost" onClick={() => onChange({ events: [], id: "", where: NO_FILTER })}>
          Clear
        </Button>
      )}
    </div>
  );
}

/** Counts when typing rests or ends. */
function DistinctIdField({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const commit = () => text.trim() !== value && onChange(text.trim());
  useEffect(() => {
    const timer = window.setTimeout(commit, TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return (
    <TextField
      label="Distinct id"
      hideLabel
      type="search"
      placeholder="Distinct id"
      className={styles.id}
      maxLength={200}
      spellCheck={false}
      autoComplete="off"
      value={text}
      onChange={setText}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}

import { type FormEvent, useState } from "react";
import { Button } from "@/components/Button";
import { TextField } from "@/components/TextField";
import { isForward, resolveRange, type TimeRangeState, writeLocal } from "./range";
import styles from "./range.module.css";

interface Props {
  value: TimeRangeState;
  zone: string;
  now: number;
  onApply(range: TimeRangeState): void;
}

/** Two dates, each with a time of day if wanted. */
export function CustomRange({ value, zone, now, onApply }: Props) {
  const [ends, setEnds] = useState(() => endsOf(value, zone, now));
  const { from, to } = { from: joined(ends.fromDate, ends.fromTime), to: joined(ends.toDate, ends.toTime) };
  const valid = isForward(from, to);
  const tried = ends.fromDate !== "" && ends.toDate !== "" && !valid;
  const field = (name: keyof typeof ends, label: string, type: "date" | "time") => (
    <TextField label={label} hideLabel type={type} value={ends[name]} onChange={(text) => setEnds({ ...ends, [name]: text })} />
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid) onApply({ kind: "custom", from, to });
  };
  return (
    <form className={styles.custom} onSubmit={submit} aria-label="Custom range">
      <span>From</span>
      {field("fromDate", "From date", "date")}
      {field("fromTime", "From time, if not midnight", "time")}
      <span>To</span>
      {field("toDate", "To date, included", "date")}
      {field("toTime", "To time, if not the whole day", "time")}
      <p className={styles.problem} role="status">
        {tried ? "The end has to be later than the start." : ""}
      </p>
      <Button type="submit" size="s" variant="primary" disabled={!valid} className={styles.apply}>
        Apply
      </Button>
    </form>
  );
}

function joined(date: string, time: string): string {
  return time === "" ? date : `${date}T${time.slice(0, 5)}`;
}

/** What the fields begin with: the range that is chosen now, as dates. */
function endsOf(value: TimeRangeState, zone: string, now: number) {
  if (value.kind === "custom") {
    const [fromDate = "", fromTime = ""] = value.from.split("T");
    const [toDate = "", toTime = ""] = value.to.split("T");
    return { fromDate, fromTime, toDate, toTime };
  }
  const { start, end } = resolveRange(value, zone, now);
  return { fromDate: dateText(start, zone), fromTime: "", toDate: dateText(end - 1, zone), toTime: "" };
}

function dateText(instant: number, zone: string): string {
  return writeLocal(instant, zone).slice(0, 10);
}

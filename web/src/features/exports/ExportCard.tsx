import { useState } from "react";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { Download } from "@/components/icons";
import { EventPicker, DEFAULT_RANGE, resolveRange, TimeRangePicker, toTimeRange } from "@/components/query";
import { knownZone } from "@/components/query/zone";
import { Segmented } from "@/components/Segmented";
import { mayChange } from "@/hooks/mayChange";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { useProject } from "@/hooks/useProject";
import { CommandLine } from "./CommandLine";
import { ExportState } from "./ExportState";
import type { Format, Kind } from "./exportView";
import { useFileExport } from "./useFileExport";
import styles from "./exports.module.css";

const KINDS = [
  { value: "events", label: "Events" },
  { value: "persons", label: "People" },
] as const;
const TIMES = [
  { value: "all", label: "All time" },
  { value: "range", label: "A range" },
] as const;
const FORMATS = [
  { value: "parquet", label: "Parquet" },
  { value: "ndjson", label: "NDJSON" },
] as const;

const ABOUT: Record<Kind, string> = {
  events: "Every event with all its properties and the person it is of, merges applied: what is stored when the export begins, the oldest first.",
  persons: "Everybody who was identified or has properties, with all distinct ids. Visitors without either are in the events alone.",
};

/** Writes events or people into a file for other tools. */
export function ExportCard() {
  const { project, membership } = useProject();
  const zone = knownZone(useTimeZone());
  const { exported, run, cancel } = useFileExport(project);
  const [kind, setKind] = useState<Kind>("events");
  const [format, setFormat] = useState<Format>("parquet");
  const [time, setTime] = useState<"all" | "range">("all");
  const [range, setRange] = useState(DEFAULT_RANGE);
  const [event, setEvent] = useState("");
  const isAllowed = mayChange(membership.role);
  const isRunning = exported.state === "running";
  const begin = () => {
    const resolved = time === "range" ? toTimeRange(resolveRange(range, zone, Date.now())) : undefined;
    void run({ kind, format, range: resolved, names: event === "" ? [] : [event] });
  };
  const what = "Events and people as a file for DuckDB, ClickHouse, Spark or pandas.";
  return (
    <Card
      title="Export"
      description={isAllowed ? what : `${what} Members of the organization can export; viewers cannot.`}
      footer={
        isAllowed && (
          <>
            {isRunning && <Button onClick={cancel}>Cancel</Button>}
            <Button variant="primary" icon={<Download aria-hidden />} loading={isRunning} onClick={begin}>
              {kind === "events" ? "Export events" : "Export people"}
            </Button>
          </>
        )
      }
    >
      {isAllowed && (
        <div className={styles.card}>
          <fieldset className={styles.choices} disabled={isRunning}>
            <Choice name="What">
              <Segmented label="What to export" value={kind} onChange={setKind} options={KINDS} />
            </Choice>
            {kind === "events" && (
              <>
                <Choice name="When">
                  <Segmented label="Which time" value={time} onChange={setTime} options={TIMES} />
                  {time === "range" && <TimeRangePicker value={range} onChange={setRange} />}
                </Choice>
                <Choice name="Which">
                  <EventPicker label="Events" value={event} onChange={setEvent} allowAny />
                </Choice>
              </>
            )}
            <Choice name="Format">
              <Segmented label="Format" value={format} onChange={setFormat} options={FORMATS} />
            </Choice>
          </fieldset>
          <p className={styles.about}>{ABOUT[kind]}</p>
          <ExportState exported={exported} />
          <CommandLine kind={kind} format={format} />
        </div>
      )}
    </Card>
  );
}

function Choice({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={styles.choice}>
      <span className={styles.name}>{name}</span>
      <div className={styles.controls}>{children}</div>
    </div>
  );
}

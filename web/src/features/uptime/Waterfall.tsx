import type { Check } from "@/gen/observe/monitor/v1/monitor_pb";
import { latencyText } from "@/format/latency";
import { PHASES, phasesOf, phasesText } from "./phases";
import styles from "./checks.module.css";

/** Where the time of a check went, as one bar; `scale` is the length of a full one in milliseconds. */
export function PhaseBar({ check, scale }: { check: Check; scale: number }) {
  const phases = phasesOf(check);
  if (phases.length === 0) return <span className="muted">–</span>;
  return (
    <span className={styles.phaseBar} role="img" aria-label={phasesText(phases)} title={phasesText(phases)}>
      {phases.map(({ key, color, length }) => (
        <i key={key} style={{ width: `${(length / scale) * 100}%`, background: color }} />
      ))}
    </span>
  );
}

/** What the colours of the bars mean. */
export function PhaseLegend() {
  return (
    <ul className={styles.legend} aria-label="Phases of a check">
      {PHASES.map(({ key, name, color }) => (
        <li key={key}>
          <i style={{ background: color }} aria-hidden />
          {name}
        </li>
      ))}
    </ul>
  );
}

/** The phases of one check, a line each, one beginning where the one before ended. */
export function PhaseSteps({ check }: { check: Check }) {
  const phases = phasesOf(check);
  const last = phases.at(-1);
  if (!last) return null;
  const scale = Math.max(1, last.start + last.length);
  return (
    <dl className={styles.steps}>
      {phases.map(({ key, name, color, start, length }) => (
        <div key={key}>
          <dt>{name}</dt>
          <dd className={styles.track} aria-hidden>
            <i style={{ marginLeft: `${(start / scale) * 100}%`, width: `${(length / scale) * 100}%`, background: color }} />
          </dd>
          <dd>{latencyText(length)}</dd>
        </div>
      ))}
    </dl>
  );
}

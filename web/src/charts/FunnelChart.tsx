import type { CSSProperties, ReactNode } from "react";
import { Num } from "@/components/Num";
import { ChartFrame } from "./ChartFrame";
import { droppedOff, type FunnelGroup, type FunnelStep, funnelTable } from "./funnel";
import { FunnelGroups } from "./FunnelGroups";
import { conversionText, lengthText } from "./numbers";
import styles from "./funnel.module.css";

export interface FunnelChartProps {
  /** What the chart shows, in a few words. */
  title: string;
  steps: readonly FunnelStep[];
  /** The same funnel for each value of a property. */
  groups?: readonly FunnelGroup[];
  /** What is counted: "persons". */
  unit?: string;
  /** Stands at the left of the tools. */
  actions?: ReactNode;
  /** Told which number was pressed: the step by its place, those who did not come so far, and the value of the breakdown. */
  onPick?: ((step: number, droppedOff: boolean, value?: string) => void) | undefined;
}

/** Up to so many steps have their numbers beside their bars; up to so many more, below them; then steps are rows. */
const BESIDE_MAX = 5;
const BELOW_MAX = 8;

function columns(count: number): "beside" | "below" | undefined {
  if (count <= BESIDE_MAX) return "beside";
  return count <= BELOW_MAX ? "below" : undefined;
}

/** How many persons came how far. */
export function FunnelChart({ title, steps, groups = [], unit = "persons", actions, onPick }: FunnelChartProps) {
  return (
    <ChartFrame
      title={title}
      table={() => funnelTable(steps, groups)}
      actions={
        <>
          <Whole steps={steps} unit={unit} />
          {actions}
        </>
      }
    >
      <div className={styles.box}>
        <ol className={styles.steps} data-columns={columns(steps.length)}>
          {steps.map((step, index) => (
            <Step key={index} steps={steps} index={index} step={step} unit={unit} onPick={onPick} />
          ))}
        </ol>
      </div>
      {groups.length > 0 && <FunnelGroups title={title} groups={groups} onPick={onPick} />}
    </ChartFrame>
  );
}

/** What it comes to: from the first step to the last. */
function Whole({ steps, unit }: { steps: readonly FunnelStep[]; unit: string }) {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return null;
  return (
    <p className={styles.whole}>
      <b>{conversionText(last.fromFirst)}</b>
      <span>
        converted, <Num value={last.persons} unit={unit} /> of <Num value={first.persons} unit={unit} /> {unit}
      </span>
    </p>
  );
}

interface StepProps {
  steps: readonly FunnelStep[];
  index: number;
  step: FunnelStep;
  unit: string;
  onPick: FunnelChartProps["onPick"];
}

function Step({ steps, index, step, unit, onPick }: StepProps) {
  const before = index === 0 ? step.fromFirst : (steps[index - 1]?.fromFirst ?? 0);
  const shares = { "--share": step.fromFirst, "--before": before } as CSSProperties;
  const lost = droppedOff(steps, index);
  return (
    <li className={styles.step}>
      <p className={styles.name} title={step.label}>
        <span className={styles.number}>{index + 1}</span> <span className="truncate">{step.label}</span>
        {step.optional && <span className={styles.optional}>optional</span>}
      </p>
      <div className={styles.track} style={shares} aria-hidden>
        <div className={styles.lost} />
        <div className={styles.bar} />
      </div>
      <div className={styles.facts}>
        <p className={styles.share}>
          {conversionText(step.fromFirst)}
          <Pick onPick={onPick && step.persons > 0 ? () => onPick(index, false) : undefined}>
            <Num value={step.persons} unit={unit} /> {step.persons === 1 ? unit.replace(/s$/, "") : unit}
          </Pick>
        </p>
        {index > 0 && (
          <p className={styles.details}>
            <span>
              <b>{conversionText(step.fromPrevious)}</b> of step {index}
            </span>
            <Pick onPick={onPick && lost > 0 ? () => onPick(index, true) : undefined}>
              <b>
                <Num value={lost} unit={unit} />
              </b>{" "}
              dropped off
            </Pick>
            {step.medianMs !== null && (
              <span title={`From the step before: median ${lengthText(step.medianMs)}${step.averageMs == null ? "" : `, mean ${lengthText(step.averageMs)}`}`}>
                <b>{lengthText(step.medianMs)}</b> median time
              </span>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

/** Words that show, when they are pressed, who is behind them. */
function Pick({ onPick, children }: { onPick: (() => void) | undefined; children: ReactNode }) {
  if (!onPick) return <span>{children}</span>;
  return (
    <button type="button" className={styles.pick} title="Show who they are" onClick={onPick}>
      {children}
    </button>
  );
}

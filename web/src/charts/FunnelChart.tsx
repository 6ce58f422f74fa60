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
  /** Stands at the left of the tools. */
  actions?: ReactNode;
}

/** Up to so many steps have their numbers beside their bars; up to so many more, below them; then steps are rows. */
const BESIDE_MAX = 5;
const BELOW_MAX = 8;

function columns(count: number): "beside" | "below" | undefined {
  if (count <= BESIDE_MAX) return "beside";
  return count <= BELOW_MAX ? "below" : undefined;
}

/** How many persons came how far. */
export function FunnelChart({ title, steps, groups = [], actions }: FunnelChartProps) {
  return (
    <ChartFrame
      title={title}
      table={() => funnelTable(steps, groups)}
      actions={
        <>
          <Whole steps={steps} />
          {actions}
        </>
      }
    >
      <div className={styles.box}>
        <ol className={styles.steps} data-columns={columns(steps.length)}>
          {steps.map((step, index) => (
            <Step key={index} steps={steps} index={index} step={step} />
          ))}
        </ol>
      </div>
      {groups.length > 0 && <FunnelGroups title={title} groups={groups} />}
    </ChartFrame>
  );
}

/** What it comes to: from the first step to the last. */
function Whole({ steps }: { steps: readonly FunnelStep[] }) {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return null;
  return (
    <p className={styles.whole}>
      <b>{conversionText(last.fromFirst)}</b>
      <span>
        converted, <Num value={last.persons} unit="persons" /> of <Num value={first.persons} unit="persons" /> persons
      </span>
    </p>
  );
}

function Step({ steps, index, step }: { steps: readonly FunnelStep[]; index: number; step: FunnelStep }) {
  const before = index === 0 ? step.fromFirst : (steps[index - 1]?.fromFirst ?? 0);
  const shares = { "--share": step.fromFirst, "--before": before } as CSSProperties;
  const lost = droppedOff(steps, index);
  return (
    <li className={styles.step}>
      <p className={styles.name} title={step.label}>
        <span className={styles.number}>{index + 1}</span> <span className="truncate">{step.label}</span>
      </p>
      <div className={styles.track} style={shares} aria-hidden>
        <div className={styles.lost} />
        <div className={styles.bar} />
      </div>
      <div className={styles.facts}>
        <p className={styles.share}>
          {conversionText(step.fromFirst)}
          <span>
            <Num value={step.persons} unit="persons" /> {step.persons === 1 ? "person" : "persons"}
          </span>
        </p>
        {index > 0 && (
          <p className={styles.details}>
            <span>
              <b>{conversionText(step.fromPrevious)}</b> of step {index}
            </span>
            <span>
              <b>
                <Num value={lost} unit="persons" />
              </b>{" "}
              dropped off
            </span>
            {step.medianMs !== null && (
              <span title="The median time from the step before">
                <b>{lengthText(step.medianMs)}</b> median time
              </span>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

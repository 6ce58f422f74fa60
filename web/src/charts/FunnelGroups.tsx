import type { CSSProperties } from "react";
import { Num } from "@/components/Num";
import type { FunnelGroup } from "./funnel";
import type { FunnelChartProps } from "./FunnelChart";
import { conversionText } from "./numbers";
import styles from "./funnel.module.css";

/** The funnel of each value: a row each, a column a step. */
export function FunnelGroups({ title, groups, onPick }: { title: string; groups: readonly FunnelGroup[]; onPick: FunnelChartProps["onPick"] }) {
  const steps = groups[0]?.steps ?? [];
  return (
    <div className={styles.groups} role="region" aria-label={`${title} by value`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Value</th>
            {steps.map((step, index) => (
              <th key={index} scope="col" title={step.label}>
                {index + 1}. {step.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.value}>
              <th scope="row" title={group.name}>
                {group.name}
              </th>
              {group.steps.map((step, index) => (
                <td key={index}>
                  <span className={styles.cell}>
                    {index > 0 && <b>{conversionText(step.fromFirst)}</b>}
                    {onPick && step.persons > 0 ? (
                      <button type="button" className={styles.pick} title="Show who they are" onClick={() => onPick(index, false, group.value)}>
                        <Num value={step.persons} unit="persons" />
                      </button>
                    ) : (
                      <Num value={step.persons} unit="persons" />
                    )}
                  </span>
                  <span className={styles.cellTrack} style={{ "--share": step.fromFirst } as CSSProperties} aria-hidden />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

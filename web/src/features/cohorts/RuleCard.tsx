import type { CSSProperties } from "react";
import { useMemo } from "react";
import { Card } from "@/components/Card";
import { useCohortNames } from "@/components/query/definitions";
import type { CohortRule } from "@/gen/observe/reports/v1/cohort_service_pb";
import { readRule } from "./readRule";
import { ruleLines } from "./ruleText";
import styles from "./cohorts.module.css";

/** A rule in words. */
export function RuleCard({ rule }: { rule: CohortRule }) {
  const names = useCohortNames(true);
  const lines = useMemo(() => {
    const state = readRule(rule);
    return state && ruleLines(state, names);
  }, [rule, names]);
  return (
    <Card title="Everybody who" description="The rule is applied anew all the time.">
      {lines ? (
        <ul className={styles.rule} aria-label="Rule">
          {lines.map(({ depth, joint, text }, index) => (
            <li key={index} style={{ "--depth": depth } as CSSProperties}>
              <span className={styles.joint}>{joint}</span>
              {text}
            </li>
          ))}
        </ul>
      ) : (
        <p className="muted">The rule was made by a call and says more than this page can show.</p>
      )}
    </Card>
  );
}

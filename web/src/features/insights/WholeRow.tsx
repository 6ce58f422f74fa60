import type { ReactNode } from "react";
import { BreakdownPicker, FilterBar, INSIGHT_SCOPES } from "@/components/query";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import { GroupField } from "./GroupField";
import { breakdownPart, hintsOf, repaired } from "./hint";
import { Hints } from "./Hints";
import type { Question } from "./question";
import type { ChangeQuestion } from "./useQuestion";
import { Violations } from "./Violations";
import { wrongConditions } from "./violations";
import styles from "./insights.module.css";

/** The parts of a request whose violations `WholeRow` shows. */
export const WHOLE_PATHS = ["filter", "breakdown", "range", "group_type"];

interface Props {
  question: Question;
  change: ChangeQuestion;
  fields: Record<string, string>;
  hints: readonly Hint[];
  /** What the filter applies to: "all steps". */
  of: string;
  addLabel?: string;
  /** Whether the answer can be split; of a funnel, how many steps it has. */
  breakdown?: boolean;
  steps?: number;
  /** Leaves out the choice of who is counted. */
  personsOnly?: boolean;
  /** The parts of the request whose violations stand here, too. */
  paths?: readonly string[];
  /** Stands in front, and at the end. */
  front?: ReactNode;
  children?: ReactNode;
}

/** What applies to the whole question. */
export function WholeRow({ question, change, fields, hints, of, addLabel = "Filter", breakdown, steps, personsOnly, paths = [], front, children }: Props) {
  const part = breakdownPart(breakdown ? question.breakdown : null, question.filter);
  return (
    <div>
      <div className={styles.wholeRow}>
        {front}
        <FilterBar
          value={question.filter}
          scopes={INSIGHT_SCOPES}
          wrong={wrongConditions(fields, "filter", question.filter.conditions.length)}
          onChange={(filter) => change({ filter })}
          label={`Filters of ${of}`}
          addLabel={addLabel}
        />
        {breakdown && <BreakdownPicker scopes={INSIGHT_SCOPES} {...(steps !== undefined && { steps })} value={question.breakdown} onChange={(next) => change({ breakdown: next })} />}
        {!personsOnly && <GroupField value={question.groupType} onChange={(groupType) => change({ groupType })} />}
        {children}
      </div>
      {[...WHOLE_PATHS, ...paths].map((path) => (
        <Violations key={path} fields={fields} path={path} />
      ))}
      <Hints
        hints={hintsOf(hints, part)}
        onReplace={(hint, by) => {
          const next = repaired(part, hint, by);
          change({
            ...(next.filter && { filter: next.filter }),
            ...(question.breakdown && question.breakdown.property === hint.subject && { breakdown: { ...question.breakdown, property: by } }),
          });
        }}
      />
    </div>
  );
}

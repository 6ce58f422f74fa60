import { create } from "@bufbuild/protobuf";
import { readError } from "@/api/errors";
import { conversionText } from "@/charts/numbers";
import { exactNumber } from "@/format/number";
import { useAnswer } from "@/features/insights/useAnswer";
import { CohortService, PreviewCohortRequestSchema } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useProject } from "@/hooks/useProject";
import { isWholeRule, type RuleState, toRule } from "./rule";
import styles from "./cohorts.module.css";

/** How many the rule holds for, while it is written. */
export function PreviewLine({ rule }: { rule: RuleState }) {
  const { project } = useProject();
  const request = isWholeRule(rule) ? create(PreviewCohortRequestSchema, { projectId: project.id, rule: toRule(rule) }) : null;
  const { answered, pending, error } = useAnswer(CohortService.method.previewCohort, request);
  return (
    <p className={styles.preview} role="status" aria-busy={pending || undefined} data-old={pending || undefined}>
      {request === null ? (
        "Finish every condition to see how many"
      ) : error != null ? (
        <span className={styles.bad}>{readError(error).kind === "invalid" ? "This rule cannot be counted as it is" : readError(error).message}</span>
      ) : answered ? (
        <Count persons={answered.response.personCount} all={answered.response.allPersons} />
      ) : (
        "Counting"
      )}
    </p>
  );
}

function Count({ persons, all }: { persons: bigint; all: bigint }) {
  return (
    <>
      <b>{exactNumber(persons)}</b> of {exactNumber(all)} people
      {all > 0n && <> · {conversionText(Number(persons) / Number(all))}</>}
    </>
  );
}

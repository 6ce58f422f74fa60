import { useMemo } from "react";
import { readError } from "@/api/errors";
import { FunnelChart } from "@/charts";
import { Card } from "@/components/Card";
import { BreakdownPicker, FilterBar, type useEventDefinitions } from "@/components/query";
import { knownZone } from "@/components/query/zone";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { FunnelStart } from "./FunnelStart";
import { funnelView } from "./funnelView";
import { Hints } from "./Hints";
import { type Question, STEPS_MIN } from "./question";
import { toFunnelRequest } from "./request";
import { ResultArea } from "./ResultArea";
import { StepList } from "./StepList";
import { useAnswer } from "./useAnswer";
import type { ChangeQuestion } from "./useQuestion";
import { Violations } from "./Violations";
import { wrongConditions } from "./violations";
import { WindowField } from "./WindowField";
import styles from "./insights.module.css";

interface Props {
  question: Question;
  change: ChangeQuestion;
  definitions: ReturnType<typeof useEventDefinitions>;
}

/** How many persons get from one step to the next. */
export function Funnel({ question, change, definitions }: Props) {
  const { project } = useProject();
  const timeZone = knownZone(useTimeZone());
  const now = useNow(60_000).getTime();
  const { steps } = question;
  const request = toFunnelRequest(question, { projectId: project.id, timeZone, now });
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryFunnel, request);
  const view = useMemo(() => answered && funnelView(answered.response), [answered]);
  const fields = error == null ? {} : readError(error).fields;
  const whole = ["filter", "breakdown", "range", "window"];
  const shown = [...steps.map((_, index) => `steps[${index}]`), ...whole];

  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <StepList steps={steps} fields={fields} onChange={(next) => change({ steps: next })} />
          <Hints
            events={steps.map(({ event }) => event)}
            definitions={definitions}
            onReplace={(name, by) =>
              change({ steps: steps.map((one) => (one.event === name ? { ...one, event: by } : one)) })
            }
          />
          <div className={styles.wholeRow}>
            <WindowField value={question.window} onChange={(window) => change({ window })} />
            <FilterBar
              value={question.filter}
              wrong={wrongConditions(fields, "filter", question.filter.conditions.length)}
              onChange={(filter) => change({ filter })}
              label="Filters of all steps"
              addLabel="Filter all"
            />
            <BreakdownPicker attribution value={question.breakdown} onChange={(breakdown) => change({ breakdown })} />
          </div>
          {whole.map((path) => (
            <Violations key={path} fields={fields} path={path} />
          ))}
        </div>
      </Card>
      <Card>
        {steps.length < STEPS_MIN ? (
          <FunnelStart question={question} change={change} definitions={definitions} />
        ) : (
          <ResultArea pending={pending} error={error} retry={retry} shown={shown}>
            {view ? <FunnelChart title="Funnel" steps={view.steps} groups={view.groups} /> : null}
          </ResultArea>
        )}
      </Card>
    </div>
  );
}

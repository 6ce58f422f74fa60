import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { Segmented } from "@/components/Segmented";
import { SelectField } from "@/components/SelectField";
import type { Hint } from "@/gen/observe/reports/v1/hint_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { FunnelAnswerView, FunnelTrendAnswerView } from "./answers";
import type { BuilderProps } from "./builder";
import { AddExclusion, ExclusionList } from "./ExclusionList";
import { FunnelStart } from "./FunnelStart";
import { IntervalField } from "./IntervalField";
import { type FunnelShow, type Order, STEPS_MIN } from "./question";
import { toFunnelRequest, toFunnelTrendRequest } from "./request";
import { ResultArea } from "./ResultArea";
import { StepList } from "./StepList";
import { useAnswer } from "./useAnswer";
import { WHOLE_PATHS, WholeRow } from "./WholeRow";
import { WindowField } from "./WindowField";
import styles from "./insights.module.css";

const ORDERS: { value: Order; label: string }[] = [
  { value: "ordered", label: "in this order" },
  { value: "strict", label: "one right after the other" },
  { value: "any", label: "in any order" },
];
const SHOWS: { value: FunnelShow; label: string }[] = [
  { value: "steps", label: "Steps" },
  { value: "time", label: "Time to convert" },
  { value: "trend", label: "Over time" },
];

/** How many persons get from one step to the next, how long it takes them, and how that changes. */
export function Funnel({ question, change, asker, definitions, notes, annotate, onPick }: BuilderProps) {
  const { steps, show, exclusions } = question;
  const overTime = show === "trend";
  const funnel = useAnswer(InsightService.method.queryFunnel, overTime ? null : toFunnelRequest(question, asker));
  const trend = useAnswer(InsightService.method.queryFunnelTrend, overTime ? toFunnelTrendRequest(question, asker) : null);
  const [counted, timed] = [funnel.answered, trend.answered];
  const { pending, error, retry } = overTime ? trend : funnel;
  const fields = error == null ? {} : withoutPrefix(readError(error).fields);
  const hints = (overTime ? timed : counted)?.response.hints ?? [];
  const shown = [...steps.map((_, index) => `steps[${index}]`), ...exclusions.map((_, index) => `exclusions[${index}]`), "window", "order", ...WHOLE_PATHS];
  const asked = { timeZone: asker.timeZone, now: asker.now, title: "Funnel" };
  const options = (
    <>
      <Segmented label="What is shown" value={show} options={SHOWS} onChange={(next) => change({ show: next })} />
      {overTime && <IntervalField question={question} change={change} asker={asker} />}
      {overTime && annotate}
    </>
  );

  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <Asked question={question} change={change} fields={fields} hints={hints} />
        </div>
      </Card>
      <Card>
        {steps.length < STEPS_MIN ? (
          <FunnelStart question={question} change={change} definitions={definitions} />
        ) : (
          <ResultArea pending={pending} error={error} retry={retry} shown={shown}>
            {overTime
              ? timed && <FunnelTrendAnswerView {...asked} response={timed.response} request={timed.request} options={options} notes={notes} />
              : counted && (
                  <FunnelAnswerView
                    {...asked}
                    response={counted.response}
                    request={counted.request}
                    display={show}
                    options={options}
                    onPick={(number) => onPick(number, counted.request)}
                  />
                )}
          </ResultArea>
        )}
      </Card>
    </div>
  );
}

interface AskedProps extends Pick<BuilderProps, "question" | "change"> {
  fields: Record<string, string>;
  hints: readonly Hint[];
}

/** The steps, what must not happen between them, and the rules. */
function Asked({ question, change, fields, hints }: AskedProps) {
  const { steps, order, exclusions } = question;
  const mayExclude = steps.length >= STEPS_MIN && order !== "any";
  return (
    <>
      <StepList
        steps={steps}
        fields={fields}
        hints={hints}
        onChange={(next) => change({ steps: next })}
        mayBeOptional={order !== "any"}
        beside={mayExclude && <AddExclusion exclusions={exclusions} onChange={(next) => change({ exclusions: next })} />}
      />
      {mayExclude && (
        <ExclusionList exclusions={exclusions} steps={steps.length} fields={fields} hints={hints} onChange={(next) => change({ exclusions: next })} />
      )}
      <WholeRow
        question={question}
        change={change}
        fields={fields}
        hints={hints}
        of="all steps"
        addLabel="Filter all"
        breakdown={question.show !== "trend"}
        steps={steps.length}
        paths={["window", "order"]}
        front={
          <>
            <SelectField label="Order of steps" hideLabel className={styles.order} value={order} options={ORDERS} onChange={(next) => change({ order: next })} />
            <WindowField value={question.window} onChange={(window) => change({ window })} />
          </>
        }
      />
    </>
  );
}

/** In a question about a funnel over time, the funnel is a part of its own. */
function withoutPrefix(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([field, text]) => [field.replace(/^funnel\./, ""), text]));
}

import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { EventPicker } from "@/components/query";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { LifecycleAnswerView } from "../answers";
import type { BuilderProps } from "../builder";
import { hintsOf } from "../hint";
import { Hints } from "../Hints";
import { IntervalField } from "../IntervalField";
import { toLifecycleRequest } from "../request";
import { ResultArea } from "../ResultArea";
import { useAnswer } from "../useAnswer";
import { Violations } from "../Violations";
import { violationsAt } from "../violations";
import { WHOLE_PATHS, WholeRow } from "../WholeRow";
import styles from "../insights.module.css";

/** Whether the number of active persons is made of new ones or of those who stay. */
export function Lifecycle({ question, change, asker, notes, annotate, onPick }: BuilderProps) {
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryLifecycle, toLifecycleRequest(question, asker));
  const fields = error == null ? {} : readError(error).fields;
  const hints = answered?.response.hints ?? [];
  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <div>
            <div className={styles.row}>
              <span className={styles.word}>Active with</span>
              <EventPicker
                allowAny
                label="Event that makes a person active"
                value={question.active}
                wrong={violationsAt(fields, "event").length > 0}
                onChange={(active) => change({ active })}
              />
            </div>
            <Violations fields={fields} path="event" />
            <Hints hints={hintsOf(hints, { event: question.active })} onReplace={(_, by) => change({ active: by })} />
          </div>
          <WholeRow question={question} change={change} fields={fields} hints={hints} of="the events" />
        </div>
      </Card>
      <Card>
        <ResultArea pending={pending} error={error} retry={retry} shown={["event", ...WHOLE_PATHS]}>
          {answered ? (
            <LifecycleAnswerView
              title="Lifecycle"
              response={answered.response}
              request={answered.request}
              timeZone={asker.timeZone}
              now={asker.now}
              notes={notes}
              onPick={(number) => onPick(number, answered.request)}
              options={
                <>
                  <IntervalField question={question} change={change} asker={asker} />
                  {annotate}
                </>
              }
            />
          ) : null}
        </ResultArea>
      </Card>
    </div>
  );
}

import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { StickinessAnswerView } from "../answers";
import type { BuilderProps } from "../builder";
import { IntervalField } from "../IntervalField";
import { toStickinessRequest } from "../request";
import { ResultArea } from "../ResultArea";
import { SeriesList } from "../SeriesList";
import { useAnswer } from "../useAnswer";
import { WHOLE_PATHS, WholeRow } from "../WholeRow";
import styles from "../insights.module.css";

/** In how many days, weeks or hours a person is active. */
export function Stickiness({ question, change, asker, onPick }: BuilderProps) {
  const { series } = question;
  const waiting = series.length === 0;
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryStickiness, toStickinessRequest(question, asker));
  const fields = error == null ? {} : readError(error).fields;
  const hints = answered?.response.hints ?? [];
  const shown = [...series.map((_, index) => `series[${index}]`), ...WHOLE_PATHS];
  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <SeriesList bare series={series} fields={fields} hints={hints} onChange={(next) => change({ series: next })} loading={waiting} />
          <WholeRow question={question} change={change} fields={fields} hints={hints} of="all series" addLabel={series.length > 1 ? "Filter all" : "Filter"} />
        </div>
      </Card>
      <Card>
        <ResultArea pending={pending || waiting} error={error} retry={retry} shown={shown}>
          {answered ? (
            <StickinessAnswerView
              title="Stickiness"
              response={answered.response}
              request={answered.request}
              timeZone={asker.timeZone}
              now={asker.now}
              onPick={(number) => onPick(number, answered.request)}
              options={<IntervalField question={question} change={change} asker={asker} />}
            />
          ) : null}
        </ResultArea>
      </Card>
    </div>
  );
}

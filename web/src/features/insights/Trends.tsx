import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { Checkbox } from "@/components/Checkbox";
import { EmptyState } from "@/components/EmptyState";
import { Sigma } from "@/components/query/icons";
import { Segmented } from "@/components/Segmented";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { TrendsAnswerView } from "./answers";
import type { BuilderProps } from "./builder";
import { FormulaField } from "./FormulaField";
import { IntervalField } from "./IntervalField";
import { type Display, isWhole } from "./question";
import { toTrendsRequest } from "./request";
import { ResultArea } from "./ResultArea";
import { SeriesList } from "./SeriesList";
import { useAnswer } from "./useAnswer";
import { violationsAt } from "./violations";
import { WHOLE_PATHS, WholeRow } from "./WholeRow";
import styles from "./insights.module.css";

const DISPLAYS: { value: Display; label: string }[] = [
  { value: "lines", label: "Lines" },
  { value: "bars", label: "Bars" },
];

/** How often something happens over time, how many persons do it, or what it comes to. */
export function Trends({ question, change, asker, notes, annotate, onPick }: BuilderProps) {
  const { series } = question;
  const waiting = series.length === 0;
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryTrends, toTrendsRequest(question, asker));
  const fields = error == null ? {} : readError(error).fields;
  const hints = answered?.response.hints ?? [];
  const shown = [...series.map((_, index) => `series[${index}]`), "formula", ...WHOLE_PATHS];

  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <SeriesList series={series} fields={fields} hints={hints} onChange={(next) => change({ series: next })} loading={waiting} />
          <WholeRow question={question} change={change} fields={fields} hints={hints} of="all series" addLabel={series.length > 1 ? "Filter all" : "Filter"} breakdown paths={["formula"]}>
            <FormulaField
              value={question.formula}
              series={series.length}
              wrong={violationsAt(fields, "formula").length > 0}
              onChange={(formula) => change({ formula })}
            />
          </WholeRow>
        </div>
      </Card>
      <Card>
        {!waiting && !series.every(isWhole) ? (
          <div className={styles.place} data-empty>
            <EmptyState icon={<Sigma aria-hidden />} title="Of which property?" text="Choose beside the event which property the value is taken of: a number, such as an amount or a duration." />
          </div>
        ) : (
          <ResultArea pending={pending || waiting} error={error} retry={retry} shown={shown}>
            {answered ? (
              <TrendsAnswerView
                title="Trends"
                response={answered.response}
                request={answered.request}
                timeZone={asker.timeZone}
                now={asker.now}
                display={question.display}
                notes={notes}
                onPick={(number) => onPick(number, answered.request)}
                options={
                  <>
                    <IntervalField question={question} change={change} asker={asker} />
                    <Segmented label="Drawn as" value={question.display} options={DISPLAYS} onChange={(display) => change({ display })} />
                    <Checkbox label="Compare with the time before" checked={question.compare} onChange={(compare) => change({ compare })} />
                    {annotate}
                  </>
                }
              />
            ) : null}
          </ResultArea>
        )}
      </Card>
    </div>
  );
}

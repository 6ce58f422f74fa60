import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { Segmented } from "@/components/Segmented";
import { SelectField } from "@/components/SelectField";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { RetentionAnswerView } from "../answers";
import type { BuilderProps } from "../builder";
import { EventRow } from "../EventRow";
import { MoreOptions } from "../MoreOptions";
import { type Period, type RetentionState } from "../question";
import { toRetentionRequest } from "../request";
import { ResultArea } from "../ResultArea";
import { useAnswer } from "../useAnswer";
import { WHOLE_PATHS, WholeRow } from "../WholeRow";
import styles from "../insights.module.css";

const PERIODS: { value: Period; label: string }[] = [
  { value: "day", label: "by day" },
  { value: "week", label: "by week" },
  { value: "month", label: "by month" },
];
const COLUMNS = [4, 8, 13, 31, 53, 100];
const CELLS: { value: RetentionState["cells"]; label: string }[] = [
  { value: "percent", label: "Percent" },
  { value: "counts", label: "Counts" },
];
const YES_NO = (yes: string, no: string) => [
  { value: "", label: no },
  { value: "yes", label: yes },
];
const PATHS = ["period", "periods", "kind", "counting", "windows"];

/** Who did something, and when they came back. */
export function Retention({ question, change, asker, onPick }: BuilderProps) {
  const { retention } = question;
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryRetention, toRetentionRequest(question, asker));
  const fields = error == null ? {} : readError(error).fields;
  const hints = answered?.response.hints ?? [];
  const set = (part: Partial<RetentionState>) => change({ retention: { ...retention, ...part } });
  const row = { fields, hints };
  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <ol className={styles.rows} aria-label="Events">
            <li>
              <EventRow name="the start" path="start_event" value={retention.start} onChange={(start) => set({ start })} front={<span className={styles.word}>Began with</span>} {...row} />
            </li>
            <li>
              <EventRow name="the return" path="return_event" value={retention.back} onChange={(back) => set({ back })} front={<span className={styles.word}>Came back with</span>} {...row} />
            </li>
          </ol>
          <WholeRow
            question={question}
            change={change}
            fields={fields}
            hints={hints}
            of="start and return"
            addLabel="Filter both"
            paths={PATHS}
            front={
              <>
                <SelectField label="Period" hideLabel className={styles.interval} value={retention.period} options={PERIODS} onChange={(period) => set({ period })} />
                <SelectField
                  label="Columns"
                  hideLabel
                  className={styles.columns}
                  value={String(retention.periods)}
                  options={[...new Set([...COLUMNS, retention.periods])].sort((a, b) => a - b).map((count) => ({ value: String(count), label: `${count} columns` }))}
                  onChange={(periods) => set({ periods: Number(periods) })}
                />
              </>
            }
          >
            <Rules value={retention} onChange={set} />
          </WholeRow>
        </div>
      </Card>
      <Card>
        <ResultArea pending={pending} error={error} retry={retry} shown={["start_event", "return_event", ...PATHS, ...WHOLE_PATHS]}>
          {answered ? (
            <RetentionAnswerView
              title="Retention"
              response={answered.response}
              request={answered.request}
              timeZone={asker.timeZone}
              now={asker.now}
              display={retention.cells}
              onPick={(number) => onPick(number, answered.request)}
              options={<Segmented label="Cells say" value={retention.cells} options={CELLS} onChange={(cells) => set({ cells })} />}
            />
          ) : null}
        </ResultArea>
      </Card>
    </div>
  );
}

/** The finer rules, on demand. */
function Rules({ value, onChange }: { value: RetentionState; onChange(part: Partial<RetentionState>): void }) {
  const changed = [value.recurring, value.orAfter, value.rolling].filter(Boolean).length;
  return (
    <MoreOptions label="Rules" changed={changed}>
      <SelectField
        label="What puts a person into a cohort"
        value={value.recurring ? "yes" : ""}
        options={YES_NO("each start in the range", "only the first start of all time")}
        onChange={(next) => onChange({ recurring: next !== "" })}
      />
      <SelectField
        label="A person is retained who came back"
        value={value.orAfter ? "yes" : ""}
        options={YES_NO("in that period or a later one", "in that very period")}
        onChange={(next) => onChange({ orAfter: next !== "" })}
      />
      <SelectField
        label="Periods begin"
        value={value.rolling ? "yes" : ""}
        options={YES_NO("with each person's start", "with the calendar")}
        onChange={(next) => onChange({ rolling: next !== "" })}
      />
    </MoreOptions>
  );
}

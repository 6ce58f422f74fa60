import { readError } from "@/api/errors";
import { Card } from "@/components/Card";
import { Segmented } from "@/components/Segmented";
import { SelectField } from "@/components/SelectField";
import { type Hint, Hint_Kind } from "@/gen/observe/reports/v1/hint_pb";
import { InsightService } from "@/gen/observe/reports/v1/insight_service_pb";
import { PathsAnswerView } from "../answers";
import type { BuilderProps } from "../builder";
import { Hints } from "../Hints";
import { MoreOptions } from "../MoreOptions";
import { DEPTH_MAX, DEPTH_MIN, type PathsState, type PathSteps } from "../question";
import { toPathsRequest } from "../request";
import { ResultArea } from "../ResultArea";
import { useAnswer } from "../useAnswer";
import { Violations } from "../Violations";
import { violationsAt } from "../violations";
import { WHOLE_PATHS, WholeRow } from "../WholeRow";
import { PlacePicker } from "./PlacePicker";
import styles from "../insights.module.css";

const STEPS: { value: PathSteps; label: string }[] = [
  { value: "pages", label: "Pages" },
  { value: "custom", label: "Own events" },
  { value: "events", label: "All events" },
];
const DEPTHS = Array.from({ length: DEPTH_MAX - DEPTH_MIN + 1 }, (_, index) => String(DEPTH_MIN + index)).map((value) => ({ value, label: `${value} steps` }));
const LINKS = [20, 50, 100, 200];
const PATHS = ["steps", "start_point", "end_point", "max_steps", "limit"];

/** Where persons go, one step after the other. */
export function Paths({ question, change, asker, onPick }: BuilderProps) {
  const { paths } = question;
  const { answered, pending, error, retry } = useAnswer(InsightService.method.queryPaths, toPathsRequest(question, asker));
  const fields = error == null ? {} : readError(error).fields;
  const hints = answered?.response.hints ?? [];
  const set = (part: Partial<PathsState>) => change({ paths: { ...paths, ...part } });
  // A page is no event: what paths begin with has to be chosen anew.
  const changeSteps = (steps: PathSteps) => set((steps === "pages") === (paths.steps === "pages") ? { steps } : { steps, start: "", end: "" });
  const aboutPlaces = hints.filter(({ kind, subject }) => kind === Hint_Kind.UNKNOWN_EVENT && subject !== "" && (subject === paths.start || subject === paths.end));
  const replace = ({ subject }: Hint, by: string) => set({ ...(paths.start === subject && { start: by }), ...(paths.end === subject && { end: by }) });
  return (
    <div className="stack">
      <Card>
        <div className={styles.builder}>
          <div>
            <div className={styles.sentence}>
              <Segmented label="What a step is" value={paths.steps} options={STEPS} onChange={changeSteps} />
              <PlacePicker word="from" steps={paths.steps} label="Paths begin" value={paths.start} wrong={violationsAt(fields, "start_point").length > 0} onChange={(start) => set({ start })} />
              <PlacePicker word="to" steps={paths.steps} label="Paths end" value={paths.end} wrong={violationsAt(fields, "end_point").length > 0} onChange={(end) => set({ end })} />
              <SelectField label="Steps of a path" hideLabel className={styles.columns} value={String(paths.depth)} options={DEPTHS} onChange={(depth) => set({ depth: Number(depth) })} />
            </div>
            {PATHS.map((path) => (
              <Violations key={path} fields={fields} path={path} />
            ))}
            <Hints hints={aboutPlaces} onReplace={replace} />
          </div>
          <WholeRow question={question} change={change} fields={fields} hints={hints} of="the events" personsOnly>
            <MoreOptions label="Ways shown" changed={paths.links === 50 ? 0 : 1}>
              <SelectField
                label="Ways shown"
                hint="The most frequent ways from one place to the next."
                value={String(paths.links)}
                options={[...new Set([...LINKS, paths.links])].sort((a, b) => a - b).map((count) => ({ value: String(count), label: String(count) }))}
                onChange={(links) => set({ links: Number(links) })}
              />
            </MoreOptions>
          </WholeRow>
        </div>
      </Card>
      <Card>
        <ResultArea pending={pending} error={error} retry={retry} shown={[...PATHS, ...WHOLE_PATHS]}>
          {answered ? (
            <PathsAnswerView
              title="Paths"
              response={answered.response}
              request={answered.request}
              timeZone={asker.timeZone}
              now={asker.now}
              onPick={(number) => onPick(number, answered.request)}
              onPoint={(point, value) => set({ [point]: value })}
            />
          ) : null}
        </ResultArea>
      </Card>
    </div>
  );
}

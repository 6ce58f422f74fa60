import type { UseQueryResult } from "@tanstack/react-query";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { valueText } from "@/components/event/event";
import { FormMessage } from "@/components/FormMessage";
import { ArrowLeftRight, ArrowRight } from "@/components/icons";
import { Num } from "@/components/Num";
import { RelativeTime } from "@/components/RelativeTime";
import { Skeleton } from "@/components/Skeleton";
import { IdentifiedBadge, PersonMark } from "@/features/people/PersonMark";
import { personName, said } from "@/features/people/person";
import { plural } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import type { PersonActivity, PreviewMergeResponse } from "@/gen/observe/reports/v1/person_activity_service_pb";
import type { Pair } from "./useMergePreview";
import styles from "./preview.module.css";

/** So many conflicts are listed; more are counted. */
const CONFLICTS_SHOWN = 20;

export interface MergePreviewProps {
  pair: Pair;
  preview: UseQueryResult<PreviewMergeResponse>;
  /** Lets the other one stay; missing where only one can. */
  onTurn: (() => void) | undefined;
}

/** Both persons side by side, and what they would become. */
export function MergePreview({ pair: { source, target }, preview, onTurn }: MergePreviewProps) {
  const answer = preview.data;
  return (
    <>
      <div className={styles.pair}>
        <Side role="joins the other" person={source} activity={answer?.source} />
        <ArrowRight className={styles.arrow} aria-label="into" />
        <Side role="stays" person={target} activity={answer?.target} />
      </div>
      {onTurn && (
        <div>
          <Button size="s" icon={<ArrowLeftRight aria-hidden />} onClick={onTurn}>
            Let the other one stay instead
          </Button>
        </div>
      )}
      {answer ? <Outcome answer={answer} /> : preview.isError ? <ErrorState error={preview.error} onRetry={() => void preview.refetch()} /> : <Skeleton height={40} />}
      {answer?.trouble && <FormMessage error={`They cannot be merged. ${answer.trouble}`} />}
    </>
  );
}

function Side({ role, person, activity }: { role: string; person: Person; activity: PersonActivity | undefined }) {
  const shown = activity?.person ?? person;
  return (
    <section className={styles.side} aria-label={`The person that ${role}`}>
      <div className={styles.role}>
        <p>{role}</p>
        <IdentifiedBadge person={shown} />
      </div>
      <div className={styles.who}>
        <PersonMark person={shown} />
      </div>
      <dl className={styles.facts}>
        <div>
          <dt>Distinct ids</dt>
          <dd>{shown.distinctIds.length}</dd>
        </div>
        <div>
          <dt>Events</dt>
          <dd>{activity ? <Num value={activity.eventCount} unit="events" /> : <Skeleton width={40} />}</dd>
        </div>
        <div>
          <dt>First event</dt>
          <dd>{activity ? <RelativeTime time={activity.firstEventTime} /> : <Skeleton width={60} />}</dd>
        </div>
        <div>
          <dt>Last event</dt>
          <dd>{activity ? <RelativeTime time={activity.lastEventTime} /> : <Skeleton width={60} />}</dd>
        </div>
      </dl>
    </section>
  );
}

function Outcome({ answer }: { answer: PreviewMergeResponse }) {
  const { source, target, merged, conflictingKeys } = answer;
  const events = (source?.eventCount ?? 0n) + (target?.eventCount ?? 0n);
  const ids = (source?.person?.distinctIds.length ?? 0) + (target?.person?.distinctIds.length ?? 0);
  const name = merged ? said(personName(merged)) : "";
  return (
    <>
      <p className={styles.outcome}>
        Together {name && <b title={merged && personName(merged)}>{name}</b>}: {plural(events, "event")} under {plural(ids, "distinct id")}
        {merged?.properties && `, ${plural(Object.keys(merged.properties).length, "property", "properties")}`}.{" "}
        {conflictingKeys.length === 0 && "No property of the two contradicts the other."}
      </p>
      {conflictingKeys.length > 0 && <Conflicts answer={answer} keys={conflictingKeys} />}
    </>
  );
}

function Conflicts({ answer: { source, target }, keys }: { answer: PreviewMergeResponse; keys: readonly string[] }) {
  const value = (activity: PersonActivity | undefined, key: string) => valueText(activity?.person?.properties?.[key] ?? null);
  const shown = keys.slice(0, CONFLICTS_SHOWN);
  return (
    // It may scroll, so it has to be reachable with the keyboard.
    <div className={styles.conflicts} tabIndex={0} role="region" aria-label="Properties that conflict">
      <table>
        <caption>
          {plural(keys.length, "property conflicts", "properties conflict")}. The value of the one who stays is kept; undoing the merge brings the other back.
        </caption>
        <thead>
          <tr>
            <th scope="col">Property</th>
            <th scope="col">Kept</th>
            <th scope="col">Set aside</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((key) => (
            <tr key={key}>
              <th scope="row" title={key}>
                {key}
              </th>
              <Cell text={value(target, key)} />
              <Cell text={value(source, key)} aside />
            </tr>
          ))}
        </tbody>
      </table>
      {keys.length > shown.length && <p className="muted">and {keys.length - shown.length} more</p>}
    </div>
  );
}

function Cell({ text, aside }: { text: string; aside?: boolean }) {
  return (
    <td title={text} className={aside ? styles.aside : undefined}>
      {text === "" ? "(empty text)" : text}
    </td>
  );
}

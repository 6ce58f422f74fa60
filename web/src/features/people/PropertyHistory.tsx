import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { CopyButton } from "@/components/CopyButton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { ArrowRight, History } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { SelectField } from "@/components/SelectField";
import { ShowMore } from "@/components/ShowMore";
import { SkeletonLines } from "@/components/Skeleton";
import { PersonService, PropertyChange_Cause as Cause } from "@/gen/observe/identity/v1/person_service_pb";
import type { PropertyChange } from "@/gen/observe/identity/v1/person_service_pb";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { hasRow, said } from "./person";
import { CHANGE_CAUSES, changeText, changeVerb } from "./propertyChange";
import styles from "./history.module.css";

export const HISTORY_SHAPE = { key: textParam() };
/** Changes in a page of the list. */
const PAGE_SIZE = 50;
/** Longer values are cut; whole on hover and when copied, in characters. */
const SHOWN_CHARS = 240;

/** How a person's properties came to be what they are: all of them, or one. */
export function PropertyHistory({ person }: { person: Person }) {
  const { project } = useProject();
  const [{ key }, setState] = useUrlState(HISTORY_SHAPE);
  const isKept = hasRow(person);
  const list = useInfiniteQuery(
    PersonService.method.listPropertyChanges,
    { projectId: project.id, personId: person.id, key, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, enabled: isKept },
  );
  const error = useLastError(list);
  const changes = list.data?.pages.flatMap((page) => page.changes) ?? [];
  // Also those that the person has no more.
  const keys = [...new Set([...Object.keys(person.properties ?? {}), ...changes.map((change) => change.key), key])].filter(Boolean).sort();
  const options = [{ value: "", label: "All properties" }, ...keys.map((one) => ({ value: one, label: said(one) }))];
  return (
    <Card
      bare
      title="How properties changed"
      description="The latest 1,000 changes are kept."
      actions={keys.length > 0 && <SelectField className={styles.filter} label="Show only this property" hideLabel value={key} options={options} onChange={(next) => setState({ key: next })} />}
    >
      {error ? (
        <ErrorState error={error} onRetry={() => void list.refetch()} />
      ) : isKept && list.isPending ? (
        <div className={styles.pad}>
          <SkeletonLines lines={8} />
        </div>
      ) : changes.length === 0 ? (
        <NoChanges name={key} onAll={() => setState({ key: "" })} />
      ) : (
        <ol aria-label="Changes of properties, the latest first">
          {changes.map((change, index) => (
            <ChangeRow key={`${change.originId} ${change.key} ${index}`} change={change} />
          ))}
        </ol>
      )}
      <ShowMore list={list} label="Show older changes" />
    </Card>
  );
}

function NoChanges({ name, onAll }: { name: string; onAll: () => void }) {
  return (
    <EmptyState
      icon={<History aria-hidden />}
      title={name ? "No change of this property is kept" : "Nothing has changed yet"}
      text="Properties come with identify, and with $set, $set_once and $unset of any event. Each change stands here, with what it was before."
      action={name && <Button onClick={onAll}>Show all properties</Button>}
    />
  );
}

function ChangeRow({ change }: { change: PropertyChange }) {
  const [before, after] = [changeText(change.oldValue), changeText(change.newValue)];
  return (
    <li className={styles.change}>
      <span className={styles.what}>
        <b title={change.key}>{change.key}</b>
        <span>{changeVerb(change)}</span>
      </span>
      <span className={styles.values}>
        {before !== undefined && <Old text={before} />}
        {before !== undefined && <ArrowRight aria-label="became" />}
        {after === undefined ? <span className={styles.gone}>not set</span> : <New text={after} />}
      </span>
      <span className={styles.why}>
        <RelativeTime time={change.time} />
        <span className={styles.origin}>
          <Badge tone={change.cause === Cause.UPDATE ? "neutral" : "info"}>{CHANGE_CAUSES[change.cause]}</Badge>
          {change.originId && <CopyButton text={change.originId} label={change.cause === Cause.UPDATE ? "Copy the event's id" : "Copy the merge's id"} />}
        </span>
      </span>
    </li>
  );
}

function Old({ text }: { text: string }) {
  return (
    <del className={styles.old} title={text}>
      {cut(text)}
    </del>
  );
}

function New({ text }: { text: string }) {
  return (
    <span className={styles.new} title={text}>
      {cut(text)}
    </span>
  );
}

function cut(text: string): string {
  if (text === "") return "(empty text)";
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}

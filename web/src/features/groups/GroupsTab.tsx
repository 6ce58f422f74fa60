import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Building2 } from "@/components/icons";
import { SearchField } from "@/components/SearchField";
import { ShowMore } from "@/components/ShowMore";
import { Skeleton, SkeletonLines } from "@/components/Skeleton";
import { shortNumber } from "@/format/number";
import { GroupService } from "@/gen/observe/identity/v1/group_service_pb";
import type { GroupType } from "@/gen/observe/identity/v1/group_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { pages } from "@/pages";
import { groupPath } from "./group";
import { GroupTable } from "./GroupTable";
import { TeachGroups } from "./TeachGroups";
import styles from "./groups.module.css";

const SHAPE = { type: textParam(), q: textParam() };
/** Groups in a page of the list. */
const PAGE_SIZE = 50;
/** The longest search, in characters. */
const SEARCH_MAX = 200;

/** The kinds of group there are, and the groups of one of them. */
export function GroupsTab() {
  const { project } = useProject();
  const answer = useQuery(GroupService.method.listGroupTypes, { projectId: project.id });
  const error = useLastError(answer);
  if (answer.data) return answer.data.groupTypes.length > 0 ? <Groups types={answer.data.groupTypes} /> : <TeachGroups />;
  return error ? (
    <Card bare>
      <ErrorState error={error} onRetry={() => void answer.refetch()} />
    </Card>
  ) : (
    <div className="stack" aria-busy>
      <Skeleton width={320} height={32} radius="var(--radius-s)" />
      <Card>
        <SkeletonLines lines={8} />
      </Card>
    </div>
  );
}

function Groups({ types }: { types: readonly GroupType[] }) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const [{ type: asked, q }, setState] = useUrlState(SHAPE);
  const type = types.find((one) => one.type === asked)?.type ?? types[0]?.type ?? "";
  const search = q.trim().slice(0, SEARCH_MAX);
  const list = useInfiniteQuery(
    GroupService.method.listGroups,
    { projectId: project.id, type, search, pageSize: PAGE_SIZE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (last) => last.nextPageToken || undefined, placeholderData: keepPreviousData },
  );
  const error = useLastError(list);
  // One of them is what is looked at next.
  useEffect(() => pages.group.preload(), []);
  const groups = list.data?.pages.flatMap((page) => page.groups) ?? [];
  return (
    <div className="stack">
      <div className={styles.tools}>
        <Types types={types} chosen={type} onChange={(next) => setState({ type: next, q: "" })} />
        <SearchField label="Search groups" placeholder="Search key or property" className={styles.search} maxLength={SEARCH_MAX} value={q} onChange={(next) => setState({ q: next })} />
      </div>
      <Card bare>
        {error ? (
          <ErrorState error={error} onRetry={() => void list.refetch()} />
        ) : (
          <GroupTable
            groups={groups}
            loading={list.isPending}
            stale={list.isPlaceholderData}
            onOpen={(group) => navigate(path(groupPath(group)))}
            empty={
              <EmptyState
                icon={<Building2 aria-hidden />}
                title="No group found"
                text={`No key begins with “${search}”, and no property contains it.`}
                action={search && <Button onClick={() => setState({ q: "" })}>Clear the search</Button>}
              />
            }
          />
        )}
      </Card>
      <ShowMore list={list} label="Show more groups" />
    </div>
  );
}

/** The kinds, all in view: a project has five at most. Their names are hostile and may be long. */
function Types({ types, chosen, onChange }: { types: readonly GroupType[]; chosen: string; onChange: (type: string) => void }) {
  return (
    <div className={styles.types} role="group" aria-label="Kind of group">
      {types.map(({ type, groupCount }) => (
        <button key={type} type="button" className={styles.type} aria-pressed={type === chosen} title={type} onClick={() => onChange(type)}>
          <span className={styles.typeName}>{type}</span>
          <span className={styles.count}>{shortNumber(groupCount)}</span>
        </button>
      ))}
    </div>
  );
}

import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ErrorState } from "@/components/ErrorState";
import { KeyHint } from "@/components/KeyHint";
import { PageHeader } from "@/components/PageHeader";
import { SearchField } from "@/components/SearchField";
import { Tabs } from "@/components/Tabs";
import { encodeRange } from "@/components/query/range";
import { rangeParam } from "@/components/query/rangeParam";
import { TimeRangePicker } from "@/components/query/TimeRangePicker";
import { plural } from "@/format/number";
import type { ErrorGroup } from "@/gen/observe/reports/v1/error_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { useRowKeys } from "@/hooks/useRowKeys";
import { pages } from "@/pages";
import { choiceParam, textParam, useUrlState } from "@/hooks/useUrlState";
import { ErrorTable } from "./ErrorTable";
import { searchOf, statusesOf, TAB_NAMES, TABS } from "./group";
import { NoErrors } from "./NoErrors";
import { useErrorGroups, useHasErrors, useRange } from "./useErrorGroups";
import styles from "./errors.module.css";

const SHAPE = { status: choiceParam(TABS, "open"), q: textParam(), range: rangeParam("24h") };
const ITEMS = TABS.map((value) => ({ value, label: TAB_NAMES[value] }));
const SEARCH_MAX = 200;

/** What goes wrong again and again, most people first. */
export default function ErrorsPage() {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const [{ status, q, range: chosen }, setState] = useUrlState(SHAPE);
  const { range, end } = useRange(chosen);
  const search = searchOf(q);
  const list = useErrorGroups(project.id, { range, statuses: statusesOf(status), search });
  const error = useLastError(list);
  const groups = list.data?.pages.flatMap((page) => page.errorGroups) ?? [];
  const total = list.data?.pages[0]?.total ?? 0n;
  const isEmpty = list.isSuccess && !list.isPlaceholderData && groups.length === 0;
  const { hasErrors, isPending } = useHasErrors(project.id, isEmpty && search === "");
  const rows = useRef<HTMLDivElement>(null);
  useRowKeys(rows, "tbody tr[tabindex]");
  // One of them is what is looked at next.
  useEffect(() => pages.error.preload(), []);

  const address = (group: ErrorGroup) => path(`errors/${encodeURIComponent(group.id)}${chosen === SHAPE.range.fallback ? "" : `?range=${encodeURIComponent(encodeRange(chosen))}`}`);
  return (
    <>
      <PageHeader
        title="Errors"
        description="Exceptions that happen again and again, most people affected first."
        actions={<TimeRangePicker value={chosen} onChange={(next) => setState({ range: next })} />}
      />
      <Tabs label="Status" value={status} onChange={(next) => setState({ status: next })} items={ITEMS}>
        <div className="stack" ref={rows}>
          <div className={styles.tools}>
            <SearchField
              label="Search errors"
              placeholder="Search message, type, place"
              className={styles.search}
              maxLength={SEARCH_MAX}
              value={q}
              onChange={(next) => setState({ q: next })}
            />
            {list.isSuccess && !isEmpty && <span className={styles.total}>{plural(total, "error")}</span>}
          </div>
          <Card bare>
            {error ? (
              <ErrorState error={error} onRetry={() => void list.refetch()} />
            ) : isEmpty && !isPending ? (
              <NoErrors tab={status} search={search} range={chosen} hasErrors={hasErrors} onClear={() => setState({ q: "" })} onAll={() => setState({ status: "all", range: { kind: "preset", preset: "90d" } })} />
            ) : (
              <ErrorTable
                groups={groups}
                loading={list.isPending || (isEmpty && isPending)}
                stale={list.isPlaceholderData}
                unfinished={end > Date.now()}
                address={address}
                onOpen={(group) => navigate(address(group))}
              />
            )}
          </Card>
          {groups.length > 0 && (
            <footer className={styles.foot}>
              <span className={styles.keys}>
                <KeyHint keys={["j", "k"]} /> walk <KeyHint keys={["Enter"]} /> open
              </span>
              {list.hasNextPage && (
                <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                  Show more errors
                </Button>
              )}
            </footer>
          )}
        </div>
      </Tabs>
    </>
  );
}

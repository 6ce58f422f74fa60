import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { readError } from "@/api/errors";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Bug } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Skeleton, SkeletonLines, TitleSkeleton } from "@/components/Skeleton";
import { encodeRange } from "@/components/query/range";
import { rangeParam } from "@/components/query/rangeParam";
import { ErrorService } from "@/gen/observe/reports/v1/error_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { useUrlState } from "@/hooks/useUrlState";
import { ErrorView } from "./ErrorView";
import { RENEW_MS, useRange } from "./useErrorGroups";
import styles from "./errors.module.css";

const SHAPE = { range: rangeParam("24h") };

/** One error: where it happens, how often, to whom. */
export default function ErrorPage() {
  const { project, path } = useProject();
  const { errorGroup = "" } = useParams<{ errorGroup: string }>();
  const [{ range: chosen }, setState] = useUrlState(SHAPE);
  const { range } = useRange(chosen);
  const answer = useQuery(
    ErrorService.method.getErrorGroup,
    { projectId: project.id, errorGroupId: errorGroup, range },
    // Another range is another answer; the one before stays in view until it is there.
    { refetchInterval: RENEW_MS, placeholderData: (last) => (last?.errorGroup?.id === errorGroup ? last : undefined) },
  );
  const error = useLastError(answer);
  const back = path(chosen === SHAPE.range.fallback ? "errors" : `errors?range=${encodeURIComponent(encodeRange(chosen))}`);
  return (
    <>
      <BackLink to={back} name="Errors" />
      {answer.data?.errorGroup ? (
        <ErrorView answer={answer.data} group={answer.data.errorGroup} isStale={answer.isPlaceholderData} range={range} chosen={chosen} onRange={(next) => setState({ range: next })} />
      ) : error ? (
        <>
          <PageHeader title="Error" />
          <Card bare>
            {readError(error).kind === "not-found" ? (
              <EmptyState
                icon={<Bug aria-hidden />}
                title="There is no such error"
                text="The address may be mistyped, or its events are no longer kept."
                action={<LinkButton to={path("errors")}>List the errors</LinkButton>}
              />
            ) : (
              <ErrorState error={error} onRetry={() => void answer.refetch()} />
            )}
          </Card>
        </>
      ) : (
        <ErrorSkeleton />
      )}
    </>
  );
}

function ErrorSkeleton() {
  return (
    <div aria-busy>
      <PageHeader title={<TitleSkeleton name="Error" width={320} />} tabTitle="Error" />
      <div className={styles.columns}>
        <div className="stack">
          <Card>
            <Skeleton height={200} radius={6} />
          </Card>
          <Card title="Stack">
            <SkeletonLines lines={8} />
          </Card>
        </div>
        <Card title="In common" description="Of the events in the range">
          <SkeletonLines lines={8} />
        </Card>
      </div>
    </div>
  );
}

import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { readError } from "@/api/errors";
import { BackLink } from "@/components/BackLink";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { Trash2 } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { Skeleton, SkeletonLines, TitleSkeleton } from "@/components/Skeleton";
import { ErasureService } from "@/gen/observe/identity/v1/erasure_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { isDone } from "./erasure";
import { Receipt } from "./Receipt";

/** How often a pending erasure is asked for, in milliseconds. */
const ASK_EVERY_MS = 1_000;

/** The receipt of one deletion, live until all of it is gone. */
export default function ErasurePage() {
  const { project, path } = useProject();
  const { erasure: erasureId = "" } = useParams<{ erasure: string }>();
  const answer = useQuery(
    ErasureService.method.getErasure,
    { projectId: project.id, erasureId },
    { staleTime: 0, refetchInterval: ({ state }) => (state.data?.erasure && isDone(state.data.erasure) ? false : ASK_EVERY_MS) },
  );
  const error = useLastError(answer);
  const erasure = answer.data?.erasure;
  return (
    <>
      <BackLink to={path("settings#erasures")} name="Erasures" />
      {erasure ? (
        <Receipt erasure={erasure} trouble={answer.error ? readError(answer.error).message : ""} />
      ) : error ? (
        <>
          <PageHeader title="Receipt of a deletion" />
          {readError(error).kind === "not-found" ? (
            <EmptyState
              icon={<Trash2 aria-hidden />}
              title="There is no such receipt"
              text="The address may be mistyped, or the receipt is of another project."
              action={<LinkButton to={path("settings#erasures")}>See all receipts</LinkButton>}
            />
          ) : (
            <ErrorState error={error} onRetry={() => void answer.refetch()} />
          )}
        </>
      ) : (
        <div aria-busy>
          <PageHeader title={<TitleSkeleton name="Receipt" />} tabTitle="Receipt" description={<Skeleton width={340} />} />
          <Card title="What was removed">
            <SkeletonLines lines={6} />
          </Card>
        </div>
      )}
    </>
  );
}

import { useQuery } from "@connectrpc/connect-query";
import { useParams } from "wouter";
import { readError } from "@/api/errors";
import { BackLink } from "@/components/BackLink";
import { Badge } from "@/components/Badge";
import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { CopyButton } from "@/components/CopyButton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { decodePersonKey } from "@/components/event/personKey";
import { PropertyList } from "@/components/event/PropertyList";
import { Building2 } from "@/components/icons";
import { NamedTitle } from "@/components/NamedMark";
import { PageHeader } from "@/components/PageHeader";
import { RelativeTime } from "@/components/RelativeTime";
import { SkeletonLines, TitleSkeleton } from "@/components/Skeleton";
import { said } from "@/features/people/person";
import { GroupService } from "@/gen/observe/identity/v1/group_service_pb";
import type { Group } from "@/gen/observe/identity/v1/group_service_pb";
import { useLastError } from "@/hooks/useLastError";
import { useProject } from "@/hooks/useProject";
import { groupName } from "./group";
import styles from "./groups.module.css";

/** One group: what is known of it. */
export default function GroupPage() {
  const { project, path } = useProject();
  const { groupType = "", groupKey = "" } = useParams<{ groupType: string; groupKey: string }>();
  const [type, key] = [partOf(groupType), partOf(groupKey)];
  const answer = useQuery(GroupService.method.getGroup, { projectId: project.id, type, key });
  const error = useLastError(answer);
  const list = `${path("people")}?tab=groups&type=${encodeURIComponent(type)}`;
  const group = answer.data?.group;
  return (
    <>
      <BackLink to={list} name="Groups" />
      {group ? (
        <GroupView group={group} />
      ) : error ? (
        <>
          <PageHeader title="Group" />
          {readError(error).kind === "not-found" ? (
            <EmptyState
              icon={<Building2 aria-hidden />}
              title="There is no such group"
              text="The address may be mistyped, or nothing was ever said about this group."
              action={<LinkButton to={list}>See all groups</LinkButton>}
            />
          ) : (
            <ErrorState error={error} onRetry={() => void answer.refetch()} />
          )}
        </>
      ) : (
        <div aria-busy>
          <PageHeader title={<TitleSkeleton name="Group" />} tabTitle="Group" />
          <Card title="Properties">
            <SkeletonLines lines={6} />
          </Card>
        </div>
      )}
    </>
  );
}

function partOf(text: string): string {
  const part = decodePersonKey(text);
  return "distinctId" in part ? part.distinctId : part.personId;
}

function GroupView({ group }: { group: Group }) {
  const name = groupName(group);
  return (
    <>
      <PageHeader
        tabTitle={name}
        title={<NamedTitle name={name} seed={`${group.type} ${group.key}`} square badge={<Badge>{said(group.type)}</Badge>} />}
        description={group.createdTime && <>First seen <RelativeTime time={group.createdTime} /></>}
      />
      <div className={styles.page}>
        <Card title="Properties" description="What the latest $groupidentify events said.">
          <PropertyList properties={group.properties ?? {}} empty="Nothing was set for this group. Properties come with $group_set of $groupidentify." />
        </Card>
        <Card title="Key" description="How events name this group.">
          <span className={styles.key}>
            <code>{group.key}</code>
            <CopyButton text={group.key} label="Copy group key" />
          </span>
        </Card>
      </div>
    </>
  );
}

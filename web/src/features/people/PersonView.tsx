import { Badge } from "@/components/Badge";
import { Card } from "@/components/Card";
import { PropertyList } from "@/components/event/PropertyList";
import { NamedTitle } from "@/components/NamedMark";
import { PageHeader } from "@/components/PageHeader";
import { RelativeTime } from "@/components/RelativeTime";
import { Skeleton } from "@/components/Skeleton";
import { Tabs } from "@/components/Tabs";
import { MergesTab } from "@/features/merges/MergesTab";
import { useRefusedMerges } from "@/features/merges/useMerges";
import { exactNumber } from "@/format/number";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { DistinctIds } from "./DistinctIds";
import { hasRow, personName } from "./person";
import { PersonActions } from "./PersonActions";
import { IdentifiedBadge } from "./PersonMark";
import { HISTORY_SHAPE, PropertyHistory } from "./PropertyHistory";
import { Timeline } from "./Timeline";
import { usePersonSessions } from "./usePersonEvents";
import styles from "./people.module.css";

const SHAPE = { tab: choiceParam(["activity", "history", "merges"], "activity"), ...HISTORY_SHAPE };

export interface PersonViewProps {
  person: Person;
  /** The person id of the address, which may be that of one who was merged away. */
  askedId: string | undefined;
}

export function PersonView({ person, askedId }: PersonViewProps) {
  const { project } = useProject();
  const [{ tab }, setState] = useUrlState(SHAPE);
  const isKept = hasRow(person);
  const refused = useRefusedMerges(project.id, { personId: person.id, enabled: isKept });
  const name = personName(person);
  const items = [
    { value: "activity", label: "Activity" },
    { value: "history", label: "Property history" },
    { value: "merges", label: <MergesName refused={refused.rows.length} isMore={refused.query.hasNextPage} /> },
  ] as const;
  return (
    <>
      <PageHeader
        tabTitle={name}
        title={<NamedTitle name={name} seed={person.id} badge={<IdentifiedBadge person={person} />} />}
        description={<Seen person={person} wasMerged={askedId !== undefined && askedId !== person.id} />}
        actions={<PersonActions person={person} />}
      />
      <div className={styles.columns}>
        <div className="stack">
          <Card title="Properties">
            <PropertyList
              properties={person.properties ?? {}}
              onHistory={isKept ? (key) => setState({ tab: "history", key }, { push: true }) : undefined}
              empty={isKept ? "Nothing was set for this person." : "Nothing is known of this visitor but events. Properties come with identify or set."}
            />
          </Card>
          <DistinctIds ids={person.distinctIds} />
        </div>
        <Tabs label="About this person" value={tab} onChange={(next) => setState({ tab: next, key: "" })} items={items}>
          {tab === "activity" ? <Timeline person={person} /> : tab === "history" ? <PropertyHistory person={person} /> : <MergesTab person={person} refused={refused} />}
        </Tabs>
      </div>
    </>
  );
}

/** Last of the tabs, since its mark comes a moment later. */
function MergesName({ refused, isMore }: { refused: number; isMore: boolean }) {
  return (
    <span className={styles.tabName}>
      Merges
      {refused > 0 && (
        <Badge tone="warn" shape="▲">
          {exactNumber(refused)}
          {isMore && "+"} refused
        </Badge>
      )}
    </span>
  );
}

/** When they came first and last. */
function Seen({ person, wasMerged }: { person: Person; wasMerged: boolean }) {
  const { project } = useProject();
  const { pages, events } = usePersonSessions(project.id, person);
  const last = events[0]?.time;
  return (
    <span className={styles.seen}>
      {person.createdTime && (
        <span>
          First seen <RelativeTime time={person.createdTime} />
        </span>
      )}
      {pages.isPending ? <Skeleton width={130} height={11} /> : last && <span>Last event <RelativeTime time={last} /></span>}
      {wasMerged && <span>The address is that of a person who was merged into this one.</span>}
    </span>
  );
}

import { PageHeader } from "@/components/PageHeader";
import { Tabs } from "@/components/Tabs";
import { CohortsTab } from "@/features/cohorts/CohortsTab";
import { GroupsTab } from "@/features/groups/GroupsTab";
import { useProject } from "@/hooks/useProject";
import { choiceParam, useUrlState } from "@/hooks/useUrlState";
import { PeopleTab } from "./PeopleTab";

const SHAPE = { tab: choiceParam(["people", "cohorts", "groups"], "people") };
const ITEMS = [
  { value: "people", label: "People" },
  { value: "cohorts", label: "Cohorts" },
  { value: "groups", label: "Groups" },
] as const;

/** The persons of the project, the sets of them that have a name, and the groups that they act for. */
export default function PeoplePage() {
  const { project } = useProject();
  const [{ tab }, setState] = useUrlState(SHAPE);
  return (
    <>
      <PageHeader title="People" description="Everybody you know something about, and what they act for." />
      <Tabs label="People, cohorts and groups" value={tab} onChange={(next) => setState({ tab: next })} items={ITEMS}>
        {tab === "people" ? <PeopleTab key={project.id} /> : tab === "cohorts" ? <CohortsTab key={project.id} /> : <GroupsTab key={project.id} />}
      </Tabs>
    </>
  );
}

import { useCohorts } from "./definitions";
import { NameList } from "./NameList";

interface Props {
  /** The ids of those that are chosen. */
  chosen: readonly string[];
  onPick(id: string): void;
}

/** The cohorts of the project, to choose from. */
export function CohortList({ chosen, onPick }: Props) {
  const { cohorts, loading, error } = useCohorts();
  const names = cohorts.map(({ name, personCount }) => ({ name, count: personCount, unit: "persons" }));
  const nameOf = (id: string) => cohorts.find((one) => one.id === id)?.name;
  return (
    <NameList
      label="Cohorts"
      placeholder="Search cohorts"
      source={{ names, loading, error }}
      chosen={chosen.flatMap((id) => nameOf(id) ?? [])}
      onPick={(name) => {
        const found = cohorts.find((one) => one.name === name);
        if (found) onPick(found.id);
      }}
      freeTextMax={0}
      clearOnPick
      empty="There is no cohort yet. Make one under People, then filter and break down by it."
    />
  );
}

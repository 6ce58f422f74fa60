import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useLocation } from "wouter";
import { useToast } from "@/components/Toast";
import { hasRow, personName, said } from "@/features/people/person";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { PersonActivityService } from "@/gen/observe/reports/v1/person_activity_service_pb";
import { useProject } from "@/hooks/useProject";
import { usePeopleChanged } from "./usePeopleChanged";
import { useSplit } from "./useSplit";

/** Two persons of which one is to become a part of the other. */
export interface Pair {
  source: Person;
  target: Person;
}

/** Which of two goes into the other: the one on whose page it is stays, unless somebody wants it otherwise or it has no row. */
export function pairOf(person: Person, other: Person, isTurned: boolean): Pair {
  if (!hasRow(person)) return { source: person, target: other };
  if (!hasRow(other)) return { source: other, target: person };
  return isTurned ? { source: person, target: other } : { source: other, target: person };
}

/** Whether both directions are possible: a person without a row cannot stay. */
export function canTurn(person: Person, other: Person): boolean {
  return hasRow(person) && hasRow(other);
}

function requestOf(projectId: string, { source, target }: Pair) {
  const id = hasRow(source) ? "" : (source.distinctIds[0] ?? "");
  return { projectId, sourcePersonId: source.id, targetPersonId: target.id, sourceDistinctId: id };
}

/** What a merge would join. */
export function useMergePreview(pair: Pair | undefined) {
  const { project } = useProject();
  return useQuery(PersonActivityService.method.previewMerge, pair && requestOf(project.id, pair), { enabled: pair !== undefined, staleTime: 0 });
}

/** Merges, says so with a way back, and shows the person that both are now. */
export function useMerge(onDone: () => void) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const toast = useToast();
  const changed = usePeopleChanged();
  const split = useSplit();
  const merge = useMutation(PersonService.method.mergePersons);
  const run = (pair: Pair) =>
    merge.mutate(requestOf(project.id, pair), {
      onSuccess: ({ mergeId }) => {
        onDone();
        changed();
        navigate(path(`people/${pair.target.id}`));
        const undo = () => split.mutate({ projectId: project.id, mergeId }, { onError: () => toast.bad("The merge could not be undone. See the person’s merges for the reason.") });
        toast.ok(`${said(personName(pair.source))} is a part of ${said(personName(pair.target))} now.`, { label: "Undo", onPress: undo });
      },
    });
  return { merge, run };
}

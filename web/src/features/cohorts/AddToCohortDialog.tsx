import { useMutation } from "@connectrpc/connect-query";
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { Button, LinkButton } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { FormMessage } from "@/components/FormMessage";
import { useCohorts } from "@/components/query/definitions";
import { SelectField } from "@/components/SelectField";
import { SkeletonLines } from "@/components/Skeleton";
import { useToast } from "@/components/Toast";
import { idOf, personName, said } from "@/features/people/person";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { CohortService } from "@/gen/observe/reports/v1/cohort_service_pb";
import { useForget } from "@/hooks/useForget";
import { useProject } from "@/hooks/useProject";
import { cohortPath, hasRule } from "./cohort";

const FORM_ID = "add-to-cohort";

/** Puts one person on a fixed list. */
export function AddToCohortDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { project, path } = useProject();
  const { cohorts, loading, error } = useCohorts();
  const lists = cohorts.filter((cohort) => !hasRule(cohort));
  const [asked, setAsked] = useState("");
  const chosen = lists.find(({ id }) => id === asked) ?? lists[0];
  const [, navigate] = useLocation();
  const toast = useToast();
  const forget = useForget(CohortService);
  const add = useMutation(CohortService.method.addCohortPersons, {
    onSuccess: ({ cohort }) => {
      void forget();
      onClose();
      toast.ok(`On the list “${said(cohort?.name ?? "")}”`, { label: "Open", onPress: () => navigate(path(cohortPath(cohort?.id ?? ""))) });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!chosen) return;
    const { case: by, value } = idOf(person);
    add.mutate({ projectId: project.id, cohortId: chosen.id, ...(by === "personId" ? { personIds: [value] } : { distinctIds: [value] }) });
  };
  const isEmpty = !loading && error === null && lists.length === 0;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Add ${said(personName(person))} to a list`}
      description={isEmpty ? "There is no fixed list yet. A cohort with a rule finds its people by itself." : "Only fixed lists can be chosen: a rule finds its people by itself."}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {isEmpty ? (
            <LinkButton to={path("people/cohorts/new?kind=list")} variant="primary">
              New list
            </LinkButton>
          ) : (
            <Button type="submit" form={FORM_ID} variant="primary" disabled={!chosen} loading={add.isPending}>
              Add to the list
            </Button>
          )}
        </>
      }
    >
      {isEmpty ? undefined : (
        <form id={FORM_ID} className="stack" onSubmit={submit}>
          <FormMessage error={add.error ? readError(add.error).message : error ? readError(error).message : undefined} />
          {loading ? (
            <SkeletonLines lines={2} />
          ) : (
            <SelectField label="List" value={chosen?.id ?? ""} options={lists.map(({ id, name }) => ({ value: id, label: said(name, 80) }))} onChange={setAsked} />
          )}
        </form>
      )}
    </Dialog>
  );
}

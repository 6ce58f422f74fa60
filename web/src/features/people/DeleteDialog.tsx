import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import type { Person } from "@/gen/observe/identity/v1/person_pb";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { useProject } from "@/hooks/useProject";
import { pages as codeOf } from "@/pages";
import { deleteText, typedName } from "./deletion";
import { idOf, personName, said } from "./person";
import { usePersonSessions } from "./usePersonEvents";

/** Asks before a person is erased, and leads to the receipt. */
export function DeleteDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { project, path } = useProject();
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const { pages, events } = usePersonSessions(project.id, person);
  useEffect(() => codeOf.erasure.preload(), []);
  const erase = useMutation(PersonService.method.deletePerson, {
    onSuccess: ({ erasure }) => {
      navigate(path(`settings/erasures/${erasure?.id ?? ""}`));
      void client.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete ${said(personName(person))}`}
      text={deleteText(person, pages.isPending ? undefined : { count: events.length, isMore: pages.hasNextPage })}
      confirmLabel="Delete person"
      danger
      typeToConfirm={typedName(person)}
      loading={erase.isPending}
      error={erase.error ? readError(erase.error).message : undefined}
      onConfirm={() => erase.mutate({ projectId: project.id, id: idOf(person) })}
    />
  );
}

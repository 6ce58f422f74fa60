import { useMutation } from "@connectrpc/connect-query";
import { useToast } from "@/components/Toast";
import { PersonService } from "@/gen/observe/identity/v1/person_service_pb";
import { usePeopleChanged } from "./usePeopleChanged";

/** Undoes a merge and says so. */
export function useSplit(onDone: () => void = () => undefined) {
  const toast = useToast();
  const changed = usePeopleChanged();
  return useMutation(PersonService.method.splitPerson, {
    onSuccess: () => {
      changed();
      toast.ok("The merge is undone. Both are persons of their own again.");
      onDone();
    },
  });
}

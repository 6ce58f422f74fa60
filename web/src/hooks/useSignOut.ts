import { useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { readError } from "@/api/errors";
import { closeSession } from "@/api/session";
import { useToast } from "@/components/Toast";
import { AccountService } from "@/gen/observe/identity/v1/account_service_pb";

/** Ends the session, takes its cookie away, forgets all answers and leads to the sign-in page. */
export function useSignOut(): () => void {
  const { mutateAsync } = useMutation(AccountService.method.signOut);
  const queryClient = useQueryClient();
  const toast = useToast();
  const [, navigate] = useLocation();
  return () => {
    const leave = async () => {
      try {
        await mutateAsync({});
      } catch (error) {
        // A session that has ended already is what was wanted; anything else leaves it open, and that has to be said.
        if (readError(error).kind !== "signed-out") return toast.bad(`You are still signed in: ${readError(error).message}`);
      }
      await closeSession();
      navigate("/sign-in");
      queryClient.clear();
    };
    void leave();
  };
}

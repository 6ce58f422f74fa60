import { useState } from "react";
import { Button } from "@/components/Button";
import { AuthFrame } from "@/features/auth/AuthFrame";
import { NewOrganizationDialog } from "@/features/settings/NewOrganizationDialog";
import { NewProjectDialog } from "@/features/settings/NewProjectDialog";
import { useMe } from "@/hooks/useMe";
import { mayManage } from "@/hooks/useProject";
import { useSignOut } from "@/hooks/useSignOut";

/** For a user without any project. */
export function NoProject() {
  const { memberships } = useMe();
  const [making, setMaking] = useState(false);
  const signOut = useSignOut();
  const canMake = memberships.some((membership) => mayManage(membership.role));
  return (
    <AuthFrame
      title="No project yet"
      text={
        canMake
          ? "A project is one site or app. Its events, people and keys are kept apart from those of others."
          : "You do not belong to an organization with a project. Ask for an invitation, or create an organization of your own."
      }
    >
      <div className="row" style={{ marginTop: 16 }}>
        <Button variant="primary" onClick={() => setMaking(true)}>
          {canMake ? "Create project" : "Create organization"}
        </Button>
        <Button onClick={signOut}>Sign out</Button>
      </div>
      {canMake ? <NewProjectDialog open={making} onOpenChange={setMaking} /> : <NewOrganizationDialog open={making} onOpenChange={setMaking} />}
    </AuthFrame>
  );
}

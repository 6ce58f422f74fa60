import { Avatar } from "@/components/Avatar";
import { Badge } from "@/components/Badge";
import { IconButton } from "@/components/IconButton";
import { LogOut, Trash2 } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { SelectField } from "@/components/SelectField";
import type { Column } from "@/components/Table";
import { roleLabel, roleName, roleOf, rolesWithin } from "@/features/settings/roles";
import { Role } from "@/gen/observe/common/v1/call_context_pb";
import type { Member } from "@/gen/observe/identity/v1/organization_service_pb";
import { mayManage } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

export interface MemberActions {
  /** The signed-in user's role and id. */
  own: Role;
  myId: string;
  onRole: (member: Member, role: Role) => void;
  onRemove: (member: Member) => void;
}

export function memberColumns({ own, myId, onRole, onRemove }: MemberActions): Column<Member>[] {
  // Owners are touched by owners only.
  const mayTouch = (member: Member) => mayManage(own) && (own === Role.OWNER || member.role !== Role.OWNER);
  return [
    { key: "name", title: "Name", width: "60%", truncate: true, render: (member) => <MemberName member={member} me={member.user?.id === myId} /> },
    {
      key: "role",
      title: "Role",
      width: "120px",
      render: (member) =>
        mayTouch(member) ? (
          <SelectField
            hideLabel
            label={`Role of ${member.user?.name}`}
            className={styles.roleSelect}
            value={roleName(member.role)}
            options={rolesWithin(own)}
            onChange={(role) => onRole(member, roleOf(role))}
          />
        ) : (
          roleLabel(member.role)
        ),
    },
    { key: "since", title: "Since", wideOnly: true, render: (member) => <RelativeTime time={member.createdTime} /> },
    {
      key: "remove",
      title: <span className="visually-hidden">Remove</span>,
      align: "end",
      render: (member) =>
        (mayTouch(member) || member.user?.id === myId) && (
          <IconButton
            size="s"
            label={member.user?.id === myId ? "Leave the organization" : `Remove ${member.user?.name}`}
            icon={member.user?.id === myId ? <LogOut /> : <Trash2 />}
            onClick={() => onRemove(member)}
          />
        ),
    },
  ];
}

function MemberName({ member, me }: { member: Member; me: boolean }) {
  const { user } = member;
  return (
    <span className={styles.person}>
      <Avatar name={user?.name || user?.email || "?"} seed={user?.id} size={28} />
      <span>
        <span className="truncate">
          {user?.name} {me && <Badge>You</Badge>}
        </span>
        <span className="muted truncate" title={user?.email}>
          {user?.email}
        </span>
      </span>
    </span>
  );
}

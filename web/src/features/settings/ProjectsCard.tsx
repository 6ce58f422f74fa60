import { useState } from "react";
import { Link } from "wouter";
import { Avatar } from "@/components/Avatar";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { Plus } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { NewProjectDialog } from "@/features/settings/NewProjectDialog";
import type { Membership } from "@/gen/observe/identity/v1/account_service_pb";
import type { Project } from "@/gen/observe/identity/v1/project_pb";
import { useMe } from "@/hooks/useMe";
import { mayManage } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

const COLUMNS: Column<Project>[] = [
  { key: "name", title: "Name", width: "60%", truncate: true, render: (project) => <ProjectName project={project} /> },
  { key: "zone", title: "Time zone", wideOnly: true, render: (project) => project.timeZone || "UTC" },
  { key: "created", title: "Created", align: "end", render: (project) => <RelativeTime time={project.createdTime} /> },
];

/** The organization's projects, and a new one. */
export function ProjectsCard({ membership }: { membership: Membership }) {
  const projects = useMe()
    .projects.filter((project) => project.organizationId === membership.organizationId)
    .sort((a, b) => a.name.localeCompare(b.name));
  const [making, setMaking] = useState(false);
  const canManage = mayManage(membership.role);
  const make = canManage && (
    <Button icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
      New project
    </Button>
  );
  return (
    <Card title="Projects" actions={make} bare>
      <Table
        label="Projects"
        columns={COLUMNS}
        rows={projects}
        rowKey={(project) => project.id}
        empty={
          <EmptyState
            title="No project yet"
            text={
              canManage
                ? "A project is one site or app. Create one to get the snippet that sends its events."
                : "A project is one site or app. Owners and admins can create one."
            }
          />
        }
      />
      <NewProjectDialog open={making} onOpenChange={setMaking} organizationId={membership.organizationId} />
    </Card>
  );
}

function ProjectName({ project }: { project: Project }) {
  return (
    <span className={styles.project}>
      <Avatar name={project.name} seed={project.id} size={20} square />
      <Link href={`/p/${project.id}/`} className="truncate" title={project.name}>
        {project.name}
      </Link>
    </span>
  );
}

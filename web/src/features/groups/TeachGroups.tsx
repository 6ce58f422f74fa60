import { Card } from "@/components/Card";
import { CodeBlock } from "@/components/CodeBlock";
import { EmptyState } from "@/components/EmptyState";
import { Building2 } from "@/components/icons";
import styles from "./groups.module.css";

const GROUP = `POST /v1/events
{
  "name": "$groupidentify",
  "user_id": "user-17",
  "properties": {
    "$group_type": "company",
    "$group_key": "analytical-engines",
    "$group_set": { "name": "Analytical Engines", "plan": "team" }
  }
}`;

/** What to send so that a group appears. */
export function TeachGroups() {
  return (
    <Card bare>
      <div className={styles.teach}>
        <EmptyState
          icon={<Building2 aria-hidden />}
          title="No groups yet"
          text="A group is what people act for: a company, a team, a workspace. Name one with $groupidentify, and it stands here with what is known of it. Clients of PostHog send it when their group call is used."
        />
        <CodeBlock code={GROUP} language="text" label="How to name a group" />
      </div>
    </Card>
  );
}

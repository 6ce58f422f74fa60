import { LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { ChartLine } from "@/components/icons";
import { EmptyState } from "@/components/EmptyState";
import { useProject } from "@/hooks/useProject";

/** What the page will show, and how to get there. */
export function NoEvents() {
  const { path } = useProject();
  return (
    <Card bare>
      <EmptyState
        icon={<ChartLine aria-hidden />}
        title="No event has arrived yet"
        text="This page answers how often something happens, how many people do it, and how many get from one step to the next. It begins with the first event."
        action={
          <LinkButton to={path("install")} variant="primary">
            Send the first event
          </LinkButton>
        }
      />
    </Card>
  );
}

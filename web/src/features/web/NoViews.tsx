import { Button, LinkButton } from "@/components/Button";
import { Card } from "@/components/Card";
import { EmptyState } from "@/components/EmptyState";
import { Globe } from "@/components/icons";
import { type TimeRangeState, useEventDefinitions } from "@/components/query";
import { rangeName } from "@/components/query/range";
import { useProject } from "@/hooks/useProject";

const LONGEST: TimeRangeState = { kind: "preset", preset: "90d" };

interface Props {
  range: TimeRangeState;
  onRange(range: TimeRangeState): void;
}

/** What the page will show, and how to get there; or that there were views, but at another time. */
export function NoViews({ range, onRange }: Props) {
  const { path } = useProject();
  const { events, loading } = useEventDefinitions();
  const seen = events.some(({ name }) => name === "$pageview");
  if (loading || seen) {
    return (
      <Card bare>
        <EmptyState
          icon={<Globe aria-hidden />}
          title="No page views in this time"
          text={`${rangeName(range)}: nobody looked at a page.`}
          action={range.kind === "preset" && range.preset === "90d" ? undefined : <Button onClick={() => onRange(LONGEST)}>Show the last 90 days</Button>}
        />
      </Card>
    );
  }
  return (
    <Card bare>
      <EmptyState
        icon={<Globe aria-hidden />}
        title="No page view has arrived yet"
        text="This page shows who visits your site, where they come from, which pages they see and how fast those are. It begins with the first page view; the snippet records them by itself."
        action={
          <LinkButton to={path("install")} variant="primary">
            Install the snippet
          </LinkButton>
        }
      />
    </Card>
  );
}

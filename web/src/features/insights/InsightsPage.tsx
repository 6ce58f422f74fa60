import { Button } from "@/components/Button";
import { Check, LinkIcon } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { TimeRangePicker, useEventDefinitions } from "@/components/query";
import { Tabs } from "@/components/Tabs";
import { useCopy } from "@/components/useCopy";
import { Funnel } from "./Funnel";
import { NoEvents } from "./NoEvents";
import type { Tab } from "./question";
import { Trends } from "./Trends";
import { useQuestion } from "./useQuestion";

const TABS: { value: Tab; label: string }[] = [
  { value: "trends", label: "Trends" },
  { value: "funnel", label: "Funnel" },
];

/** Questions about events: how many over time, and how many get how far. */
export default function InsightsPage() {
  const [question, change] = useQuestion();
  const definitions = useEventDefinitions();
  const nothing = !definitions.loading && definitions.error === null && definitions.events.length === 0;
  return (
    <>
      <PageHeader
        title="Insights"
        actions={
          <>
            <TimeRangePicker value={question.range} onChange={(range) => change({ range })} />
            <Share />
          </>
        }
      />
      <Tabs label="Kind of question" value={question.tab} onChange={(tab) => change({ tab })} items={TABS}>
        {nothing ? (
          <NoEvents />
        ) : question.tab === "trends" ? (
          <Trends question={question} change={change} definitions={definitions} />
        ) : (
          <Funnel question={question} change={change} definitions={definitions} />
        )}
      </Tabs>
    </>
  );
}

function Share() {
  const [copied, copy] = useCopy();
  const icon = copied ? <Check aria-hidden /> : <LinkIcon aria-hidden />;
  return (
    <Button icon={icon} onClick={() => copy(window.location.href)} title="Copy a link to this question">
      <span aria-live="polite">{copied ? "Link copied" : "Share"}</span>
    </Button>
  );
}

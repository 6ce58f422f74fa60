import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { Button } from "@/components/Button";
import { Check, LinkIcon } from "@/components/icons";
import { PageHeader } from "@/components/PageHeader";
import { TimeRangePicker, useEventDefinitions } from "@/components/query";
import { knownZone } from "@/components/query/zone";
import { Tabs } from "@/components/Tabs";
import { useCopy } from "@/components/useCopy";
import { useNow } from "@/hooks/useNow";
import { useProject } from "@/hooks/useProject";
import { useTimeZone } from "@/hooks/TimeZoneContext";
import { textParam, useUrlState } from "@/hooks/useUrlState";
import { useNotes } from "./annotations/useNotes";
import type { Behind } from "./behind/behind";
import { BehindPanel } from "./behind/BehindPanel";
import type { BuilderProps } from "./builder";
import { Funnel } from "./Funnel";
import { Lifecycle } from "./lifecycle/Lifecycle";
import { NoEvents } from "./NoEvents";
import { Paths } from "./paths/Paths";
import { defaultSeries, EMPTY_QUESTION, type Kind, KIND_NAMES, KINDS, type Question, type Tab } from "./question";
import { encodeQuestion, queryString } from "./questionUrl";
import type { Asker } from "./request";
import { Retention } from "./retention/Retention";
import { fromSavedInsight, savedSearch } from "./saved/insightQuery";
import { SaveActions } from "./saved/SaveActions";
import { SavedTab } from "./saved/SavedTab";
import { Unshown } from "./saved/Unshown";
import { useSavedInsight } from "./saved/useSaved";
import { Stickiness } from "./stickiness/Stickiness";
import { Trends } from "./Trends";
import { useQuestion } from "./useQuestion";

const TABS: { value: Tab; label: string }[] = [...KINDS.map((value) => ({ value, label: KIND_NAMES[value] })), { value: "saved", label: "Saved" }];
const BUILDERS: Record<Kind, (props: BuilderProps) => ReactNode> = { trends: Trends, funnel: Funnel, retention: Retention, lifecycle: Lifecycle, stickiness: Stickiness, paths: Paths };
/** The kinds that are charts over time. */
const OVER_TIME: readonly Tab[] = ["trends", "funnel", "lifecycle"];
const SHAPE = { saved: textParam() };

/** Questions about events: how many over time, how many get how far, who comes back, and what was asked before. */
export default function InsightsPage() {
  const { project } = useProject();
  const timeZone = knownZone(useTimeZone());
  const now = useNow(60_000).getTime();
  const [asked, change] = useQuestion();
  const [{ saved }, setUrl] = useUrlState(SHAPE);
  const definitions = useEventDefinitions();
  const [behind, setBehind] = useState<Behind | null>(null);
  const asker = useMemo<Asker>(() => ({ projectId: project.id, timeZone, now }), [project.id, timeZone, now]);
  const question = useWithDefaults(asked, definitions);
  const { insight, unshown, loading } = useShownInsight(saved, asked, timeZone);
  const { notes, annotate, dialog } = useNotes(question.range, asker, OVER_TIME.includes(question.tab));
  const nothing = !definitions.loading && definitions.error === null && definitions.events.length === 0;
  const isList = question.tab === "saved";
  const changeTab = (tab: Tab) => {
    setBehind(null);
    change({ tab });
    // Another kind of question is another insight.
    if (saved !== "") setUrl({ saved: "" });
  };
  const Builder = isList ? null : BUILDERS[question.tab as Kind];
  return (
    <>
      <PageHeader
        title={insight?.name ?? "Insights"}
        description={insight?.description}
        actions={
          !isList && (
            <>
              <TimeRangePicker value={question.range} onChange={(range) => change({ range })} />
              <SaveActions question={question} asker={asker} insight={insight} onShow={(id) => setUrl({ saved: id })} />
              <Share />
            </>
          )
        }
      />
      <Tabs label="Kind of question" value={question.tab} onChange={changeTab} items={TABS}>
        {isList ? (
          <SavedTab timeZone={timeZone} />
        ) : unshown && insight ? (
          <Unshown insight={insight} />
        ) : nothing ? (
          <NoEvents />
        ) : (
          Builder &&
          !loading && (
            <Builder
              question={question}
              change={change}
              asker={asker}
              definitions={definitions}
              notes={notes}
              annotate={annotate}
              onPick={(number, request) => setBehind({ number, request } as Behind)}
            />
          )
        )}
      </Tabs>
      <BehindPanel behind={behind} onChange={setBehind} onClose={() => setBehind(null)} />
      {dialog}
    </>
  );
}

/** The question with the series that it asks about until somebody chose one. */
function useWithDefaults(question: Question, { events, loading }: ReturnType<typeof useEventDefinitions>): Question {
  return useMemo(() => {
    if (question.series.length > 0 || loading) return question;
    const series = defaultSeries(events.map(({ name }) => name));
    return { ...question, series: question.tab === "stickiness" ? series.slice(0, 1) : series };
  }, [question, events, loading]);
}

/** The saved insight of the address. One that is named without its question is opened. */
function useShownInsight(id: string, question: Question, timeZone: string) {
  const [path, navigate] = useLocation();
  const { data, isPending } = useSavedInsight(id);
  const insight = id === "" ? undefined : data?.savedInsight;
  const bare = queryString(encodeQuestion(question)) === queryString(encodeQuestion(EMPTY_QUESTION));
  const readable = useMemo(() => insight && fromSavedInsight(insight, timeZone), [insight, timeZone]);
  const opens = insight !== undefined && bare && readable != null;
  useEffect(() => {
    if (opens) navigate(`${path}?${savedSearch(insight, timeZone)}`, { replace: true });
  }, [opens]);
  return { insight, unshown: bare && readable === null, loading: id !== "" && bare && (isPending || opens) };
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

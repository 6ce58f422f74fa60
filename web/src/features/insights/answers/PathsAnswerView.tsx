import { useMemo } from "react";
import { PathsChart, type PathsPick } from "@/charts/PathsChart";
import { EmptyState } from "@/components/EmptyState";
import { Split } from "@/components/query/icons";
import { plural } from "@/format/number";
import { durationMs } from "@/format/time";
import type { QueryPathsRequest, QueryPathsResponse } from "@/gen/observe/reports/v1/paths_pb";
import { endStep } from "../paths/endStep";
import type { AnswerViewProps } from "./view";

interface PathsAnswerViewProps extends AnswerViewProps<QueryPathsRequest, QueryPathsResponse> {
  /** Offers to let paths begin or end at a place. */
  onPoint?: ((point: "start" | "end", value: string) => void) | undefined;
}

/** An answer about paths: where persons went, step by step. */
export function PathsAnswerView({ title, response, request, options, onPick, onPoint }: PathsAnswerViewProps) {
  const { nodes, links } = useMemo(() => view(response), [response]);
  if (links.length === 0) {
    return (
      <>
        {options}
        <EmptyState icon={<Split aria-hidden />} title="No path leads anywhere here" text="A path needs two steps within 30 minutes of each other. Try a longer range, other steps, or another start and end." />
      </>
    );
  }
  return (
    <PathsChart
      title={title}
      nodes={nodes}
      links={links}
      end={request && endStep(request)}
      actions={
        <>
          <span className="muted">
            {plural(response.paths, "path")}.{nodes.some(({ droppedOff }) => droppedOff > 0) && " Grey is where they end."}
          </span>
          {options}
        </>
      }
      onPoint={onPoint}
      onPick={onPick && ((number: PathsPick) => onPick({ kind: "paths", ...number }))}
    />
  );
}

function view(response: QueryPathsResponse) {
  return {
    nodes: response.nodes.map(({ value, step, paths, droppedOff }) => ({ value, step, paths: Number(paths), droppedOff: Number(droppedOff) })),
    links: response.links.map(({ source, target, step, paths, persons, medianTime }) => ({
      source,
      target,
      step,
      paths: Number(paths),
      persons: Number(persons),
      medianMs: medianTime ? durationMs(medianTime) : null,
    })),
  };
}

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useMemo, useState } from "react";
import { TimeSeriesChart } from "@/charts";
import { SERIES_DRAWN_MAX } from "@/charts/series";
import type { QueryTrendsRequest, QueryTrendsResponse } from "@/gen/observe/reports/v1/trends_pb";
import { LineTable } from "../LineTable";
import type { Display } from "../question";
import { SeriesField } from "../SeriesField";
import { Totals } from "../Totals";
import { firstLines, type TrendsLine, trendsView } from "../trendsView";
import { type AnswerViewProps, marksOf } from "./view";
import styles from "../insights.module.css";

interface TrendsAnswerViewProps extends AnswerViewProps<QueryTrendsRequest, QueryTrendsResponse> {
  display?: Display | undefined;
}

/** An answer about trends: the totals, the lines, and where there are many lines, their list. */
export function TrendsAnswerView(props: TrendsAnswerViewProps) {
  const { title, response, request, timeZone, now, display = "lines", height = 300, options, notes, onPick } = props;
  const view = useMemo(() => trendsView(response, request, timeZone, now), [response, request, timeZone, now]);
  const [series, setSeries] = useState(0);
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const split = view.lines.some(({ value }) => value !== null);
  // Values of one series can be told apart; those of several, one upon the other, cannot.
  const shownSeries = view.lines.some((line) => line.series === series) ? series : 0;
  const lines = useMemo(() => (split ? view.lines.filter((line) => line.series === shownSeries) : view.lines), [view.lines, split, shownSeries]);
  const drawn = useMemo(() => {
    const ids = (chosen ?? []).filter((id) => lines.some((line) => line.id === id));
    const shown = ids.length > 0 ? ids : firstLines(lines, SERIES_DRAWN_MAX);
    return lines.filter(({ id }) => shown.includes(id)).map((line, color) => ({ ...line, color }));
  }, [lines, chosen]);
  const { starts } = view.buckets;
  const marks = useMemo(() => marksOf(notes, starts, view.end), [notes, starts, view.end]);
  const many = split || lines.length > SERIES_DRAWN_MAX;
  const pick = useMemo(
    () =>
      onPick && view.hasPersons
        ? (line: TrendsLine | undefined, start?: number) =>
            line && onPick({ kind: "trends", series: line.series + 1, bucket: start === undefined ? undefined : timestampFromMs(start), value: line.wireValue })
        : undefined,
    [onPick, view.hasPersons],
  );
  return (
    <div className={styles.result}>
      {!many && <Totals lines={drawn} onPick={pick} />}
      <TimeSeriesChart
        title={split ? (lines[0]?.seriesLabel ?? title) : title}
        buckets={view.buckets}
        series={drawn}
        display={display}
        unfinished={view.unfinished}
        whole={view.whole}
        named={!many}
        actions={
          <>
            {split && <SeriesField lines={view.lines} value={shownSeries} onChange={setSeries} />}
            {options}
          </>
        }
        height={height}
        marks={marks}
        onPick={pick && ((bucket, place) => pick(drawn[place], starts[bucket]))}
      />
      {many && <LineTable lines={lines} drawn={drawn} onDraw={setChosen} onPick={pick} />}
    </div>
  );
}

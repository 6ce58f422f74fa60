import { type ReactNode, useMemo, useState } from "react";
import { TimeSeriesChart } from "@/charts";
import { SERIES_DRAWN_MAX } from "@/charts/series";
import { LineTable } from "./LineTable";
import type { Display } from "./question";
import { SeriesField } from "./SeriesField";
import { Totals } from "./Totals";
import { firstLines, type TrendsView } from "./trendsView";
import styles from "./insights.module.css";

interface Props {
  view: TrendsView;
  display: Display;
  options: ReactNode;
}

/** The answer: the totals, the lines, and where there are many lines, their list. */
export function TrendsResult({ view, display, options }: Props) {
  const { buckets, unfinished } = view;
  const [series, setSeries] = useState(0);
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const split = view.lines.some(({ value }) => value !== null);
  // Values of one series can be told apart; those of several, one upon the other, cannot.
  const shownSeries = view.lines.some((line) => line.series === series) ? series : 0;
  const lines = useMemo(
    () => (split ? view.lines.filter((line) => line.series === shownSeries) : view.lines),
    [view.lines, split, shownSeries],
  );
  const drawn = useMemo(() => {
    const ids = (chosen ?? []).filter((id) => lines.some((line) => line.id === id));
    const shown = ids.length > 0 ? ids : firstLines(lines, SERIES_DRAWN_MAX);
    return lines.filter(({ id }) => shown.includes(id)).map((line, color) => ({ ...line, color }));
  }, [lines, chosen]);
  const many = split || lines.length > SERIES_DRAWN_MAX;
  return (
    <div className={styles.result}>
      {!many && <Totals lines={drawn} />}
      <TimeSeriesChart
        title={split ? (lines[0]?.seriesLabel ?? "Trends") : "Trends"}
        buckets={buckets}
        series={drawn}
        display={display}
        unfinished={unfinished}
        named={!many}
        actions={
          <>
            {split && <SeriesField lines={view.lines} value={shownSeries} onChange={setSeries} />}
            {options}
          </>
        }
        height={300}
      />
      {many && <LineTable lines={lines} drawn={drawn} onDraw={setChosen} />}
    </div>
  );
}

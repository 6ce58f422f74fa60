import { type KeyboardEvent, memo, type PointerEvent, useMemo, useRef, useState } from "react";
import { exactNumber, shortNumber } from "@/format/number";
import { type Bar, barsOf, type ChartColumn, type ColumnLayer, namedColumns } from "./columns";
import { type ChartMark, Marks } from "./Marks";
import { useWidth } from "./measure";
import { type SpanAxis, spanAxis } from "./spanAxis";
import { nextIndex } from "./walk";
import chart from "./charts.module.css";
import styles from "./columns.module.css";

interface Props {
  title: string;
  columns: readonly ChartColumn[];
  layers: readonly ColumnLayer[];
  stacked: boolean;
  unfinished: boolean;
  height: number;
  marks?: readonly ChartMark[] | undefined;
  onPick?: ((column: number, layer: number) => void) | undefined;
}

/** Room above and below the drawing, in pixels. */
const TOP = 10;
const FOOT = 28;
/** The width of a letter of the axis of values, and the room between two names below the chart. */
const LETTER = 6.6;
const TICK_GAP = 20;
/** The share of a column's width that its bars take, and the widest that a bar is. */
const BARS_SHARE = 0.74;
const BAR_MAX = 72;

/** Where everything stands, in pixels. */
interface Place {
  bars: readonly Bar[];
  axis: SpanAxis;
  /** The names on the axis of values, and where they end. */
  names: readonly string[];
  left: number;
  width: number;
  /** The height of the drawing without its foot. */
  inner: number;
  columnWidth: number;
  barsWidth: number;
  /** Which columns have their names below them. */
  named: readonly number[];
  y(value: number): number;
}

function usePlace({ columns, layers, stacked, height }: Props, width: number): Place {
  return useMemo(() => {
    const bars = barsOf(layers, columns.length, stacked);
    const axis = spanAxis(edge(bars, Math.min), edge(bars, Math.max), true);
    const names = axis.ticks.map((tick) => shortNumber(Math.abs(tick)));
    const left = Math.max(...names.map((name) => name.length)) * LETTER + 10;
    const inner = height - TOP - FOOT;
    const columnWidth = columns.length === 0 ? 0 : Math.max(0, width - left) / columns.length;
    const tickRoom = columns.reduce((most, { tick }) => Math.max(most, tick.length), 1) * LETTER + TICK_GAP;
    return {
      bars,
      axis,
      names,
      left,
      width,
      inner,
      columnWidth,
      barsWidth: Math.min(columnWidth * BARS_SHARE, BAR_MAX * (stacked ? 1 : layers.length)),
      named: namedColumns(columns.length, Math.floor((width - left) / tickRoom)),
      y: (value) => TOP + ((axis.max - value) / (axis.max - axis.min || 1)) * inner,
    };
  }, [columns, layers, stacked, height, width]);
}

/** The drawing, with its reading of one column: by pointer, or by the arrow keys. */
export function ColumnPlot(props: Props) {
  const { title, columns, layers, height, marks, onPick } = props;
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const [active, setActive] = useState<number | null>(null);
  const place = usePlace(props, width);
  const { left, columnWidth, inner } = place;
  const count = columns.length;
  const read = Math.min(active ?? count - 1, count - 1);

  const columnAt = ({ clientX }: PointerEvent) => {
    const at = Math.floor((clientX - (host.current?.getBoundingClientRect().left ?? 0) - left) / columnWidth);
    return at >= 0 && at < count ? at : null;
  };
  const walk = (event: KeyboardEvent) => {
    if (event.key === "Enter" && onPick && read >= 0) {
      event.preventDefault();
      return onPick(read, Math.max(0, layers.findIndex(({ values }) => values[read] !== 0)));
    }
    const next = nextIndex(event.key, active, count);
    if (next === undefined) return;
    event.preventDefault();
    setActive(next);
  };
  const middle = (index: number) => left + (index + 0.5) * columnWidth;

  return (
    <div className={chart.plotBox}>
      <div
        ref={host}
        className={chart.plot}
        style={{ height }}
        role="slider"
        tabIndex={0}
        aria-label={`${title}: the arrow keys walk through columns${onPick ? ", Enter shows who is behind" : ""}`}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.max(0, count - 1)}
        aria-valuenow={Math.max(0, read)}
        aria-valuetext={spoken(props, read)}
        onKeyDown={walk}
        onBlur={() => setActive(null)}
        onPointerMove={(event) => setActive(columnAt(event))}
        onPointerLeave={() => setActive(null)}
      >
        {width > 0 && <Drawing {...props} place={place} active={active} />}
        {active !== null && active < count && <Reading {...props} index={active} x={middle(active)} width={width} />}
      </div>
      {width > 0 && marks && marks.length > 0 && <Marks marks={marks} top={TOP} height={inner} place={middle} />}
    </div>
  );
}

function Drawing({ columns, layers, stacked, unfinished, height, onPick, place, active }: Props & { place: Place; active: number | null }) {
  const { axis, names, left, width, inner, columnWidth, named, y } = place;
  return (
    <svg className={styles.svg} width={width} height={height} aria-hidden>
      {axis.ticks.map((tick, index) => (
        <g key={tick}>
          <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} className={tick === 0 ? styles.zero : styles.grid} />
          <text x={left - 8} y={y(tick)} className={styles.value}>
            {names[index]}
          </text>
        </g>
      ))}
      {active !== null && <rect x={left + active * columnWidth} y={TOP} width={columnWidth} height={inner} className={styles.active} />}
      <Bars {...{ columns, layers, stacked, unfinished, onPick, place }} />
      {named.map((index) => (
        <text key={index} x={left + (index + 0.5) * columnWidth} y={height - 8} className={styles.tick}>
          {columns[index]?.tick}
        </text>
      ))}
    </svg>
  );
}

type BarsProps = Pick<Props, "columns" | "layers" | "stacked" | "unfinished" | "onPick"> & { place: Place };

/** All bars; apart, because there may be thousands, and reading a column changes none of them. */
const Bars = memo(function Bars({ columns, layers, stacked, unfinished, onPick, place }: BarsProps) {
  const { bars, left, columnWidth, barsWidth, y } = place;
  const gap = !stacked && barsWidth / layers.length > 5 ? 1 : 0;
  return (
    <>
      {bars.map(({ column, layer, from, to, left: share, width: part }) => (
        <rect
          key={`${column} ${layer}`}
          x={left + (column + 0.5) * columnWidth - barsWidth / 2 + share * barsWidth}
          width={Math.max(1, part * barsWidth - gap)}
          y={Math.min(y(from), y(to))}
          height={Math.max(1, Math.abs(y(from) - y(to)))}
          style={{ fill: layers[layer]?.color, color: layers[layer]?.color }}
          className={styles.bar}
          data-growing={(unfinished && column === columns.length - 1) || undefined}
          data-picks={onPick ? true : undefined}
          onClick={onPick && (() => onPick(column, layer))}
        />
      ))}
    </>
  );
});

/** All layers of one column, beside it. */
function Reading({ columns, layers, unfinished, index, x, width }: Props & { index: number; x: number; width: number }) {
  return (
    <div className={chart.readout} style={x < width / 2 ? { left: x + 16 } : { right: width - x + 16 }} aria-hidden>
      <p className={chart.readoutTime}>
        {columns[index]?.name}
        {unfinished && index === columns.length - 1 && <span> · not over yet</span>}
      </p>
      {layers.map(({ id, label, values, color, notes }) => (
        <p key={id} className={chart.readoutRow}>
          <i className={styles.swatch} style={{ background: color }} />
          <span className={chart.readoutName}>{label}</span>
          {notes?.[index] && <span className={chart.readoutNote}>{notes[index]}</span>}
          <b>{exactNumber(values[index] ?? 0)}</b>
        </p>
      ))}
    </div>
  );
}

function edge(bars: readonly Bar[], choose: (...values: number[]) => number): number {
  return bars.reduce((most, { to }) => choose(most, to), 0);
}

function spoken({ columns, layers }: Props, index: number): string {
  const column = columns[index];
  if (!column) return "No data";
  const values = layers.map(({ label, values: all, notes }) => `${label} ${exactNumber(all[index] ?? 0)}${notes?.[index] ? ` (${notes[index]})` : ""}`);
  return `${column.name}: ${values.join(", ")}`;
}

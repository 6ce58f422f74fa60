import { type ReactNode, useMemo, useRef, useState } from "react";
import { Num } from "@/components/Num";
import { Popover } from "@/components/Popover";
import { exactNumber, plural } from "@/format/number";
import { ChartFrame } from "./ChartFrame";
import { useWidth } from "./measure";
import { conversionText, lengthText } from "./numbers";
import { type PathsLink, type PathsNode, pathsTable, type PlacedLink, type PlacedNode, placePaths, STEP_MIN, stepName } from "./paths";
import styles from "./paths.module.css";

/** One number of the chart: those at a place, those on a way, or those whose path ended at a place. */
export interface PathsPick {
  step: number;
  source: string;
  target: string;
  droppedOff: boolean;
}

export interface PathsChartProps {
  /** What the chart shows, in a few words. */
  title: string;
  nodes: readonly PathsNode[];
  links: readonly PathsLink[];
  /** The step that all paths end at, where steps are counted back from it. */
  end?: number | undefined;
  actions?: ReactNode;
  onPick?: ((number: PathsPick) => void) | undefined;
  /** Offers to let paths begin or end at a place. */
  onPoint?: ((point: "start" | "end", value: string) => void) | undefined;
}

/** Where paths lead: a column for each step, ways as thick as they are frequent. Every place opens by a press. */
export function PathsChart({ title, nodes, links, end, actions, onPick, onPoint }: PathsChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const room = useWidth(host);
  const [over, setOver] = useState<string | null>(null);
  const stepCount = new Set(nodes.map(({ step }) => step)).size;
  const width = Math.max(room, stepCount * STEP_MIN);
  const placed = useMemo(() => (room === 0 ? null : placePaths(nodes, links, width)), [nodes, links, width, room]);
  const columns = placed ? [...new Map(placed.nodes.map((node) => [node.step, node.x0]))].sort(([a], [b]) => a - b) : [];
  return (
    <ChartFrame title={title} table={() => pathsTable(links, end)} actions={actions}>
      {/* It may scroll, and holds buttons that the keyboard reaches. */}
      <div className={styles.scroll} ref={host}>
        {placed && (
          <div className={styles.drawing} style={{ width, height: placed.height }}>
            <svg width={width} height={placed.height} aria-hidden>
              {columns.map(([step, x]) => (
                <text key={step} x={x} y={10} className={styles.step}>
                  {stepName(step, end)}
                </text>
              ))}
              {placed.links.map((link) => (
                <path
                  key={link.id}
                  d={link.shape}
                  strokeWidth={Math.max(1.5, link.width)}
                  className={styles.link}
                  data-over={over === link.id || over === link.from.id || over === link.to.id || undefined}
                  data-picks={onPick ? true : undefined}
                  onPointerEnter={() => setOver(link.id)}
                  onPointerLeave={() => setOver(null)}
                  onClick={onPick && (() => onPick({ step: link.step, source: link.source, target: link.target, droppedOff: false }))}
                >
                  <title>{linkText(link)}</title>
                </path>
              ))}
              {placed.nodes.map((node) => (
                <NodeShape key={node.id} node={node} />
              ))}
            </svg>
            <ul aria-label={`${title}, by step`}>
              {placed.nodes.map((node) => (
                <li
                  key={node.id}
                  className={styles.label}
                  style={{ left: node.x1 + 6, top: (node.y0 + node.y1) / 2, width: Math.max(60, width / Math.max(1, columns.length) - 34) }}
                  onPointerEnter={() => setOver(node.id)}
                  onPointerLeave={() => setOver(null)}
                >
                  <Popover
                    width={320}
                    label={node.value}
                    trigger={
                      <button type="button" className={styles.place} title={node.value}>
                        <span className="visually-hidden">{stepName(node.step, end)}:</span>
                        <span className="truncate">{node.value}</span>
                        <Num value={node.paths} unit="paths" />
                      </button>
                    }
                  >
                    <Place node={node} links={placed.links} onPick={onPick} onPoint={onPoint} />
                  </Popover>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </ChartFrame>
  );
}

/** A place, the part of it hatched at which paths ended. */
function NodeShape({ node }: { node: PlacedNode }) {
  const height = Math.max(2, node.y1 - node.y0);
  const ended = node.paths === 0 ? 0 : (height * node.droppedOff) / node.paths;
  return (
    <g>
      <rect x={node.x0} width={node.x1 - node.x0} y={node.y0} height={Math.max(0, height - ended)} className={styles.node} />
      <rect x={node.x0} width={node.x1 - node.x0} y={node.y1 - ended} height={ended} className={styles.ended} />
    </g>
  );
}

interface PlaceProps {
  node: PlacedNode;
  links: readonly PlacedLink[];
  onPick: PathsChartProps["onPick"];
  onPoint: PathsChartProps["onPoint"];
}

/** All that is known of one place, every number with who is behind it. */
function Place({ node, links, onPick, onPoint }: PlaceProps) {
  const onward = links.filter(({ from }) => from.id === node.id).sort((a, b) => b.paths - a.paths);
  const pick = (target: string, droppedOff: boolean) => onPick && (() => onPick({ step: node.step, source: node.value, target, droppedOff }));
  const shown = onward.reduce((sum, { paths }) => sum + paths, 0);
  const more = node.paths - node.droppedOff - shown;
  return (
    <div className={styles.details}>
      <p className={styles.title} title={node.value}>{node.value}</p>
      <dl>
        <Row name="came here" value={node.paths} of={node.paths} onPick={pick("", false)} />
        {onward.map((link) => (
          <Row key={link.id} name={`went on to ${link.target}`} value={link.paths} of={node.paths} note={link.medianMs === null ? undefined : `${lengthText(link.medianMs)} median`} onPick={pick(link.target, false)} />
        ))}
        {onward.length > 0 && more > 0 && <Row name="went on elsewhere" value={more} of={node.paths} />}
        {node.droppedOff > 0 && <Row name="ended here" value={node.droppedOff} of={node.paths} onPick={pick("", true)} />}
      </dl>
      {onPoint && (
        <p className={styles.points}>
          <button type="button" onClick={() => onPoint("start", node.value)}>
            Begin paths here
          </button>
          <button type="button" onClick={() => onPoint("end", node.value)}>
            End paths here
          </button>
        </p>
      )}
    </div>
  );
}

function Row({ name, value, of, note, onPick }: { name: string; value: number; of: number; note?: string | undefined; onPick?: (() => void) | undefined }) {
  const share = value === of ? "" : conversionText(value / of);
  return (
    <div>
      <dt title={name}>
        <span className="truncate">{name}</span>
        {note && <small>{note}</small>}
      </dt>
      <dd>
        {share && <span>{share}</span>}
        {onPick ? (
          <button type="button" title="Show who they are" onClick={onPick}>
            {exactNumber(value)}
          </button>
        ) : (
          exactNumber(value)
        )}
      </dd>
    </div>
  );
}

function linkText({ source, target, paths, persons, medianMs }: PlacedLink): string {
  return `${source} → ${target}: ${plural(paths, "path")} of ${plural(persons, "person")}${medianMs === null ? "" : `, ${lengthText(medianMs)} median time`}`;
}

import { sankey, sankeyLinkHorizontal, type SankeyLink, type SankeyNode } from "d3-sankey";
import { plural } from "@/format/number";
import { lengthText } from "./numbers";
import type { ChartTable } from "./table";

/** A place that paths come to. */
export interface PathsNode {
  /** Hostile text. */
  value: string;
  /** From 1. */
  step: number;
  paths: number;
  /** How many of them ended here. */
  droppedOff: number;
}

/** A way from one place to the next. */
export interface PathsLink {
  source: string;
  target: string;
  /** Which step `source` is, from 1. */
  step: number;
  paths: number;
  persons: number;
  medianMs: number | null;
}

export interface PlacedNode extends PathsNode {
  id: string;
  /** In pixels. */
  x0: number;
  x1: number;
  y0: number;
  y1: number;
}

export interface PlacedLink extends PathsLink {
  id: string;
  from: PlacedNode;
  to: PlacedNode;
  /** An SVG path, and how thick it is. */
  shape: string;
  width: number;
}

export interface PlacedPaths {
  nodes: PlacedNode[];
  links: PlacedLink[];
  height: number;
}

/** The width of a place, the room between two above each other, and the least room for a step, in pixels. */
const NODE = 14;
const NODE_GAP = 26;
export const STEP_MIN = 190;
const HEIGHT_MIN = 320;
const HEIGHT_A_NODE = 46;

const idOf = (step: number, value: string) => `${step} ${value}`;

/** What the layout is given. It keeps numbers of its own under `value`, so the place stands apart. */
interface Place {
  id: string;
  place: PathsNode;
}
interface Way {
  way: PathsLink;
}
type Node = SankeyNode<Place, Way>;
type Link = SankeyLink<Place, Way>;

/** Gives every place and every way its position: a column for each step, as wide as the chart has room. */
export function placePaths(nodes: readonly PathsNode[], links: readonly PathsLink[], width: number): PlacedPaths {
  const known = new Set(nodes.map(({ step, value }) => idOf(step, value)));
  const drawn = links.filter(({ step, source, target, paths }) => paths > 0 && known.has(idOf(step, source)) && known.has(idOf(step + 1, target)));
  const first = Math.min(...nodes.map(({ step }) => step));
  const last = Math.max(...nodes.map(({ step }) => step));
  if (nodes.length === 0 || last === first) return { nodes: [], links: [], height: HEIGHT_MIN };
  const most = Math.max(...steps(first, last).map((step) => nodes.filter((node) => node.step === step).length));
  const height = Math.max(HEIGHT_MIN, most * HEIGHT_A_NODE);
  const layout = sankey<Place, Way>()
    .nodeId(({ id }) => id)
    .nodeWidth(NODE)
    .nodePadding(NODE_GAP)
    .nodeAlign(({ place }) => place.step - first)
    .extent([
      [0, 22],
      // The names of the last step stand at its right, so it ends before the edge as the others do.
      [Math.max(width, 1) - Math.max(0, width / (last - first + 1) - NODE), height],
    ]);
  const placed = layout({
    nodes: nodes.map((place) => ({ id: idOf(place.step, place.value), place, fixedValue: place.paths })),
    links: drawn.map((way) => ({ way, source: idOf(way.step, way.source), target: idOf(way.step + 1, way.target), value: way.paths })),
  });
  const shape = sankeyLinkHorizontal<Place, Way>();
  const byId = new Map(placed.nodes.map((node) => [node.id, asPlaced(node)]));
  return {
    nodes: [...byId.values()],
    links: placed.links.flatMap((link: Link) => {
      const [from, to] = [byId.get((link.source as Node).id), byId.get((link.target as Node).id)];
      if (!from || !to) return [];
      return [{ ...link.way, id: `${from.id} > ${to.id}`, from, to, shape: shape(link) ?? "", width: link.width ?? 1 }];
    }),
    height,
  };
}

function asPlaced({ id, place, x0 = 0, x1 = 0, y0 = 0, y1 = 0 }: Node): PlacedNode {
  return { ...place, id, x0, x1, y0, y1 };
}

function steps(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** What a step is called: by its place from the start, or from the end where all paths end at step `end`. */
export function stepName(step: number, end: number | undefined): string {
  if (end === undefined) return `Step ${step}`;
  return step === end ? "End" : `${plural(end - step, "step")} before`;
}

/** A row for each way. */
export function pathsTable(links: readonly PathsLink[], end?: number): ChartTable {
  return {
    columns: ["From", "Step", "To", "Paths", "Persons", "Median time"],
    rows: links.map(({ source, target, step, paths, persons, medianMs }) => ({
      name: source,
      cells: [end === undefined ? step : stepName(step, end), target, paths, persons, medianMs === null ? null : lengthText(medianMs)],
    })),
  };
}

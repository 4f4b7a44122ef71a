/**
 * Where the nodes of a graph stand: in layers from left to right, so that arrows point to the right, and within a layer
 * near to what they are tied to (the barycentres of Sugiyama, Tagawa and Toda 1981). An arrow over several layers takes
 * a lane in each. An arrow that closes a cycle is drawn backwards. Pure.
 */

export type Arrow = { source: string; target: string };
export type Point = { x: number; y: number };
export type Layout = { width: number; height: number; places: ReadonlyMap<string, Point>; paths: readonly string[] };

export const NODE = { width: 156, height: 50 };
const GAP = { x: 46, y: 14 };
export const COLUMN = NODE.width + GAP.x;
const LANE = 18;
const SWEEPS = 6;

type Lane = { id: string; layer: number; height: number; at: number };

/** `paths` has the drawn line of each arrow, in the order of `arrows`. */
export function layOut(ids: readonly string[], arrows: readonly Arrow[]): Layout {
  const forward = withoutCycles(ids, arrows);
  const layers = layersOf(ids, forward);
  const lanes = new Map<string, Lane>(ids.map((id) => [id, { id, layer: layers.get(id) ?? 0, height: NODE.height, at: 0 }]));
  const ties: Arrow[] = [];
  const ways = arrows.map(({ source, target }) => {
    const [from, to] = [layers.get(source) ?? 0, layers.get(target) ?? 0];
    const between: string[] = [];
    for (let layer = from + 1; layer < to; layer++) {
      const id = `${source} → ${target} ${String(layer)}`;
      lanes.set(id, { id, layer, height: LANE, at: 0 });
      between.push(id);
    }
    const way = [source, ...between, target];
    way.slice(1).forEach((id, index) => ties.push({ source: way[index] ?? "", target: id }));
    return way;
  });
  const columns = ordered([...lanes.values()], ties);
  const heights = columns.map((column) => column.reduce((sum, { height }) => sum + height + GAP.y, -GAP.y));
  const height = Math.max(NODE.height, ...heights);
  const places = new Map<string, Point>();
  columns.forEach((column, layer) => {
    let y = (height - (heights[layer] ?? 0)) / 2;
    for (const lane of column) {
      places.set(lane.id, { x: layer * COLUMN, y: y + lane.height / 2 });
      y += lane.height + GAP.y;
    }
  });
  const width = Math.max(1, columns.length) * COLUMN - GAP.x;
  return { width, height, places, paths: ways.map((way) => pathOf(way, places)) };
}

/** The arrows less those that lead back to where one came from. */
function withoutCycles(ids: readonly string[], arrows: readonly Arrow[]): Arrow[] {
  const next = grouped(arrows, "source");
  const state = new Map<string, "open" | "done">();
  const kept: Arrow[] = [];
  const visit = (id: string) => {
    state.set(id, "open");
    for (const arrow of next.get(id) ?? []) {
      if (state.get(arrow.target) === "open") continue;
      kept.push(arrow);
      if (!state.has(arrow.target)) visit(arrow.target);
    }
    state.set(id, "done");
  };
  const targets = new Set(arrows.map(({ target }) => target));
  for (const id of [...ids.filter((one) => !targets.has(one)), ...ids]) if (!state.has(id)) visit(id);
  return kept;
}

/** Each node as far right as the longest way to it; one that nothing leads to directly before what it leads to. */
function layersOf(ids: readonly string[], arrows: readonly Arrow[]): Map<string, number> {
  const layers = new Map(ids.map((id) => [id, 0]));
  const layer = (id: string) => layers.get(id) ?? 0;
  for (let isMoving = true; isMoving; ) {
    isMoving = false;
    for (const { source, target } of arrows) {
      if (layer(target) > layer(source)) continue;
      layers.set(target, layer(source) + 1);
      isMoving = true;
    }
  }
  const [before, after] = [grouped(arrows, "target"), grouped(arrows, "source")];
  for (const id of ids) {
    const follows = after.get(id) ?? [];
    if (!before.has(id) && follows.length > 0) layers.set(id, Math.min(...follows.map(({ target }) => layer(target))) - 1);
  }
  return layers;
}

/** The layers, each sorted so that what is tied together is near to one another. */
function ordered(lanes: readonly Lane[], ties: readonly Arrow[]): Lane[][] {
  const columns: Lane[][] = [];
  for (const lane of lanes) (columns[lane.layer] ??= []).push(lane);
  const whole = Array.from(columns, (column) => column ?? []);
  const number = (column: Lane[]) => { column.forEach((lane, index) => { lane.at = index - (column.length - 1) / 2; }); };
  whole.forEach(number);
  const byId = new Map(lanes.map((lane) => [lane.id, lane]));
  const neighbours = { before: grouped(ties, "target"), after: grouped(ties, "source") };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isOnward = sweep % 2 === 0;
    for (const column of isOnward ? whole : whole.slice().reverse()) {
      const wished = new Map(column.map((lane) => {
        const tied = isOnward ? (neighbours.before.get(lane.id) ?? []).map(({ source }) => source) : (neighbours.after.get(lane.id) ?? []).map(({ target }) => target);
        const places = tied.map((id) => byId.get(id)?.at ?? 0);
        return [lane.id, places.length === 0 ? lane.at : places.reduce((sum, at) => sum + at, 0) / places.length];
      }));
      column.sort((one, other) => (wished.get(one.id) ?? 0) - (wished.get(other.id) ?? 0));
      number(column);
    }
  }
  return whole;
}

function grouped(arrows: readonly Arrow[], end: "source" | "target"): Map<string, Arrow[]> {
  const found = new Map<string, Arrow[]>();
  for (const arrow of arrows) found.set(arrow[end], [...(found.get(arrow[end]) ?? []), arrow]);
  return found;
}

function pathOf(way: readonly string[], places: ReadonlyMap<string, Point>): string {
  const points = way.map((id) => places.get(id) ?? { x: 0, y: 0 });
  let path = "";
  points.slice(1).forEach((to, index) => {
    const from = points[index] ?? to;
    const [x, end] = [from.x + NODE.width, to.x - (index === points.length - 2 ? 5 : 0)];
    const bend = Math.max(20, (end - x) / 2);
    path += `${path === "" ? "M" : "L"}${String(x)} ${String(from.y)}C${String(x + bend)} ${String(from.y)} ${String(end - bend)} ${String(to.y)} ${String(end)} ${String(to.y)}`;
  });
  return path;
}

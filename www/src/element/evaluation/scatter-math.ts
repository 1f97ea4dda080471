/** Points on a plane that is panned and zoomed, and which of them is meant. */

/** Screen place = scale * point + offset; y grows upwards in the plane and downwards on the screen. */
export type View = { scale: number; x: number; y: number };
/** x and y of each point in turn. */
type Positions = ArrayLike<number>;

const margin = 16;

/** The view in which all points are seen. */
export function fitView(positions: Positions, width: number, height: number): View {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i + 1 < positions.length; i += 2) {
    const [x, y] = [positions[i] ?? NaN, positions[i + 1] ?? NaN];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  if (!(left <= right && bottom <= top)) {
    return { scale: 1, x: width / 2, y: height / 2 };
  }
  const room = (size: number): number => Math.max(1, size - 2 * margin);
  // Points that are all at one place are in the middle, at any scale.
  const scale = Math.min(room(width) / Math.max(right - left, 1e-9), room(height) / Math.max(top - bottom, 1e-9));
  return { scale, x: width / 2 - (scale * (left + right)) / 2, y: height / 2 + (scale * (bottom + top)) / 2 };
}

/** The view enlarged about a place on the screen. */
export function zoomed({ scale, x, y }: View, by: number, aboutX: number, aboutY: number): View {
  return { scale: scale * by, x: aboutX + (x - aboutX) * by, y: aboutY + (y - aboutY) * by };
}

export const screenX = (view: View, x: number): number => view.scale * x + view.x;
export const screenY = (view: View, y: number): number => view.y - view.scale * y;

/** Points by the cells of a grid over the plane: who asks for the nearest looks at few. */
export type Grid = { left: number; bottom: number; cell: number; columns: number; rows: number; starts: Uint32Array; points: Uint32Array };

export function gridOf(positions: Positions): Grid {
  const n = Math.floor(positions.length / 2);
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < n; i += 1) {
    left = Math.min(left, positions[2 * i] ?? 0);
    right = Math.max(right, positions[2 * i] ?? 0);
    bottom = Math.min(bottom, positions[2 * i + 1] ?? 0);
    top = Math.max(top, positions[2 * i + 1] ?? 0);
  }
  const across = Math.max(1, Math.ceil(Math.sqrt(n / 4)));
  const cell = Math.max(right - left, top - bottom, 1e-9) / across || 1;
  const columns = n > 0 ? Math.floor((right - left) / cell) + 1 : 1;
  const rows = n > 0 ? Math.floor((top - bottom) / cell) + 1 : 1;
  const of = (i: number): number =>
    Math.floor(((positions[2 * i + 1] ?? 0) - bottom) / cell) * columns + Math.floor(((positions[2 * i] ?? 0) - left) / cell);
  const starts = new Uint32Array(columns * rows + 1);
  for (let i = 0; i < n; i += 1) starts[of(i) + 1] = (starts[of(i) + 1] ?? 0) + 1;
  for (let i = 1; i < starts.length; i += 1) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  const next = starts.slice();
  const points = new Uint32Array(n);
  for (let i = 0; i < n; i += 1) {
    const at = next[of(i)] ?? 0;
    points[at] = i;
    next[of(i)] = at + 1;
  }
  return { left, bottom, cell, columns, rows, starts, points };
}

/** The point nearest to a place, within a distance; null: none that counts is. */
export function nearest(positions: Positions, grid: Grid, x: number, y: number, within: number, counts: (point: number) => boolean = () => true): number | null {
  const { left, bottom, cell, columns, rows, starts, points } = grid;
  const clamp = (value: number, most: number): number => Math.max(0, Math.min(most - 1, Math.floor(value)));
  const [c0, c1] = [clamp((x - within - left) / cell, columns), clamp((x + within - left) / cell, columns)];
  const [r0, r1] = [clamp((y - within - bottom) / cell, rows), clamp((y + within - bottom) / cell, rows)];
  let found: number | null = null;
  let least = within * within;
  for (let row = r0; row <= r1; row += 1) {
    for (let at = starts[row * columns + c0] ?? 0; at < (starts[row * columns + c1 + 1] ?? 0); at += 1) {
      const point = points[at] ?? 0;
      const distance = ((positions[2 * point] ?? 0) - x) ** 2 + ((positions[2 * point + 1] ?? 0) - y) ** 2;
      if (distance <= least && counts(point)) [found, least] = [point, distance];
    }
  }
  return found;
}

/** The next point in a direction: near, and rather straight ahead than aside. */
export function stepTo(positions: Positions, from: number, dx: number, dy: number, counts: (point: number) => boolean = () => true): number | null {
  const [x, y] = [positions[2 * from] ?? 0, positions[2 * from + 1] ?? 0];
  let found: number | null = null;
  let least = Infinity;
  for (let i = 0; 2 * i + 1 < positions.length; i += 1) {
    const [ax, ay] = [(positions[2 * i] ?? 0) - x, (positions[2 * i + 1] ?? 0) - y];
    const ahead = ax * dx + ay * dy;
    const aside = Math.abs(ax * dy - ay * dx);
    if (i === from || ahead <= 0 || aside > ahead || ahead + 2 * aside >= least || !counts(i)) continue;
    [found, least] = [i, ahead + 2 * aside];
  }
  return found;
}

/** Colours that every kind of colour vision tells apart (after Okabe and Ito), for light and for dark. */
const light = ["#0067a8", "#b25000", "#00805c", "#b0437f", "#1a1d21", "#8a7300", "#45a5e6", "#8a3ffc"];
const dark = ["#5ab4ee", "#f0a03c", "#2cc79b", "#ee92c4", "#e8eaed", "#f0e442", "#4f8fd0", "#b795ff"];
export const shapes = ["circle", "square", "triangle", "diamond", "cross", "plus", "wedge", "bar"] as const;
export type Shape = (typeof shapes)[number];

/** How the points of a class look: 64 classes all differ. */
export function look(label: number, isDark: boolean): { colour: string; shape: Shape } {
  const round = Math.floor(label / 8);
  return { colour: (isDark ? dark : light)[label % 8] ?? "#888888", shape: shapes[(label + round) % 8] ?? "circle" };
}

/** A shape about a place, `r` from its middle. */
export function trace(pen: Pick<CanvasRenderingContext2D, "moveTo" | "lineTo" | "arc" | "rect" | "closePath">, shape: Shape, x: number, y: number, r: number): void {
  const polygon = (...points: [number, number][]): void => {
    points.forEach(([dx, dy], i) => (i === 0 ? pen.moveTo(x + dx * r, y + dy * r) : pen.lineTo(x + dx * r, y + dy * r)));
    pen.closePath();
  };
  switch (shape) {
    case "circle":
      pen.moveTo(x + r, y);
      pen.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case "square":
      pen.rect(x - 0.85 * r, y - 0.85 * r, 1.7 * r, 1.7 * r);
      break;
    case "triangle":
      polygon([0, -1.15], [1.1, 0.8], [-1.1, 0.8]);
      break;
    case "wedge":
      polygon([0, 1.15], [1.1, -0.8], [-1.1, -0.8]);
      break;
    case "diamond":
      polygon([0, -1.25], [1, 0], [0, 1.25], [-1, 0]);
      break;
    case "plus":
      polygon([-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4], [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4]);
      break;
    case "cross":
      polygon([-1, -0.5], [-0.5, -1], [0, -0.5], [0.5, -1], [1, -0.5], [0.5, 0], [1, 0.5], [0.5, 1], [0, 0.5], [-0.5, 1], [-1, 0.5], [-0.5, 0]);
      break;
    case "bar":
      pen.rect(x - 1.2 * r, y - 0.5 * r, 2.4 * r, r);
      break;
  }
}

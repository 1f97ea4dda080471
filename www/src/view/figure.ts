/**
 * Small figures of rectangles, lines, dots and words: drawn once, and shown in the page, saved as
 * SVG, or painted for a PNG. Colours are names, so that the page can follow light and dark.
 */
import { css, svg, type TemplateResult } from "lit";

export type Ink = "text" | "muted" | "line" | "edge" | "accent" | "bad" | "training" | "validation";

export type Mark =
  | { kind: "rect"; x: number; y: number; width: number; height: number; ink: Ink; opacity?: number }
  | { kind: "line"; points: readonly (readonly [x: number, y: number])[]; ink: Ink; width?: number; dash?: boolean }
  | { kind: "dot"; x: number; y: number; r: number; ink: Ink }
  | { kind: "text"; x: number; y: number; text: string; ink?: Ink; anchor?: "start" | "middle" | "end"; strong?: boolean; turned?: boolean };

export type Figure = { width: number; height: number; marks: Mark[] };

/** What a file has: paper is white. */
const inks: Record<Ink, string> = {
  text: "#1a1d21", muted: "#565d66", line: "#dcdfe3", edge: "#868d96", accent: "#0f6e66", bad: "#b3261e", training: "#0067a8", validation: "#b25000",
};

const size = 12;
const family = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

export const figureStyles = css`
  svg.figure { display: block; max-width: 100%; height: auto; font: 12px/16px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
  svg .ink-text { --ink: var(--lab-text); }
  svg .ink-muted { --ink: var(--lab-muted); }
  svg .ink-line { --ink: var(--lab-line); }
  svg .ink-edge { --ink: var(--lab-edge); }
  svg .ink-accent { --ink: var(--lab-accent); }
  svg .ink-bad { --ink: var(--lab-bad); }
  svg .ink-training { --ink: var(--lab-training); }
  svg .ink-validation { --ink: var(--lab-validation); }
  svg :is(rect, circle, text) { fill: var(--ink); }
  svg polyline { fill: none; stroke: var(--ink); stroke-linejoin: round; }
  svg .strong { font-weight: 650; }
`;

const r = (value: number): string => String(Math.round(value * 100) / 100);
const path = (points: readonly (readonly [number, number])[]): string => points.map(([x, y]) => `${r(x)},${r(y)}`).join(" ");

/** The figure in the page. `label` says in words what it shows. */
export function figure({ width, height, marks }: Figure, label: string): TemplateResult {
  return svg`<svg class="figure" width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label=${label}>${marks.map(mark)}</svg>`;
}

function mark(m: Mark): TemplateResult {
  switch (m.kind) {
    case "rect":
      return svg`<rect class="ink-${m.ink}" x=${r(m.x)} y=${r(m.y)} width=${r(m.width)} height=${r(m.height)} opacity=${m.opacity ?? 1} />`;
    case "line":
      return svg`<polyline class="ink-${m.ink}" points=${path(m.points)} stroke-width=${m.width ?? 1} stroke-dasharray=${m.dash ? "4 4" : "none"} />`;
    case "dot":
      return svg`<circle class="ink-${m.ink}" cx=${r(m.x)} cy=${r(m.y)} r=${r(m.r)} />`;
    case "text":
      return svg`<text class="ink-${m.ink ?? "text"} ${m.strong ? "strong" : ""}" x=${r(m.x)} y=${r(m.y)} text-anchor=${m.anchor ?? "start"} transform=${m.turned ? `rotate(-90 ${r(m.x)} ${r(m.y)})` : ""}>${m.text}</text>`;
  }
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c] ?? c);

/** The figure as a file. */
export function svgText({ width, height, marks }: Figure): string {
  const body = marks.map((m) => {
    switch (m.kind) {
      case "rect":
        return `<rect x="${r(m.x)}" y="${r(m.y)}" width="${r(m.width)}" height="${r(m.height)}" fill="${inks[m.ink]}" fill-opacity="${m.opacity ?? 1}"/>`;
      case "line":
        return `<polyline points="${path(m.points)}" fill="none" stroke="${inks[m.ink]}" stroke-width="${m.width ?? 1}"${m.dash ? ' stroke-dasharray="4 4"' : ""}/>`;
      case "dot":
        return `<circle cx="${r(m.x)}" cy="${r(m.y)}" r="${r(m.r)}" fill="${inks[m.ink]}"/>`;
      case "text": {
        const turn = m.turned ? ` transform="rotate(-90 ${r(m.x)} ${r(m.y)})"` : "";
        return `<text x="${r(m.x)}" y="${r(m.y)}" text-anchor="${m.anchor ?? "start"}" fill="${inks[m.ink ?? "text"]}"${m.strong ? ' font-weight="650"' : ""}${turn}>${escaped(m.text)}</text>`;
      }
    }
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${family}" font-size="${size}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

/** The figure as a PNG, twice as fine as on paper. */
export async function png({ width, height, marks }: Figure): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  // No browser has much larger canvases.
  const fine = Math.min(2, 8192 / Math.max(width, height));
  canvas.width = Math.round(width * fine);
  canvas.height = Math.round(height * fine);
  const pen = canvas.getContext("2d");
  if (!pen) {
    return null;
  }
  pen.scale(fine, fine);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, height);
  for (const m of marks) {
    paint(pen, m);
  }
  return new Promise((resolve) => canvas.toBlob(resolve));
}

function paint(pen: CanvasRenderingContext2D, m: Mark): void {
  pen.save();
  pen.fillStyle = pen.strokeStyle = inks[m.ink ?? "text"];
  switch (m.kind) {
    case "rect":
      pen.globalAlpha = m.opacity ?? 1;
      pen.fillRect(m.x, m.y, m.width, m.height);
      break;
    case "line":
      pen.lineWidth = m.width ?? 1;
      pen.setLineDash(m.dash ? [4, 4] : []);
      pen.beginPath();
      for (const [x, y] of m.points) pen.lineTo(x, y);
      pen.stroke();
      break;
    case "dot":
      pen.beginPath();
      pen.arc(m.x, m.y, m.r, 0, 2 * Math.PI);
      pen.fill();
      break;
    case "text":
      pen.font = `${m.strong ? "650 " : ""}${size}px ${family}`;
      pen.textAlign = m.anchor === "middle" ? "center" : (m.anchor ?? "start");
      pen.translate(m.x, m.y);
      if (m.turned) pen.rotate(-Math.PI / 2);
      pen.fillText(m.text, 0, 0);
      break;
  }
  pen.restore();
}

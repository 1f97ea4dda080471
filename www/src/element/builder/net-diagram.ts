import { css, html, LitElement, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { sizeOf, sourcesOf } from "../../api/costs";
import { define } from "../define";
import { Watch } from "../observable";
import { fold, foldSources, titleOf } from "../pretrained/fold";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { known } from "./catalogue";
import { describe, layOut } from "./diagram";
import "../../text/en/builder";

const wide = 168;
const tall = 44;
const gap = 28;
const stepY = 72;
const margin = 8;

/** The network as a picture: a box a layer, branches beside each other. A click on a box selects the layer. */
@define("cnn-lab-net-diagram")
export class NetDiagram extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: grid; justify-items: center; align-content: start; gap: 8px; }
      svg { display: block; max-width: none; }
      .box { cursor: pointer; }
      .box rect { fill: var(--lab-panel); stroke: var(--lab-edge); }
      .box .band { stroke: none; fill: var(--lab-edge); }
      .box:hover .frame { fill: var(--lab-sunk); }
      .box.chosen .frame { fill: var(--lab-wash); stroke: var(--lab-accent); stroke-width: 2; }
      text { fill: var(--lab-text); font: 600 12px/16px system-ui, sans-serif; }
      text.more { fill: var(--lab-muted); font-weight: 400; font-size: 11px; }
      .arrow { fill: none; stroke: var(--lab-edge); stroke-width: 1.5; }
      .head { fill: var(--lab-edge); stroke: none; }
      .Convolution .band { fill: var(--lab-training); }
      .Pooling .band { fill: var(--lab-validation); }
      .Core .band { fill: var(--lab-accent); }
      .Merging .band { fill: var(--lab-text); }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    const { builder } = this.bench;
    const { checked } = builder;
    if (!checked) {
      return html`<p class="small muted">${t.common.drawing}</p>`;
    }
    const { summary, spec } = checked.info;
    const folded = fold(summary.layers.map(({ base: from }) => from));
    const sources = foldSources(sourcesOf(spec.layers), folded);
    const { rows, columns, boxes, arrows } = layOut(sources);
    const at = new Map(boxes.map((box) => [box.place, box]));
    // A column in which only arrows go down is as wide as a gap.
    const filled = new Set(boxes.map(({ column }) => column));
    const lefts = Array.from({ length: columns }, () => 0);
    let right = margin;
    for (let column = 0; column < columns; column += 1) {
      lefts[column] = right;
      right += filled.has(column) ? wide + gap : gap;
    }
    const [width, height] = [right - gap + margin, 2 * margin + (rows - 1) * stepY + tall];
    const lane = (column: number): number => (lefts[column] ?? 0) + (filled.has(column) ? wide / 2 : 0);
    const corner = (place: number): [number, number] => {
      const { row, column } = at.get(place) ?? { row: 0, column: 0 };
      return [lefts[column] ?? 0, margin + row * stepY];
    };
    const drawn = folded.map(({ first, last, base: from }) => {
      const within = summary.layers.slice(first, last + 1);
      const { name = "", layer = "" } = within[0] ?? {};
      const params = within.reduce((sum, one) => sum + one.params, 0);
      const title = from === null ? layer : titleOf(from);
      return { key: checked.draft.layers[first]?.key, name: from === null ? name : t.builder.layersWithin(within.length), title, layer: from === null ? layer : "Conv2D", params, size: t.shape(sizeOf(within.at(-1)?.outputShape ?? [])) };
    });
    const picture = t.shape(spec.input_shape);
    const said = describe(t, drawn.map(({ name }) => name), drawn.map(({ title }) => title), drawn.map(({ size }) => size), sources, picture);
    const box = (place: number): SVGTemplateResult => {
      const [x, y] = corner(place);
      const row = drawn[place];
      const key = row ? row.key : "input";
      const title = row ? row.title : t.builder.input;
      const more = row ? `${row.size}${row.params > 0 ? ` · ${t.count(row.params)}` : ""}` : picture;
      return svg`<g class="box ${row ? (known(row.layer)?.group ?? "") : ""} ${key === builder.selected ? "chosen" : ""}" transform="translate(${x} ${y})"
          @click=${() => key !== undefined && builder.select(key)}>
        <title>${row ? `${row.name}: ${row.title}` : t.builder.thePictures}</title>
        <rect class="frame" x="0.5" y="0.5" width=${wide - 1} height=${tall - 1} rx="6"></rect>
        <rect class="band" x="1" y="6" width="4" height=${tall - 12} rx="2"></rect>
        <text x="14" y="18">${title}</text><text class="more" x="14" y="34">${more}</text>
      </g>`;
    };
    return html`<svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label=${said}>
        ${arrows.map((arrow) => line(corner(arrow.from), corner(arrow.to), lane(arrow.column)))}
        ${boxes.map(({ place }) => box(place))}
      </svg>
      <p class="small muted">${t.builder.boxHelp}${checked.draft === builder.draft ? nothing : t.builder.whenLastRightSentence}</p>`;
  }
}

/** From the foot of a box to the head of another, down at the x of `lane`. */
function line([fromX, fromY]: [number, number], [toX, toY]: [number, number], lane: number): SVGTemplateResult {
  const x0 = fromX + wide / 2;
  const y0 = fromY + tall;
  const x1 = toX + wide / 2;
  const y1 = toY - 6;
  // Half-way between two rows lines run across, each corner rounded.
  const down = y0 + (stepY - tall) / 2 - 2;
  const up = toY - (stepY - tall) / 2 - 2;
  const path = x0 === x1 && lane === x0 ? `M${x0} ${y0}V${y1}` : `M${x0} ${y0}${bend(x0, lane, down)}${bend(lane, x1, up)}V${y1}`;
  return svg`<path class="arrow" d=${path}></path><path class="head" d="M${x1 - 4} ${y1 - 1}h8l-4 7z"></path>`;
}

/** Down to a height, across to another x, with rounded corners. */
function bend(from: number, to: number, y: number): string {
  if (from === to) {
    return `V${y}`;
  }
  const r = 6;
  const side = Math.sign(to - from);
  return `V${y - r}Q${from} ${y} ${from + side * r} ${y}H${to - side * r}Q${to} ${y} ${to} ${y + r}`;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-net-diagram": NetDiagram;
  }
}

import { css, html, LitElement, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { uPlot } from "./uplot";
import uPlotStyles from "uplot/dist/uPlot.min.css?inline";
import { define } from "../element/define";
import { base } from "../element/styles";
import { fetched } from "../text/fetched";
import { last, type Points } from "./curve";
import { onScheme } from "./scheme";
import { english } from "../text/en";
import type { Texts } from "../text/texts";

/** The two lines that every chart of training has. */
export type Lines = { training: Points; validation: Points };

const library = fetched(() => import("./uplot"));
/** Where it could not be had it is tried again so much later. */
const patience = 5_000;

/** Fetches what draws lines, for it is needed soon; who draws tries again where it cannot be had. */
export const fetchPlots = (): void => void library().catch(() => undefined);
const none: Points = { x: [], y: [] };
const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

/**
 * A line chart over epochs: training and validation, the last run pale behind them, the
 * present values at the lines' ends, and a header that reads all lines under the pointer (or,
 * with the arrow keys, at the place chosen).
 */
@define("cnn-lab-chart")
export class ChartElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** What is drawn, with its unit: the title of the upright axis. */
  @property() name = "";
  @property({ attribute: false }) lines: Lines = { training: none, validation: none };
  /** The run before, drawn pale. */
  @property({ attribute: false }) previous: Lines | null = null;
  /** The epochs that the run will end with. */
  @property({ type: Number }) epochs = 1;
  /** How values are written. */
  @property({ attribute: false }) format: (value: number) => string = String;
  /** The top of the upright axis, where it has a natural one. */
  @property({ type: Number }) top: number | null = null;

  @state() private hover: number | null = null;
  @query(".over") private host!: HTMLElement;
  @query(".training") private trainingKey!: HTMLElement;
  @query(".validation") private validationKey!: HTMLElement;

  @state() private plot: uPlot | null = null;
  #xs: readonly number[] = [];
  readonly #resize = new ResizeObserver(() => this.#fit());

  static override styles = [
    unsafeCSS(uPlotStyles),
    base,
    css`
      :host { display: flex; flex-direction: column; min-height: 150px; }
      .head { display: flex; flex-wrap: wrap; gap: 0 8px; align-items: baseline; min-height: 20px; }
      .head h3 { flex: 1; white-space: nowrap; }
      .key { font-size: 12px; line-height: 20px; white-space: nowrap; }
      .key::before { content: ""; display: inline-block; width: 10px; height: 0; margin-right: 3px; border-top: 2px solid currentColor; vertical-align: middle; }
      .key.validation::before { border-top-style: dotted; }
      .key b { display: inline-block; min-width: 42px; font-weight: 600; text-align: right; }
      .training { color: var(--lab-training); }
      .validation { color: var(--lab-validation); }
      .plot { flex: 1 1 0; min-height: 120px; position: relative; border-radius: 4px; }
      .plot > * { position: absolute; inset: 0; }
      .empty { display: grid; place-items: center; margin: 0; border: 1px dashed var(--lab-edge); border-radius: 4px; color: var(--lab-muted); font-size: 12px; }
      .u-wrap { font: inherit; }
      .u-cursor-x { border-color: var(--lab-edge); }
    `,
  ];

  constructor() {
    super();
    onScheme(this, () => this.plot?.redraw());
  }

  override render(): TemplateResult {
    const t = this.text;
    const at = this.hover;
    const read = (points: Points): string => {
      const value = at === null ? last(points) : valueAt(points, at);
      return value === undefined ? "–" : this.format(value);
    };
    return html`
      <div class="head">
        <h3>${at === null ? this.name : t.charts.atEpoch(at)}</h3>
        <span class="key training">${t.charts.training} <b>${read(this.lines.training)}</b></span>
        <span class="key validation">${t.charts.validation} <b>${read(this.lines.validation)}</b></span>
      </div>
      <div class="plot" role="img" tabindex="0" aria-label=${this.#inWords()}
        @keydown=${this.#onKey} @blur=${() => this.plot?.setCursor({ left: -10, top: -10 })}><div class="over"></div>${this.plot || !this.#empty ? null : html`<p class="empty">${t.charts.nothingMeasured}</p>`}</div>
    `;
  }

  get #empty(): boolean {
    return [this.lines, this.previous].every((lines) => !lines || (lines.training.x.length === 0 && lines.validation.x.length === 0));
  }

  #inWords(): string {
    const t = this.text;
    const line = (what: string, { x, y }: Points): string => {
      const [first, end, epoch] = [y[0], y.at(-1), x.at(-1)];
      return first === undefined || end === undefined || epoch === undefined
        ? ""
        : t.charts.lineWent(what, this.format(first), this.format(end), epoch);
    };
    const told = line(t.common.training, this.lines.training) + line(t.common.validation, this.lines.validation);
    return t.charts.overEpochs(this.name, told || t.charts.nothingMeasured);
  }

  override firstUpdated(): void {
    this.#resize.observe(this.host);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#resize.observe(this.host);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override updated(changed: PropertyValues<this>): void {
    if (this.#empty && !this.plot) return;
    if (["text", "lines", "previous", "epochs", "top"].some((name) => changed.has(name as keyof ChartElement))) {
      void library().then(
        ({ uPlot }) => this.#draw(uPlot),
        () => setTimeout(() => this.requestUpdate("lines"), patience),
      );
    }
  }

  #draw(library: typeof uPlot): void {
    const old = this.previous ?? { training: none, validation: none };
    const lines = [old.training, old.validation, this.lines.training, this.lines.validation];
    const joined = library.join(lines.map(({ x, y }): uPlot.AlignedData => [x, y]));
    this.#xs = joined[0] as number[];
    if (!this.plot) {
      this.plot = new library(this.#options(), joined, this.host);
      this.#fit();
    } else {
      this.plot.setData(joined);
    }
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width > 0 && height > 0) {
      this.plot?.setSize({ width, height });
    }
  }

  #onKey(event: KeyboardEvent): void {
    const plot = this.plot;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!plot || move === undefined || this.#xs.length === 0) {
      return;
    }
    event.preventDefault();
    // A twentieth of the chart at a time: single steps would take a minute to cross it.
    const from = this.hover ?? this.#xs.at(-1) ?? 0;
    const { min = 0, max = 1 } = plot.scales["x"] ?? {};
    const to = Math.min(max, Math.max(min, from + (move * (max - min)) / 20));
    plot.setCursor({ left: plot.valToPos(to, "x"), top: 1 });
  }

  #colour(key: HTMLElement, pale: boolean): string {
    const { color } = getComputedStyle(key);
    return pale ? color.replace("rgb(", "rgba(").replace(")", ", 0.3)") : color;
  }

  #options(): uPlot.Options {
    const muted = (): string => getComputedStyle(this.renderRoot.querySelector("h3") ?? this).color;
    const grid = (): string => this.#colour(this.renderRoot.querySelector("h3") ?? this, true);
    const line = (key: "training" | "validation", pale: boolean): uPlot.Series => ({
      stroke: () => this.#colour(key === "training" ? this.trainingKey : this.validationKey, pale),
      width: 2,
      ...(key === "validation" ? { dash: [6, 4] } : {}),
      // A line of a few epochs shows its points, of which one alone makes no line.
      points: { show: key === "validation", size: 6, fill: () => this.#colour(this.validationKey, pale) },
    });
    const axis = { stroke: muted, font, ticks: { show: false }, grid: { stroke: grid, width: 0.5 } };
    return {
      width: 300,
      height: 120,
      padding: [8, 52, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
      scales: {
        x: { time: false, range: () => [0, Math.max(1, this.epochs)] },
        y: { range: (_, _low, high) => [0, this.top ?? (high > 0 ? high * 1.05 : 1)] },
      },
      axes: [
        { ...axis, size: 24, gap: 4, label: () => this.text.charts.epochs, labelSize: 16, labelGap: 0, labelFont: font, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
        { ...axis, size: 44, gap: 4, values: (_, ticks) => ticks.map((tick) => shortTick(this.text, tick, this.top)) },
      ],
      series: [{}, line("training", true), line("validation", true), line("training", false), line("validation", false)],
      hooks: { draw: [(plot) => this.#drawEnds(plot)], setCursor: [(plot) => this.#readCursor(plot)] },
    };
  }

  #readCursor(plot: uPlot): void {
    const { left = -1 } = plot.cursor;
    this.hover = left < 0 || this.#xs.length === 0 ? null : plot.posToVal(left, "x");
  }

  /** The present value beside the end of each line, moved apart where they would cover one another. */
  #drawEnds(plot: uPlot): void {
    const ends = ([["training", this.trainingKey], ["validation", this.validationKey]] as const)
      .flatMap(([name, key]) => {
        const { x, y } = this.lines[name];
        const [endX, endY] = [x.at(-1), y.at(-1)];
        return endX === undefined || endY === undefined || !Number.isFinite(endY)
          ? []
          : [{ x: plot.valToPos(endX, "x", true), y: plot.valToPos(endY, "y", true), text: this.format(endY), key }];
      })
      .sort((a, b) => a.y - b.y);
    const height = 14 * devicePixelRatio;
    const [upper, lower] = ends;
    if (upper && lower && lower.y - upper.y < height && Math.abs(lower.x - upper.x) < 4 * height) {
      const { top, height: tall } = plot.bbox;
      const middle = Math.max(top + height / 2, Math.min((upper.y + lower.y) / 2, top + tall - height / 2));
      upper.y = middle - height / 2;
      lower.y = middle + height / 2;
    }
    const { ctx } = plot;
    ctx.save();
    ctx.font = font.replace("12px", `600 ${12 * devicePixelRatio}px`);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    for (const end of ends) {
      ctx.fillStyle = this.#colour(end.key, false);
      ctx.fillText(end.text, end.x + 6 * devicePixelRatio, end.y);
    }
    ctx.restore();
  }
}

/** The value that a line has at `x`: that of the last point up to there. */
export function valueAt({ x, y }: Points, at: number): number | undefined {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : y[low - 1];
}

function shortTick(t: Texts, tick: number, top: number | null): string {
  return top === 1 ? t.percent(tick, 0) : t.rate(tick);
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-chart": ChartElement;
  }
}

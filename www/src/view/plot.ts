import { css, html, LitElement, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { property, query, state } from "lit/decorators.js";
import { uPlot } from "./uplot";
import uPlotStyles from "uplot/dist/uPlot.min.css?inline";
import { define } from "../element/define";
import { base } from "../element/styles";
import { valueAt } from "./chart";
import type { Points } from "./curve";
import { onScheme } from "./scheme";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

const none: Points = { x: [], y: [] };
const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

/** A line over anything that grows, with a pale one behind it and a place on the level axis that is marked; the header reads it under the pointer. */
@define("cnn-lab-plot")
export class PlotElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** What is drawn: the title of the upright axis. */
  @property() name = "";
  /** The level axis, with its unit. */
  @property() across = "";
  @property({ attribute: false }) line: Points = none;
  /** Drawn pale behind it, at the same x. */
  @property({ attribute: false }) behind: readonly number[] | null = null;
  @property({ attribute: false }) mark: { x: number; text: string } | null = null;
  /** The ends of the level axis. */
  @property({ attribute: false }) span: [number, number] = [0, 1];
  @property({ type: Boolean }) log = false;
  /** Whether the upright axis begins at 0. */
  @property({ type: Boolean }) grounded = false;
  /** The most that the upright axis goes up to; null: to the highest value. */
  @property({ attribute: false }) ceiling: number | null = null;
  @property({ attribute: false }) formatX: (x: number) => string = String;
  @property({ attribute: false }) formatY: (y: number) => string = String;

  @state() private hover: number | null = null;
  @query(".plot") private host!: HTMLElement;
  @query("h3") private title_!: HTMLElement;
  @query(".key") private key!: HTMLElement;

  #plot: uPlot | null = null;
  readonly #resize = new ResizeObserver(() => this.#fit());

  static override styles = [
    unsafeCSS(uPlotStyles),
    base,
    css`
      :host { display: flex; flex-direction: column; height: 180px; }
      .head { display: flex; gap: 8px; justify-content: space-between; min-height: 20px; }
      .head h3 { line-height: 20px; }
      .key { font-size: 12px; color: var(--lab-training); font-weight: 600; }
      .plot { flex: 1 1 0; min-height: 0; position: relative; border-radius: 4px; }
      .plot > * { position: absolute; inset: 0; }
      .u-wrap { font: inherit; }
      .u-cursor-x { border-color: var(--lab-edge); }
    `,
  ];

  constructor() {
    super();
    onScheme(this, () => this.#plot?.redraw());
  }

  override render(): TemplateResult {
    const { hover, line } = this;
    const value = hover === null ? undefined : valueAt(line, hover);
    return html`<div class="head">
        <h3>${this.name}</h3>
        <span class="key">${hover === null || value === undefined ? "" : this.text.views.yAtX(this.formatY(value), this.formatX(hover))}</span>
      </div>
      <div class="plot" role="img" tabindex="0" aria-label=${this.#inWords()} @keydown=${this.#onKey}
        @blur=${() => this.#plot?.setCursor({ left: -10, top: -10 })}></div>`;
  }

  #inWords(): string {
    const t = this.text;
    const { x, y } = this.line;
    const [first, from, last, to] = [x[0], y[0], x.at(-1), y.at(-1)];
    if (first === undefined || from === undefined || last === undefined || to === undefined) {
      return t.views.nothingToDraw(this.name, this.across);
    }
    const least = y.reduce((at, value, i) => (value < (y[at] ?? Infinity) ? i : at), 0);
    const low = least === 0 || least === y.length - 1 ? "" : t.views.lowest(this.formatY(y[least] ?? NaN), this.formatX(x[least] ?? NaN));
    const mark = this.mark ? t.views.marked(this.mark.text) : "";
    return t.views.chart(this.name, this.across, this.formatY(from), this.formatX(first), this.formatY(to), this.formatX(last), low, mark);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#open();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  override firstUpdated(): void {
    this.#open();
  }

  #open(): void {
    this.#plot = new uPlot(this.#options(), [[], [], []], this.host);
    this.#resize.observe(this.host);
    this.#fit();
    this.#setData();
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("line") || changed.has("behind") || changed.has("span") || changed.has("mark")) {
      this.#setData();
    }
  }

  #setData(): void {
    const { x, y } = this.line;
    this.#plot?.setData([x, [...(this.behind ?? x.map(() => null))], y]);
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width > 0 && height > 0) this.#plot?.setSize({ width, height });
  }

  #onKey(event: KeyboardEvent): void {
    const plot = this.#plot;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!plot || move === undefined || this.line.x.length === 0) return;
    event.preventDefault();
    // By the picture and not by the value, so that a logarithmic axis is crossed evenly too.
    const { width } = plot.over.getBoundingClientRect();
    const from = this.hover === null ? width : plot.valToPos(this.hover, "x");
    plot.setCursor({ left: Math.min(width, Math.max(0, from + (move * width) / 40)), top: 1 });
  }

  #colour(element: HTMLElement, opacity = 1): string {
    const { color } = getComputedStyle(element);
    return opacity === 1 ? color : color.replace("rgb(", "rgba(").replace(")", `, ${opacity})`);
  }

  #range(): [number, number] {
    const seen = this.line.y.filter(Number.isFinite);
    const high = Math.min(this.ceiling ?? Infinity, seen.reduce((top, y) => Math.max(top, y), -Infinity));
    const low = this.grounded ? 0 : seen.reduce((least, y) => Math.min(least, y), Infinity);
    if (seen.length === 0) return [0, 1];
    const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
    return [this.grounded ? 0 : low - room, high + room];
  }

  #options(): uPlot.Options {
    const axis = {
      stroke: () => this.#colour(this.title_), font, ticks: { show: false },
      grid: { stroke: () => this.#colour(this.title_, 0.3), width: 0.5 },
    };
    return {
      width: 300, height: 150,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
      scales: {
        // uPlot has no value for its enum, only a type.
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
        x: { time: false, distr: this.log ? 3 : 1, range: () => this.span },
        y: { range: () => this.#range() },
      },
      axes: [
        {
          ...axis, size: 24, gap: 4, label: () => this.across, labelSize: 16, labelGap: 0, labelFont: font,
          grid: { ...axis.grid, filter: (_, ticks) => this.#powers(ticks, 1) },
          filter: (plot, ticks) => this.#powers(ticks, plot.over.clientWidth < 330 ? 2 : 1),
          values: (_, ticks: (number | null)[]) => ticks.map((tick) => (tick === null ? "" : this.formatX(tick))),
        },
        { ...axis, size: 56, gap: 4, values: (_, ticks) => ticks.map(this.text.rate) },
      ],
      series: [
        {},
        { stroke: () => this.#colour(this.key, 0.35), width: 1, points: { show: false } },
        { stroke: () => this.#colour(this.key), width: 2, points: { show: () => this.line.x.length === 1 } },
      ],
      hooks: {
        draw: [(plot) => this.#drawMark(plot)],
        setCursor: [
          (plot) => {
            const { left = -1 } = plot.cursor;
            this.hover = left < 0 || this.line.x.length === 0 ? null : plot.posToVal(left, "x");
          },
        ],
      },
    };
  }

  /** Of a logarithmic axis only each `every`th power of ten has a line or a number; uPlot takes null for none. */
  #powers(ticks: number[], every: number): (number | null)[] {
    const fits = (tick: number): boolean => isPower(tick) && Math.round(Math.log10(tick)) % every === 0;
    return this.log ? ticks.map((tick) => (fits(tick) ? tick : null)) : ticks;
  }

  /** The marked place: an upright line with its value beside it. */
  #drawMark(plot: uPlot): void {
    const { mark } = this;
    if (!mark) return;
    const { ctx } = plot;
    const { top, height, left, width } = plot.bbox;
    const x = plot.valToPos(mark.x, "x", true);
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = this.#colour(this.title_);
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.font = font.replace("12px", `600 ${12 * devicePixelRatio}px`);
    ctx.textBaseline = "top";
    const before = x > left + width / 2;
    ctx.textAlign = before ? "right" : "left";
    ctx.fillText(mark.text, x + (before ? -6 : 6) * devicePixelRatio, top + 2 * devicePixelRatio);
    ctx.restore();
  }
}

function isPower(x: number): boolean {
  const digits = Math.log10(x);
  return Math.abs(digits - Math.round(digits)) < 1e-6;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-plot": PlotElement;
  }
}

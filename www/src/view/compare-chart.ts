import { css, html, LitElement, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import { property, query, state } from "lit/decorators.js";
import { uPlot } from "./uplot";
import uPlotStyles from "uplot/dist/uPlot.min.css?inline";
import { define } from "../element/define";
import { base } from "../element/styles";
import { valueAt } from "./chart";
import { last, type Points } from "./curve";
import { onScheme } from "./scheme";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

/** One of the lines that are compared. `place` from 0 gives it its colour and its dashes. */
export type ComparedLine = { name: string; place: number; points: Points };

/** So many lines can still be told apart. */
export const mostLines = 6;

const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
const dashes: readonly number[][] = [[], [8, 4], [2, 3], [12, 3, 3, 3], [5, 2], [1, 5]];

/**
 * Several runs on one chart over epochs, each a colour and dashes of its own. Its key reads
 * all lines under the pointer or, with the arrow keys, at the place chosen.
 */
@define("cnn-lab-compare-chart")
export class CompareChartElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** What is drawn, with its unit. */
  @property() name = "";
  @property({ attribute: false }) lines: readonly ComparedLine[] = [];
  /** How values are written. */
  @property({ attribute: false }) format: (value: number) => string = String;
  /** Accuracies: the upright axis is in percent. */
  @property({ type: Boolean }) percent = false;

  @state() private hover: number | null = null;
  @query(".plot") private host!: HTMLElement;

  #plot: uPlot | null = null;
  #xs: readonly number[] = [];
  readonly #resize = new ResizeObserver(() => this.#fit());

  static override styles = [
    unsafeCSS(uPlotStyles),
    base,
    css`
      :host { display: flex; flex-direction: column; min-height: 180px; }
      .head { display: flex; flex-wrap: wrap; gap: 0 16px; align-items: baseline; min-height: 20px; }
      .head h3 { min-width: 112px; }
      .key { font-size: 12px; line-height: 20px; max-width: 100%; display: flex; align-items: center; gap: 4px; color: var(--colour); }
      .key svg { flex: none; width: 28px; height: 4px; }
      .key span { max-width: 160px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .key b { min-width: 48px; font-weight: 600; text-align: right; }
      .line-0 { --colour: light-dark(#0067a8, #5ab4ee); }
      .line-1 { --colour: light-dark(#b25000, #f0a03c); }
      .line-2 { --colour: light-dark(#0f6e4f, #4fcf9f); }
      .line-3 { --colour: light-dark(#8a3a94, #d999e0); }
      .line-4 { --colour: light-dark(#8f1d3c, #f28ba5); }
      .line-5 { --colour: light-dark(#4a5058, #b9bfc6); }
      .plot { flex: 1 1 0; min-height: 150px; position: relative; border-radius: 4px; }
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
    const at = this.hover;
    return html`
      <div class="head">
        <h3>${at === null ? this.name : this.text.charts.atEpoch(at)}</h3>
        ${this.lines.map(({ name, place, points }) => {
          const value = at === null ? last(points) : valueAt(points, at);
          return html`<div class="key line-${place}" data-place=${place}>
            <svg aria-hidden="true"><line x1="0" y1="2" x2="28" y2="2" stroke="currentColor" stroke-width="2" stroke-dasharray=${(dashes[place] ?? []).join(" ") || "none"} /></svg>
            <span title=${name}>${name}</span><b>${value === undefined ? "–" : this.format(value)}</b></div>`;
        })}
      </div>
      <div class="plot" role="img" tabindex="0" aria-label=${this.#inWords()} @keydown=${this.#onKey}
        @blur=${() => this.#plot?.setCursor({ left: -10, top: -10 })}></div>
    `;
  }

  #inWords(): string {
    const t = this.text;
    const told = this.lines.map(({ name, points }) => {
      const end = last(points);
      return ` ${name}: ${end === undefined ? t.views.nothingMeasured : t.views.valueAtEpoch(this.format(end), points.x.at(-1) ?? NaN)}.`;
    });
    return t.charts.overEpochs(this.name, told.join(""));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#resize.observe(this.host);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override firstUpdated(): void {
    this.#resize.observe(this.host);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("lines") || changed.has("percent")) {
      this.#draw();
    }
  }

  /** Anew, since the number of lines may be another; that takes a millisecond or two. */
  #draw(): void {
    this.#plot?.destroy();
    this.hover = null;
    const none: uPlot.AlignedData = [[], []];
    const joined = uPlot.join([none, ...this.lines.map(({ points }): uPlot.AlignedData => [points.x, points.y])]);
    this.#xs = joined[0] as number[];
    this.#plot = new uPlot(this.#options(), joined, this.host);
    this.#fit();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    if (width > 0 && height > 0) {
      this.#plot?.setSize({ width, height });
    }
  }

  #onKey(event: KeyboardEvent): void {
    const plot = this.#plot;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!plot || move === undefined || this.#xs.length === 0) {
      return;
    }
    event.preventDefault();
    const from = this.hover ?? this.#xs.at(-1) ?? 0;
    const { min = 0, max = 1 } = plot.scales["x"] ?? {};
    const to = Math.min(max, Math.max(min, from + (move * (max - min)) / 20));
    plot.setCursor({ left: plot.valToPos(to, "x"), top: 1 });
  }

  #muted(): string {
    return getComputedStyle(this.renderRoot.querySelector("h3") ?? this).color;
  }

  #options(): uPlot.Options {
    const muted = (): string => this.#muted();
    const grid = (): string => this.#muted().replace("rgb(", "rgba(").replace(")", ", 0.3)");
    const axis = { stroke: muted, font, ticks: { show: false }, grid: { stroke: grid, width: 0.5 } };
    return {
      width: 300,
      height: 150,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
      scales: {
        x: { time: false, range: (_, low, high) => (Number.isFinite(low) && high > low ? [Math.min(low, Math.max(0, low - 1)), high] : [0, Math.max(1, high || 1)]) },
        y: { range: (_, low, high) => this.#range(low, high) },
      },
      axes: [
        { ...axis, size: 24, gap: 4, label: () => this.text.charts.epochs, labelSize: 16, labelGap: 0, labelFont: font, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
        { ...axis, size: 52, gap: 4, values: (_, ticks) => ticks.map((tick) => (this.percent ? `${this.text.rate(tick * 100)}${this.text.percentSign}` : this.text.rate(tick))) },
      ],
      series: [
        {},
        { show: false },
        ...this.lines.map(
          ({ place, points }): uPlot.Series => ({
            stroke: () => this.#colour(place),
            width: 2,
            spanGaps: true,
            dash: dashes[place] ?? [],
            // A few epochs show their points, of which one alone makes no line.
            points: { show: points.x.length <= 40, size: 6, fill: () => this.#colour(place) },
          }),
        ),
      ],
      hooks: { setCursor: [(plot) => this.#readCursor(plot)] },
    };
  }

  /** As close around the lines as lets differences be seen; never past what can be. */
  #range(low: number | null, high: number | null): [number, number] {
    if (low === null || high === null || !Number.isFinite(low) || !Number.isFinite(high)) {
      return [0, 1];
    }
    const room = Math.max((high - low) * 0.08, 0.005);
    return [Math.max(0, low - room), this.percent ? Math.min(1, high + room) : high + room];
  }

  #colour(place: number): string {
    const key = this.renderRoot.querySelector(`.key[data-place="${place}"]`);
    return getComputedStyle(key ?? this).color;
  }

  #readCursor(plot: uPlot): void {
    const { left = -1 } = plot.cursor;
    this.hover = left < 0 || this.#xs.length === 0 ? null : plot.posToVal(left, "x");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-compare-chart": CompareChartElement;
  }
}

import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { Distribution } from "../api/types";
import { define } from "../element/define";
import { base } from "../element/styles";
import { colour } from "./colormap";
import { inTurn, outOfTurn } from "./in-turn";
import { nearest, powersOf, rangeOf, rowsOf, ticksOf } from "./spread";
import { onScheme } from "./scheme";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

const font = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
/** Around the plot, in CSS pixels. */
const room = { left: 48, right: 8, top: 4, bottom: 32 };
const smallRoom = { left: 48, right: 4, top: 4, bottom: 18 };

/** What a chart shows at each of its steps: how values are distributed, or one value. */
export type Trace = { spread: readonly (Distribution | null)[] } | { line: readonly (number | null)[] };

/**
 * How something in a network changes from snapshot to snapshot: a distribution as columns of its
 * histogram, brighter where more values lie, or a value as a line. The header reads the snapshot
 * under the pointer, or chosen with the arrow keys, and else the latest.
 */
@define("cnn-lab-over-steps")
export class OverStepsElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** The title of the upright axis. */
  @property() name = "";
  /** What it is of, for the words in place of the picture. */
  @property() of = "";
  @property({ attribute: false }) steps: readonly number[] = [];
  @property({ attribute: false }) trace: Trace = { line: [] };
  /** For a line: a logarithmic upright axis. */
  @property({ type: Boolean }) log = false;
  /** For a line: the usual values, shaded. */
  @property({ attribute: false }) usual: readonly [number, number] | null = null;
  /** For a line: the ends of the upright axis, where they are known. */
  @property({ attribute: false }) ends: readonly [number, number] | null = null;
  @property({ attribute: false }) format: ((value: number) => string) | null = null;
  /** Said where there is no such thing. */
  @property() absent = "";
  /** One of many: no stop for the keyboard, and less around it. */
  @property({ type: Boolean, reflect: true }) small = false;

  @state() private at: number | null = null;
  @query("canvas") private canvas!: HTMLCanvasElement | null;
  @query("h3") private title_!: HTMLElement;
  @query(".key") private key!: HTMLElement;

  #seen = false;
  readonly #resize = new ResizeObserver(() => this.#drawSoon());
  // Far more charts may be in the dialog than in sight.
  readonly #sight = new IntersectionObserver((entries) => {
    this.#seen = entries.at(-1)?.isIntersecting ?? false;
    this.#drawSoon();
  });

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; height: 196px; min-width: 0; }
      :host([small]) { height: 124px; }
      .head { display: flex; flex-wrap: wrap; gap: 0 8px; justify-content: space-between; min-height: 20px; font-size: 12px; line-height: 16px; }
      :host([small]) .head { min-height: 32px; align-content: start; }
      .key { color: var(--lab-training); font-weight: 600; white-space: nowrap; }
      .plot { flex: 1; min-height: 0; position: relative; border-radius: 4px; }
      canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
      .absent { display: grid; place-items: center; height: 100%; padding: 8px; background: var(--lab-sunk); border-radius: 4px; font-size: 12px; line-height: 16px; text-align: center; color: var(--lab-muted); }
    `,
  ];

  get #empty(): boolean {
    return ("spread" in this.trace ? this.trace.spread : this.trace.line).every((one) => one === null);
  }

  constructor() {
    super();
    onScheme(this, () => this.#drawSoon());
  }

  override render(): TemplateResult {
    const t = this.text;
    const at = this.at ?? this.steps.length - 1;
    return html`<div class="head"><h3>${this.name}</h3>
        <span class="key">${this.at === null ? "" : t.views.stepColon(this.steps[at] ?? NaN)}${this.#read(at)}</span></div>
      ${this.#empty
        ? html`<div class="plot"><div class="absent">${this.absent || t.views.nothingYet}</div></div>`
        : html`<div class="plot" role="img" aria-label=${this.#inWords()} tabindex=${this.small ? -1 : 0}
            @keydown=${this.#onKey} @blur=${() => (this.at = null)} @pointermove=${this.#point} @pointerleave=${() => (this.at = null)}><canvas></canvas></div>`}`;
  }

  #read(at: number): string {
    const t = this.text;
    if ("spread" in this.trace) {
      const found = this.trace.spread[at];
      return found ? `${t.figure(found.mean)} ± ${t.figure(found.std)}` : "–";
    }
    const found = this.trace.line[at];
    return found === null || found === undefined ? "–" : this.#write(found);
  }

  #write(value: number): string {
    return (this.format ?? this.text.figure)(value);
  }

  #inWords(): string {
    const t = this.text;
    const { steps, trace } = this;
    const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 0];
    const where = t.views.overSteps(this.of, steps.length, first, last);
    if ("line" in trace) {
      const usual = this.usual ? t.views.usual(this.#write(this.usual[0]), this.#write(this.usual[1])) : "";
      return t.views.fromRead(where, this.#read(0), this.#read(steps.length - 1), usual);
    }
    const now = trace.spread.at(-1);
    return now ? t.views.latestGo(where, now.low, now.high, now.mean, now.std) : where;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
    this.#sight.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#sight.disconnect();
    outOfTurn(this.#draw);
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("steps") || changed.has("trace") || changed.has("at")) this.#drawSoon();
  }

  #drawSoon(): void {
    if (this.#seen && !this.#empty) inTurn(this.#draw);
  }

  #point(event: PointerEvent): void {
    const { left, right } = this.small ? smallRoom : room;
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const share = (event.clientX - box.left - left) / Math.max(1, box.width - left - right);
    const [from, to] = this.#span;
    this.at = share < -0.05 || share > 1.05 ? null : nearest(this.steps, from + share * (to - from));
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.steps.length - 1;
    const at = this.at ?? last;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.at = Math.min(last, Math.max(0, to));
    }
  }

  /** The ends of the level axis. */
  get #span(): [number, number] {
    const [first, last] = [this.steps[0] ?? 0, this.steps.at(-1) ?? 0];
    return [first, last > first ? last : first + 1];
  }

  /** The ends of the upright axis. */
  get #range(): readonly [number, number] {
    if ("spread" in this.trace) {
      return rangeOf(this.trace.spread) ?? [0, 1];
    }
    const seen = this.trace.line.filter((y): y is number => y !== null && Number.isFinite(y) && (y > 0 || !this.log));
    const wanted = [...seen, ...(this.usual ?? [])];
    const [low, high] = [Math.min(...wanted), Math.max(...wanted)];
    if (this.ends || wanted.length === 0) return this.ends ?? [0, 1];
    return this.log ? [low / 2, high * 2] : [low, high > low ? high : low + 1];
  }

  readonly #draw = (): void => {
    const t = this.text;
    const { canvas } = this;
    const context = canvas?.getContext("2d");
    const { clientWidth, clientHeight } = canvas ?? {};
    if (!canvas || !context || !clientWidth || !clientHeight) return;
    const dpr = devicePixelRatio;
    const around = this.small ? smallRoom : room;
    const [left, top] = [Math.round(around.left * dpr), Math.round(around.top * dpr)];
    const [width, height] = [Math.round((clientWidth - around.left - around.right) * dpr), Math.round((clientHeight - around.top - around.bottom) * dpr)];
    canvas.width = Math.round(clientWidth * dpr);
    canvas.height = Math.round(clientHeight * dpr);
    if (width < 2 || height < 2) return;
    const [from, to] = this.#span;
    const [low, high] = this.#range;
    const scale = this.log ? Math.log10 : (y: number): number => y;
    const x = (step: number): number => left + ((step - from) / (to - from)) * width;
    const y = (value: number): number => top + height - ((scale(value) - scale(low)) / (scale(high) - scale(low))) * height;
    const muted = getComputedStyle(this.title_).color;
    const strong = getComputedStyle(this.key).color;
    context.font = `${12 * dpr}px ${font}`;
    context.lineWidth = dpr;

    if ("spread" in this.trace) this.#drawColumns(context, this.trace.spread, { left, top, width, height }, [low, high]);

    // The grid's lines would cover the columns.
    context.fillStyle = context.strokeStyle = muted;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const rows = this.small ? 3 : 4;
    for (const tick of this.log ? powersOf(low, high, rows) : ticksOf(low, high, rows)) {
      const level = Math.round(y(tick)) + 0.5;
      context.fillText(this.#write(tick), left - 6 * dpr, Math.max(top + 6 * dpr, level));
      context.globalAlpha = 0.3;
      context.fillRect("line" in this.trace ? left : left - 3 * dpr, level, "line" in this.trace ? width : 3 * dpr, Math.max(1, 0.5 * dpr));
      context.globalAlpha = 1;
    }
    context.textBaseline = "top";
    const below = top + height + 4 * dpr;
    if (this.small) {
      context.textAlign = "left";
      if (this.steps.length > 1) context.fillText(t.count(from), left, below);
      context.textAlign = "right";
      context.fillText(t.views.step(this.steps.at(-1) ?? 0), left + width, below);
    } else {
      const marks = this.steps.length < 2 ? [from] : ticksOf(from, to, Math.max(2, Math.floor(width / dpr / 72)));
      context.textAlign = "center";
      for (const tick of marks.filter(Number.isInteger)) {
        const half = context.measureText(t.count(tick)).width / 2;
        context.fillText(t.count(tick), Math.min(left + width - half, x(tick)), below);
      }
      context.textAlign = "right";
      context.fillText("step", left + width, below + 14 * dpr);
    }

    if ("line" in this.trace) this.#drawLine(context, this.trace.line, { x, y, left, width, dpr }, strong);
    if (this.at !== null) {
      context.fillStyle = muted;
      context.fillRect(Math.round(x(this.steps[this.at] ?? from)), top, Math.max(1, dpr), height);
    }
  };

  /** Each snapshot's column reaches half way to its neighbours. */
  #drawColumns(context: CanvasRenderingContext2D, spread: readonly (Distribution | null)[], at: { left: number; top: number; width: number; height: number }, range: readonly [number, number]): void {
    const { left, top, width, height } = at;
    const picture = new ImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    const [from, to] = this.#span;
    const columns = new Map<number, Uint32Array>();
    const tints = (i: number): Uint32Array => {
      const rows = spread[i] ? rowsOf(spread[i], range, height) : new Float32Array(height);
      // The root: most values lie near zero, and the others would be dark.
      const most = Math.sqrt(Math.max(...rows)) || 1;
      return Uint32Array.from(rows, (row) => (row > 0 ? colour(Math.sqrt(row), { low: 0, high: most, signed: false }) : 0));
    };
    for (let column = 0; column < width; column += 1) {
      const i = nearest(this.steps, from + ((column + 0.5) / width) * (to - from));
      const found = columns.get(i) ?? tints(i);
      columns.set(i, found);
      for (let row = 0; row < height; row += 1) pixels[(height - 1 - row) * width + column] = found[row] ?? 0;
    }
    context.putImageData(picture, left, top);
  }

  #drawLine(context: CanvasRenderingContext2D, line: readonly (number | null)[], at: { x: (step: number) => number; y: (value: number) => number; left: number; width: number; dpr: number }, strong: string): void {
    const { x, y, left, width, dpr } = at;
    context.fillStyle = context.strokeStyle = strong;
    if (this.usual) {
      const [bottom, roof] = [y(this.usual[0]), y(this.usual[1])];
      context.globalAlpha = 0.14;
      context.fillRect(left, roof, width, bottom - roof);
      context.globalAlpha = 1;
    }
    context.lineWidth = 2 * dpr;
    context.beginPath();
    let drawn = 0;
    line.forEach((value, i) => {
      const step = this.steps[i];
      if (value === null || step === undefined || !Number.isFinite(value) || (this.log && value <= 0)) return;
      if (drawn === 0) context.moveTo(x(step), y(value));
      else context.lineTo(x(step), y(value));
      drawn += 1;
      if (line.length < 24) context.fillRect(x(step) - 2 * dpr, y(value) - 2 * dpr, 4 * dpr, 4 * dpr);
    });
    context.stroke();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-over-steps": OverStepsElement;
  }
}

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { Region } from "../api/receptive-field";
import { define } from "../element/define";
import { base } from "../element/styles";
import { colour, type Scale, scaleFor } from "./colormap";
import { inkOn, moveIn } from "./grid-cells";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

/** Where a pixel is, counted from 0. */
export type Place = { row: number; column: number };

/** From this many page pixels on a cell has room for its number. */
const roomForNumber = 38;

/** Rows, and columns, that are written as numbers. */
const mostCells = 64;

/**
 * Values, or a picture, as squares: in colours and, where there is room, with their numbers. The
 * pointer, and with `active` the arrow keys, choose a pixel (the event `point`); a part can be framed.
 */
@define("cnn-lab-value-grid")
export class ValueGridElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** Row by row; what is no number is left empty. */
  @property({ attribute: false }) values: Float32Array | null = null;
  @property({ type: Number }) rows = 1;
  @property({ type: Number }) columns = 1;
  /** Default: the one that fits the values. */
  @property({ attribute: false }) scale: Scale | null = null;
  /** Shown in place of values. */
  @property({ attribute: false }) picture: ImageData | null = null;
  @property() name = "";
  /** The longer side is at most so many pixels of the page. */
  @property({ type: Number }) room = 200;
  /** The side of a square at the most. */
  @property({ type: Number }) most = 40;
  /** Empty squares around, for what lies outside. */
  @property({ type: Number }) margin = 0;
  /** The arrow keys move the chosen pixel. */
  @property({ type: Boolean }) active = false;
  /** The numbers in the squares are of so much, for those that are small. */
  @property({ type: Number }) unit = 1;
  /** Offers the numbers as a table. */
  @property({ type: Boolean }) table = false;
  @property({ attribute: false }) at: Place | null = null;
  @property({ attribute: false }) frame: Region | null = null;

  @state() private open = false;
  @query("canvas") private canvas!: HTMLCanvasElement;

  static override styles = [
    base,
    css`
      :host { max-width: 100%; }
      canvas { display: block; max-width: 100%; outline: 1px solid var(--lab-line); touch-action: manipulation; }
      canvas[tabindex] { cursor: crosshair; }
      canvas:focus-visible { outline: 2px solid var(--lab-accent); }
      summary { font-size: 12px; line-height: 20px; color: var(--lab-muted); }
      .scroll { max-height: 240px; overflow: auto; }
      table { border-collapse: collapse; font-size: 12px; line-height: 16px; }
      :is(th, td) { padding: 2px 8px 2px 0; text-align: right; white-space: nowrap; font-weight: 400; }
      th { color: var(--lab-muted); }
    `,
  ];

  get #size(): [rows: number, columns: number] {
    return this.picture ? [this.picture.height, this.picture.width] : [this.rows, this.columns];
  }

  get #cell(): number {
    const [rows, columns] = this.#size;
    const fit = this.room / (Math.max(rows, columns) + 2 * this.margin);
    // Whole squares, but for what is larger than the room and a picture that would waste much of it.
    return fit < (this.picture ? 3 : 1) ? fit : Math.min(this.most, Math.floor(fit));
  }

  override render(): TemplateResult {
    const t = this.text;
    const words = `${this.name}${this.active && this.at ? t.views.rowColumn(this.at.row + 1, this.at.column + 1) : ""}`;
    return html`<canvas role=${this.active ? "application" : "img"} aria-label=${words} tabindex=${this.active ? 0 : nothing}
        @keydown=${this.#onKey} @pointermove=${this.#onPoint} @pointerdown=${this.#onPoint} @pointerleave=${() => this.#tell("leave", null)}></canvas>
      ${this.table && this.values
        ? html`<details @toggle=${(event: Event) => (this.open = (event.target as HTMLDetailsElement).open)}>
            <summary>${t.views.asNumbers}</summary>${this.open ? this.#numbers(this.values) : nothing}</details>`
        : nothing}`;
  }

  #numbers(values: Float32Array): TemplateResult {
    const t = this.text;
    const [rows, wide] = [Math.min(mostCells, this.rows), Math.min(mostCells, this.columns)];
    const columns = Array.from({ length: wide }, (_, i) => i);
    return html`${rows < this.rows || wide < this.columns ? html`<p class="small muted">${t.views.firstRows(rows, wide)}</p>` : nothing}<div class="scroll" role="region" aria-label=${t.views.nameAsNumbers(this.name)} tabindex="0"><table>
      <thead><tr><td></td>${columns.map((column) => html`<th scope="col">${column + 1}</th>`)}</tr></thead>
      <tbody>${Array.from({ length: rows }, (_, row) => html`<tr><th scope="row">${row + 1}</th>
        ${columns.map((column) => html`<td>${words(t, values[row * this.columns + column])}</td>`)}</tr>`)}</tbody>
    </table></div>`;
  }

  override updated(changed: PropertyValues): void {
    if (!(changed.size === 1 && changed.has("open"))) {
      this.#draw();
    }
  }

  #draw(): void {
    const { canvas, margin } = this;
    const [rows, columns] = this.#size;
    const cell = this.#cell;
    const [width, height] = [(columns + 2 * margin) * cell, (rows + 2 * margin) * cell];
    const sharp = devicePixelRatio;
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
    canvas.style.width = `${width}px`;
    canvas.style.aspectRatio = `${width} / ${height}`;
    const context = canvas.getContext("2d");
    if (!context) {
      return;
    }
    const styles = getComputedStyle(this);
    context.scale(sharp, sharp);
    context.fillStyle = styles.getPropertyValue("--lab-sunk");
    context.fillRect(0, 0, width, height);
    const source = document.createElement("canvas");
    source.width = columns;
    source.height = rows;
    const { values } = this;
    const scale = this.scale ?? (values ? scaleFor(values) : null);
    source.getContext("2d")?.putImageData(this.picture ?? this.#coloured(rows, columns, scale), 0, 0);
    context.imageSmoothingEnabled = !Number.isInteger(cell);
    context.drawImage(source, margin * cell, margin * cell, columns * cell, rows * cell);
    if (values && scale && cell >= roomForNumber && !this.picture) {
      context.font = `12px ${styles.fontFamily}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      values.forEach((of, i) => {
        context.fillStyle = Number.isNaN(of) ? styles.getPropertyValue("--lab-muted") : inkOn(colour(of, scale));
        context.fillText(Number.isNaN(of) ? "–" : short(this.text, of / this.unit), ((i % columns) + margin + 0.5) * cell, (Math.floor(i / columns) + margin + 0.5) * cell);
      });
    }
    this.#frame(context, cell, this.at && { top: this.at.row, left: this.at.column, bottom: this.at.row + 1, right: this.at.column + 1 });
    this.#frame(context, cell, this.frame);
  }

  #coloured(rows: number, columns: number, scale: Scale | null): ImageData {
    const picture = new ImageData(columns, rows);
    const pixels = new Uint32Array(picture.data.buffer);
    if (scale) {
      this.values?.forEach((of, i) => {
        if (i < pixels.length) pixels[i] = colour(of, scale);
      });
    }
    return picture;
  }

  /** A white line within a black one is seen on any colour. */
  #frame(context: CanvasRenderingContext2D, cell: number, region: Region | null): void {
    if (!region) {
      return;
    }
    const [rows, columns] = this.#size;
    const { margin } = this;
    const top = Math.max(-margin, region.top);
    const left = Math.max(-margin, region.left);
    const [x, y] = [(left + margin) * cell, (top + margin) * cell];
    const [wide, tall] = [(Math.min(columns + margin, region.right) - left) * cell, (Math.min(rows + margin, region.bottom) - top) * cell];
    for (const [line, paint] of [[4, "#000"], [2, "#fff"]] as const) {
      context.lineWidth = line;
      context.strokeStyle = paint;
      context.strokeRect(x + 1, y + 1, Math.max(2, wide - 2), Math.max(2, tall - 2));
    }
  }

  #onPoint(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const [rows, columns] = this.#size;
    const column = Math.floor(((event.clientX - box.left) / box.width) * (columns + 2 * this.margin)) - this.margin;
    const row = Math.floor(((event.clientY - box.top) / box.height) * (rows + 2 * this.margin)) - this.margin;
    if (row >= 0 && column >= 0 && row < rows && column < columns) {
      this.#tell("point", { row, column });
    }
  }

  #onKey(event: KeyboardEvent): void {
    const [rows, columns] = this.#size;
    const to = this.active ? moveIn(event.key, this.at ?? { row: 0, column: 0 }, rows, columns) : null;
    if (to) {
      event.preventDefault();
      event.stopPropagation();
      this.#tell("point", to);
    }
  }

  #tell(name: "point" | "leave", detail: Place | null): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function words(t: Texts, of: number | undefined): string {
  return of === undefined || Number.isNaN(of) ? "–" : t.value(of);
}

/** A number that fits into a square. */
function short(t: Texts, of: number): string {
  const size = Math.abs(of);
  return t.decimal(of, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-value-grid": ValueGridElement;
  }
}

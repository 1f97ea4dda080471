import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { Gallery } from "../api/types";
import { define } from "../element/define";
import { styles } from "../element/style-directive";
import { base } from "../element/styles";
import { cellAt, fitCell, type Grid, inSight, layGrid, moveBy, nextPage, scrollFor, tooMany } from "./window";
import { onScheme } from "./scheme";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

export type GalleryPicture = Gallery["pictures"][number];

/** Where the pictures of a gallery come from. Another object is another gallery. */
export type GallerySource = {
  total: number;
  /** Height and width of every picture. */
  size: readonly [height: number, width: number];
  classes: readonly string[];
  fetch(offset: number, count: number): Promise<GalleryPicture[]>;
};

/** Room for a label under each picture, and between cells. */
const labelHeight = 16;
const gap = 8;
/** A page takes about so many bytes, and so many of them stay. */
const pageBytes = 1.5e6;
const pagesKept = 16;
/** Pictures of a page stand in rows of so many. */
const across = 16;
/** Pages under way at once: more would only make those in sight wait. */
const atOnce = 2;

type Page = { pictures: GalleryPicture[]; atlas: HTMLCanvasElement };

/**
 * Any number of pictures as a grid that scrolls smoothly: one canvas as large as what is in
 * sight, and pages of pictures that are fetched as they come into view and dropped again.
 * Fires `pick` with a picture that was clicked or chosen by Enter, `point` with the one under
 * the pointer or the arrow keys (null: none), `failed` with what went wrong.
 */
@define("cnn-lab-gallery")
export class GalleryElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) source: GallerySource | null = null;
  @property() name = "";
  /** The largest side of a picture, about. */
  @property({ type: Number }) cell = 64;

  /** The cell that the keys move. */
  @state() private current = 0;
  @state() private room: { width: number; height: number } = { width: 0, height: 0 };
  @state() private known: GalleryPicture | null = null;
  @query(".scroll") private scroller!: HTMLElement;
  @query("canvas") private canvas!: HTMLCanvasElement;

  #grid: Grid | null = null;
  #shown = { width: 1, height: 1 };
  readonly #pages = new Map<number, Page>();
  readonly #pending = new Set<number>();
  readonly #labels = new Map<string, string>();
  #due = false;
  readonly #resize = new ResizeObserver(() => {
    this.room = { width: this.scroller.clientWidth, height: this.scroller.clientHeight };
  });

  static override styles = [
    base,
    css`
      :host { display: flex; min-height: 160px; }
      .scroll { position: relative; flex: 1; min-width: 0; overflow: hidden auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; border-radius: 6px; }
      canvas { position: sticky; top: 0; display: block; cursor: zoom-in; }
      .rest { width: 1px; height: var(--rest, 0); }
      .current { position: absolute; top: 0; left: 0; width: var(--w); height: var(--h); transform: translate(var(--x), var(--y)); pointer-events: none; border-radius: 4px; }
      .scroll:focus-visible { outline-offset: 3px; }
      .scroll:focus-visible .current { outline: 3px solid var(--lab-accent); outline-offset: -3px; }
    `,
  ];

  constructor() {
    super();
    onScheme(this, () => this.#drawSoon());
  }

  override render(): TemplateResult {
    const t = this.text;
    const { source, room, current, known } = this;
    const grid = this.#layOut();
    const total = source?.total ?? 0;
    const columns = grid?.columns ?? 1;
    const place = {
      "--w": `${this.#shown.width}px`,
      "--h": `${this.#shown.height}px`,
      "--x": `${(current % columns) * (grid?.stepX ?? 0)}px`,
      "--y": `${Math.floor(current / columns) * (grid?.stepY ?? 0)}px`,
    };
    const said = known
      ? `${source?.classes[known.label] ?? known.label}, ${known.name}`
      : t.views.picture(current + 1);
    // One option stands for all: the one that the keys are at. The rest is drawn.
    return html`<div class="scroll" tabindex="0" role="listbox" aria-label="${this.name || t.common.pictures}, ${t.count(total)}"
      aria-activedescendant=${total > 0 ? "current" : ""}
      @scroll=${() => this.#drawSoon()} @keydown=${this.#onKey}>
      <canvas aria-hidden="true" @click=${this.#onClick} @pointermove=${this.#onPoint}
        @pointerleave=${() => this.#tell("point", null)}></canvas>
      <div class="rest" ${styles({ "--rest": `${Math.max(0, (grid?.height ?? 0) - room.height)}px` })} aria-hidden="true"></div>
      <div class="current" id="current" role="option" aria-selected="true" aria-posinset=${current + 1} aria-setsize=${Math.max(1, total)}
        aria-label=${total > 0 ? said : t.views.noPictures} ${styles(place)}></div>
    </div>`;
  }

  #layOut(): Grid | null {
    const { source, room } = this;
    if (!source || room.width === 0) {
      this.#grid = null;
      return null;
    }
    const [height, width] = source.size;
    this.#shown = fitCell(width, height, this.cell);
    this.#grid = layGrid(source.total, room.width + gap, this.#shown.width + gap, this.#shown.height + labelHeight + gap);
    return this.#grid;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("source")) {
      const before = changed.get("source");
      this.#pages.clear();
      this.#pending.clear();
      this.#labels.clear();
      this.current = Math.max(0, Math.min(this.current, (this.source?.total ?? 1) - 1));
      if (before && before.total !== this.source?.total) {
        this.known = null;
      }
    }
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) {
      this.#resize.observe(this.scroller);
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#pages.clear();
  }

  override firstUpdated(): void {
    this.#resize.observe(this.scroller);
  }

  override updated(): void {
    const { width, height } = this.room;
    const [wide, tall] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.canvas.width !== wide || this.canvas.height !== tall) {
      this.canvas.width = wide;
      this.canvas.height = tall;
      this.canvas.style.width = `${width}px`;
      this.canvas.style.height = `${height}px`;
    }
    this.#draw();
  }

  /** Goes to a picture, counted among those shown. */
  goTo(cell: number): void {
    const total = this.source?.total ?? 0;
    const grid = this.#grid;
    if (total === 0 || !grid) {
      return;
    }
    this.current = Math.max(0, Math.min(cell, total - 1));
    this.scroller.scrollTop = scrollFor(this.current, grid, this.scroller.scrollTop, this.room.height);
    this.#knowCurrent();
  }

  /** The cell that the keys are at. */
  get at(): number {
    return this.current;
  }

  get #pageSize(): number {
    const [height, width] = this.source?.size ?? [1, 1];
    return Math.max(across, Math.min(256, Math.floor(pageBytes / (width * height * 4))));
  }

  #picture(cell: number): GalleryPicture | undefined {
    return this.#pages.get(Math.floor(cell / this.#pageSize))?.pictures[cell % this.#pageSize];
  }

  #knowCurrent(): void {
    this.known = this.#picture(this.current) ?? null;
  }

  #drawSoon(): void {
    if (!this.#due) {
      this.#due = true;
      requestAnimationFrame(() => {
        this.#due = false;
        if (this.isConnected) {
          this.#draw();
        }
      });
    }
  }

  #draw(): void {
    const { source, canvas } = this;
    const grid = this.#grid;
    const context = canvas.getContext("2d");
    if (!context) {
      return;
    }
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.room.width, this.room.height);
    if (!source || !grid) {
      return;
    }
    const top = this.scroller.scrollTop;
    const { first, end } = inSight(grid, source.total, top, this.room.height);
    context.imageSmoothingEnabled = false;
    context.font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    const text = getComputedStyle(this).color;
    const { width, height } = this.#shown;
    for (let cell = first; cell < end; cell += 1) {
      const x = (cell % grid.columns) * grid.stepX;
      const y = Math.floor(cell / grid.columns) * grid.stepY - top;
      const page = this.#pages.get(Math.floor(cell / this.#pageSize));
      const at = cell % this.#pageSize;
      const picture = page?.pictures[at];
      if (page && picture) {
        const [wide, tall] = this.#atlasCell();
        context.drawImage(page.atlas, (at % across) * wide, Math.floor(at / across) * tall, wide, tall, x, y, width, height);
        context.fillStyle = text;
        context.fillText(this.#label(context, source.classes[picture.label] ?? String(picture.label)), x + width / 2, y + height + labelHeight / 2 + 1);
      } else {
        // On its way: the colour of text, faint, in either scheme.
        context.globalAlpha = 0.07;
        context.fillStyle = text;
        context.fillRect(x, y, width, height);
        context.globalAlpha = 1;
      }
    }
    this.#fetch();
  }

  /** The label as far as it fits under the picture. */
  #label(context: CanvasRenderingContext2D, label: string): string {
    let text = this.#labels.get(label);
    if (text === undefined) {
      const room = this.#shown.width + gap - 2;
      text = label;
      while (text.length > 1 && context.measureText(text).width > room) {
        text = `${text.slice(0, text.endsWith("…") ? -2 : -1)}…`;
      }
      this.#labels.set(label, text);
    }
    return text;
  }

  /** Size of a picture in its page's atlas: its own, or as shown where that is smaller. */
  #atlasCell(): [number, number] {
    const [height, width] = this.source?.size ?? [1, 1];
    return [Math.min(width, this.#shown.width), Math.min(height, this.#shown.height)];
  }

  #fetch(): void {
    const { source } = this;
    const grid = this.#grid;
    if (!source || !grid || this.#pending.size >= atOnce) {
      return;
    }
    const size = this.#pageSize;
    const sight = inSight(grid, source.total, this.scroller.scrollTop, this.room.height);
    const page = nextPage(sight, size, source.total, (known) => this.#pages.has(known) || this.#pending.has(known));
    if (page === null) {
      return;
    }
    this.#pending.add(page);
    source.fetch(page * size, size).then(
      (pictures) => this.#take(source, page, pictures),
      (error: unknown) => {
        if (source === this.source) {
          // The page stays empty: asking again at once would fail again at once.
          this.#take(source, page, []);
          this.#tell("failed", error);
        }
      },
    );
    this.#fetch();
  }

  #take(source: GallerySource, page: number, pictures: GalleryPicture[]): void {
    // An answer to what is not shown any more is of no use.
    if (source !== this.source) {
      return;
    }
    this.#pending.delete(page);
    this.#pages.set(page, { pictures, atlas: this.#atlas(pictures) });
    const middle = Math.floor(inSightMiddle(this.#grid, source.total, this.scroller.scrollTop, this.room.height) / this.#pageSize);
    for (const far of tooMany(this.#pages.keys(), middle, pagesKept)) {
      this.#pages.delete(far);
    }
    if (Math.floor(this.current / this.#pageSize) === page) {
      this.#knowCurrent();
      if (this.scroller.matches(":focus")) {
        // The keys were there before it.
        this.#tell("point", this.known);
      }
    }
    this.#drawSoon();
  }

  #atlas(pictures: GalleryPicture[]): HTMLCanvasElement {
    const [wide, tall] = this.#atlasCell();
    const atlas = document.createElement("canvas");
    atlas.width = wide * across;
    atlas.height = tall * Math.max(1, Math.ceil(pictures.length / across));
    const context = atlas.getContext("2d");
    const scratch = document.createElement("canvas");
    const pen = scratch.getContext("2d");
    pictures.forEach(({ pixels }, i) => {
      const [x, y] = [(i % across) * wide, Math.floor(i / across) * tall];
      if (pixels.width <= wide) {
        context?.putImageData(pixels, x, y);
      } else if (context && pen) {
        scratch.width = pixels.width;
        scratch.height = pixels.height;
        pen.putImageData(pixels, 0, 0);
        context.imageSmoothingQuality = "high";
        context.drawImage(scratch, x, y, wide, tall);
      }
    });
    return atlas;
  }

  #hit(event: MouseEvent): number | null {
    const { source } = this;
    const grid = this.#grid;
    const { left, top } = this.canvas.getBoundingClientRect();
    return source && grid
      ? cellAt(grid, source.total, event.clientX - left, event.clientY - top + this.scroller.scrollTop)
      : null;
  }

  #onClick(event: MouseEvent): void {
    const cell = this.#hit(event);
    if (cell !== null) {
      this.current = cell;
      this.#knowCurrent();
      this.#tell("pick", this.known);
    }
  }

  #onPoint(event: PointerEvent): void {
    const cell = this.#hit(event);
    this.#tell("point", cell === null ? null : (this.#picture(cell) ?? null));
  }

  #onKey(event: KeyboardEvent): void {
    const total = this.source?.total ?? 0;
    const grid = this.#grid;
    if (!grid || total === 0 || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#knowCurrent();
      this.#tell("pick", this.known);
      return;
    }
    const to = moveBy(event.key, this.current, grid, total, this.room.height);
    if (to !== null) {
      event.preventDefault();
      this.goTo(to);
      this.#tell("point", this.known);
    }
  }

  #tell(name: "pick" | "point" | "failed", detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function inSightMiddle(grid: Grid | null, total: number, top: number, tall: number): number {
  if (!grid) {
    return 0;
  }
  const { first, end } = inSight(grid, total, top, tall);
  return Math.floor((first + end) / 2);
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-gallery": GalleryElement;
  }
}

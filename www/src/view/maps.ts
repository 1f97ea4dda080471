import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import type { FeatureMaps } from "../api/types";
import { define } from "../element/define";
import { base } from "../element/styles";
import { styles } from "../element/style-directive";
import { colour, type Scale, scaleFor, scaleOnce } from "./colormap";
import { layTiles, type Tiles, tileAt } from "./tiles";
import { english } from "../text/en";
import type { Texts } from "../text/texts";

/** More are on pages of their own: a network may have 2,048. */
const perPage = 64;

/**
 * The feature maps of one layer as a grid of small pictures on one colour scale, or each on its
 * own. The value under the pointer is shown; a click, or Enter, enlarges a map. With `marked` it
 * chooses one instead (the event `choose`), and so do the arrow keys.
 */
@define("cnn-lab-maps")
export class MapsElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) maps: FeatureMaps | null = null;
  /** The layer's name, shown before its maps are there. */
  @property() layer = "";
  /** Maps, height and width to keep room for. */
  @property({ attribute: false, hasChanged: (now: number[], before?: number[]) => String(now) !== String(before) }) size: [count: number, height: number, width: number] = [1, 1, 1];

  /** One scale for all maps, or each its own. */
  @property() scaling: "one" | "each" = "one";
  /** The scale of all maps; default: what fits them. */
  @property({ attribute: false }) scale: Scale | null = null;
  /** What the pictures are: feature maps, kernels, gradients. */
  @property() what = "";
  /** The map that is chosen; null: a click enlarges. */
  @property({ type: Number }) marked: number | null = null;
  /** How tall the grid may get, in pixels of the page. */
  @property({ type: Number }) tall = 140;
  /** A pixel's side at the most, and the gap between two maps. */
  @property({ type: Number }) most = 6;
  @property({ type: Number }) gap = 2;
  /** What one is called. */
  @property() unit: "map" | "kernel" = "map";

  @state() private room = 0;
  @state() private page = 0;
  @state() private reading = "";
  @state() private chosen: number | null = null;
  @query("canvas.grid") private grid!: HTMLCanvasElement;
  @query("dialog") private dialog!: HTMLDialogElement;
  @query("canvas.large") private large!: HTMLCanvasElement | null;

  #tiles: Tiles | null = null;
  #drawing = false;
  #scale: Scale = { low: 0, high: 0, signed: false };
  readonly #resize = new ResizeObserver(() => {
    this.room = this.clientWidth;
  });

  static override styles = [
    base,
    css`
      .head { display: flex; gap: 8px; align-items: baseline; min-height: 20px; font-size: 12px; white-space: nowrap; }
      .head .reading { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; text-align: right; color: var(--lab-muted); }
      button.open { display: block; padding: 0; border: 0; background: none; cursor: zoom-in; }
      canvas { display: block; image-rendering: pixelated; touch-action: manipulation; }
      canvas.grid { background: var(--lab-sunk); }
      /* White is zero there: the gaps have to differ from it. */
      canvas.signed { background: var(--lab-edge); }
      .pages { display: flex; gap: 8px; align-items: center; font-size: 12px; padding-bottom: 4px; }
      .place { position: relative; width: max-content; max-width: 100%; overflow: hidden; }
      .mark { position: absolute; border: 2px solid var(--lab-accent); outline: 1px solid var(--lab-panel); outline-offset: -3px; pointer-events: none; }
      button.open:focus-visible { outline-offset: -2px; }
      .choosing button.open { cursor: pointer; }
      dialog { padding: 16px; border: 1px solid var(--lab-edge); border-radius: 10px; background: var(--lab-panel); color: inherit; max-width: calc(100vw - 32px); }
      dialog::backdrop { background: rgb(0 0 0 / 0.5); }
      dialog .row { margin-bottom: 12px; }
      dialog p { min-height: 20px; margin-top: 8px; }
    `,
  ];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override willUpdate(changed: PropertyValues): void {
    if (this.maps && (changed.has("maps") || changed.has("scale"))) {
      this.#scale = this.scale ?? scaleOnce(this.maps.data);
    }
    const [count, height, width] = this.#size();
    if (changed.has("marked") && this.marked !== null) {
      this.page = Math.floor(this.marked / perPage);
    }
    this.page = Math.min(this.page, Math.ceil(count / perPage) - 1);
    this.#tiles = this.room > 0 ? layTiles(this.#shown, width, height, this.room, this.tall, this.gap, this.most) : null;
  }

  /** Maps on this page. */
  get #shown(): number {
    return Math.min(perPage, this.#size()[0] - this.page * perPage);
  }

  /** The scale of one map. */
  scaleOf(index: number): Scale {
    const { maps } = this;
    if (!maps || this.scaling === "one") {
      return this.#scale;
    }
    const area = maps.width * maps.height;
    const own = scaleFor(maps.data.subarray(index * area, (index + 1) * area));
    // All signed or none: one kind of colours.
    const reach = Math.max(own.high, -own.low);
    return this.#scale.signed ? { low: -reach, high: reach, signed: true } : own;
  }

  #size(): [number, number, number] {
    return this.maps ? [this.maps.count, this.maps.height, this.maps.width] : this.size;
  }

  override render(): TemplateResult {
    const t = this.text;
    const [count, height, width] = this.#size();
    return html`
      <div class="head">
        <b>${this.layer}</b>
        <span class="muted">${t.shape([height, width])}, ${t.charts.units[this.unit](count)}</span>
        <span class="reading">${this.reading || this.#range()}</span>
      </div>
      ${count > perPage ? this.#pages(count) : nothing}
      <div class="place ${this.marked === null ? "" : "choosing"}">
        <button class="open" type="button" ?disabled=${!this.maps} title=${this.marked === null ? t.charts.enlargeA(t.charts.unit[this.unit]) : t.charts.chooseA(t.charts.unit[this.unit])}
          aria-label=${t.charts.mapsInWords(this.what || t.common.featureMaps, this.layer, count, height, width, this.marked === null ? t.charts.enlarge : t.charts.isChosen(this.marked + 1))}
          @click=${this.#open} @keydown=${this.#onChoose} @pointermove=${this.#read} @pointerleave=${() => (this.reading = "")}>
          <canvas class="grid ${this.#scale.signed ? "signed" : ""}"></canvas>
        </button>
        ${this.#mark()}
      </div>
      <dialog aria-label=${t.charts.mapsOf(this.what || t.common.featureMaps, this.layer)} @close=${() => (this.chosen = null)} @keydown=${this.#onKey}
        @click=${(event: Event) => {
          if (event.target === this.dialog) this.dialog.close();
        }}>
        ${this.chosen === null ? nothing : this.#enlarged(this.chosen, count)}
      </dialog>
    `;
  }

  #range(): string {
    const t = this.text;
    return !this.maps ? "" : this.scaling === "each" ? t.charts.eachOwnScale : t.charts.fromTo(this.#scale.low, this.#scale.high);
  }

  #pages(count: number): TemplateResult {
    const t = this.text;
    const pages = Math.ceil(count / perPage);
    const go = (by: number) => (): void => {
      this.page = (this.page + by + pages) % pages;
    };
    return html`<div class="pages" role="group" aria-label=${t.charts.pages}>
      <button class="button square" type="button" aria-label=${t.charts.pageBefore} @click=${go(-1)}>←</button>
      <span aria-live="polite">${t.charts.pageOf(this.page * perPage + 1, this.page * perPage + this.#shown, count)}</span>
      <button class="button square" type="button" aria-label=${t.charts.nextPage} @click=${go(1)}>→</button>
    </div>`;
  }

  /** A frame around the chosen map. */
  #mark(): TemplateResult | typeof nothing {
    const [tiles, { marked, page }] = [this.#tiles, this];
    if (!tiles || marked === null || Math.floor(marked / perPage) !== page) {
      return nothing;
    }
    const at = marked - page * perPage;
    return html`<div class="mark" ${styles({
      left: `${(at % tiles.columns) * tiles.stepX}px`,
      top: `${Math.floor(at / tiles.columns) * tiles.stepY}px`,
      width: `${tiles.stepX - this.gap}px`,
      height: `${tiles.stepY - this.gap}px`,
    })}></div>`;
  }

  #enlarged(chosen: number, count: number): TemplateResult {
    const t = this.text;
    const turn = (by: number) => (): void => {
      this.chosen = (chosen + by + count) % count;
    };
    return html`
      <div class="row">
        <b class="grow">${t.charts.unitOf(this.layer, t.charts.unit[this.unit], chosen + 1, count)}</b>
        <button class="button square" type="button" aria-label=${t.charts.unitBefore(sentence(t.charts.unit[this.unit]))} @click=${turn(-1)}>←</button>
        <button class="button square" type="button" aria-label=${t.charts.nextUnit(t.charts.unit[this.unit])} @click=${turn(1)}>→</button>
        <button class="button" type="button" @click=${() => this.dialog.close()}>${t.common.close}</button>
      </div>
      <canvas class="large" role="img" aria-label="${sentence(t.charts.unit[this.unit])} ${chosen + 1}" @pointermove=${this.#readLarge}></canvas>
      <p class="small muted">${this.reading || t.charts.coloursFrom(this.#range())}</p>
    `;
  }

  override updated(changed: PropertyValues): void {
    if (["maps", "room", "size", "scaling", "scale", "page", "tall", "most", "gap"].some((name) => changed.has(name))) {
      this.#makeRoom();
      // A task of its own: all layers in one frame would hold up the page.
      if (!this.#drawing) {
        this.#drawing = true;
        setTimeout(() => {
          this.#drawing = false;
          this.#drawGrid();
        });
      }
    }
    this.#drawLarge();
  }

  #makeRoom(): void {
    const [tiles, { grid }] = [this.#tiles, this];
    if (tiles && (grid.width !== tiles.width || grid.height !== tiles.height)) {
      grid.width = tiles.width;
      grid.height = tiles.height;
    }
  }

  #drawGrid(): void {
    const [tiles, maps] = [this.#tiles, this.maps];
    const context = this.grid.getContext("2d");
    if (!tiles || !maps || !context) {
      return;
    }
    const picture = new ImageData(tiles.width, tiles.height);
    const pixels = new Uint32Array(picture.data.buffer);
    const [across, down] = [Math.ceil(maps.width / tiles.block), Math.ceil(maps.height / tiles.block)];
    for (let cell = 0; cell < this.#shown; cell += 1) {
      const index = this.page * perPage + cell;
      const scale = this.scaleOf(index);
      const left = (cell % tiles.columns) * tiles.stepX;
      const top = Math.floor(cell / tiles.columns) * tiles.stepY;
      for (let row = 0; row < down; row += 1) {
        for (let column = 0; column < across; column += 1) {
          const tint = colour(meanOf(maps, index, row, column, tiles.block), scale);
          const first = (top + row * tiles.zoom) * tiles.width + left + column * tiles.zoom;
          for (let line = first; line < first + tiles.zoom * tiles.width; line += tiles.width) {
            for (let x = line; x < line + tiles.zoom; x += 1) {
              pixels[x] = tint;
            }
          }
        }
      }
    }
    context.putImageData(picture, 0, 0);
  }

  #drawLarge(): void {
    const { maps, large, chosen } = this;
    if (!maps || !large || chosen === null) {
      return;
    }
    const area = maps.width * maps.height;
    const scale = this.scaleOf(chosen);
    const picture = new ImageData(maps.width, maps.height);
    const pixels = new Uint32Array(picture.data.buffer);
    for (let i = 0; i < area; i += 1) {
      pixels[i] = colour(maps.data[chosen * area + i] ?? NaN, scale);
    }
    large.width = maps.width;
    large.height = maps.height;
    large.getContext("2d")?.putImageData(picture, 0, 0);
    const zoom = this.#largeZoom();
    large.style.width = `${maps.width * zoom}px`;
    large.style.height = `${maps.height * zoom}px`;
  }

  #largeZoom(): number {
    const [, height, width] = this.#size();
    return Math.max(1, Math.floor(Math.min(480, innerWidth - 80, innerHeight - 200) / Math.max(height, width)));
  }

  #open(event: PointerEvent): void {
    // By keyboard there is no place: the first map is opened, and the arrows go on from there.
    const hit = event.detail > 0 ? this.#hit(event) : null;
    if (this.marked !== null) {
      if (hit) this.#choose(hit.index);
      return;
    }
    this.chosen = hit?.index ?? this.page * perPage;
    this.dialog.showModal();
  }

  #choose(detail: number): void {
    this.dispatchEvent(new CustomEvent("choose", { detail }));
  }

  #onChoose(event: KeyboardEvent): void {
    const { marked } = this;
    const across = this.#tiles?.columns ?? 1;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, PageUp: -perPage, PageDown: perPage }[event.key];
    if (marked !== null && by !== undefined) {
      event.preventDefault();
      const to = marked + by;
      if (to >= 0 && to < this.#size()[0]) this.#choose(to);
    }
  }

  #hit(event: PointerEvent): ReturnType<typeof tileAt> {
    const at = this.grid.getBoundingClientRect();
    const hit = this.#tiles && tileAt(this.#tiles, this.#shown, event.clientX - at.left, event.clientY - at.top);
    return hit && { ...hit, index: hit.index + this.page * perPage };
  }

  #read(event: PointerEvent): void {
    const hit = this.#hit(event);
    this.reading = hit ? this.#at(hit.index, hit.row, hit.column) : "";
  }

  #readLarge(event: PointerEvent): void {
    const zoom = this.#largeZoom();
    this.reading = this.#at(this.chosen ?? 0, Math.floor(event.offsetY / zoom), Math.floor(event.offsetX / zoom));
  }

  #at(index: number, row: number, column: number): string {
    const t = this.text;
    const [, height, width] = this.#size();
    const found = this.maps?.data[(index * height + row) * width + column];
    return found === undefined ? "" : t.charts.pixelIs(t.charts.unit[this.unit], index + 1, row + 1, column + 1, found);
  }

  #onKey(event: KeyboardEvent): void {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const count = this.#size()[0];
    if (move !== undefined && this.chosen !== null) {
      event.preventDefault();
      this.chosen = (this.chosen + move + count) % count;
    }
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The mean of a block of a map's pixels; blocks are cut off at the edges. */
function meanOf(maps: FeatureMaps, index: number, row: number, column: number, block: number): number {
  const { width, height, data } = maps;
  let [sum, count] = [0, 0];
  for (let y = row * block; y < Math.min(height, (row + 1) * block); y += 1) {
    for (let x = column * block; x < Math.min(width, (column + 1) * block); x += 1) {
      sum += data[(index * height + y) * width + x] ?? NaN;
      count += 1;
    }
  }
  return sum / count;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-maps": MapsElement;
  }
}

import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "../define";
import { isDark, onScheme } from "../../view/scheme";
import { button } from "../parts";
import { base } from "../styles";
import { fitView, type Grid, gridOf, nearest, screenX, screenY, stepTo, type View, zoomed } from "./scatter-math";
import { classStamp, press, ringStamp, type Sheet, sheetOf, show, type Stamp } from "./stamps";
import { english } from "../../text/en";
import "../../text/en/evaluation";
import type { Texts } from "../../text/texts";

export type ScatterPoints = {
  /** x and y of each point in turn. */
  positions: Float32Array;
  labels: ArrayLike<number>;
  /** Points with a ring. */
  wrong: ArrayLike<boolean>;
};

/** How near the pointer has to be, in pixels. */
const reach = 12;

/**
 * A cloud of points that is dragged and zoomed. Fires `point` with the one under the pointer or the
 * arrow keys (null: none), and `pick` with the one that was clicked or chosen by Enter.
 */
@define("cnn-lab-scatter")
export class ScatterElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) points: ScatterPoints | null = null;
  /** Classes that are not drawn. */
  @property({ attribute: false }) hiddenLabels: ReadonlySet<number> = new Set();
  /** What it shows, in words. */
  @property() name = "";
  /** What is said of the current point. */
  @property() said = "";
  @property() across = "";
  @property() up = "";
  @state() private current: number | null = null;
  @query("canvas") private canvas!: HTMLCanvasElement;
  /** Has the colour that the page's scheme gives to rings. */
  @query(".ring") private ring!: HTMLElement;

  #view: View | null = null;
  /** Nothing was moved yet: the view follows the points. */
  #follows = true;
  #grid: Grid | null = null;
  #size = { width: 0, height: 0 };
  #sheet: Sheet | null = null;
  #due = false;
  #drag: { x: number; y: number; moved: boolean } | null = null;
  readonly #resize = new ResizeObserver(() => this.#fit());

  static override styles = [
    base,
    css`
      :host { display: grid; grid-template-columns: 20px minmax(0, 1fr); grid-template-rows: minmax(0, 1fr) 20px; height: 460px; }
      .stage { position: relative; min-width: 0; min-height: 0; border: 1px solid var(--lab-line); border-radius: 6px; overflow: hidden; cursor: grab; touch-action: none; }
      .stage.dragged { cursor: grabbing; }
      canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
      .zoom { position: absolute; top: 8px; right: 8px; display: grid; gap: 4px; cursor: auto; }
      .axis { font-size: 12px; line-height: 20px; color: var(--lab-muted); text-align: center; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .up { writing-mode: vertical-rl; rotate: 180deg; }
      .across { grid-column: 2; }
      .ring { display: none; color: var(--lab-bad); }
    `,
  ];

  constructor() {
    super();
    onScheme(this, () => this.#drawSoon());
  }

  override render(): TemplateResult {
    const t = this.text;
    return html`<div class="axis up">${this.up}</div>
      <div class="stage">
        <canvas tabindex="0" role="application" aria-roledescription=${t.evaluation.mapOfPoints} aria-label=${t.evaluation.mapKeys(this.name)}
          @keydown=${this.#onKey} @pointerdown=${this.#onDown} @pointermove=${this.#onMove} @pointerup=${this.#onUp} @pointercancel=${this.#onUp}
          @pointerleave=${() => this.#pointAt(null)} @wheel=${{ handleEvent: this.#onWheel, passive: false }}></canvas>
        <div class="zoom">
          ${button({ id: "zoom-in", label: "+", name: t.evaluation.zoomIn, kind: "square", onClick: () => this.#zoom(1.5) })}
          ${button({ id: "zoom-out", label: "−", name: t.evaluation.zoomOut, kind: "square", onClick: () => this.#zoom(1 / 1.5) })}
          ${button({ id: "zoom-all", label: "0", name: t.evaluation.showAll, kind: "square", onClick: () => this.#showAll() })}
        </div>
      </div>
      <div class="axis across">${this.across}</div>
      <i class="ring"></i>
      <p class="sr" role="status">${this.current === null ? "" : this.said}</p>`;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.#resize.observe(this.canvas);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
  }

  override firstUpdated(): void {
    this.#resize.observe(this.canvas);
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("points")) {
      this.#grid = null;
      if ((this.current ?? 0) * 2 >= (this.points?.positions.length ?? 0)) this.current = null;
    }
    this.#drawSoon();
  }

  /** Where a point is on the screen, for who points at it. */
  placeOf(point: number): { x: number; y: number } {
    const { left, top } = this.canvas.getBoundingClientRect();
    const view = this.#view ?? { scale: 1, x: 0, y: 0 };
    const { positions } = this.points ?? { positions: [] };
    return { x: left + screenX(view, positions[2 * point] ?? 0), y: top + screenY(view, positions[2 * point + 1] ?? 0) };
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.#size = { width, height };
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.#draw();
  }

  #drawSoon(): void {
    if (!this.#due) {
      this.#due = true;
      requestAnimationFrame(() => {
        this.#due = false;
        if (this.isConnected) this.#draw();
      });
    }
  }

  #draw(): void {
    const { points, hiddenLabels } = this;
    const { width, height } = this.#size;
    const pen = this.canvas.getContext("2d");
    if (!pen || width === 0) return;
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (!points) return;
    const { positions, labels, wrong } = points;
    if (this.#follows || !this.#view) this.#view = fitView(positions, width, height);
    const view = this.#view;
    const n = positions.length / 2;
    const r = n > 10_000 ? 2 : n > 3000 ? 3 : 4;
    const colours = getComputedStyle(this);
    const dark = isDark(this);
    const sheet = sheetOf(this.#sheet, width, height, r + 4);
    this.#sheet = sheet;
    const stamps = new Map<number, Stamp>();
    const ring = ringStamp(getComputedStyle(this.ring).color, r, sheet);
    for (const rings of [false, true]) {
      for (let i = 0; i < n; i += 1) {
        const label = labels[i] ?? 0;
        if ((rings && !wrong[i]) || hiddenLabels.has(label)) continue;
        let made = rings ? ring : stamps.get(label);
        if (!made) stamps.set(label, (made = classStamp(label, dark, r, sheet)));
        press(sheet, made, screenX(view, positions[2 * i] ?? 0), screenY(view, positions[2 * i + 1] ?? 0));
      }
    }
    show(sheet, pen);
    if (this.current !== null) {
      pen.strokeStyle = colours.color;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(screenX(view, positions[2 * this.current] ?? 0), screenY(view, positions[2 * this.current + 1] ?? 0), r + 6, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  #move(view: View): void {
    this.#view = view;
    this.#follows = false;
    this.#drawSoon();
  }

  #zoom(by: number, x = this.#size.width / 2, y = this.#size.height / 2): void {
    if (this.#view) this.#move(zoomed(this.#view, by, x, y));
  }

  #showAll(): void {
    this.#follows = true;
    this.#drawSoon();
  }

  #hit(event: MouseEvent): number | null {
    const { points } = this;
    const view = this.#view;
    if (!points || !view) return null;
    this.#grid ??= gridOf(points.positions);
    const { left, top } = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    return nearest(points.positions, this.#grid, (x - view.x) / view.scale, (view.y - y) / view.scale, reach / view.scale, this.#counts);
  }

  readonly #counts = (point: number): boolean => !this.hiddenLabels.has(this.points?.labels[point] ?? 0);

  #pointAt(point: number | null): void {
    if (point !== this.current) {
      this.current = point;
      this.dispatchEvent(new CustomEvent("point", { detail: point }));
    }
  }

  readonly #onDown = (event: PointerEvent): void => {
    if (event.button === 0) {
      this.#drag = { x: event.clientX, y: event.clientY, moved: false };
      this.canvas.setPointerCapture(event.pointerId);
    }
  };

  readonly #onMove = (event: PointerEvent): void => {
    const drag = this.#drag;
    const view = this.#view;
    if (!drag || !view) {
      this.#pointAt(this.#hit(event));
      return;
    }
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    if (drag.moved || Math.hypot(dx, dy) > 3) {
      this.#drag = { x: event.clientX, y: event.clientY, moved: true };
      this.canvas.parentElement?.classList.add("dragged");
      this.#move({ ...view, x: view.x + dx, y: view.y + dy });
    }
  };

  readonly #onUp = (event: PointerEvent): void => {
    const drag = this.#drag;
    this.#drag = null;
    this.canvas.parentElement?.classList.remove("dragged");
    if (drag && !drag.moved && event.type === "pointerup") {
      const point = this.#hit(event);
      this.#pointAt(point);
      if (point !== null) this.#pick(point);
    }
  };

  readonly #onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const { left, top } = this.canvas.getBoundingClientRect();
    this.#zoom(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) / 300), event.clientX - left, event.clientY - top);
  };

  #pick(point: number): void {
    this.dispatchEvent(new CustomEvent("pick-point", { detail: point }));
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const { points } = this;
    const view = this.#view;
    if (!points || !view || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (way) {
      const [dx = 0, dy = 0] = way;
      if (event.shiftKey) this.#move({ ...view, x: view.x - 48 * dx, y: view.y + 48 * dy });
      else this.#step(points.positions, dx, dy, view);
    } else if (event.key === "+" || event.key === "=") this.#zoom(1.5);
    else if (event.key === "-" || event.key === "−") this.#zoom(1 / 1.5);
    else if (event.key === "0") this.#showAll();
    else if ((event.key === "Enter" || event.key === " ") && this.current !== null) this.#pick(this.current);
    else return;
    event.preventDefault();
  };

  /** To the next point that way; the first time to the one in the middle. */
  #step(positions: Float32Array, dx: number, dy: number, view: View): void {
    const { width, height } = this.#size;
    this.#grid ??= gridOf(positions);
    const middle = (): number | null =>
      nearest(positions, this.#grid ?? gridOf(positions), (width / 2 - view.x) / view.scale, (view.y - height / 2) / view.scale, Math.hypot(width, height) / view.scale, this.#counts);
    const next = this.current === null ? middle() : stepTo(positions, this.current, dx, dy, this.#counts);
    if (next === null) return;
    this.#pointAt(next);
    // What the keys go to is brought into sight.
    const [x, y] = [screenX(view, positions[2 * next] ?? 0), screenY(view, positions[2 * next + 1] ?? 0)];
    const into = (at: number, size: number): number => (at < 16 ? 16 - at : at > size - 16 ? size - 16 - at : 0);
    const [mx, my] = [into(x, width), into(y, height)];
    if (mx !== 0 || my !== 0) this.#move({ ...view, x: view.x + mx, y: view.y + my });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-scatter": ScatterElement;
  }
}

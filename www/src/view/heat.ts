import { css, html, LitElement, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { define } from "../element/define";
import type { Scale } from "./colormap";
import { type Heat, overlay } from "./overlay";
import type { Place } from "./value-grid";

/** What a decision rests on, in colours over the picture that it is about. */
@define("cnn-lab-heat")
export class HeatElement extends LitElement {
  @property({ attribute: false }) picture: ImageData | null = null;
  @property({ attribute: false }) heat: Heat | null = null;
  @property({ attribute: false }) scale: Scale | null = null;
  @property({ type: Number }) opacity = 0.7;
  @property({ type: Number }) room = 280;
  @property() name = "";
  @query("canvas") private canvas!: HTMLCanvasElement;

  static override styles = css`
    :host { display: block; max-width: 100%; }
    canvas { display: block; max-width: 100%; background: #000; }
  `;

  override render(): TemplateResult {
    return html`<canvas role="img" aria-label=${this.name} @pointermove=${this.#onPoint} @pointerleave=${() => this.#tell("leave", null)}></canvas>`;
  }

  override updated(): void {
    const { picture, heat, canvas } = this;
    if (!picture) {
      return;
    }
    const fit = this.room / Math.max(picture.width, picture.height);
    const zoom = fit < 1 ? fit : Math.floor(fit);
    const [width, height] = [Math.round(picture.width * zoom), Math.round(picture.height * zoom)];
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    canvas.style.width = `${width}px`;
    canvas.style.aspectRatio = `${width} / ${height}`;
    const context = canvas.getContext("2d");
    const layer = document.createElement("canvas");
    const paint = (of: ImageData, smooth: boolean): void => {
      layer.width = of.width;
      layer.height = of.height;
      layer.getContext("2d")?.putImageData(of, 0, 0);
      if (context) {
        context.imageSmoothingEnabled = smooth;
        context.drawImage(layer, 0, 0, canvas.width, canvas.height);
      }
    };
    paint(picture, zoom < 1);
    if (heat && context) {
      context.globalAlpha = this.opacity;
      paint(overlay(heat, width, height, this.scale ?? undefined), true);
      context.globalAlpha = 1;
    }
  }

  /** The picture as it is shown, as a PNG. */
  blob(): Promise<Blob | null> {
    return new Promise((resolve) => this.canvas.toBlob(resolve));
  }

  #onPoint(event: PointerEvent): void {
    const { heat } = this;
    const box = this.canvas.getBoundingClientRect();
    const within = (share: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    if (heat) {
      this.#tell("point", {
        row: within((event.clientY - box.top) / box.height, heat.height),
        column: within((event.clientX - box.left) / box.width, heat.width),
      });
    }
  }

  #tell(name: "point" | "leave", detail: Place | null): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-heat": HeatElement;
  }
}

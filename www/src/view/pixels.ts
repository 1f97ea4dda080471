import { css, html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { define } from "../element/define";

/**
 * A picture at whole-number zoom without smoothing: the canvas has the picture's own pixels,
 * and the page enlarges each of them into a square.
 */
@define("cnn-lab-pixels")
export class PixelsElement extends LitElement {
  @property({ attribute: false }) picture: ImageData | null = null;
  @property({ type: Number }) zoom = 1;
  /** What the picture shows. */
  @property() name = "";

  @query("canvas") private canvas!: HTMLCanvasElement;

  static override styles = css`
    :host { display: block; }
    canvas { display: block; image-rendering: pixelated; }
  `;

  override render(): TemplateResult {
    return html`<canvas role="img" aria-label=${this.name}></canvas>`;
  }

  override updated(changed: PropertyValues<this>): void {
    const { picture, canvas, zoom } = this;
    if (!picture) {
      return;
    }
    if (changed.has("picture")) {
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d")?.putImageData(picture, 0, 0);
    }
    // Made smaller, a picture would lose whole rows without smoothing.
    canvas.style.imageRendering = zoom < 1 ? "auto" : "pixelated";
    canvas.style.width = `${picture.width * zoom}px`;
    canvas.style.height = `${picture.height * zoom}px`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-pixels": PixelsElement;
  }
}

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { define } from "../element/define";
import { base } from "../element/styles";
import { mnistDigit } from "./stroke";
import { english } from "../text/en";
import type { Texts } from "../text/texts";

/** Side of the drawing in its own pixels: ten to one of the network's. */
const side = 280;
/** MNIST's strokes are about a tenth of a digit's height wide. */
const brush = 22;

/**
 * Shows the picture in hand, and takes a drawing over it: by mouse, pen or finger. A stroke
 * begun over a picture replaces it. Fires `drawn` with what the network gets (28 x 28,
 * centred and scaled as MNIST is) while the stroke grows, and once more when it ends.
 */
@define("cnn-lab-draw-pad")
export class DrawPadElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  /** Shown while nothing is drawn. */
  @property({ attribute: false }) picture: ImageData | null = null;
  /** What is shown, in words. */
  @property() name = "";
  /** Whether a drawing makes sense: the network takes 28 x 28 grey pixels. */
  @property({ type: Boolean }) enabled = false;

  @state() private drawn = false;
  @query("canvas") private canvas!: HTMLCanvasElement;

  #last: { x: number; y: number } | null = null;
  #due = false;

  static override styles = [
    base,
    css`
      :host { position: relative; width: var(--pad, 196px); height: var(--pad, 196px); border-radius: 6px; overflow: hidden; background: #000; }
      canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
      :host([enabled]) canvas { cursor: crosshair; touch-action: none; }
      :host([drawn]) canvas { image-rendering: auto; }
      /* MNIST's pictures are empty there. */
      p { position: absolute; inset: 4px 0 auto; text-align: center; color: #c8ccd1; font-size: 12px; line-height: 16px; pointer-events: none; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.text;
    return html`<canvas width=${side} height=${side} role="img" aria-label=${this.drawn ? t.common.yourDrawing : this.name || t.charts.nothingDrawn}
        @pointerdown=${this.#begin} @pointermove=${this.#draw} @pointerup=${this.#end} @pointercancel=${this.#end}></canvas>
      ${this.drawn ? nothing : html`<p aria-hidden="true">${this.enabled ? t.charts.drawHere : ""}</p>`}`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("picture") && !this.drawn) {
      this.#show();
    }
    this.toggleAttribute("drawn", this.drawn);
  }

  /** Wipes the drawing away; the picture in hand shows again. */
  clear(): void {
    this.drawn = false;
    this.#show();
  }

  #context(): CanvasRenderingContext2D | null {
    return this.canvas.getContext("2d", { willReadFrequently: true });
  }

  #show(): void {
    const context = this.#context();
    const { picture } = this;
    const size = picture ? [picture.width, picture.height] : [side, side];
    // Setting the size also wipes the canvas. The page enlarges the picture's own pixels.
    [this.canvas.width, this.canvas.height] = size as [number, number];
    if (picture) {
      context?.putImageData(picture, 0, 0);
    }
  }

  #begin(event: PointerEvent): void {
    if (!this.enabled || event.button !== 0) {
      return;
    }
    const context = this.#context();
    if (!this.drawn && context) {
      this.drawn = true;
      this.canvas.width = side;
      this.canvas.height = side;
      context.fillStyle = "#000";
      context.fillRect(0, 0, side, side);
    }
    this.canvas.setPointerCapture(event.pointerId);
    this.#last = this.#at(event);
    this.#line(this.#last, this.#last);
    event.preventDefault();
  }

  #draw(event: PointerEvent): void {
    if (!this.#last) {
      return;
    }
    // Between two frames a pen reports several places; with all of them a curve stays round.
    const places = event.getCoalescedEvents();
    for (const place of places.length > 0 ? places : [event]) {
      const next = this.#at(place);
      this.#line(this.#last, next);
      this.#last = next;
    }
  }

  #end(): void {
    if (this.#last) {
      this.#last = null;
      this.#tell();
    }
  }

  #at(event: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return { x: ((event.clientX - left) / width) * side, y: ((event.clientY - top) / height) * side };
  }

  #line(from: { x: number; y: number }, to: { x: number; y: number }): void {
    const context = this.#context();
    if (!context) {
      return;
    }
    context.strokeStyle = "#fff";
    context.lineWidth = brush;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
    if (!this.#due) {
      this.#due = true;
      requestAnimationFrame(() => {
        this.#due = false;
        this.#tell();
      });
    }
  }

  #tell(): void {
    const pixels = this.#context()?.getImageData(0, 0, side, side).data;
    if (!pixels || !this.drawn) {
      return;
    }
    const ink = Uint8Array.from({ length: side * side }, (_, i) => pixels[i * 4] ?? 0);
    const digit = mnistDigit({ data: ink, width: side, height: side });
    if (digit) {
      this.dispatchEvent(new CustomEvent<ImageData>("drawn", { detail: greyPicture(digit) }));
    }
  }
}

function greyPicture(grey: Uint8ClampedArray): ImageData {
  const picture = new ImageData(28, 28);
  grey.forEach((value, i) => picture.data.set([value, value, value, 255], i * 4));
  return picture;
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-draw-pad": DrawPadElement;
  }
  interface HTMLElementEventMap {
    drawn: CustomEvent<ImageData>;
  }
}

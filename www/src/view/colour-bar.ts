import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { define } from "../element/define";
import { base } from "../element/styles";
import { colour, type Scale } from "./colormap";
import { english } from "../text/en";
import "../text/en/views";
import type { Texts } from "../text/texts";

/** Which colour stands for which value: a strip with its numbers, zero among them. */
@define("cnn-lab-colour-bar")
export class ColourBarElement extends LitElement {
  /** In the language of the lab around it. */
  @property({ attribute: false }) text: Texts = english;
  @property({ attribute: false }) scale: Scale = { low: 0, high: 0, signed: false };
  /** In place of numbers, where each picture has its own scale. */
  @property({ attribute: false }) ends: [low: string, high: string] | null = null;
  @query("canvas") private canvas!: HTMLCanvasElement;

  static override styles = [
    base,
    css`
      :host { display: inline-block; width: 200px; max-width: 100%; }
      canvas { display: block; width: 100%; height: 8px; border-radius: 2px; }
      .row { justify-content: space-between; }
    `,
  ];

  override render(): TemplateResult {
    const t = this.text;
    const { low, high, signed } = this.scale;
    const [from, to] = this.ends ?? [t.value(low), t.value(high)];
    return html`<canvas width="256" height="1" role="img" aria-label=${t.views.colours(from, to)}></canvas>
      <div class="row small muted" aria-hidden="true"><span>${from}</span>${signed ? html`<span>0</span>` : nothing}<span>${to}</span></div>`;
  }

  override updated(): void {
    const { signed } = this.scale;
    const strip = new ImageData(256, 1);
    const pixels = new Uint32Array(strip.data.buffer);
    pixels.forEach((_, i) => {
      pixels[i] = colour(i / 255, { low: 0, high: 1, signed });
    });
    this.canvas.getContext("2d")?.putImageData(strip, 0, 0);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-colour-bar": ColourBarElement;
  }
}

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Attribution, AttributionMethod, Prediction } from "../../api/types";
import "../../view/colour-bar";
import type { Scale } from "../../view/colormap";
import type { HeatElement } from "../../view/heat";
import "../../view/heat";
import { heatScale } from "../../view/overlay";
import type { Place } from "../../view/value-grid";
import "../../view/value-grid";
import { define } from "../define";
import type { Hand } from "../inside-step";
import { Watch } from "../observable";
import { button, download, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { Follow } from "./follow";
import { Job } from "./job";
import { tabBase } from "./tab-styles";
import { convolutions, layerTitle, methods, withMaps } from "./words";
import "../../text/en/deep";
import { phrase } from "../../text/texts";

/** Why the network decides as it does: which places of the picture the decision rests on. */
@define("cnn-lab-inside-why")
export class WhyTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private method: AttributionMethod = "grad-cam";
  /** The class; null: the likeliest. */
  @state() private label: number | null = null;
  /** Whose maps Grad-CAM weighs; null: the last convolution's. */
  @state() private layer: string | null = null;
  @state() private opacity = 0.7;
  @state() private found: { attribution: Attribution; scale: Scale; hand: Hand; prediction: Prediction | null } | null = null;
  @state() private at: Place | null = null;
  @query("cnn-lab-heat") private heat!: HeatElement | null;

  readonly #job = new Job(this, () => this.bench, "why-compute");

  constructor() {
    super();
    new Watch(this, () => this.bench);
    new Follow(this, () => this.bench, () => {
      const { hand, prediction } = this.bench.inside;
      return hand && prediction && !this.#about.slow && this.#why === undefined ? [hand, prediction, this.#chosen, this.#label, this.#layer] : null;
    }, () => this.#explain({}));
  }

  static override styles = [
    base,
    tabBase,
    css`
      .figures { min-height: 320px; }
      .job .grow { flex-basis: 200px; }
      .empty { display: grid; place-items: center; width: 280px; max-width: 100%; height: 280px; padding: 16px; text-align: center; border-radius: 6px; background: var(--lab-sunk); color: var(--lab-muted); }
    `,
  ];

  /** A network without maps cannot be asked with those. */
  get #chosen(): AttributionMethod {
    return this.method.startsWith("grad-cam") && this.#noMaps ? "saliency" : this.method;
  }

  get #noMaps(): boolean {
    return withMaps(this.bench.network.summary).length === 0;
  }

  get #about(): (typeof methods)[number] {
    return methods.find(({ method }) => method === this.#chosen) ?? methods[0];
  }

  /** Why nothing can be computed. */
  get #why(): string | undefined {
    const t = this.bench.text;
    const { inside } = this.bench;
    return !inside.hand ? t.deep.choosePicture : !inside.prediction ? t.deep.notLooked : undefined;
  }

  async #explain(o: object): Promise<void> {
    const { lab, inside } = this.bench;
    const { hand, prediction } = inside;
    if (!lab || !hand) {
      return;
    }
    const method = this.#chosen;
    const attribution = await lab.explain(hand.picture, {
      method,
      ...(this.#label !== null && { label: this.#label }),
      ...(method.startsWith("grad-cam") && this.#layer !== null && { layer: this.#layer }),
      ...o,
    });
    // Another method may have been chosen meanwhile.
    if (method === this.#chosen) {
      this.found = { attribution, scale: heatScale(attribution), hand, prediction };
    }
  }

  /** The chosen class, where the network still has it. */
  get #label(): number | null {
    return this.label !== null && this.label < (this.bench.inside.prediction?.length ?? 0) ? this.label : null;
  }

  /** The chosen layer, where the network still has it. */
  get #layer(): string | null {
    return withMaps(this.bench.network.summary).some(({ name }) => name === this.layer) ? this.layer : null;
  }

  override render(): TemplateResult {
    return html`${this.#ask()} ${this.#figures()} ${this.#says()}`;
  }

  #ask(): TemplateResult {
    const t = this.bench.text;
    const { network, inside, classes } = this.bench;
    const layers = withMaps(network.summary);
    const last = convolutions(network.summary).at(-1) ?? layers.at(-1);
    const weighs = this.#about.maps === true;
    const best = inside.prediction?.[0]?.label;
    return html`
      ${this.#noMaps ? html`<p class="note" id="why-no-maps">${t.deep.noMapsWhy}</p>` : nothing}
      <div class="fields">
        ${field(t, {
          id: "why-method", label: t.deep.method, help: this.#about.about(t),
          control: html`<select id="why-method" @change=${(event: Event) => {
            this.method = (event.target as HTMLSelectElement).value as AttributionMethod;
            this.found = null;
            this.at = null;
          }}>${methods.map(({ method, title, maps }) => html`<option value=${method} ?disabled=${maps === true && this.#noMaps} .selected=${live(method === this.#chosen)}>${phrase(t, title)}</option>`)}</select>`,
        })}
        ${field(t, {
          id: "why-class", label: t.common.class, help: t.deep.classHelp,
          control: html`<select id="why-class" @change=${(event: Event) => {
            const { value: chosen } = event.target as HTMLSelectElement;
            this.label = chosen === "" ? null : Number(chosen);
          }}><option value="" .selected=${live(this.label === null)}>${t.deep.likeliest(best === undefined ? "" : ` (${best})`)}</option>
            ${classes.map((name, i) => html`<option value=${i} .selected=${live(i === this.label)}>${name}</option>`)}</select>`,
        })}
        ${field(t, {
          id: "why-layer", label: t.common.layer, help: t.deep.layerWhyHelp,
          control: html`<select id="why-layer" ?disabled=${!weighs} title=${weighs ? nothing : t.deep.onlyGradCam} @change=${(event: Event) => {
            const { value: chosen } = event.target as HTMLSelectElement;
            this.layer = chosen === "" ? null : chosen;
          }}><option value="" .selected=${live(this.#layer === null)}>${last ? t.deep.lastConvolution(last.name) : t.common.none}</option>
            ${layers.map((layer) => html`<option value=${layer.name} .selected=${live(layer.name === this.#layer)}>${layerTitle(layer)}</option>`)}</select>`,
        })}
        ${field(t, {
          id: "why-opacity", label: t.deep.opacity, help: t.deep.opacityHelp, value: t.percent(this.opacity, 0),
          control: html`<input id="why-opacity" type="range" min="0" max="1" step="0.05" .value=${String(this.opacity)}
            @input=${(event: Event) => (this.opacity = (event.target as HTMLInputElement).valueAsNumber)} />`,
        })}
      </div>
      ${this.#job.running
        ? this.#job.show(phrase(t, this.#about.title))
        : html`<div class="row job wrap">
            ${this.#about.slow
              ? button({ id: "why-compute", label: t.deep.compute, kind: "primary", why: this.#why, onClick: () => void this.#job.run((o) => this.#explain(o)) })
              : nothing}
            ${button({ id: "why-save", label: t.deep.savePng, why: this.found ? undefined : t.deep.nothingToSave, onClick: () => void this.#save() })}
            <span class="grow small muted">${this.#about.slow ? t.deep.takesMoment : this.bench.training.active ? t.deep.followsTraining : ""}</span>
          </div>`}`;
  }

  #figures(): TemplateResult {
    const t = this.bench.text;
    const { found, at } = this;
    const { hand } = this.bench.inside;
    if (!found || !hand) {
      return html`<div class="figures"><div class="empty">${this.#why ?? (this.#about.slow ? t.deep.pressCompute : t.common.looking)}</div></div>`;
    }
    const { attribution, scale } = found;
    const point = (event: CustomEvent<Place>): void => {
      this.at = event.detail;
    };
    const words = t.deep.titleFor(phrase(t, this.#about.title), this.#className(attribution.label));
    return html`<div class="figures">
      <figure><cnn-lab-heat .picture=${found.hand.picture} .heat=${attribution} .scale=${scale} opacity=${this.opacity} name=${t.deep.overPictureName(words)} @point=${point}></cnn-lab-heat>
        <figcaption>${t.deep.overPicture}</figcaption></figure>
      <figure><cnn-lab-value-grid .text=${t} id="why-heat" active table room="280" most="96" .values=${attribution.data} rows=${attribution.height} columns=${attribution.width}
          .scale=${scale} .at=${at} name=${words} @point=${point}></cnn-lab-value-grid>
        <figcaption>${t.deep.byItself(attribution.height, attribution.width)}</figcaption></figure>
      <figure><cnn-lab-value-grid .text=${t} .picture=${found.hand.picture} room="140" name=${t.deep.thePictureItself}></cnn-lab-value-grid><figcaption>${t.deep.thePictureItself}</figcaption>
        <cnn-lab-colour-bar .text=${t} .scale=${scale}></cnn-lab-colour-bar>
        <p class="small muted">${scale.signed ? t.deep.redSpeaks : t.deep.brighter}</p></figure>
    </div>`;
  }

  #says(): TemplateResult {
    const t = this.bench.text;
    const { found, at } = this;
    const { inside } = this.bench;
    if (!found) {
      return html`<p class="reading"></p>`;
    }
    const { attribution, hand, prediction } = found;
    const reading = at && attribution.data[at.row * attribution.width + at.column];
    const { completeness } = attribution;
    const old = this.#about.slow && (hand !== inside.hand ? t.deep.ofBefore : prediction !== inside.prediction ? t.deep.learnedOnSince : "");
    return html`
      <p class="reading" id="why-reading">${at && typeof reading === "number" ? t.deep.rowColumn(at.row + 1, at.column + 1, reading) : t.deep.pointAt}</p>
      <p aria-live=${this.bench.training.active ? "off" : "polite"} id="why-says">${old ? html`<b>${old}</b>` : nothing}${t.deep.titleForClass(phrase(t, this.#about.title))} <b>${this.#className(attribution.label)}</b>${t.deep.whoseProbability(attribution.probability, attribution.layer === null ? "" : t.deep.withMaps(attribution.layer), completeness ? t.deep.sumOfAll(completeness[0], completeness[1]) : "")}</p>`;
  }

  #className(label: number): string {
    return this.bench.classes[label] ?? this.bench.text.deep.classOf(label);
  }

  async #save(): Promise<void> {
    const blob = await this.heat?.blob();
    if (blob) {
      download(blob, `cnn-lab-${this.#chosen.replaceAll("+", "p")}.png`);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-why": WhyTab;
  }
}

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { modelInput, sourcesOf } from "../../api/costs";
import { receptiveFieldOf, type Region } from "../../api/receptive-field";
import type { FeatureMaps, LayerSpec, ModelSpec } from "../../api/types";
import "../../view/colour-bar";
import { scaleOnce } from "../../view/colormap";
import "../../view/maps";
import type { Place } from "../../view/value-grid";
import "../../view/value-grid";
import { known } from "../builder/catalogue";
import { define } from "../define";
import type { Hand } from "../inside-step";
import { Watch } from "../observable";
import { field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { convolvedAt, explains, pictureValues, pooledAt, type Values } from "./arithmetic";
import { Follow } from "./follow";
import { convolvedSum, pooledSum, sumStyles } from "./pixel-sum";
import { tabBase } from "./tab-styles";
import { givesMaps, type LayerInfo, layerTitle, placeOf } from "./words";
import { vectorView } from "./vector-view";
import "../../text/en/deep";
import "../../text/en/layers";
import type { Texts } from "../../text/texts";

/** Layers of whose pixels the sum is shown. */
const convolutions = ["Conv2D", "DepthwiseConv2D"];
const poolings = ["MaxPooling2D", "AveragePooling2D"];

/** What was found of a layer, for one picture and the same weights. */
type Found = {
  layer: string;
  hand: Hand;
  maps: FeatureMaps | null;
  /** Of a layer that gives no maps. */
  vector: Float32Array | null;
  /** What the layer takes; null where it is not known, or of no use. */
  input: Values | null;
  kernels: FeatureMaps | null;
};

/** Each layer's maps, and the multiply-and-add that makes a pixel of one. */
@define("cnn-lab-inside-layers")
export class LayersTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private layer: string | null = null;
  @state() private map = 0;
  @state() private at: Place | null = null;
  @state() private each = false;
  @state() private found: Found | null = null;

  constructor() {
    super();
    new Watch(this, () => this.bench);
    new Follow(this, () => this.bench, () => {
      const { hand, prediction } = this.bench.inside;
      return hand && prediction && this.#info ? [hand, prediction, this.#info.name] : null;
    }, () => this.#find());
  }

  static override styles = [
    base,
    tabBase,
    sumStyles,
    css`
      .fields { grid-template-columns: minmax(0, 320px) auto minmax(0, 1fr); }
      .maps { min-height: 120px; }
      .sums { flex: 1 1 400px; min-width: min(320px, 100%); display: flex; flex-direction: column; gap: 8px; }
      @media (max-width: 700px) { .fields { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  /** The chosen layer; at first the first convolution, or the first. */
  get #info(): LayerInfo | undefined {
    const { summary } = this.bench.network;
    return summary?.layers.find(({ name }) => name === this.layer) ?? this.bench.network.convolutions[0] ?? summary?.layers[0];
  }

  async #find(): Promise<void> {
    const { lab, inside } = this.bench;
    const { hand } = inside;
    const info = this.#info;
    const spec = lab?.spec;
    if (!lab || !spec || !hand || !info) {
      return;
    }
    const found: Found = { layer: info.name, hand, maps: null, vector: null, input: null, kernels: null };
    if (givesMaps(info)) {
      const place = placeOf(spec, info.name);
      const layer = spec.layers[place];
      const convolves = convolutions.includes(layer?.layer ?? "");
      const sums = convolves || poolings.includes(layer?.layer ?? "");
      const from = sourcesOf(spec.layers)[place]?.[0] ?? modelInput;
      const before = sums ? spec.layers[from]?.name : undefined;
      // Asked for at once, so that all are of the same weights, with no training step between.
      const [[maps, input], kernels] = await Promise.all([
        lab.featureMaps(hand.picture, before === undefined ? [info.name] : [info.name, before]),
        convolves ? lab.filters(info.name) : null,
      ]);
      found.maps = maps ?? null;
      found.kernels = kernels;
      found.input = input ?? (layer && maps && sums ? this.#pictureAs(layer, hand, kernels, maps) : null);
    } else {
      // A vector is told with a step, which is taken back; of which class does not matter for it.
      const { classes } = this.bench;
      const label = Math.max(0, inside.label ?? classes.indexOf(inside.prediction?.[0]?.label ?? ""));
      const { stages } = await lab.slowMotion(hand.picture, label);
      found.vector = stages.find((stage) => stage.layer === info.name)?.values ?? null;
    }
    if (this.found?.layer !== found.layer && found.maps) {
      Object.assign(this, strongest(found.maps));
    }
    this.found = found;
  }

  /** What the network takes of the picture, where that is nothing but a multiplication. */
  #pictureAs(layer: LayerSpec, { picture }: Hand, kernels: FeatureMaps | null, maps: FeatureMaps): Values | null {
    const { channels } = this.bench.inside.size;
    const rescales = [1 / 255, this.bench.settings.augmentation.rescale ?? 1];
    const tried = rescales.map((rescale) => pictureValues(picture, channels, rescale));
    return tried.find((input) => explains(layer, input, kernels, maps)) ?? null;
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const info = this.#info;
    if (!info) {
      return html`<p>${t.common.networkNotReady}</p>`;
    }
    const found = this.found?.layer === info.name ? this.found : null;
    return html`${this.#choose(info)}
      ${!found ? html`<p class="small muted">${t.common.looking}</p>` : nothing}
      ${givesMaps(info) ? this.#maps(info, found) : found?.vector ? vectorView(info, found.vector, this.bench) : nothing}`;
  }

  #choose(info: LayerInfo): TemplateResult {
    const t = this.bench.text;
    const { layers = [] } = this.bench.network.summary ?? {};
    return html`<div class="fields">
      ${field(t, {
        id: "inside-layer", label: t.common.layer, help: t.deep.layerHelp,
        control: html`<select id="inside-layer" @change=${(event: Event) => (this.layer = (event.target as HTMLSelectElement).value)}>
          ${layers.map((layer, i) => html`<option value=${layer.name} .selected=${live(layer.name === info.name)}>${i + 1}. ${layerTitle(layer)}: ${t.shape(layer.outputShape)}</option>`)}
        </select>`,
      })}
      <div class="check">
        <input type="checkbox" id="each-scale" .checked=${live(this.each)} ?disabled=${!givesMaps(info)} title=${givesMaps(info) ? nothing : t.deep.noMaps} @change=${() => (this.each = !this.each)} />
        <label for="each-scale">${t.deep.ownScale}</label>
        <cnn-lab-help .text=${t} about=${t.deep.ownScale}>${t.deep.ownScaleHelp}</cnn-lab-help>
      </div>
    </div>
    <p class="small muted" id="inside-about">${known(info.layer)?.about(t) ?? ""}</p>`;
  }

  #maps(info: LayerInfo, found: Found | null): TemplateResult {
    const t = this.bench.text;
    const [, height = 1, width = 1, count = 1] = info.outputShape.map((size) => size ?? 1);
    const { maps = null } = found ?? {};
    const scale = maps ? scaleOnce(maps.data) : { low: 0, high: 0, signed: false };
    return html`<div class="maps"><cnn-lab-maps .text=${t} layer=${info.name} tall="220" .size=${[count, height, width]} .maps=${maps} scaling=${this.each ? "each" : "one"} .marked=${this.map}
        @choose=${(event: CustomEvent<number>) => (this.map = event.detail)}></cnn-lab-maps></div>
      <div class="row wrap"><cnn-lab-colour-bar .text=${t} .scale=${scale} .ends=${this.each ? [scale.signed ? t.deep.lowest : "0", t.deep.highest] : null}></cnn-lab-colour-bar></div>
      ${maps && found ? this.#pixel(maps, found) : nothing}`;
  }

  #pixel(maps: FeatureMaps, found: Found): TemplateResult {
    const t = this.bench.text;
    const { spec } = this.bench.lab ?? {};
    const { hand, layer } = found;
    const map = Math.min(this.map, maps.count - 1);
    const area = maps.width * maps.height;
    const values = maps.data.subarray(map * area, (map + 1) * area);
    const at = { row: Math.min(this.at?.row ?? 0, maps.height - 1), column: Math.min(this.at?.column ?? 0, maps.width - 1) };
    const region = spec ? receptiveFieldOf(spec, layer, at.row, at.column) : null;
    const scale = this.each ? null : scaleOnce(maps.data);
    const here = values[at.row * maps.width + at.column] ?? NaN;
    return html`<h3>${t.deep.onePixel}</h3>
      <div class="figures">
        <figure><cnn-lab-value-grid .text=${t} id="pixel-map" active table .values=${values} rows=${maps.height} columns=${maps.width} .scale=${scale} .at=${at} room="216" most="48"
            name=${t.deep.mapOf(map + 1, layer)} @point=${(event: CustomEvent<Place>) => (this.at = event.detail)}></cnn-lab-value-grid>
          <figcaption>${t.deep.mapHint(map + 1)}</figcaption></figure>
        <figure><cnn-lab-value-grid .text=${t} id="pixel-field" .picture=${hand.picture} .frame=${region} room="216" margin=${spec ? marginOf(spec, maps, this.bench.inside.size) : 0}
            name=${t.deep.pictureFramed}></cnn-lab-value-grid>
          <figcaption>${t.deep.partSeen}</figcaption></figure>
        <div class="sums"><p id="pixel-says" aria-live=${this.bench.training.active ? "off" : "polite"}>${t.deep.pixelIs(at.row + 1, at.column + 1, map + 1)} <b>${t.value(here)}</b>.
          ${region ? regionInWords(t, region, this.bench.inside.size) : ""}</p>
          ${this.#sum(map, at, here, found)}</div>
      </div>`;
  }

  #sum(map: number, { row, column }: Place, here: number, { layer, input, kernels }: Found): TemplateResult {
    const t = this.bench.text;
    const { spec } = this.bench.lab ?? {};
    const place = spec ? placeOf(spec, layer) : -1;
    const step = spec?.layers[place];
    if (!spec || !step) {
      return html``;
    }
    const from = sourcesOf(spec.layers)[place]?.[0] ?? modelInput;
    const name = spec.layers[from]?.name ?? t.deep.thePicture;
    if (!input && from === modelInput && [...convolutions, ...poolings].includes(step.layer)) {
      return html`<p class="note" id="pixel-unknown">${t.deep.prepared}</p>`;
    }
    const convolved = input && kernels ? convolvedAt(step, input, kernels, map, row, column) : null;
    if (convolved) {
      return convolvedSum(t, convolved, here, name);
    }
    const pooled = input ? pooledAt(step, input, map, row, column) : null;
    return pooled ? pooledSum(t, pooled, here, name) : html``;
  }
}

/** The map and the pixel with the largest value, which are shown first. */
function strongest({ data, width, height }: FeatureMaps): { map: number; at: Place } {
  const best = data.reduce((most, of, i) => (of > (data[most] ?? 0) ? i : most), 0);
  const [map, place] = [Math.floor(best / (width * height)), best % (width * height)];
  return { map, at: { row: Math.floor(place / width), column: place % width } };
}

/** Squares around the picture, as many as the parts of the outermost pixels reach over its edge. */
function marginOf(spec: ModelSpec, { layer, height: rows, width: columns }: FeatureMaps, { height, width }: { height: number; width: number }): number {
  const first = receptiveFieldOf(spec, layer, 0, 0);
  const last = receptiveFieldOf(spec, layer, rows - 1, columns - 1);
  const over = Math.max(0, -first.top, -first.left, last.bottom - height, last.right - width);
  return Math.min(over, Math.ceil(Math.max(height, width) / 4));
}

/** "It sees rows 3 to 5 and columns 1 to 3 of the picture, 3 × 3 pixels." */
function regionInWords(t: Texts, { top, left, bottom, right }: Region, { height, width }: { height: number; width: number }): string {
  const [first, last] = [Math.max(0, top), Math.min(height, bottom)];
  const [begin, end] = [Math.max(0, left), Math.min(width, right)];
  const over = Math.max(-top, -left, bottom - height, right - width);
  return t.deep.seesPart(first + 1, last, begin + 1, end, [last - first, end - begin], over > 0 ? t.deep.reachesOver(over) : "");
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-layers": LayersTab;
  }
}

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Progress, Summary } from "../../api/types";
import { TimeLeft } from "../../view/time-left";
import { define } from "../define";
import type { Listed } from "../network-step";
import { Watch } from "../observable";
import { button, field, typedNumber } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { blockCount, changesFor, freeBlocks } from "./blocks";
import { fold, frozenText, type Row, titleOf } from "./fold";
import "../../text/en/pretrained";
import type { Texts } from "../../text/texts";

type Layer = Summary["layers"][number];

/** With smaller pictures there is little left for the last layers to look at. */
const goodSide = 160;
/** Large steps would spoil what the pretrained layers know. */
const smallRate = 0.00001;

/** What the network's panel shows of a pretrained network: its download, its layers as one, and which of them learn. */
@define("cnn-lab-pretrained")
export class PretrainedPart extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** The first layers of the rows that are unfolded. */
  @state() private open: readonly string[] = [];
  /** Layers are being frozen or set free. */
  @state() private changing = false;
  @state() private spoken = "";
  @query("#free-blocks") private blocks!: HTMLInputElement;
  #timeLeft = new TimeLeft();
  #done = 0;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; }
      .offer { display: grid; gap: 8px; padding: 8px 12px; border-radius: 6px; background: var(--lab-wash); }
      table { width: 100%; border-collapse: collapse; font-size: 12px; line-height: 16px; table-layout: fixed; }
      th { padding: 4px 0; text-align: left; font-weight: 600; color: var(--lab-muted); border-bottom: 1px solid var(--lab-line); }
      td { padding: 4px 0; border-bottom: 1px solid var(--lab-line); vertical-align: baseline; overflow: hidden; text-overflow: ellipsis; }
      :is(th, td):nth-child(2) { width: 84px; padding-left: 6px; }
      :is(th, td):nth-child(3) { width: 48px; padding-left: 0; padding-right: 0; text-align: right; }
      td input { width: 16px; height: 16px; margin: 4px; }
      td label { display: grid; place-items: center end; min-height: 24px; cursor: pointer; }
      td small { color: var(--lab-muted); font-size: 11px; }
      tr.within td:first-child { padding-left: 12px; }
      tr.total td { border: 0; padding-top: 2px; padding-bottom: 2px; }
      tr.total:first-child td { padding-top: 8px; }
      td button { max-width: 100%; min-height: 24px; padding: 0; border: 0; background: none; color: inherit; text-align: left; cursor: pointer; overflow: hidden; text-overflow: ellipsis; text-decoration: underline; text-decoration-color: var(--lab-edge); text-underline-offset: 3px; }
      button.fold { font-weight: 600; text-decoration: none; }
      .free { display: flex; align-items: end; gap: 8px; }
      .free .field { flex: 1; }
      @media (pointer: coarse) { td label { min-height: 44px; } td input { width: 24px; height: 24px; } }
    `,
  ];

  override render(): TemplateResult {
    const { network } = this.bench;
    return html`${network.download ? this.#download(network.download) : network.offered ? this.#offer(network.offered) : nothing}
      ${network.summary && network.hasFrozen ? this.#network(network.summary) : nothing}
      <p class="sr" role="status">${this.spoken}</p>`;
  }

  /** What it is and costs, before it is loaded. */
  #offer(preset: Listed): TemplateResult {
    const t = this.bench.text;
    const { network, training } = this.bench;
    const found = network.baseOf(preset);
    const size = t.bytes(found?.bytes ?? 0);
    return html`<div class="offer small" role="group" aria-labelledby="offer-text">
      <p id="offer-text">${t.pretrained.intro(found?.title ?? "", found?.trainedOn ?? "", size, found?.licence ?? "")}</p>
      ${this.#sizeHint([...preset.spec.input_shape])}
      ${training.learned ? html`<p>${t.common.learnedLost}</p>` : nothing}
      <div class="row">
        ${button({ id: "load-base", label: t.pretrained.load(size), kind: "primary", why: this.#busy, onClick: () => void network.choose(preset.name, true) })}
        ${button({ id: "cancel-base", label: t.common.cancel, onClick: () => network.cancel() })}
      </div>
    </div>`;
  }

  #download({ done, total }: Progress): TemplateResult {
    const t = this.bench.text;
    if (done < this.#done) this.#timeLeft = new TimeLeft();
    if (done !== this.#done) this.#timeLeft.add(done, total, performance.now());
    this.#done = done;
    const left = this.#timeLeft.seconds;
    return html`<div class="offer small" role="group" aria-label=${t.common.loadingPretrained}>
      <progress max=${total} .value=${done} aria-label=${t.common.loadingPretrained}></progress>
      <div class="row">
        <span class="grow">${t.pretrained.loaded(done, total, left === null ? "" : t.common.andAboutLeft(left))}</span>
        ${button({ id: "cancel-base", label: t.common.cancel, name: t.pretrained.cancelName, onClick: () => this.bench.network.cancel() })}
      </div>
    </div>`;
  }

  /** Why layers cannot be frozen or set free now. */
  get #busy(): string | undefined {
    const t = this.bench.text;
    const { bench } = this;
    return bench.fixed ?? (bench.training.active ? t.common.stopFirst : this.changing ? t.common.changeUnderWay : bench.held);
  }

  #sizeHint([height = 0, width = 0]: number[]): TemplateResult | typeof nothing {
    const t = this.bench.text;
    if (Math.min(height, width) >= goodSide) return nothing;
    return html`<p class="small muted" id="size-hint">${t.pretrained.smallPictures([height, width], goodSide)}</p>`;
  }

  #network({ layers, totalParams, trainableParams }: Summary): TemplateResult {
    const t = this.bench.text;
    const rows = fold(layers.map(({ base: name }) => name));
    const { classes } = this.bench.network;
    return html`${classes ? html`<p class="offer small" id="show-it">${t.pretrained.showIt}</p>` : nothing}
      ${this.bench.network.base ? this.#sizeHint([...this.bench.network.inputShape]) : nothing}
      <table>
        <caption class="sr">${t.pretrained.tableName}</caption>
        <thead><tr><th scope="col">${t.common.layer}</th><th scope="col">${t.pretrained.shapeParams}</th><th scope="col">${t.pretrained.learns}</th></tr></thead>
        <tbody>${rows.map((row) => this.#row(layers.slice(row.first, row.last + 1), row))}</tbody>
        <tbody>
          <tr class="total"><td>${t.common.totalParams}</td><td class="number" colspan="2"><b>${t.count(totalParams)}</b></td></tr>
          <tr class="total"><td>${t.pretrained.trainable}</td><td class="number" colspan="2">${t.count(trainableParams)}</td></tr>
          <tr class="total"><td>${t.common.frozen}</td><td class="number" colspan="2">${t.count(totalParams - trainableParams)}</td></tr>
        </tbody>
      </table>
      ${classes ? nothing : this.#blocks(layers)}`;
  }

  #row(layers: readonly Layer[], { base: name }: Row): TemplateResult {
    const t = this.bench.text;
    const [first] = layers;
    if (name === null || !first) return html`${layers.map((layer) => this.#layer(layer))}`;
    const isOpen = this.open.includes(first.name);
    const params = layers.reduce((sum, layer) => sum + layer.params, 0);
    const toggle = (): void => {
      this.open = isOpen ? this.open.filter((other) => other !== first.name) : [...this.open, first.name];
    };
    return html`<tr>
        <td><button type="button" class="fold" aria-expanded=${isOpen ? "true" : "false"} @click=${toggle}>${isOpen ? "▾" : "▸"} ${titleOf(name)}</button><br />
          <small>${t.common.count.layers(layers.length)}, ${frozenText(t, layers)}</small></td>
        <td>${shapeOf(t, layers.at(-1))}<br /><small>${t.count(params)}</small></td><td></td>
      </tr>${isOpen ? layers.map((layer) => this.#layer(layer, true)) : nothing}`;
  }

  #layer({ name, layer, outputShape, params, trainable }: Layer, within = false): TemplateResult {
    const t = this.bench.text;
    const why = this.#busy;
    const title = why ?? (trainable ? t.pretrained.learnsTitle : t.pretrained.frozenTitle);
    return html`<tr class=${within ? "within" : ""}>
      <td title=${name}>${this.bench.fixed ? layer : html`<button type="button" title=${t.common.numbersAndOptions(name)} @click=${() => void this.bench.builder.open(name)}>${layer}</button>`}<br /><small>${name}</small></td>
      <td>${shapeOf(t, { outputShape })}<br /><small>${params === 0 ? "–" : t.count(params)}</small></td>
      <td>${params === 0 ? nothing : html`<label title=${title}><input type="checkbox" aria-label=${t.pretrained.nameLearns(name)} .checked=${live(trainable)} ?disabled=${why !== undefined}
        @change=${(event: Event) => void this.#change((event.target as HTMLInputElement).checked ? { free: [name], freeze: [] } : { free: [], freeze: [name] })} /></label>`}</td>
    </tr>`;
  }

  /** Fine-tuning: the last blocks of the pretrained network learn too. */
  #blocks(layers: readonly Layer[]): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const { bench } = this;
    const [all, free] = [blockCount(layers), freeBlocks(layers)];
    if (all === 0) return nothing;
    const isSmall = bench.settings.learningRate <= smallRate;
    return html`<div class="free">
        ${field(t, {
          id: "free-blocks", label: t.pretrained.lastBlocks, value: t.pretrained.ofBlocks(all),
          help: t.pretrained.lastBlocksHelp,
          control: html`<input id="free-blocks" type="number" min="0" max=${all} step="1" required .value=${String(free)} ?disabled=${this.#busy !== undefined} title=${this.#busy ?? nothing} />`,
        })}
        ${button({ id: "set-free", label: t.pretrained.setFree, why: this.#busy, onClick: () => {
          const n = typedNumber(this.blocks);
          if (n === null) this.blocks.reportValidity();
          else void this.#change(changesFor(layers, n));
        } })}
      </div>
      <p class="small muted" id="tuning">${
        free === 0
          ? t.pretrained.fineTuning
          : html`${t.pretrained.normsFrozen(smallRate)}`
      }</p>
      ${free === 0 ? nothing : button({
        id: "small-rate", label: t.pretrained.rateOf(smallRate), name: t.pretrained.setRate(smallRate),
        why: bench.fixed ?? (isSmall ? t.pretrained.smallAlready : undefined), onClick: () => void bench.training.setLearningRate(smallRate),
      })}`;
  }

  /** Sets free first: at no time is there nothing to train. */
  async #change({ free, freeze }: { free: string[]; freeze: string[] }): Promise<void> {
    const t = this.bench.text;
    const { bench } = this;
    this.changing = true;
    await bench.try(async () => {
      const lab = await bench.ready;
      for (const [names, trainable] of [[free, true], [freeze, false]] as const) {
        if (names.length > 0) bench.tell({ name: "model", detail: await lab.setTrainable(names, trainable) });
      }
      if (free.length + freeze.length > 0) bench.training.refrozen();
      this.spoken = t.pretrained.nowTrainable(lab.summary?.trainableParams ?? 0);
    });
    this.changing = false;
  }
}

function shapeOf(t: Texts, layer: Pick<Layer, "outputShape"> | undefined): string {
  return t.shape(layer?.outputShape ?? []).replaceAll("\u202f×\u202f", "×");
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-pretrained": PretrainedPart;
  }
}

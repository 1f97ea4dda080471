import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Picture } from "../../api/types";
import "../../view/bars";
import "../../view/pixels";
import { fitCell } from "../../view/window";
import { define } from "../define";
import "../help";
import type { Measured } from "../measure-step";
import { Watch } from "../observable";
import { button, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { best, probability } from "./measures";
import "../../text/en/evaluation";


/** One picture large: what it is, what the network said, and what a person can do about it. */
@define("cnn-lab-case")
export class CaseDetail extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @property({ attribute: false }) measured!: Measured;
  @property({ attribute: false }) index: number | null = null;
  @state() private picture: Picture | null = null;
  @state() private working = false;
  #shown: string | null = null;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    css`
      :host { display: flex; flex-direction: column; gap: 8px; }
      .large { display: grid; place-items: center; height: 240px; flex: none; border-radius: 6px; background: var(--lab-sunk); overflow: hidden; }
      .name { overflow-wrap: anywhere; }
      .said { font-size: 16px; line-height: 24px; overflow-wrap: anywhere; }
      @media (max-width: 700px) { .large { height: 200px; } }
    `,
  ];

  override willUpdate(changed: PropertyValues<this>): void {
    const key = this.index === null ? null : `${this.measured.split}:${this.index}:${this.measured.revision}`;
    if ((changed.has("index") || changed.has("measured") || this.#shown !== key) && this.#shown !== key) {
      this.#shown = key;
      void this.#load(key);
    }
  }

  async #load(key: string | null): Promise<void> {
    const { index, measured, bench } = this;
    if (index === null) {
      this.picture = null;
      return;
    }
    await bench.try(async () => {
      const picture = await bench.lab?.image(measured.split, index);
      if (this.#shown === key) this.picture = picture ?? null;
    });
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { index, measured, picture } = this;
    if (index === null) {
      return html`<div class="large"><span class="small muted">${t.common.noPictureChosen}</span></div>
        <p class="small muted">${t.evaluation.chooseLarge}</p>`;
    }
    const { predictions, perClass } = measured.evaluation;
    const name = (label: number | undefined): string => perClass[label ?? -1]?.label ?? String(label);
    const [actual, said] = [predictions.labels[index], predictions.predicted[index] ?? 0];
    const sure = probability(predictions, index, said);
    const top = best(predictions, index, 5);
    const truth = probability(predictions, index, actual ?? -1);
    const zoom = picture ? fitCell(picture.pixels.width, picture.pixels.height, innerWidth <= 700 ? 200 : 240).width / picture.pixels.width : 1;
    return html`<div class="large">${picture ? html`<cnn-lab-pixels .picture=${picture.pixels} zoom=${zoom} name="${name(actual)}, ${picture.name}"></cnn-lab-pixels>` : nothing}</div>
      <p class="said" role="status">${t.evaluation.itIs} <b>${name(actual)}</b>${t.evaluation.networkSaid} <b>${name(said)}</b>${sure === null ? "" : t.evaluation.sure(sure)}.</p>
      ${top.length > 0
        ? html`<cnn-lab-bars name=${t.evaluation.likeliest} .bars=${top.map(({ label, probability: p }) => ({
            label: `${name(label)}${label === actual ? " ✓" : ""}`, share: p, text: t.percent(p), strong: label === actual,
          }))}></cnn-lab-bars>`
        : html`<p class="small muted">${t.evaluation.tooMany}</p>`}
      <p class="small muted">${t.evaluation.splitPicture(t.common.splits[measured.split], index)}${picture ? html`, <span class="name">${picture.name}</span>` : nothing}${t.evaluation.lossWas(predictions.losses[index] ?? NaN, truth === null || top.some(({ label }) => label === actual) ? "" : t.evaluation.hadOnly(name(actual), truth))}</p>
      <div class="row">${button({
        id: "look-inside", label: t.common.lookInside, name: t.common.lookInsideWhat,
        onClick: () => void this.bench.inside.showPicture(measured.split, index).then(() => this.bench.open("inside")),
      })}</div>
      ${this.#correct(index, actual ?? 0)}`;
  }

  #correct(index: number, measuredAs: number): TemplateResult {
    const t = this.bench.text;
    const { bench, measured } = this;
    const { perClass } = measured.evaluation;
    const corrected = measured.corrected.get(index);
    const why = this.working ? t.common.changeUnderWay : bench.own.busy;
    const { mainAction } = bench.training;
    return html`${field(t, {
        id: "its-class", label: t.evaluation.itsClass,
        help: t.evaluation.itsClassHelp,
        control: html`<select id="its-class" ?disabled=${why !== undefined} title=${why ?? nothing} @change=${(event: Event) => void this.#relabel(index, Number((event.target as HTMLSelectElement).value))}>
          ${perClass.map(({ label }, i) => html`<option value=${i} .selected=${live(i === (corrected ?? this.picture?.label ?? measuredAs))}>${label}</option>`)}
        </select>`,
      })}
      <div role="status" class="small">${corrected === undefined
        ? nothing
        : html`${t.evaluation.classIsNow(perClass[corrected]?.label ?? "", measured.split === "train" ? t.evaluation.trainToLearn : t.evaluation.measureToSee)}`}</div>
      ${corrected === undefined
        ? nothing
        : html`<div class="row">${button({
            id: "train-on", label: t.evaluation.trainOn, why: why ?? (mainAction === "loading" ? t.common.loading : undefined),
            onClick: () => {
              bench.close();
              void bench.training.main();
            },
          })}</div>`}
      ${why === undefined ? nothing : html`<p class="small muted">${why}</p>`}`;
  }

  async #relabel(index: number, label: number): Promise<void> {
    this.working = true;
    await this.bench.training.measure.correct(this.measured.split, index, label);
    this.working = false;
    // The select was disabled meanwhile, and lost the focus.
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>("#its-class")?.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-case": CaseDetail;
  }
}

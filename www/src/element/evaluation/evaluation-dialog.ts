import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { Split } from "../../api/types";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import type { Measured } from "../measure-step";
import { Watch } from "../observable";
import { button } from "../parts";
import { base } from "../styles";
import { tabList, tabPanel, tabStyles } from "../tabs";
import type { Workbench } from "../workbench";
import "./case-detail";
import "./confidence-tab";
import "./confusion-tab";
import "./curves-tab";
import "./map-tab";
import "./mistakes-tab";
import "./scores-tab";
import "../../text/en/evaluation";
import type { Phrase } from "../../text/texts";

const tabs = ["scores", "confusion", "mistakes", "curves", "confidence", "map"] as const;
type Tab = (typeof tabs)[number];
const titles: Record<Tab, Phrase> = { scores: (t) => t.evaluation.scores, confusion: (t) => t.evaluation.confusion, mistakes: (t) => t.evaluation.mistakes, curves: (t) => t.evaluation.curves, confidence: (t) => t.evaluation.confidence, map: (t) => t.evaluation.map };

const splitOrder = ["train", "validation", "test"] as const;

/** How good the network is on a split: scores, mistakes, curves, and a map of its pictures. */
@define("cnn-lab-evaluation")
export class EvaluationDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private tab: Tab = "scores";
  @state() private split: Split = "test";
  /** The picture that is shown large, by its place in the split. */
  @state() private picked: number | null = null;
  /** It is measured again because the set was edited. */
  @state() private anew = false;
  #shown: Measured | null = null;
  /** The revision that it was last tried to measure anew for. */
  #tried = -1;
  #measuring = false;
  readonly #modal = new Modal(this, () => this.bench, "evaluation");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    tabStyles,
    css`
      dialog { --width: 1240px; height: calc(100dvh - 24px); }
      .top { flex: none; display: flex; flex-wrap: wrap; align-items: center; gap: 8px 12px; padding: 0 16px 8px; min-height: 40px; }
      .top select { width: auto; max-width: 100%; }
      .top .grow { flex-basis: 160px; }
      .halves { display: grid; grid-template-columns: minmax(0, 1fr) 280px; gap: 16px; align-items: start; }
      .side { position: sticky; top: 0; padding-left: 16px; border-left: 1px solid var(--lab-line); }
      .start { display: grid; gap: 12px; justify-items: start; max-width: 560px; padding: 8px 0; }
      @media (max-width: 700px) {
        .halves { grid-template-columns: minmax(0, 1fr); }
        .side { position: static; padding: 12px 0 0; border-left: 0; border-top: 1px solid var(--lab-line); }
      }
    `,
  ];

  get #measured(): Measured | null {
    return this.bench.training.measure.of(this.split);
  }

  override willUpdate(): void {
    const { data, training } = this.bench;
    if (!this.#modal.open) {
      return;
    }
    const measured = this.#measured;
    if (measured !== this.#shown) {
      this.#shown = measured;
      this.picked = null;
      this.anew = false;
    }
    // What was measured of a set that was edited since is not shown, but measured again, once.
    if (measured && training.measure.isOfOtherData(measured) && !training.evaluating && this.#tried !== data.revision && !this.#why(this.split)) {
      this.#tried = data.revision;
      this.anew = true;
      void training.measure.evaluate(this.split);
    }
  }

  override updated(changed: PropertyValues): void {
    if (changed.has("tab")) {
      this.renderRoot.querySelector(".body")?.scrollTo(0, 0);
    }
    // Who measured, or cancelled, with the keyboard finds the focus on what took the button's place.
    const measuring = this.bench.training.evaluating !== null;
    if (measuring !== this.#measuring && this.#modal.open && !this.shadowRoot?.activeElement) {
      this.renderRoot.querySelector<HTMLElement>(measuring ? "#cancel-measuring" : "#measure, #measure-first")?.focus();
    }
    this.#measuring = measuring;
    if (changed.has("picked") && this.picked !== null && innerWidth <= 700) {
      this.renderRoot.querySelector(".side")?.scrollIntoView({ block: "nearest" });
    }
  }

  /** Why a split cannot be measured. */
  #why(split: Split): string | undefined {
    const t = this.bench.text;
    const { info } = this.bench.data;
    if (!info || !this.bench.lab) return t.evaluation.loadFirstInData;
    return info.splits[split] > 0 ? undefined : t.evaluation.splitEmpty;
  }

  override render(): TemplateResult {
    return html`<dialog id="evaluation-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head(this.bench.text.evaluation.title)}${this.#top()}${this.#content()}` : nothing}
    </dialog>`;
  }

  /** Which split, when it was measured, and the button that measures. */
  #top(): TemplateResult {
    const t = this.bench.text;
    const { data, training } = this.bench;
    const { measure, evaluating } = training;
    const measured = this.#measured;
    const why = this.#why(this.split);
    const share = evaluating ? evaluating.done / (evaluating.total || 1) : 0;
    return html`<div class="top">
      <label class="sr" for="evaluated-split">${t.common.split}</label>
      <select id="evaluated-split" ?disabled=${evaluating !== null} title=${evaluating ? t.evaluation.beingMeasured : nothing} @change=${(event: Event) => {
        this.split = (event.target as HTMLSelectElement).value as Split;
      }}>${splitOrder.map((split) => {
        const pictures = data.info?.splits[split] ?? 0;
        return html`<option value=${split} ?disabled=${pictures === 0 && split !== this.split} .selected=${live(split === this.split)}>${t.common.splits[split]}, ${data.info === null ? t.evaluation.notLoadedYet : pictures === 0 ? t.evaluation.hasNone : t.common.count.pictures(pictures)}</option>`;
      })}</select>
      <span class="grow small" role="status">${this.#standing(measured)}</span>
      ${evaluating
        ? html`<progress class="grow" max="1" .value=${share} aria-label=${t.evaluation.measuring}></progress>${button({ id: "cancel-measuring", label: t.common.cancel, onClick: () => measure.cancel() })}`
        : measured
          ? button({ id: "measure", label: t.evaluation.measureAgain, why, onClick: () => void measure.evaluate(this.split) })
          : nothing}
    </div>`;
  }

  #standing(measured: Measured | null): string {
    const t = this.bench.text;
    const { measure } = this.bench.training;
    if (measure.measuring) {
      const what = t.evaluation.measuringOn(t.common.splits[measure.measuring].toLowerCase());
      return this.anew ? t.evaluation.editedSince(what) : what;
    }
    if (!measured) return "";
    if (measure.isOfOtherData(measured)) return t.evaluation.editedMoved;
    const corrected = measured.corrected.size > 0 ? t.evaluation.corrected(measured.corrected.size) : "";
    const old = measure.isOld(measured) ? t.evaluation.learnedOnSince : "";
    const { accuracy, count: pictures } = measured.evaluation;
    return t.evaluation.rightOf(old, corrected, accuracy, pictures, old || corrected ? t.evaluation.then : "");
  }

  #content(): TemplateResult {
    const measured = this.#measured;
    if (!measured || this.bench.training.measure.isOfOtherData(measured)) {
      return html`<div class="body">${this.#start()}</div>`;
    }
    return html`${tabList(this, { name: this.bench.text.evaluation.title, tabs, title: (tab) => titles[tab](this.bench.text), tab: this.tab, choose: (tab) => (this.tab = tab) })}
      ${tabPanel(this.tab, this.#panel(measured))}`;
  }

  #start(): TemplateResult {
    const t = this.bench.text;
    const { training } = this.bench;
    const why = training.evaluating ? t.evaluation.beingMeasured : this.#why(this.split);
    const untrained = training.trained ? nothing : html`<p class="muted">${t.evaluation.onlyGuesses}</p>`;
    return html`<div class="start">
      <p>${t.evaluation.intro}</p>
      ${untrained}
      <p>${t.evaluation.measureOn}</p>
      ${button({ id: "measure-first", label: t.evaluation.evaluate, kind: "primary", why, onClick: () => void training.measure.evaluate(this.split) })}
      ${why ? html`<p class="small muted">${why}</p>` : nothing}
    </div>`;
  }

  #panel(measured: Measured): TemplateResult {
    const t = this.bench.text;
    const { bench, picked } = this;
    switch (this.tab) {
      case "scores":
        return html`<cnn-lab-scores .text=${t} .measured=${measured}></cnn-lab-scores>`;
      case "confusion":
        return this.#beside(measured, html`<cnn-lab-confusion-tab .bench=${bench} .measured=${measured} .picked=${picked}></cnn-lab-confusion-tab>`);
      case "mistakes":
        return this.#beside(measured, html`<cnn-lab-mistakes .bench=${bench} .measured=${measured} .picked=${picked}></cnn-lab-mistakes>`);
      case "curves":
        return html`<cnn-lab-curves .bench=${bench} .measured=${measured}></cnn-lab-curves>`;
      case "confidence":
        return html`<cnn-lab-confidence .text=${t} .measured=${measured}></cnn-lab-confidence>`;
      case "map":
        return this.#beside(measured, html`<cnn-lab-map .bench=${bench} .measured=${measured}></cnn-lab-map>`);
    }
  }

  /** Pictures to choose from, and beside them the one that was chosen. */
  #beside(measured: Measured, pictures: TemplateResult): TemplateResult {
    return html`<div class="halves" @pick=${(event: CustomEvent<number>) => (this.picked = event.detail)}>${pictures}
      <div class="side" role="region" aria-label=${this.bench.text.evaluation.pictureChosen}><cnn-lab-case .bench=${this.bench} .measured=${measured} .index=${this.picked}></cnn-lab-case></div></div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-evaluation": EvaluationDialog;
  }
}

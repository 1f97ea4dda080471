import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import "../../view/pixels";
import { fitCell } from "../../view/window";
import { define } from "../define";
import type { Measured } from "../measure-step";
import { button } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { best, probability } from "./measures";
import "../../text/en/evaluation";

const side = 72;

/** Pictures with what they are, what the network said, and how sure it was. Fires `pick` with a picture's place in the split. */
@define("cnn-lab-cases")
export class CasesElement extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @property({ attribute: false }) measured!: Measured;
  /** The pictures' places in the split, in the order that they are shown in. */
  @property({ attribute: false }) indices: readonly number[] = [];
  @property({ attribute: false }) picked: number | null = null;
  @property() name = "";
  /** How many are shown at first, and how many more at a time. */
  @property({ type: Number }) step = 12;
  @state() private shown = 12;
  /** The one that the Tab key reaches. */
  @state() private at = 0;
  readonly #pictures = new Map<number, ImageData>();
  #of: Measured | null = null;

  static override styles = [
    base,
    css`
      ul { display: flex; flex-wrap: wrap; gap: 8px; margin: 0; padding: 2px; list-style: none; }
      li button { display: grid; grid-template-rows: 72px auto; gap: 4px; justify-items: center; width: 104px; padding: 4px; border: 1px solid transparent; border-radius: 6px; background: none; font-size: 12px; line-height: 16px; cursor: pointer; }
      li button:hover { background: var(--lab-sunk); }
      li button[aria-pressed="true"] { border-color: var(--lab-accent); background: var(--lab-wash); }
      .thumb { display: grid; place-items: center; width: 72px; height: 72px; overflow: hidden; border-radius: 4px; background: var(--lab-sunk); }
      .words { display: grid; width: 100%; }
      .words span { display: flex; gap: 4px; justify-content: center; min-width: 0; white-space: nowrap; }
      .words b { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
      .row { padding-top: 4px; }
    `,
  ];

  override willUpdate(changed: PropertyValues<this>): void {
    if (this.measured !== this.#of) {
      this.#of = this.measured;
      this.#pictures.clear();
    }
    if (changed.has("indices")) {
      this.shown = this.step;
      this.at = 0;
    }
    void this.#load();
  }

  async #load(): Promise<void> {
    const { lab } = this.bench;
    const { measured } = this;
    const missing = this.indices.slice(0, this.shown).filter((index) => !this.#pictures.has(index));
    if (missing.length === 0 || !lab || this.#loading === missing.join()) {
      return;
    }
    this.#loading = missing.join();
    await this.bench.try(async () => {
      const found = await Promise.all(missing.map((index) => lab.image(measured.split, index)));
      if (measured === this.#of) {
        missing.forEach((index, i) => {
          const picture = found[i];
          if (picture) this.#pictures.set(index, picture.pixels);
        });
        this.requestUpdate();
      }
    });
  }
  #loading = "";

  override render(): TemplateResult {
    const t = this.bench.text;
    const { indices, shown } = this;
    return html`<ul aria-label=${this.name || t.common.pictures} @keydown=${this.#onKey}>
        ${indices.slice(0, shown).map((index, i) => this.#case(index, i))}
      </ul>
      ${indices.length > shown
        ? html`<div class="row">${button({ id: "more", label: t.common.showMore, name: t.evaluation.showMoreOf(this.name || t.common.pictures), onClick: () => this.#more() })}
            <span class="small muted">${t.common.shareOf(shown, indices.length)}</span></div>`
        : nothing}`;
  }

  #case(index: number, i: number): TemplateResult {
    const t = this.bench.text;
    const { predictions, perClass } = this.measured.evaluation;
    const name = (label: number): string => perClass[label]?.label ?? String(label);
    const actual = predictions.labels[index] ?? 0;
    const said = predictions.predicted[index] ?? 0;
    // Beside the right answer stands the one that it nearly gave.
    const other = said === actual ? best(predictions, index, 2).find(({ label }) => label !== actual)?.label : said;
    const sure = (label: number): string => {
      const p = probability(predictions, index, label);
      return p === null ? "" : ` ${t.percent(p)}`;
    };
    const picture = this.#pictures.get(index);
    const zoom = picture ? fitCell(picture.width, picture.height, side).width / picture.width : 1;
    const verb = said === actual ? t.evaluation.or : t.evaluation.said;
    const words = t.evaluation.caseInWords(index, name(actual), sure(actual), other === undefined ? "" : `, ${verb} ${name(other)}${sure(other)}`);
    return html`<li><button type="button" data-i=${i} aria-label=${words} title=${words} aria-pressed=${index === this.picked ? "true" : "false"} tabindex=${i === this.at ? 0 : -1}
      @click=${() => {
        this.at = i;
        this.dispatchEvent(new CustomEvent("pick", { detail: index, bubbles: true, composed: true }));
      }}>
      <span class="thumb" aria-hidden="true">${picture ? html`<cnn-lab-pixels .picture=${picture} zoom=${zoom} name=""></cnn-lab-pixels>` : nothing}</span>
      <span class="words"><span>${t.evaluation.is} <b>${name(actual)}</b>${sure(actual)}</span>${other === undefined ? nothing : html`<span>${verb} <b>${name(other)}</b>${sure(other)}</span>`}</span>
    </button></li>`;
  }

  /** Shows more, and goes to the first of them: the button may be gone then. */
  #more(): void {
    this.at = this.shown;
    this.shown += this.step;
    this.#focus();
  }

  #focus(): void {
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`[data-i="${this.at}"]`)?.focus());
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const last = Math.min(this.shown, this.indices.length) - 1;
    const to = { ArrowLeft: this.at - 1, ArrowUp: this.at - 1, ArrowRight: this.at + 1, ArrowDown: this.at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    this.at = Math.max(0, Math.min(last, to));
    this.#focus();
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-cases": CasesElement;
  }
}

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import type { FeatureMaps, Move, SlowMotion } from "../../api/types";
import "../../view/colour-bar";
import { type Scale, scaleOnce, signedOnce } from "../../view/colormap";
import "../../view/maps";
import "../../view/value-grid";
import { define } from "../define";
import { dialogStyles } from "../dialog";
import type { Hand } from "../inside-step";
import { Watch } from "../observable";
import { button, field } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { Follow } from "./follow";
import { excerptOf, partTitles, parts, ruleOf, type Slide, slidesOf, unitOf } from "./slides";
import { tabBase } from "./tab-styles";
import { stripOf } from "./vector-view";
import "../../text/en/deep";

type Found = { slow: SlowMotion; slides: Slide[]; hand: Hand; label: number; step: number };

/** One training step in slow motion: forward, the loss, backward, and how the weights move. The network stays as it is. */
@define("cnn-lab-inside-step")
export class StepTab extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** The class that was chosen, where it is not known. */
  @state() private chosen: number | null = null;
  @state() private at = 0;
  @state() private found: Found | null = null;
  @state() private again = 0;

  constructor() {
    super();
    new Watch(this, () => this.bench);
    new Follow(this, () => this.bench, () => {
      const { hand, prediction } = this.bench.inside;
      // Not anew with each look while training runs: who reads it would lose the place.
      return hand && prediction && this.#label !== null ? [hand, this.#label, this.again] : null;
    }, () => this.#take());
  }

  static override styles = [
    base,
    dialogStyles,
    tabBase,
    css`
      :host { display: flex; }
      .fields { grid-template-columns: minmax(0, 240px) minmax(0, 1fr); }
      .walk { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }
      .walk .button[aria-current="step"] { background: var(--lab-wash); border-color: var(--lab-accent); font-weight: 650; }
      .slide { display: flex; flex-direction: column; gap: 12px; min-height: 320px; }
      .slide h3 { font-size: 16px; line-height: 24px; color: inherit; }
      .move { display: grid; gap: 8px; padding-top: 8px; border-top: 1px solid var(--lab-line); }
      table.list { width: auto; min-width: min(360px, 100%); }
      tr.truth > * { background: var(--lab-wash); }
      .formula { font-size: 16px; line-height: 24px; }
      @media (max-width: 700px) { .fields { grid-template-columns: minmax(0, 1fr); } }
    `,
  ];

  /** The class to learn: the picture's own, or the chosen one. */
  get #label(): number | null {
    return this.bench.inside.label ?? this.chosen;
  }

  async #take(): Promise<void> {
    const { lab, inside } = this.bench;
    const { hand } = inside;
    const label = this.#label;
    if (!lab || !hand || label === null) {
      return;
    }
    const step = lab.history.steps.length;
    const slow = await lab.slowMotion(hand.picture, label);
    const slides = slidesOf(slow);
    // Another picture is shown at the same place.
    this.at = Math.min(this.at, slides.length - 1);
    this.found = { slow, slides, hand, label, step };
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { bench, found } = this;
    const known = bench.inside.label;
    const classes = bench.classes;
    if (classes.length === 0) {
      return html`<p>${t.deep.loadForStep}</p>`;
    }
    const stale = found && (bench.lab?.history.steps.length ?? 0) !== found.step;
    return html`<div class="fields">
        ${field(t, {
          id: "step-class", label: t.deep.trueClass, help: t.deep.trueClassHelp,
          control: html`<select id="step-class" ?disabled=${known !== null} title=${known === null ? nothing : t.deep.knownTruth}
            @change=${(event: Event) => (this.chosen = (event.target as HTMLSelectElement).value === "" ? null : Number((event.target as HTMLSelectElement).value))}>
            ${known === null ? html`<option value="" .selected=${live(this.chosen === null)}>${t.deep.choose}</option>` : nothing}
            ${classes.map((name, i) => html`<option value=${i} .selected=${live(i === this.#label)}>${name}</option>`)}</select>`,
        })}
        <p class="small muted">${t.deep.stepIntro}</p>
      </div>
      ${stale ? html`<div class="row wrap"><p class="small grow"><b>${t.common.learnedOn}</b></p>${button({ id: "step-again", label: t.deep.stepAgain, onClick: () => (this.again += 1) })}</div>` : nothing}
      ${this.#label === null
        ? html`<p class="note" id="step-choose">${t.deep.chooseTruth}</p>`
        : found ? this.#walk(found) : html`<p class="small muted">${t.deep.takingStep}</p>`}`;
  }

  #walk(found: Found): TemplateResult {
    const t = this.bench.text;
    const { slides } = found;
    const at = Math.min(this.at, slides.length - 1);
    const slide = slides[at];
    if (!slide) {
      return html``;
    }
    return html`<div class="walk" role="group" aria-label=${t.deep.partsOfStep} @keydown=${this.#onKey}>
        ${button({ id: "step-back", label: t.common.back, why: at === 0 ? t.deep.beginning : undefined, onClick: () => this.#go(-1) })}
        ${button({ id: "step-next", label: t.common.next, kind: "primary", why: at === slides.length - 1 ? t.deep.end : undefined, onClick: () => this.#go(1) })}
        ${parts.map((part) => html`<button type="button" class="button plain" id="part-${part}" aria-current=${part === slide.part ? "step" : nothing}
          @click=${() => (this.at = slides.findIndex((one) => one.part === part))}>${partTitles[part](t)}</button>`)}
        <span class="small muted" id="step-place">${t.deep.slideOf(at + 1, slides.length)}</span>
      </div>
      <div class="slide" tabindex="0" role="group" aria-label=${t.deep.stepKeys} id="slide" @keydown=${this.#onKey}>
        <h3 aria-live="polite" id="step-title">${this.#title(slide)}</h3>
        ${this.#content(slide, found)}
      </div>`;
  }

  #go(by: number): void {
    const last = (this.found?.slides.length ?? 1) - 1;
    this.at = Math.min(last, Math.max(0, Math.min(this.at, last) + by));
  }

  #onKey(event: KeyboardEvent): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by !== undefined && !event.defaultPrevented) {
      event.preventDefault();
      this.#go(by);
    }
  }

  #title(slide: Slide): string {
    const t = this.bench.text;
    switch (slide.part) {
      case "forward":
      case "backward": {
        const { layer, count, height, width } = slide.stage;
        const size = height * width === 1 ? t.common.count.values(count) : `${t.shape([height, width])}, ${t.common.count.maps(count)}`;
        return `${partTitles[slide.part](t)}: ${layer}, ${size}`;
      }
      case "loss": return t.deep.lossTitle;
      case "update": return t.deep.updateOf(slide.layer);
      case "after": return t.deep.afterStep;
    }
  }

  #content(slide: Slide, found: Found): TemplateResult {
    const t = this.bench.text;
    const { slow } = found;
    switch (slide.part) {
      case "forward":
        return html`<p class="small muted">${slide.last
          ? t.deep.lastScores
          : t.deep.layerGives}</p>
          ${this.#stage(slide.maps, null)}`;
      case "loss":
        return this.#loss(found);
      case "backward": {
        return html`<p class="small muted">${t.deep.gradientHelp}</p>
          ${this.#stage(slide.maps, signedOnce(slide.maps.data))}`;
      }
      case "update":
        return html`<p>${ruleOf(t, slow.optimizer)} <span class="muted">${t.deep.optimizerIs(slow.optimizer || t.common.none, slow.learningRate)}</span></p>
          ${slide.moves.map((move) => this.#move(move))}`;
      case "after":
        return this.#after(found);
    }
  }

  #stage(maps: FeatureMaps, scale: Scale | null): TemplateResult {
    const t = this.bench.text;
    const bar = scale ?? scaleOnce(maps.data);
    if (maps.height * maps.width > 1) {
      return html`<cnn-lab-maps .text=${t} layer=${maps.layer} what=${scale ? t.deep.gradients : t.common.featureMaps} tall="340" most="12" gap="4" .size=${[maps.count, maps.height, maps.width]} .maps=${maps} .scale=${scale}></cnn-lab-maps>
        <cnn-lab-colour-bar .text=${t} .scale=${bar}></cnn-lab-colour-bar>`;
    }
    const { rows, columns } = stripOf(maps.count);
    const full = new Float32Array(rows * columns).fill(NaN);
    full.set(maps.data);
    const room = Math.min(640, Math.max(240, innerWidth - 72));
    return html`<cnn-lab-value-grid .text=${t} table .values=${full} rows=${rows} columns=${columns} .scale=${bar} room=${room} most="48" name=${t.deep.ofLayer(scale ? t.deep.gradients : t.deep.values, maps.layer)}></cnn-lab-value-grid>
      <cnn-lab-colour-bar .text=${t} .scale=${bar}></cnn-lab-colour-bar>`;
  }

  #loss({ slow, label }: Found): TemplateResult {
    const t = this.bench.text;
    const classes = this.bench.classes;
    const probability = slow.probabilities[label] ?? 0;
    const plain = -Math.log(probability);
    const same = Math.abs(plain - slow.loss) < 1e-3 * Math.max(1, slow.loss);
    return html`
      <p class="formula" id="step-loss">${t.deep.minusLog(classes[label] ?? "", probability)} <b>${t.loss(plain)}</b></p>
      <p class="small muted">${same ? t.deep.lossHelp
        : t.deep.ownLoss(slow.loss)}</p>
      <div class="scroll" role="region" aria-label=${t.deep.probabilities} tabindex="0"><table class="list">
        <thead><tr><th scope="col">${t.common.class}</th><th scope="col" class="number">${t.deep.probability}</th><th scope="col" class="number">${t.deep.truth}</th></tr></thead>
        <tbody>${classes.map((name, i) => html`<tr class=${i === label ? "truth" : ""}><th scope="row">${name}</th>
          <td class="number">${t.decimal(slow.probabilities[i] ?? NaN, 4)}</td><td class="number">${i === label ? 1 : 0}</td></tr>`)}</tbody>
      </table></div>`;
  }

  #move(move: Move): TemplateResult {
    const t = this.bench.text;
    const { from, rows, columns, where, most } = excerptOf(t, move);
    const part = (of: Float32Array): Float32Array => of.slice(from, from + rows * columns);
    const [before, gradient, after] = [part(move.before), part(move.gradients), part(move.after)];
    const change = after.map((value, i) => value - (before[i] ?? 0));
    const scale = symmetric(before, after);
    const grid = (values: Float32Array, of: Scale, title: string, unit = 1): TemplateResult => html`<figure>
      <cnn-lab-value-grid .text=${t} table .values=${values} rows=${rows} columns=${columns} .scale=${of} room=${rows === 1 ? 320 : 200} most="40" unit=${unit} name="${move.name}, ${title}"></cnn-lab-value-grid>
      <figcaption>${title}${unit === 1 ? "" : t.deep.numbersTimes(unit)}</figcaption></figure>`;
    const [was, slope, is] = [move.before[most] ?? NaN, move.gradients[most] ?? NaN, move.after[most] ?? NaN];
    return html`<div class="move">
      <p><b>${move.name}</b> <span class="muted">${t.deep.shownWhere(move.shape, where)}</span></p>
      <div class="figures">${grid(before, scale, t.common.before)} ${grid(gradient, symmetric(gradient), t.deep.gradient, unitOf(gradient))} ${grid(change, symmetric(change), t.deep.change, unitOf(change))} ${grid(after, scale, t.common.after)}</div>
      <p class="small">${t.deep.largestGradient(was, slope, is, is - was)}</p>
    </div>`;
  }

  #after({ slow, label }: Found): TemplateResult {
    const t = this.bench.text;
    const classes = this.bench.classes;
    return html`
      <p class="formula" id="step-after">${t.deep.lossWas} <b>${t.loss(slow.loss)}</b> ${t.deep.andIs} <b>${t.loss(slow.lossAfter)}</b> ${t.deep.afterTheStep}</p>
      <p class="small muted">${t.deep.manyTimes(slow.lossAfter < slow.loss ? t.deep.likelier : t.deep.tooLong)}</p>
      <div class="scroll" role="region" aria-label=${t.deep.beforeAndAfter} tabindex="0"><table class="list">
        <thead><tr><th scope="col">${t.common.class}</th><th scope="col" class="number">${t.common.before}</th><th scope="col" class="number">${t.common.after}</th></tr></thead>
        <tbody>${classes.map((name, i) => html`<tr class=${i === label ? "truth" : ""}><th scope="row">${name}${i === label ? t.deep.theTruth : ""}</th>
          <td class="number">${t.percent(slow.probabilities[i] ?? NaN, 2)}</td><td class="number">${t.percent(slow.probabilitiesAfter[i] ?? NaN, 2)}</td></tr>`)}</tbody>
      </table></div>`;
  }
}

/** Alike to both sides of zero, over all of these. */
function symmetric(...all: Float32Array[]): Scale {
  const reach = Math.max(...all.map((values) => values.reduce((most, of) => Math.max(most, Math.abs(of)), 0)));
  return { low: -reach, high: reach, signed: true };
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-inside-step": StepTab;
  }
}

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { largestSeed } from "../../api/check";
import type { CrossValidation, CrossValidationProgress, FoldScores } from "../../api/types";
import "../../view/confusion";
import { foldsCsv } from "../../view/runs-csv";
import { TimeLeft } from "../../view/time-left";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import "../help";
import { isAbort } from "../notices";
import { Watch } from "../observable";
import { button, download, field, typedNumber } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { optionsInWords } from "./words";
import "../../text/en/runs";
import type { Texts } from "../../text/texts";

/** More take very long and say little more. */
const mostFolds = 20;

/** What was cross-validated. */
type Subject = { name: string; classes: string[]; words: string; folds: number };

/** Cross-validation: how well the network and the options do, whichever pictures are held out. */
@define("cnn-lab-folds")
export class FoldsDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private folds = 5;
  @state() private seed: number | null = null;
  /** What goes on, or went on last. */
  @state() private subject: Subject | null = null;
  @state() private progress: CrossValidationProgress | null = null;
  @state() private result: CrossValidation | null = null;
  @state() private running = false;
  @state() private cancelling = false;
  /** How the last one ended, and what a screen reader is told. */
  @state() private told = "";

  #cancel = new AbortController();
  #time = new TimeLeft();
  #toldFolds = 0;
  /** Pictures are being loaded for it. */
  #loading = false;
  readonly #modal = new Modal(this, () => this.bench, "folds");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 760px; height: min(860px, calc(100dvh - 24px)); }
      .fields { grid-template-columns: repeat(2, minmax(0, 160px)); }
      .progress { display: grid; gap: 4px; min-height: 30px; align-content: start; }
      table.list tfoot :is(th, td) { font-weight: 650; color: inherit; border-bottom: 0; }
      table.list tfoot tr:first-child :is(th, td) { border-top: 1px solid var(--lab-edge); }
      table.list { white-space: nowrap; }
      .scroll { flex: none; }
      tr.now > * { background: var(--lab-wash); }
      ul { margin: 0; padding-left: 16px; }
      details[open] summary { margin-bottom: 8px; }
      footer .grow { flex-basis: 240px; }
      @media (max-width: 700px) {
        footer .grow { flex-basis: 100%; }
        .progress { min-height: 56px; }
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<dialog id="folds-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open
        ? html`${this.#modal.head(this.bench.text.common.crossValidation)}
            <div class="body">${this.#ask()} ${this.#course()} ${this.#table()} ${this.#whole()}</div>
            ${this.#foot()}`
        : nothing}
    </dialog>`;
  }

  /** Who cancelled, or began, with the keyboard finds the focus on the button that took its place. */
  override updated(changed: PropertyValues): void {
    if (changed.has("running") && this.#modal.open && !this.shadowRoot?.activeElement) {
      this.renderRoot.querySelector<HTMLElement>(this.running ? "#cancel-folds" : "#start-folds")?.focus();
    }
  }

  #ask(): TemplateResult {
    const t = this.bench.text;
    const { bench, running } = this;
    // What is chosen may not be loaded yet.
    const info = bench.data.upToDate ? bench.data.info : null;
    const pictures = info ? info.splits.train + info.splits.validation : null;
    const locked = running ? t.runs.cancelFirst : undefined;
    const largest = info ? Math.max(...info.classes.map((_, label) => (info.counts.train[label] ?? 0) + (info.counts.validation[label] ?? 0))) : mostFolds;
    const most = Math.max(2, Math.min(mostFolds, largest));
    return html`
      <p>${t.runs.foldsHelp(pictures === null ? "" : `${t.count(pictures)} `)}</p>
      <div class="fields">
        ${field(t, {
          id: "folds", label: t.runs.folds, help: t.runs.foldsCountHelp,
          control: html`<input id="folds" type="number" min="2" max=${most} step="1" required inputmode="numeric" .value=${String(this.folds)} ?disabled=${running} title=${locked ?? nothing}
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              this.folds = typedNumber(input) ?? this.folds;
              input.value = String(this.folds);
            }} />`,
        })}
        ${field(t, {
          id: "folds-seed", label: t.common.seed, help: t.runs.foldsSeedHelp,
          control: html`<input id="folds-seed" type="number" min="0" max=${largestSeed} step="1" required inputmode="numeric" .value=${String(this.#seed)} ?disabled=${running} title=${locked ?? nothing}
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              this.seed = typedNumber(input) ?? this.seed;
              input.value = String(this.#seed);
            }} />`,
        })}
      </div>
      <p class="small" id="folds-options"><span class="muted">${t.runs.eachTrained}</span> ${optionsInWords(t, bench.training.options)}.</p>`;
  }

  get #seed(): number {
    return this.seed ?? this.bench.settings.seed;
  }

  /** How far it is, in a place that is always there. */
  #course(): TemplateResult {
    const t = this.bench.text;
    const { progress, running, bench } = this;
    const loading = running && !progress;
    const left = this.#time.seconds;
    return html`<div class="progress small">
      <progress max="1" .value=${progress?.share ?? 0} aria-label=${t.common.crossValidation}></progress>
      <div class="row between wrap">
        <span id="folds-progress">${loading ? (bench.data.loading ? t.common.loadingThePictures : t.runs.dealing) : running && progress ? inWords(t, progress) : this.told || t.runs.notBegun}</span>
        <span class="number muted">${running && progress && left !== null && !this.cancelling ? t.common.aboutLeft(left) : nothing}</span>
      </div>
      <p class="sr" role="status">${running ? "" : this.told} ${this.#toldFolds > 0 && running ? t.runs.foldsMeasured(this.#toldFolds, progress?.folds ?? 0) : ""}</p>
    </div>`;
  }

  #table(): TemplateResult {
    const t = this.bench.text;
    const { progress, result, running } = this;
    const folds = running || this.subject ? (progress?.folds ?? this.subject?.folds ?? this.folds) : this.folds;
    const scores = result?.folds ?? progress?.scores ?? [];
    return html`<div class="scroll" role="region" aria-label=${t.runs.folds} tabindex="0"><table class="list">
      <thead><tr><th scope="col">${t.runs.heldOut}</th><th scope="col" class="number">${t.common.accuracy}</th><th scope="col" class="number">${t.common.lossNats}</th>
        <th scope="col" class="number">${t.runs.trainedOn}</th><th scope="col" class="number">${t.runs.measuredOn}</th><th scope="col" class="number">${t.common.epochs}</th><th scope="col" class="number">${t.common.time}</th></tr></thead>
      <tbody>${Array.from({ length: folds }, (_, i) => this.#row(i + 1, scores[i]))}</tbody>
      <tfoot><tr><th scope="row" title=${t.runs.meanAndStd}>${t.runs.meanStd}</th>
        <td class="number" id="folds-accuracy">${result ? `${t.percent(result.accuracy.mean, 2)} ± ${t.decimal(100 * result.accuracy.std, 2)}` : "–"}</td>
        <td class="number" id="folds-loss">${result ? `${t.decimal(result.loss.mean, 4)} ± ${t.decimal(result.loss.std, 4)}` : "–"}</td>
        <td></td><td></td><td></td><td class="number">${result ? t.duration(result.seconds) : "–"}</td></tr></tfoot>
    </table></div>`;
  }

  #row(fold: number, scores: FoldScores | undefined): TemplateResult {
    const t = this.bench.text;
    const { progress, running } = this;
    const now = running && progress?.fold === fold && !scores;
    const early = scores && scores.reason !== "finished" ? { "early-stopping": t.runs.early, diverged: t.runs.diverged, stopped: "" }[scores.reason] : "";
    return html`<tr class=${now ? "now" : ""}>
      <th scope="row">${t.runs.fold(fold)}</th>
      ${scores
        ? html`<td class="number">${t.percent(scores.accuracy, 2)}</td><td class="number">${t.decimal(scores.loss, 4)}</td>
            <td class="number">${t.count(scores.train)}</td><td class="number">${t.count(scores.heldOut)}</td><td class="number">${t.count(scores.epochs.length)}${early}</td><td class="number">${t.duration(scores.seconds)}</td>`
        : now
          ? html`<td colspan="2" class="number muted">${progress.stage === "measuring" ? t.runs.beingMeasured : t.runs.learning}</td><td class="number">${t.count(progress.train)}</td><td class="number">${t.count(progress.heldOut)}</td><td class="number">–</td><td class="number">–</td>`
          : html`<td class="number">–</td><td class="number">–</td><td class="number">–</td><td class="number">–</td><td class="number">–</td><td class="number">–</td>`}
    </tr>`;
  }

  /** What belongs to the whole. */
  #whole(): TemplateResult {
    const t = this.bench.text;
    const { result, subject } = this;
    const warnings = result?.warnings ?? this.progress?.warnings ?? [];
    return html`
      ${subject && !this.running ? html`<p class="small muted">${t.runs.ofWith(subject.name, subject.words, result ? t.runs.populationStd : "")}</p>` : nothing}
      ${warnings.length > 0 ? html`<ul class="small">${warnings.map((warning) => html`<li>${this.bench.says(warning)}</li>`)}</ul>` : nothing}
      ${result && subject
        ? html`<details open><summary>${t.runs.heldOutConfusion}</summary>
            <cnn-lab-confusion .text=${t} .classes=${subject.classes} .confusion=${result.confusion}></cnn-lab-confusion></details>`
        : nothing}`;
  }

  #foot(): TemplateResult {
    const t = this.bench.text;
    const { running, cancelling, result, progress, bench } = this;
    const scores = result?.folds ?? progress?.scores ?? [];
    const why =
      bench.training.active ? t.runs.stopInTrain
      : bench.data.loading ? t.common.picturesLoading
      : bench.switching || !bench.lab ? t.common.deviceNotReady
      : undefined;
    return html`<footer>
      <span class="grow small muted">${running ? t.runs.goesOn : (why ?? "")}</span>
      ${button({
        id: "folds-csv", label: "CSV", name: t.runs.foldsCsv, why: scores.length === 0 ? t.runs.noneMeasured : undefined,
        onClick: () => download(new Blob([foldsCsv(scores, result)], { type: "text/csv" }), "cnn-lab-folds.csv"),
      })}
      ${running
        ? button({ id: "cancel-folds", label: cancelling ? t.runs.cancelling : t.common.cancel, why: cancelling ? t.runs.endsAfterStep : undefined, onClick: () => this.#end() })
        : button({ id: "start-folds", label: t.runs.start, kind: "primary", why, onClick: () => void this.#start() })}
    </footer>`;
  }

  #end(): void {
    this.cancelling = true;
    this.#cancel.abort();
    // Another load than its own goes on.
    if (this.#loading) this.bench.data.cancel();
  }

  async #start(): Promise<void> {
    const t = this.bench.text;
    const { bench, folds } = this;
    const { options } = bench.training;
    const cancel = (this.#cancel = new AbortController());
    Object.assign(this, { running: true, cancelling: false, progress: null, result: null, subject: null, told: "" });
    this.#time = new TimeLeft();
    this.#toldFolds = 0;
    bench.folding = 0;
    bench.dismiss();
    try {
      const lab = await bench.ready;
      this.#loading = !bench.data.upToDate;
      const loaded = await bench.data.load();
      this.#loading = false;
      const info = bench.data.info;
      if (loaded && info && !cancel.signal.aborted) {
        this.subject = { name: info.name, classes: info.classes, words: optionsInWords(t, options), folds };
        this.result = await lab.crossValidate({ ...options, folds, seed: this.#seed, signal: cancel.signal, onProgress: (progress) => this.#take(progress) });
        this.told = t.runs.foldsDone(folds, this.result.seconds);
      } else {
        this.told = cancel.signal.aborted ? t.runs.cancelled : t.runs.notLoaded;
      }
    } catch (error) {
      this.told = isAbort(error) ? t.runs.cancelled : t.runs.endedWithError;
      bench.fail(error);
    }
    this.#loading = false;
    this.running = false;
    this.cancelling = false;
    bench.folding = null;
    bench.changed();
  }

  #take(progress: CrossValidationProgress): void {
    this.#time.add(progress.share, 1, performance.now());
    this.#toldFolds = progress.scores.length;
    this.progress = progress;
    this.bench.folding = progress.share;
    this.bench.changedSoon();
  }
}

/** "Fold 2 of 5: epoch 1 of 2, batch 12 of 50". */
function inWords(t: Texts, { fold, folds, stage, epoch, epochs, step, steps, loss: now }: CrossValidationProgress): string {
  const where = t.runs.foldOf(fold, folds);
  switch (stage) {
    case "fitting":
      return t.runs.fitting(where);
    case "measuring":
      return t.runs.measuring(where);
    case "training":
      return t.runs.inEpoch(where, epoch, epochs, step, steps, now === null ? "" : t.runs.withLoss(now));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-folds": FoldsDialog;
  }
}

import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { largestSeed } from "../../api/check";
import type { CrossValidation, CrossValidationProgress, FoldScores } from "../../api/types";
import "../../view/confusion";
import { count, decimal, duration, loss, percent, plural } from "../../view/format";
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
        ? html`${this.#modal.head("Cross-validation")}
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
    const { bench, running } = this;
    // What is chosen may not be loaded yet.
    const info = bench.data.upToDate ? bench.data.info : null;
    const pictures = info ? info.splits.train + info.splits.validation : null;
    const locked = running ? "Cancel it first." : undefined;
    const largest = info ? Math.max(...info.classes.map((_, label) => (info.counts.train[label] ?? 0) + (info.counts.validation[label] ?? 0))) : mostFolds;
    const most = Math.max(2, Math.min(mostFolds, largest));
    return html`
      <p>The ${pictures === null ? "" : `${count(pictures)} `}pictures of training and validation are dealt into folds, each with its part of every class. For each fold a fresh network learns from the others and is measured on it. Test pictures are not touched, and your own network stays as it is.</p>
      <div class="fields">
        ${field({
          id: "folds", label: "Folds", help: "How many parts, and so how many networks are trained. Five or ten are usual; more take longer.",
          control: html`<input id="folds" type="number" min="2" max=${most} step="1" required inputmode="numeric" .value=${String(this.folds)} ?disabled=${running} title=${locked ?? nothing}
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              this.folds = typedNumber(input) ?? this.folds;
              input.value = String(this.folds);
            }} />`,
        })}
        ${field({
          id: "folds-seed", label: "Seed", help: "The same seed deals the same folds and begins with the same weights, so that two networks can be compared fairly.",
          control: html`<input id="folds-seed" type="number" min="0" max=${largestSeed} step="1" required inputmode="numeric" .value=${String(this.#seed)} ?disabled=${running} title=${locked ?? nothing}
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              this.seed = typedNumber(input) ?? this.seed;
              input.value = String(this.#seed);
            }} />`,
        })}
      </div>
      <p class="small" id="folds-options"><span class="muted">Each network is trained as Train says now:</span> ${optionsInWords(bench.training.options)}.</p>`;
  }

  get #seed(): number {
    return this.seed ?? this.bench.settings.seed;
  }

  /** How far it is, in a place that is always there. */
  #course(): TemplateResult {
    const { progress, running, bench } = this;
    const loading = running && !progress;
    const left = this.#time.seconds;
    return html`<div class="progress small">
      <progress max="1" .value=${progress?.share ?? 0} aria-label="Cross-validation"></progress>
      <div class="row between wrap">
        <span id="folds-progress">${loading ? (bench.data.loading ? "Loading the pictures …" : "Dealing the folds …") : running && progress ? inWords(progress) : this.told || "Not begun yet."}</span>
        <span class="number muted">${running && progress && left !== null && !this.cancelling ? `about ${duration(left)} left` : nothing}</span>
      </div>
      <p class="sr" role="status">${running ? "" : this.told} ${this.#toldFolds > 0 && running ? `${plural(this.#toldFolds, "fold")} of ${progress?.folds} measured.` : ""}</p>
    </div>`;
  }

  #table(): TemplateResult {
    const { progress, result, running } = this;
    const folds = running || this.subject ? (progress?.folds ?? this.subject?.folds ?? this.folds) : this.folds;
    const scores = result?.folds ?? progress?.scores ?? [];
    return html`<div class="scroll" role="region" aria-label="Folds" tabindex="0"><table class="list">
      <thead><tr><th scope="col">Held out</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Loss (nats)</th>
        <th scope="col" class="number">Trained on</th><th scope="col" class="number">Measured on</th><th scope="col" class="number">Epochs</th><th scope="col" class="number">Time</th></tr></thead>
      <tbody>${Array.from({ length: folds }, (_, i) => this.#row(i + 1, scores[i]))}</tbody>
      <tfoot><tr><th scope="row" title="Mean and standard deviation">Mean ± std</th>
        <td class="number" id="folds-accuracy">${result ? `${percent(result.accuracy.mean, 2)} ± ${decimal(100 * result.accuracy.std, 2)}` : "–"}</td>
        <td class="number" id="folds-loss">${result ? `${decimal(result.loss.mean, 4)} ± ${decimal(result.loss.std, 4)}` : "–"}</td>
        <td></td><td></td><td></td><td class="number">${result ? duration(result.seconds) : "–"}</td></tr></tfoot>
    </table></div>`;
  }

  #row(fold: number, scores: FoldScores | undefined): TemplateResult {
    const { progress, running } = this;
    const now = running && progress?.fold === fold && !scores;
    const early = scores && scores.reason !== "finished" ? { "early-stopping": " (stopped early)", diverged: " (diverged)", stopped: "" }[scores.reason] : "";
    return html`<tr class=${now ? "now" : ""}>
      <th scope="row">Fold ${fold}</th>
      ${scores
        ? html`<td class="number">${percent(scores.accuracy, 2)}</td><td class="number">${decimal(scores.loss, 4)}</td>
            <td class="number">${count(scores.train)}</td><td class="number">${count(scores.heldOut)}</td><td class="number">${count(scores.epochs.length)}${early}</td><td class="number">${duration(scores.seconds)}</td>`
        : now
          ? html`<td colspan="2" class="number muted">${progress.stage === "measuring" ? "being measured" : "learning"}</td><td class="number">${count(progress.train)}</td><td class="number">${count(progress.heldOut)}</td><td class="number">–</td><td class="number">–</td>`
          : html`<td class="number">–</td><td class="number">–</td><td class="number">–</td><td class="number">–</td><td class="number">–</td><td class="number">–</td>`}
    </tr>`;
  }

  /** What belongs to the whole. */
  #whole(): TemplateResult {
    const { result, subject } = this;
    const warnings = result?.warnings ?? this.progress?.warnings ?? [];
    return html`
      ${subject && !this.running ? html`<p class="small muted">Of ${subject.name}, with ${subject.words}.${result ? " ± is the population’s standard deviation, as NumPy’s std gives it." : ""}</p>` : nothing}
      ${warnings.length > 0 ? html`<ul class="small">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>` : nothing}
      ${result && subject
        ? html`<details open><summary>Which class was taken for which, when it was held out</summary>
            <cnn-lab-confusion .classes=${subject.classes} .confusion=${result.confusion}></cnn-lab-confusion></details>`
        : nothing}`;
  }

  #foot(): TemplateResult {
    const { running, cancelling, result, progress, bench } = this;
    const scores = result?.folds ?? progress?.scores ?? [];
    const why =
      bench.training.active ? "Stop the run in Train first."
      : bench.data.loading ? "The pictures are being loaded."
      : bench.switching || !bench.lab ? "The device is not ready yet."
      : undefined;
    return html`<footer>
      <span class="grow small muted">${running ? "It goes on when you close this: the button in Train says how far it is." : (why ?? "")}</span>
      ${button({
        id: "folds-csv", label: "CSV", name: "Download the folds as CSV", why: scores.length === 0 ? "No fold was measured yet." : undefined,
        onClick: () => download(new Blob([foldsCsv(scores, result)], { type: "text/csv" }), "cnn-lab-folds.csv"),
      })}
      ${running
        ? button({ id: "cancel-folds", label: cancelling ? "Cancelling …" : "Cancel", why: cancelling ? "It ends after the step under way." : undefined, onClick: () => this.#end() })
        : button({ id: "start-folds", label: "Start", kind: "primary", why, onClick: () => void this.#start() })}
    </footer>`;
  }

  #end(): void {
    this.cancelling = true;
    this.#cancel.abort();
    // Another load than its own goes on.
    if (this.#loading) this.bench.data.cancel();
  }

  async #start(): Promise<void> {
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
        this.subject = { name: info.name, classes: info.classes, words: optionsInWords(options), folds };
        this.result = await lab.crossValidate({ ...options, folds, seed: this.#seed, signal: cancel.signal, onProgress: (progress) => this.#take(progress) });
        this.told = `Done: ${plural(folds, "fold")} in ${duration(this.result.seconds)}.`;
      } else {
        this.told = cancel.signal.aborted ? "Cancelled. Your network is as it was." : "The pictures could not be loaded.";
      }
    } catch (error) {
      this.told = isAbort(error) ? "Cancelled. Your network is as it was." : "It ended with an error. Your network is as it was.";
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
function inWords({ fold, folds, stage, epoch, epochs, step, steps, loss: now }: CrossValidationProgress): string {
  const where = `Fold ${fold} of ${folds}`;
  switch (stage) {
    case "fitting":
      return `${where}: fitting to its pictures`;
    case "measuring":
      return `${where}: measuring`;
    case "training":
      return `${where}: epoch ${epoch} of ${epochs}, batch ${count(step)} of ${count(steps)}${now === null ? "" : `, loss ${loss(now)}`}`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-folds": FoldsDialog;
  }
}

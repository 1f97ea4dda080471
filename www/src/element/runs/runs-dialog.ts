import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { repeat } from "lit/directives/repeat.js";
import type { CnnLab } from "../../api/cnn-lab";
import type { RunRecord } from "../../api/types";
import { type ComparedLine, mostLines } from "../../view/compare-chart";
import "../../view/compare-chart";
import { curvesCsv, runsCsv } from "../../view/runs-csv";
import { misfit } from "../builder/fit";
import { RecentMean } from "../curves";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import { own } from "../network-step";
import { Watch } from "../observable";
import { button, download } from "../parts";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { settingsOfRun } from "./again";
import { bestOf, type ColumnKey, columns, sorted, type Sorting } from "./columns";
import { optionsInWords } from "./words";
import "../../text/en/runs";
import type { Phrase } from "../../text/texts";

const figures = {
  valAccuracy: (t) => t.runs.validationAccuracy,
  accuracy: (t) => t.runs.trainingAccuracy,
  valLoss: (t) => t.runs.validationLoss,
  loss: (t) => t.runs.trainingLoss,
} satisfies Record<string, Phrase>;
type Figure = keyof typeof figures;

/** What is asked in the footer before it is done. */
type Question = { what: "delete"; runs: RunRecord[] } | { what: "again"; run: RunRecord };

/** The runs of this and earlier visits: to sort, name, compare, export, repeat and delete. */
@define("cnn-lab-runs")
export class RunsDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  /** Null until they have been read. */
  @state() private runs: readonly RunRecord[] | null = null;
  @state() private sorting: Sorting = { key: "started", down: true };
  /** The ticked runs, each with the place that gives it its colour. */
  @state() private ticked: ReadonlyMap<string, number> = new Map();
  @state() private figure: Figure = "valAccuracy";
  @state() private question: Question | null = null;
  @state() private told = "";

  #lab: CnnLab | null = null;
  #reading = false;
  #stale = false;
  #focus = "";
  /** Kept while nothing changes, so that the chart is not drawn anew. */
  #lines: { key: string; lines: ComparedLine[] } = { key: "", lines: [] };
  readonly #modal = new Modal(this, () => this.bench, "runs", () => {
    this.question = null;
    this.told = "";
  });
  readonly #changed = (): void => void this.#read();

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 1400px; height: calc(100dvh - 24px); }
      dialog > .body { overflow: hidden; }
      .table { flex: 0 1 auto; max-height: 60%; min-height: 120px; overflow: auto; scrollbar-width: thin; scrollbar-color: var(--lab-edge) transparent; }
      table.list { white-space: nowrap; }
      table.list thead th { position: sticky; top: 0; z-index: 1; background: var(--lab-panel); padding: 0; }
      table.list :is(th, td) { padding-right: 12px; }
      table.list :is(th, td).number { padding-right: 12px; }
      thead button { display: flex; gap: 4px; align-items: center; width: 100%; height: 28px; padding: 0 8px 0 0; border: 0; background: none; font-weight: 600; color: var(--lab-muted); cursor: pointer; white-space: nowrap; }
      thead .number button { justify-content: flex-end; padding: 0 0 0 8px; }
      thead button:focus-visible { outline-offset: -2px; }
      thead i { width: 10px; font-style: normal; color: var(--lab-accent); }
      td.tick { width: 32px; text-align: center; }
      td.tick input { width: 16px; height: 16px; vertical-align: middle; }
      td input[type="text"] { width: 150px; height: 28px; border-color: transparent; background: none; font-size: 13px; padding: 0 6px; margin-left: -6px; }
      td input[type="text"]:is(:hover, :focus) { border-color: var(--lab-edge); background: var(--lab-panel); }
      @media (min-width: 701px) {
        /* What can be done with a run stays in reach while its figures scroll. */
        td.do { position: sticky; right: 0; background: var(--lab-panel); }
      }
      tr.ticked > *, tr.ticked > td.do { background: var(--lab-wash); }
      td b { font-weight: 700; }
      td.do .button { height: 28px; font-size: 12px; }
      td.do .square { width: 28px; }
      td.do { text-align: right; padding-right: 0; }
      .chart { flex: 1 1 260px; min-height: 260px; display: flex; flex-direction: column; gap: 4px; padding-top: 8px; border-top: 1px solid var(--lab-line); }
      .chart select { width: auto; }
      .chart cnn-lab-compare-chart { flex: 1; }
      .none { display: grid; place-items: center; flex: 1; text-align: center; }
      footer .grow { flex-basis: 240px; overflow-wrap: anywhere; }
      @media (max-width: 700px) {
        .chart { min-height: 300px; }
        footer .grow { flex-basis: 100%; }
      }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#lab?.removeEventListener("runs", this.#changed);
    this.#lab = null;
  }

  override willUpdate(): void {
    const { lab } = this.bench;
    if (this.#modal.open && lab !== this.#lab) {
      this.#lab?.removeEventListener("runs", this.#changed);
      this.#lab = lab;
      lab?.addEventListener("runs", this.#changed);
      void this.#read();
    }
  }

  override updated(changed: PropertyValues): void {
    // A question takes the focus; its answer gives it back to what is still there.
    if (changed.has("question") && this.#modal.open) {
      this.renderRoot.querySelector<HTMLElement>(this.question ? "#keep" : (this.#focus || "#close"))?.focus();
    }
  }

  /** Reads the records; once more where they changed meanwhile. */
  async #read(): Promise<void> {
    this.#stale = true;
    if (this.#reading) {
      return;
    }
    this.#reading = true;
    await this.bench.try(async () => {
      while (this.#stale) {
        this.#stale = false;
        this.runs = (await this.bench.lab?.runs()) ?? [];
      }
    });
    this.#reading = false;
    const there = new Set(this.runs?.map(({ id }) => id));
    this.ticked = new Map([...this.ticked].filter(([id]) => there.has(id)));
  }

  override render(): TemplateResult {
    const t = this.bench.text;
    const { runs } = this;
    return html`<dialog id="runs-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open
        ? html`${this.#modal.head(t.runs.title)}
            <div class="body">${
              runs === null
                ? html`<p class="none muted">${t.common.reading}</p>`
                : runs.length === 0
                  ? html`<p class="none muted">${t.runs.noRunYet}</p>`
                  : html`${this.#table(runs)} ${this.#chart(runs)}`
            }</div>
            ${this.#foot(runs ?? [])}
            <p class="sr" role="status">${this.told}</p>`
        : nothing}
    </dialog>`;
  }

  #table(runs: readonly RunRecord[]): TemplateResult {
    const t = this.bench.text;
    const best = bestOf(runs);
    const { key, down } = this.sorting;
    return html`<div class="table" role="region" aria-label=${t.runs.allRuns} tabindex="0">
      <table class="list">
        <thead><tr>
          <td class="tick"><span class="sr">${t.common.compare}</span></td>
          ${columns(t).map((column) => html`<th scope="col" class=${column.number ? "number" : ""} aria-sort=${column.key === key ? (down ? "descending" : "ascending") : "none"}>
            <button type="button" id="sort-${column.key}" title=${column.about} @click=${() => this.#sort(column.key, column.number)}>${column.title}<i aria-hidden="true">${column.key === key ? (down ? "▾" : "▴") : ""}</i></button></th>`)}
          <td><span class="sr">${t.runs.whatToDo}</span></td>
        </tr></thead>
        <tbody>${repeat(sorted(t, runs, this.sorting), ({ id }) => id, (run) => this.#row(run, best))}</tbody>
      </table>
    </div>`;
  }

  #row(run: RunRecord, best: Set<string>): TemplateResult {
    const t = this.bench.text;
    const { id, name, reason } = run;
    const full = !this.ticked.has(id) && this.ticked.size >= mostLines ? t.runs.comparedAlready(mostLines) : undefined;
    const goesOn = reason === null && this.bench.training.active ? t.runs.mayGoOn : undefined;
    return html`<tr class=${this.ticked.has(id) ? "ticked" : ""} data-run=${id}>
      <td class="tick"><input type="checkbox" aria-label=${t.runs.compareName(name)} title=${full ?? t.common.compare} .checked=${live(this.ticked.has(id))} ?disabled=${full !== undefined}
        @change=${() => this.#tick(id)} /></td>
      ${columns(t).map((column) =>
        column.key === "name"
          ? html`<td><input type="text" aria-label=${t.common.nameOf(name)} maxlength="80" autocomplete="off" .value=${name}
              @change=${(event: Event) => void this.#rename(run, event.target as HTMLInputElement)} /></td>`
          : html`<td class=${column.number ? "number" : ""} title=${column.key === "options" ? optionsInWords(t, run.options) : column.key === "network" ? networkInWords(run) : nothing}>${
              best.has(`${id}:${column.key}`) ? html`<b title=${t.runs.bestOn(run.dataset)}>${column.text(run)}</b>` : column.text(run)
            }</td>`,
      )}
      <td class="do">
        ${button({ id: `again-${id}`, label: t.runs.useAgain, name: t.runs.useAgainName(name), why: this.#whyNotAgain, onClick: () => this.#ask({ what: "again", run }) })}
        ${button({ id: `delete-${id}`, label: "×", name: t.common.deleteName(name), kind: "square", why: goesOn, onClick: () => this.#ask({ what: "delete", runs: [run] }) })}
      </td>
    </tr>`;
  }

  get #whyNotAgain(): string | undefined {
    const t = this.bench.text;
    const { training, held, lab } = this.bench;
    return training.active ? t.common.stopFirstLoses : (held ?? (lab ? undefined : t.common.deviceNotReady));
  }

  #sort(key: ColumnKey, number: boolean): void {
    // Names rise from A, figures fall from the largest; but the smallest loss comes first.
    const first = (number && key !== "valLoss") || key === "started";
    this.sorting = { key, down: this.sorting.key === key ? !this.sorting.down : first };
  }

  #tick(id: string): void {
    const ticked = new Map(this.ticked);
    if (!ticked.delete(id)) {
      const taken = new Set(ticked.values());
      ticked.set(id, Array.from({ length: mostLines }, (_, place) => place).find((place) => !taken.has(place)) ?? 0);
    }
    this.ticked = ticked;
  }

  async #rename({ id, name }: RunRecord, input: HTMLInputElement): Promise<void> {
    const wanted = input.value.trim();
    // An empty name gives way to the last that was one.
    input.value = wanted || name;
    if (wanted && wanted !== name) {
      await this.bench.try(async () => this.bench.lab?.renameRun(id, wanted));
    }
  }

  #chart(runs: readonly RunRecord[]): TemplateResult {
    const t = this.bench.text;
    const lines = this.#compared(runs);
    const accuracy = this.figure === "accuracy" || this.figure === "valAccuracy";
    return html`<div class="chart">
      <div class="row wrap">
        <label for="figure" class="small muted">${t.common.compare}</label>
        <select id="figure" @change=${(event: Event) => (this.figure = (event.target as HTMLSelectElement).value as Figure)}>
          ${Object.entries(figures).map(([key, title]) => html`<option value=${key} .selected=${live(key === this.figure)}>${title(t)}</option>`)}
        </select>
        <span class="grow"></span>
        ${button({
          id: "curves-csv", label: t.runs.curvesCsv, why: lines.length === 0 ? t.runs.tickFirst : undefined,
          onClick: () => this.#save(new Blob([curvesCsv(this.#chosen(runs))], { type: "text/csv" }), "cnn-lab-curves.csv"),
        })}
      </div>
      ${lines.length === 0
        ? html`<p class="none small muted">${t.runs.tickUpTo(mostLines)}</p>`
        : html`<cnn-lab-compare-chart .text=${t} name=${`${figures[this.figure](t)} (${accuracy ? "%" : "nats"})`} .lines=${lines} ?percent=${accuracy}
            .format=${accuracy ? (value: number) => t.percent(value, 2) : t.loss}></cnn-lab-compare-chart>`}
    </div>`;
  }

  /** The lines of the ticked runs. */
  #compared(runs: readonly RunRecord[]): ComparedLine[] {
    const { figure } = this;
    const shown = runs.filter(({ id }) => this.ticked.has(id)).toReversed();
    const key = JSON.stringify([figure, shown.map(({ id, name, epochs, steps }) => [this.ticked.get(id), name, epochs.length, steps.at(-1)?.step])]);
    if (key !== this.#lines.key) {
      this.#lines = { key, lines: shown.map((run) => ({ name: run.name, place: this.ticked.get(run.id) ?? 0, points: pointsOf(run, figure) })) };
    }
    return this.#lines.lines;
  }

  /** Those that are ticked; all where none is. */
  #chosen(runs: readonly RunRecord[]): RunRecord[] {
    const ticked = runs.filter(({ id }) => this.ticked.has(id));
    return ticked.length > 0 ? ticked : [...runs];
  }

  #save(blob: Blob, name: string): void {
    download(blob, name);
    this.told = this.bench.text.common.wasSaved(name);
  }

  #foot(runs: readonly RunRecord[]): TemplateResult {
    const t = this.bench.text;
    const { question } = this;
    if (question) {
      return this.#asked(question);
    }
    const chosen = this.#chosen(runs);
    const none = runs.length === 0 ? t.runs.noRuns : undefined;
    const which = this.ticked.size > 0 ? t.runs.tickedOnes(this.ticked.size) : t.runs.allOfThem;
    const running = this.bench.training.active && chosen.some(({ reason }) => reason === null) ? t.runs.oneMayGoOn : undefined;
    return html`<footer>
      <span class="grow small muted">${t.runs.keptHere(runs.length, this.ticked.size > 0 ? t.runs.ticked(this.ticked.size) : "")}</span>
      ${button({ id: "delete-ticked", label: t.runs.deleteTicked, why: none ?? (this.ticked.size === 0 ? t.runs.tickFirst : running), onClick: () => this.#ask({ what: "delete", runs: chosen }) })}
      ${button({ id: "runs-csv", label: "CSV", name: t.runs.csvOf(which), why: none, onClick: () => this.#save(new Blob([runsCsv(chosen)], { type: "text/csv" }), "cnn-lab-runs.csv") })}
      ${button({
        id: "runs-json", label: "JSON", name: t.runs.jsonOf(which), why: none,
        onClick: () => this.#save(new Blob([JSON.stringify(chosen, null, 2)], { type: "application/json" }), "cnn-lab-runs.json"),
      })}
    </footer>`;
  }

  #ask(question: Question): void {
    const [run] = question.what === "delete" ? question.runs : [question.run];
    this.#focus = question.what === "again" ? `#again-${run?.id}` : "";
    // Fresh weights lose nothing where nothing was learned.
    if (question.what === "again" && !this.bench.training.learned) {
      void this.#again(question.run);
      return;
    }
    this.question = question;
  }

  #asked(question: Question): TemplateResult {
    const t = this.bench.text;
    const keep = button({ id: "keep", label: question.what === "delete" ? t.common.keep : t.common.goBack, onClick: () => (this.question = null) });
    if (question.what === "delete") {
      const { runs } = question;
      return html`<footer><p class="grow" role="alert">${t.runs.cannotUndo(runs.length === 1 ? t.runs.deleteOne(runs[0]?.name ?? "") : t.runs.deleteMany(runs.length))}</p>
        ${keep} ${button({ id: "delete-sure", label: t.common.remove, kind: "primary", onClick: () => void this.#delete(runs) })}</footer>`;
    }
    return html`<footer><p class="grow" role="alert">${t.common.learnedLost}</p>
      ${keep} ${button({ id: "again-sure", label: t.runs.useIt, kind: "primary", why: this.#whyNotAgain, onClick: () => void this.#again(question.run) })}</footer>`;
  }

  async #delete(runs: readonly RunRecord[]): Promise<void> {
    await this.bench.try(async () => {
      // One that was deleted in another tab meanwhile must not keep the others.
      const results = await Promise.allSettled(runs.map(async ({ id }) => this.bench.lab?.deleteRun(id)));
      this.told = this.bench.text.runs.deleted(runs.length);
      const failed = results.find((result) => result.status === "rejected" && (result.reason as { code?: unknown }).code !== "option");
      if (failed) throw (failed as PromiseRejectedResult).reason;
    });
    this.question = null;
  }

  /** Takes a run's network, with fresh weights, and its options. */
  async #again(run: RunRecord): Promise<void> {
    const t = this.bench.text;
    const { bench } = this;
    const lab = await bench.ready;
    const settings = settingsOfRun(run);
    await bench.try(async () => {
      await bench.network.take(lab, run.spec, own);
      Object.assign(bench.settings, settings);
      bench.close();
      const { info } = bench.data;
      const unfit = misfit(t, run.spec.input_shape, lab.summary?.layers.at(-1)?.outputShape ?? [], info && { shape: info.shape, classes: info.classes.length });
      if (unfit) {
        bench.warn({ message: t.runs.otherData(run.name, run.dataset, unfit) });
      }
    });
    this.question = null;
  }
}

/** A run's curve: training by its steps, smoothed as in Train, validation by its epochs. */
function pointsOf({ steps, epochs }: RunRecord, figure: Figure): ComparedLine["points"] {
  if (figure === "loss" || figure === "accuracy") {
    const mean = new RecentMean();
    return { x: steps.map(({ at }) => at), y: steps.map((step) => mean.add(step[figure])) };
  }
  const measured = epochs.flatMap(({ epoch, [figure]: value }) => (value === undefined ? [] : [{ epoch, value }]));
  return { x: measured.map(({ epoch }) => epoch), y: measured.map(({ value }) => value) };
}

/** "Conv2D, MaxPooling2D, Flatten, Dense". */
function networkInWords({ spec }: RunRecord): string {
  return spec.layers.map(({ layer }) => layer).join(", ");
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-runs": RunsDialog;
  }
}

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { fetchPlots } from "../view/chart";
import "../view/confusion";
import { historyCsv } from "../view/csv";
import { changes } from "./augment";
import { define } from "./define";
import { mainButton } from "./main-button";
import { Watch } from "./observable";
import { button, download, field, typedNumber } from "./parts";
import { devices, optimizers, type Settings, startsItself, trainingChanges } from "./settings";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";
import { phrase } from "../text/texts";

/** The third step, Train. */
@define("cnn-lab-train")
export class TrainPanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @query("#checkpoint") private file!: HTMLInputElement;

  constructor() {
    super();
    new Watch(this, () => this.bench, true);
  }

  override willUpdate(): void {
    // Before the first point: charts are made in a moment of training.
    if (this.bench.training.active) fetchPlots();
  }

  static override styles = [
    base,
    panel,
    css`
      section { gap: 10px; }
      header { flex-wrap: wrap; justify-content: flex-end; gap: 6px; }
      header h2.grow { min-width: min-content; }
      header .button { padding: 0 6px; }
      /* English words are the shortest. */
      header:not(:lang(en)) .button { padding: 0 4px; font-size: 12px; }
      header:not(:lang(en)) { gap: 4px; }
      .options { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px 12px; }
      .options .button { justify-content: flex-start; width: 100%; }
      :host([narrow]) .options { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      .more { display: flex; align-items: center; gap: 8px; }
      :host([narrow]) .more { flex-wrap: wrap; justify-content: flex-end; }
      .balance { gap: 2px; font-size: 12px; }
      .balance input { margin-right: 6px; }
      .buttons { display: flex; gap: 8px 6px; flex-wrap: wrap; }
      .buttons .primary { min-width: 112px; }
      .progress { display: grid; gap: 4px; }
      .progress .row { min-height: 16px; }
      .bad { color: var(--lab-bad); }
      .vitals { min-height: 32px; }
      .vitals .grow { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
      .charts { display: grid; grid-auto-rows: minmax(144px, 1fr); flex: 1 0 300px; gap: 12px; }
      .charts > * { min-height: 144px; }
      .test { display: grid; align-content: start; gap: 4px; min-height: 84px; padding-top: 8px; border-top: 1px solid var(--lab-line); }
      .test .row { min-height: 40px; }
      /* The button stands beside what opens below it. */
      .test > :is(.more, details) { grid-area: 2 / 1; align-self: start; }
      .test > .more { justify-self: end; z-index: 1; }
      .test summary { min-height: 32px; padding: 6px 104px 0 0; }
      .big { font-size: 16px; line-height: 24px; font-weight: 650; }
      .warnings { font-size: 12px; line-height: 16px; }
      .warnings ul { margin: 4px 0 0; padding-left: 16px; }
      :host([narrow]) .main-button { display: none; }
    `,
  ];

  override render(): TemplateResult {
    return html`<section aria-labelledby="title">
      <header>
        <span class="place" aria-hidden="true">3</span><h2 id="title" class="grow">${this.bench.text.train.title}</h2>
        ${this.#files()}
      </header>
      <slot></slot>
      ${this.#options()} ${this.#deviceSentence()} ${this.#buttons()} ${this.#progress()} ${this.#vitals()} ${this.#charts()} ${this.#test()} ${this.#warnings()}
      <p class="sr" aria-live="polite">${this.bench.training.spoken}</p>
      <p class="sr" role="status">${this.bench.vitals.spoken}</p>
    </section>`;
  }

  #files(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    return html`
      ${button({ id: "runs", label: t.train.runs, name: t.train.runsName, why: bench.fixed, onClick: () => bench.open("runs") })}
      ${bench.sessions.asked ? button({ id: "kept", label: t.train.kept, name: t.train.keptName, onClick: () => bench.open("sessions") }) : nothing}
      ${button({
        id: "csv", label: "CSV", name: t.train.csvName,
        why: bench.training.curves.empty ? t.common.noCurves : undefined,
        onClick: () => {
          const history = bench.lab?.history;
          if (history) download(new Blob([historyCsv(history)], { type: "text/csv" }), "cnn-lab-history.csv");
        },
      })}
      ${button({
        id: "save", label: t.train.save, name: t.train.saveName,
        why: bench.lab?.summary ? undefined : t.common.noNetwork,
        onClick: () =>
          void bench.try(async () => {
            const blob = await bench.lab?.save("checkpoint");
            if (blob) download(blob, `${(bench.data.info?.name ?? bench.settings.dataset).replace(/[\\/]/g, "-")}-${bench.network.chosen}.cnn-lab.safetensors`);
          }),
      })}
      ${button({
        id: "open", label: t.train.load, name: t.train.loadName, why: bench.fixed ?? (bench.training.active ? t.common.stopFirst : bench.held),
        onClick: () => this.file.click(),
      })}
      <input id="checkpoint" type="file" class="sr" tabindex="-1" aria-label=${t.train.savedNetwork} @change=${() => {
        const [file] = this.file.files ?? [];
        this.file.value = "";
        if (file) void bench.training.load(file);
      }} />
    `;
  }

  #number(
    key: "epochs" | "batchSize" | "learningRate",
    { id, label, help, min, step, why, set }: { id: string; label: string; help: string; min: number; step: string; why?: string | undefined; set: (value: number) => unknown },
  ): TemplateResult {
    const { settings } = this.bench;
    return field(this.bench.text, {
      id, label, help,
      control: html`<input id=${id} type="number" min=${min} step=${step} inputmode="decimal" required
        .value=${String(settings[key])} ?disabled=${why !== undefined} title=${why ?? nothing}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          const value = typedNumber(input);
          if (value !== null) void set(value);
          // What is no such number gives way to the last that was.
          input.value = String(settings[key]);
        }} />`,
    });
  }

  #options(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { settings, training, folding } = bench;
    const changed = changes(settings.augmentation);
    const more = trainingChanges(settings);
    const fixed = bench.fixed ?? (training.active || training.resumable ? t.common.runKeeps : undefined);
    return html`<div class="options">
      ${this.#number("epochs", {
        id: "epochs", label: t.common.epochs, min: 1, step: "1", why: bench.fixed, set: (value) => training.setEpochs(value),
        help: t.train.epochsHelp,
      })}
      ${this.#number("batchSize", {
        id: "batch-size", label: t.train.batchSize, min: 1, step: "1", why: bench.fixed, set: (value) => training.setBatchSize(value),
        help: t.train.batchSizeHelp,
      })}
      ${this.#number("learningRate", {
        id: "learning-rate", label: t.common.learningRate, min: 0, step: "any",
        why: bench.fixed ?? (startsItself(settings.schedule) && !training.active ? t.train.startsItself : undefined),
        set: (value) => training.setLearningRate(value),
        help: t.train.rateHelp,
      })}
      ${field(t, {
        id: "optimizer", label: t.common.optimizer,
        help: t.train.optimizerHelp,
        control: html`<select id="optimizer" ?disabled=${fixed !== undefined} title=${fixed ?? nothing}
          @change=${(event: Event) => training.chooseOptimizer((event.target as HTMLSelectElement).value)}>
          ${optimizers.map(({ name, title }) => html`<option value=${name} .selected=${live(name === settings.optimizer)}>${title}</option>`)}
        </select>`,
      })}
      ${this.#device(settings)}
      ${field(t, {
        id: "augment",
        label: t.train.augmentLabel,
        help: t.train.augmentHelp,
        control: button({
          id: "augment", label: changed === 0 ? t.train.off : `${t.common.count.changes(changed)} …`,
          name: t.train.augmentName(changed === 0 ? t.train.offWord : t.common.count.changes(changed)), why: bench.fixed, onClick: () => bench.open("augment"),
        }),
      })}
    </div>
    <div class="more">
      <span class="row balance" title=${fixed ?? nothing}>
        <input type="checkbox" id="balance" .checked=${live(settings.classWeight === "balanced")} ?disabled=${fixed !== undefined}
          @change=${(event: Event) => {
            settings.classWeight = (event.target as HTMLInputElement).checked ? "balanced" : null;
            bench.changed();
          }} />
        <label for="balance">${t.train.balance}</label>
        <cnn-lab-help .text=${t} about=${t.train.balance}>${t.train.balanceHelp}</cnn-lab-help>
      </span>
      <span class="grow"></span>
      ${button({
        id: "cross-validate", label: folding === null ? t.train.folds : t.train.foldsAt(folding),
        name: folding === null ? t.train.foldsName : t.train.foldsAtName(folding),
        why: bench.fixed, onClick: () => bench.open("folds"),
      })}
      ${button({
        id: "options", label: more === 0 ? t.train.options : t.train.optionsSet(more),
        name: t.train.optionsName(more === 0 ? t.train.asKeras : t.common.count.changes(more)), why: bench.fixed, onClick: () => bench.open("options"),
      })}
    </div>`;
  }

  #device(settings: Settings): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const why =
      bench.fixed ?? (bench.switching ? t.common.anotherDevice : bench.data.loading ? t.common.loading : bench.held);
    return field(t, {
      id: "device", label: t.train.device,
      help: t.train.deviceHelp,
      control: html`<select id="device" ?disabled=${why !== undefined} title=${why ?? nothing} aria-describedby="reason"
        @change=${(event: Event) => void bench.useDevice((event.target as HTMLSelectElement).value as Settings["device"])}>
        ${devices.map(({ kind, title }) => html`<option value=${kind} .selected=${live(kind === settings.device)}>${phrase(t, title)}</option>`)}
      </select>`,
    });
  }

  #deviceSentence(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { device, switching, failed } = bench;
    return html`<p id="reason" class="small muted" role="status">
      ${failed ? t.train.noStart : switching || !device ? t.train.makingReady : `${bench.says(device.reason)} (${t.core.says(device.name)})`}
    </p>`;
  }

  #buttons(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { training, network } = bench;
    const loading = training.mainAction === "loading";
    return html`<div class="buttons">
      <span class="main-button">${mainButton(bench)}</span>
      ${button({
        id: "step", label: t.train.step,
        why: loading ? t.common.loading : bench.network.classes && training.mainAction === "train" ? t.train.needsNone : !bench.lab ? t.common.deviceNotReady : undefined,
        onClick: () => void training.step(),
      })}
      ${button({
        id: "stop", label: t.train.stop,
        why: training.run || bench.data.loading ? undefined : t.train.nothingRuns,
        onClick: () => {
          bench.data.cancel();
          void training.stop();
        },
      })}
      <span class="grow"></span>
      ${button({
        id: "start-over", label: t.train.startOver, kind: "plain",
        why: training.active ? t.common.stopFirst : bench.held ?? (training.curves.empty && !training.fromFile ? t.train.freshAlready : undefined),
        onClick: () => void network.startOver(),
      })}
    </div>`;
  }

  #progress(): TemplateResult {
    const t = this.bench.text;
    const { fitting, fittingText, fittingLeft, latest, lastEpoch, share, secondsLeft, run, outcome, diverged } = this.bench.training;
    const epoch = t.common.epochOf(latest?.epoch ?? "–", lastEpoch ?? this.bench.settings.epochs);
    const batch = latest ? t.train.andBatch(latest.step, latest.steps) : "";
    const left = fitting ? fittingLeft : run ? secondsLeft : null;
    return html`<div class="progress small">
      <progress max="1" .value=${share} aria-label=${!fitting ? t.common.training : fitting.what === "features" ? t.train.computingFeatures : t.train.fittingName}></progress>
      <div class="row between">
        <span>${fitting ? fittingText : `${epoch}${batch}`}</span>
        <span class="number">${run && latest && !fitting ? t.train.speed(latest.imagesPerSecond) : nothing}</span>
      </div>
      <div class="row between muted">
        <span class=${diverged && !run ? "bad" : ""}>${run ? this.#standing() : outcome}</span>
        <span class="number">${left !== null ? t.train.left(fitting ? t.train.about : "", left) : nothing}</span>
      </div>
    </div>`;
  }

  /** What holds at present, in a run under way. */
  #standing(): string {
    const t = this.bench.text;
    const { fitting, latest, nextBatchSize, paused } = this.bench.training;
    const { wentOn } = this.bench.sessions;
    // One of them: both would take two lines, and move what is below.
    const now =
      nextBatchSize !== null ? t.train.batchSizeNext(nextBatchSize) : wentOn ? wentOn : latest && !fitting ? t.train.rateNow(latest.learningRate) : "";
    return paused ? t.train.paused(now) : now;
  }

  /** The most important problem, in the room of two lines: all of it is in the dialog. */
  #vitals(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const [first] = bench.vitals.findings;
    const problem = first && first.severity !== "good" ? first : null;
    const text = problem ? `${problem.severity === "bad" ? t.common.vitalsProblem : t.common.watchOut}: ${problem.message}` : "";
    return html`<div class="vitals row">
      <span class="grow small ${problem?.severity === "bad" ? "bad" : "muted"}" id="finding" title=${text || nothing}>${text || t.train.vitalsHint}</span>
      ${button({ id: "vitals", label: t.train.vitals, name: t.train.vitalsName, onClick: () => bench.open("vitals") })}
    </div>`;
  }

  #charts(): TemplateResult {
    const t = this.bench.text;
    const { training, settings } = this.bench;
    const epochs = Math.max(training.lastEpoch ?? settings.epochs, training.latest?.epoch ?? 0);
    return html`<div class="charts">
      <cnn-lab-chart .text=${t} name=${t.common.lossNats} .lines=${training.lossLines} .previous=${training.before?.loss ?? null}
        .epochs=${epochs} .format=${t.loss}></cnn-lab-chart>
      <cnn-lab-chart .text=${t} name=${t.train.accuracyPercent} .lines=${training.accuracyLines} .previous=${training.before?.accuracy ?? null}
        .epochs=${epochs} .format=${(value: number) => t.percent(value, 1)} .top=${1}></cnn-lab-chart>
    </div>`;
  }

  #test(): TemplateResult {
    const t = this.bench.text;
    const { data, training } = this.bench;
    const { evaluation, evaluating } = training;
    const pictures = data.info?.splits.test ?? 0;
    const why = pictures === 0 ? t.common.loadFirst : undefined;
    return html`<div class="test">
      <div class="row">
        ${evaluating
          ? html`<div class="grow"><progress max=${evaluating.total || 1} .value=${evaluating.done} aria-label=${t.train.evaluating}></progress></div>
              ${button({ id: "cancel-evaluation", label: t.common.cancel, onClick: () => training.cancelEvaluation() })}`
          : html`<span class="grow">${
                evaluation
                  ? html`<span class="big">${t.percent(evaluation.accuracy, 2)}</span> ${t.train.ofTestRight(evaluation.count, evaluation.loss)}${
                      training.evaluationIsOld ? html`<span class="muted">${t.train.beforeLearned}</span>` : nothing}`
                  : html`<span class="muted">${t.train.howWell}</span>`
              }</span>
              ${button({ id: "evaluate", label: t.train.evaluate, name: t.train.evaluateName, why, onClick: () => void training.evaluate() })}`}
      </div>
      <span class="more">${button({ id: "evaluation", label: t.train.details, name: t.train.detailsName, onClick: () => this.bench.open("evaluation") })}</span>
      ${evaluation && data.info
        ? html`<details>
            <summary>${t.common.takenFor}</summary>
            <cnn-lab-confusion .text=${t} .classes=${data.info.classes} .confusion=${evaluation.confusion}></cnn-lab-confusion>
          </details>`
        : nothing}
    </div>`;
  }

  #warnings(): TemplateResult | typeof nothing {
    const { warnings } = this.bench;
    return warnings.length === 0
      ? nothing
      : html`<details class="warnings" open>
          <summary>${this.bench.text.common.count.warnings(warnings.length)}</summary>
          <ul>${warnings.map(({ message, place }) => html`<li>${this.bench.says(message)}${place ? ` (${place})` : ""}</li>`)}</ul>
        </details>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-train": TrainPanel;
  }
}

import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import "../view/chart";
import "../view/confusion";
import { historyCsv } from "../view/csv";
import { count, duration, loss, percent, plural, rate } from "../view/format";
import { changes } from "./augment";
import { define } from "./define";
import { mainButton } from "./main-button";
import { Watch } from "./observable";
import { button, download, field, typedNumber } from "./parts";
import { devices, optimizers, type Settings, startsItself, trainingChanges } from "./settings";
import { base, panel } from "./styles";
import type { Workbench } from "./workbench";

/** The third step, Train. */
@define("cnn-lab-train")
export class TrainPanel extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @query("#checkpoint") private file!: HTMLInputElement;

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    panel,
    css`
      section { gap: 10px; }
      header { flex-wrap: wrap; gap: 6px; }
      header h2 { min-width: 44px; }
      header .button { padding: 0 6px; }
      .options { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px 12px; }
      .options .button { justify-content: flex-start; width: 100%; }
      :host([narrow]) .options { grid-template-columns: repeat(2, minmax(0, 1fr)); }
      .more { display: flex; align-items: center; gap: 8px; }
      .balance { gap: 2px; font-size: 12px; }
      .balance input { margin-right: 6px; }
      .buttons { display: flex; gap: 8px; flex-wrap: wrap; }
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
        <span class="place" aria-hidden="true">3</span><h2 id="title" class="grow">Train</h2>
        ${this.#files()}
      </header>
      <slot></slot>
      ${this.#options()} ${this.#deviceSentence()} ${this.#buttons()} ${this.#progress()} ${this.#vitals()} ${this.#charts()} ${this.#test()} ${this.#warnings()}
      <p class="sr" aria-live="polite">${this.bench.training.spoken}</p>
      <p class="sr" role="status">${this.bench.vitals.spoken}</p>
    </section>`;
  }

  #files(): TemplateResult {
    const { bench } = this;
    return html`
      ${button({ id: "runs", label: "Runs", name: "Runs: those of this and earlier visits, to compare and repeat", why: bench.fixed, onClick: () => bench.open("runs") })}
      ${bench.sessions.asked ? button({ id: "kept", label: "Kept", name: "Kept: training that this browser saves as it goes, to go on with", onClick: () => bench.open("sessions") }) : nothing}
      ${button({
        id: "csv", label: "CSV", name: "Download the curves as CSV",
        why: bench.training.curves.empty ? "There are no curves yet." : undefined,
        onClick: () => {
          const history = bench.lab?.history;
          if (history) download(new Blob([historyCsv(history)], { type: "text/csv" }), "cnn-lab-history.csv");
        },
      })}
      ${button({
        id: "save", label: "Save", name: "Save the network and its training to a file",
        why: bench.lab?.summary ? undefined : "There is no network yet.",
        onClick: () =>
          void bench.try(async () => {
            const blob = await bench.lab?.save("checkpoint");
            if (blob) download(blob, `${(bench.data.info?.name ?? bench.settings.dataset).replace(/[\\/]/g, "-")}-${bench.network.chosen}.cnn-lab.safetensors`);
          }),
      })}
      ${button({
        id: "open", label: "Load", name: "Load a network that was saved here, or by Keras or PyTorch", why: bench.fixed ?? (bench.training.active ? "Stop the run first." : bench.held),
        onClick: () => this.file.click(),
      })}
      <input id="checkpoint" type="file" class="sr" tabindex="-1" aria-label="A saved network" @change=${() => {
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
    return field({
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
    const { bench } = this;
    const { settings, training, folding } = bench;
    const changed = changes(settings.augmentation);
    const more = trainingChanges(settings);
    const fixed = bench.fixed ?? (training.active || training.resumable ? "A run keeps this to its end. Start over to choose another." : undefined);
    return html`<div class="options">
      ${this.#number("epochs", {
        id: "epochs", label: "Epochs", min: 1, step: "1", why: bench.fixed, set: (value) => training.setEpochs(value),
        help: "How many times the network sees every training picture.",
      })}
      ${this.#number("batchSize", {
        id: "batch-size", label: "Batch size", min: 1, step: "1", why: bench.fixed, set: (value) => training.setBatchSize(value),
        help: "How many pictures the network looks at before each small change of its weights. You can change it while training runs; it holds from the next epoch on.",
      })}
      ${this.#number("learningRate", {
        id: "learning-rate", label: "Learning rate", min: 0, step: "any",
        why: bench.fixed ?? (startsItself(settings.schedule) && !training.active ? "The schedule says itself at which rate it begins. Options has it." : undefined),
        set: (value) => training.setLearningRate(value),
        help: "How large each change of the weights is. Too large, and the loss jumps; too small, and it hardly falls. You can change it while training runs; that ends a schedule.",
      })}
      ${field({
        id: "optimizer", label: "Optimizer",
        help: "The rule by which the weights change. RMSprop and Adam adapt the step to each weight; SGD takes the plain slope. Options has what else can be set of each.",
        control: html`<select id="optimizer" ?disabled=${fixed !== undefined} title=${fixed ?? nothing}
          @change=${(event: Event) => training.chooseOptimizer((event.target as HTMLSelectElement).value)}>
          ${optimizers.map(({ name, title }) => html`<option value=${name} .selected=${live(name === settings.optimizer)}>${title}</option>`)}
        </select>`,
      })}
      ${this.#device(settings)}
      ${field({
        id: "augment",
        label: "Augmentation",
        help: "Turns, shifts, zooms and recolours training pictures a little, differently each time, so that the network cannot learn them by heart.",
        control: button({
          id: "augment", label: changed === 0 ? "Off …" : `${plural(changed, "change")} …`,
          name: `Augmentation: ${changed === 0 ? "off" : plural(changed, "change")} …`, why: bench.fixed, onClick: () => bench.open("augment"),
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
        <label for="balance">Balance classes</label>
        <cnn-lab-help about="Balance classes">Mistakes on rare classes count for more, so that each class counts alike however many pictures it has.</cnn-lab-help>
      </span>
      <span class="grow"></span>
      ${button({
        id: "cross-validate", label: folding === null ? "Folds …" : `Folds: ${percent(folding, 0)} …`,
        name: folding === null ? "Folds … to cross-validate" : `Folds: ${percent(folding, 0)} … of the cross-validation done`,
        why: bench.fixed, onClick: () => bench.open("folds"),
      })}
      ${button({
        id: "options", label: more === 0 ? "Options …" : `Options: ${more} …`,
        name: `Training options: ${more === 0 ? "as Keras has them" : plural(more, "change")} …`, why: bench.fixed, onClick: () => bench.open("options"),
      })}
    </div>`;
  }

  #device(settings: Settings): TemplateResult {
    const { bench } = this;
    const why =
      bench.fixed ?? (bench.switching ? "Another device is being made ready." : bench.data.loading ? "Loading is under way." : bench.held);
    return field({
      id: "device", label: "Device",
      help: "Where the network is computed. Automatic takes WebGPU, the graphics processor, where the browser gives one that works, and the CPU otherwise. Your data and weights move along.",
      control: html`<select id="device" ?disabled=${why !== undefined} title=${why ?? nothing} aria-describedby="reason"
        @change=${(event: Event) => void bench.useDevice((event.target as HTMLSelectElement).value as Settings["device"])}>
        ${devices.map(({ kind, title }) => html`<option value=${kind} .selected=${live(kind === settings.device)}>${title}</option>`)}
      </select>`,
    });
  }

  #deviceSentence(): TemplateResult {
    const { device, switching, failed } = this.bench;
    return html`<p id="reason" class="small muted" role="status">
      ${failed ? "The lab could not start." : switching || !device ? "Making the device ready …" : `${device.reason} (${device.name})`}
    </p>`;
  }

  #buttons(): TemplateResult {
    const { bench } = this;
    const { training, network } = bench;
    const loading = training.mainAction === "loading";
    return html`<div class="buttons">
      <span class="main-button">${mainButton(bench)}</span>
      ${button({
        id: "step", label: "Step",
        why: loading ? "Loading is under way." : !bench.lab ? "The device is not ready yet." : undefined,
        onClick: () => void training.step(),
      })}
      ${button({
        id: "stop", label: "Stop",
        why: training.run || bench.data.loading ? undefined : "Nothing is running.",
        onClick: () => {
          bench.data.cancel();
          void training.stop();
        },
      })}
      <span class="grow"></span>
      ${button({
        id: "start-over", label: "Start over", kind: "plain",
        why: training.active ? "Stop the run first." : bench.held ?? (training.curves.empty && !training.fromFile ? "The weights are fresh already." : undefined),
        onClick: () => void network.startOver(),
      })}
    </div>`;
  }

  #progress(): TemplateResult {
    const { fitting, fittingText, fittingLeft, latest, lastEpoch, share, secondsLeft, run, outcome, diverged } = this.bench.training;
    const epoch = `Epoch ${latest?.epoch ?? "–"} of ${lastEpoch ?? this.bench.settings.epochs}`;
    const batch = latest ? `, batch ${count(latest.step)} of ${count(latest.steps)}` : "";
    const left = fitting ? fittingLeft : run ? secondsLeft : null;
    return html`<div class="progress small">
      <progress max="1" .value=${share} aria-label=${!fitting ? "Training" : fitting.what === "features" ? "Computing features" : "Fitting"}></progress>
      <div class="row between">
        <span>${fitting ? fittingText : `${epoch}${batch}`}</span>
        <span class="number">${run && latest && !fitting ? `${count(latest.imagesPerSecond)} images/s` : nothing}</span>
      </div>
      <div class="row between muted">
        <span class=${diverged && !run ? "bad" : ""}>${run ? this.#standing() : outcome}</span>
        <span class="number">${left !== null ? `${fitting ? "about " : ""}${duration(left)} left` : nothing}</span>
      </div>
    </div>`;
  }

  /** What holds at present, in a run under way. */
  #standing(): string {
    const { fitting, latest, nextBatchSize, paused } = this.bench.training;
    const { wentOn } = this.bench.sessions;
    // One of them: both would take two lines, and move what is below.
    const now =
      nextBatchSize !== null ? `Batch size ${count(nextBatchSize)} from the next epoch.` : wentOn ? wentOn : latest && !fitting ? `Learning rate ${rate(latest.learningRate)}` : "";
    return paused ? `Paused. ${now}` : now;
  }

  /** The most important problem, in the room of two lines: all of it is in the dialog. */
  #vitals(): TemplateResult {
    const { bench } = this;
    const [first] = bench.vitals.findings;
    const problem = first && first.severity !== "good" ? first : null;
    const text = problem ? `${problem.severity === "bad" ? "Problem" : "Watch out"}: ${problem.message}` : "";
    return html`<div class="vitals row">
      <span class="grow small ${problem?.severity === "bad" ? "bad" : "muted"}" id="finding" title=${text || nothing}>${text || "Weights, gradients and silent units over time, and what to try."}</span>
      ${button({ id: "vitals", label: "Vitals …", name: "Vitals … of this training, and what to try where something is wrong", onClick: () => bench.open("vitals") })}
    </div>`;
  }

  #charts(): TemplateResult {
    const { training, settings } = this.bench;
    const epochs = Math.max(training.lastEpoch ?? settings.epochs, training.latest?.epoch ?? 0);
    return html`<div class="charts">
      <cnn-lab-chart name="Loss (nats)" .lines=${training.lossLines} .previous=${training.before?.loss ?? null}
        .epochs=${epochs} .format=${loss}></cnn-lab-chart>
      <cnn-lab-chart name="Accuracy (%)" .lines=${training.accuracyLines} .previous=${training.before?.accuracy ?? null}
        .epochs=${epochs} .format=${(value: number) => percent(value, 1)} .top=${1}></cnn-lab-chart>
    </div>`;
  }

  #test(): TemplateResult {
    const { data, training } = this.bench;
    const { evaluation, evaluating } = training;
    const pictures = data.info?.splits.test ?? 0;
    const why = pictures === 0 ? "Load pictures first." : undefined;
    return html`<div class="test">
      <div class="row">
        ${evaluating
          ? html`<div class="grow"><progress max=${evaluating.total || 1} .value=${evaluating.done} aria-label="Evaluating"></progress></div>
              ${button({ id: "cancel-evaluation", label: "Cancel", onClick: () => training.cancelEvaluation() })}`
          : html`<span class="grow">${
                evaluation
                  ? html`<span class="big">${percent(evaluation.accuracy, 2)}</span> of ${plural(evaluation.count, "test picture")} right, loss ${loss(evaluation.loss)}${
                      training.evaluationIsOld ? html`<span class="muted">, before it learned on</span>` : nothing}`
                  : html`<span class="muted">How well does it do on new pictures?</span>`
              }</span>
              ${button({ id: "evaluate", label: "Evaluate", name: "Evaluate on the test pictures", why, onClick: () => void training.evaluate() })}`}
      </div>
      <span class="more">${button({ id: "evaluation", label: "Details …", name: "Details: how good it is, class by class and picture by picture", onClick: () => this.bench.open("evaluation") })}</span>
      ${evaluation && data.info
        ? html`<details>
            <summary>Which class it took for which</summary>
            <cnn-lab-confusion .classes=${data.info.classes} .confusion=${evaluation.confusion}></cnn-lab-confusion>
          </details>`
        : nothing}
    </div>`;
  }

  #warnings(): TemplateResult | typeof nothing {
    const { warnings } = this.bench;
    return warnings.length === 0
      ? nothing
      : html`<details class="warnings" open>
          <summary>${plural(warnings.length, "warning")}</summary>
          <ul>${warnings.map(({ message, place }) => html`<li>${message}${place ? ` (${place})` : ""}</li>`)}</ul>
        </details>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-train": TrainPanel;
  }
}

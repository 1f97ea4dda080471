import type { TrainRun } from "../api/train-run";
import type { DoneEvent, Evaluation, FittingEvent, Preset, Progress, StepEvent, TrainEvent, TrainOptions, TrainUpdate } from "../api/types";
import type { Lines } from "../view/chart";
import { TimeLeft } from "../view/time-left";
import { Curves } from "./curves";
import { MeasureStep } from "./measure-step";
import { isLost } from "./notices";
import { defaults, optimizers, optimizerSettings, type Settings, trainOptions } from "./settings";
import type { Figures } from "./told";
import type { Workbench } from "./workbench";
import type { Phrase } from "../text/texts";

/** Charts are drawn anew at most so often, in milliseconds. */
const chartEvery = 200;

const noLines: Lines = { training: { x: [], y: [] }, validation: { x: [], y: [] } };

/** How a preset's lesson trains it. */
export function optionsOf({ epochs, batchSize, spec }: Preset): Partial<Settings> {
  return { epochs, batchSize, ...optimizerSettings(spec.compile?.optimizer) };
}

/** What the main button does next. */
export type MainAction = "train" | "pause" | "continue" | "loading";

/** The third step: learning. */
export class TrainStep {
  run: TrainRun | null = null;
  /** A run was stopped, or loaded unfinished, and can go on. */
  resumable = false;
  /** What is being fitted to the pictures before the first step, and how far it is. */
  fitting: FittingEvent | null = null;
  /** The latest step of the present run. */
  latest: StepEvent | null = null;
  /** Epochs at the end of the run, counted over the life of the weights. */
  lastEpoch: number | null = null;
  /** Training steps taken and to be taken by the present run. */
  taken = 0;
  total = 0;
  /** Pictures a step from the next epoch on, where that was changed while the run goes on. */
  nextBatchSize: number | null = null;
  lossLines: Lines = noLines;
  accuracyLines: Lines = noLines;
  /** The curves of the weights before these. */
  before: { loss: Lines; accuracy: Lines } | null = null;
  /** How the last run ended, in a sentence of the language that is spoken when it is read. */
  #told: Phrase = () => "";
  /** How good the network is on each split. */
  readonly measure: MeasureStep;
  /** The weights are out of a file. */
  fromFile = false;
  curves = new Curves();
  /** What a screen reader is told of the progress, at a calm rate. */
  spoken = "";

  #fittingTime = new TimeLeft();
  #chartTimer: ReturnType<typeof setTimeout> | undefined;
  #spokenAt = 0;
  #pausing = false;
  /** The main button was pressed, and the run has not begun yet. */
  #starting = false;
  /** The present run is of so many steps, not of epochs. */
  #onlySteps = false;
  /** What was changed while the run stood still, for when it goes on. */
  #changed: TrainUpdate = {};
  /** Why the last run diverged, and what to do; empty where it did not. */
  diverged = "";

  constructor(private readonly bench: Workbench) {
    this.measure = new MeasureStep(bench);
  }

  get outcome(): string {
    return this.#told(this.bench.text);
  }

  /** Of the test pictures; null: not measured yet. */
  get evaluation(): Evaluation | null {
    return this.measure.of("test")?.evaluation ?? null;
  }

  /** The network has learned on since it was evaluated. */
  get evaluationIsOld(): boolean {
    const measured = this.measure.of("test");
    return measured !== null && this.measure.isOld(measured);
  }

  /** How far a measurement under way is. */
  get evaluating(): Progress | null {
    return this.measure.progress;
  }

  /** A run is under way or paused. */
  get active(): boolean {
    return this.run !== null || this.#starting;
  }

  /** The run stands still; not yet where the step under way has still to end. */
  get paused(): boolean {
    return (this.run?.paused ?? false) && !this.#pausing;
  }

  /** There are weights that have learned something, and would be lost with the network. */
  get trained(): boolean {
    return this.active || this.resumable || this.fromFile || !this.curves.empty;
  }

  /** The same, where training has not begun but frozen layers hold what was learned before. */
  get learned(): boolean {
    return this.trained || this.bench.network.holdsLearned;
  }

  get mainAction(): MainAction {
    if (this.bench.data.loading || this.bench.network.download || (this.#starting && !this.run)) {
      return "loading";
    }
    if (this.run) {
      return this.paused ? "continue" : "pause";
    }
    return this.resumable ? "continue" : "train";
  }

  /** How much of the present run is done, or of the fitting before it: 0 to 1. */
  get share(): number {
    return this.fitting?.share ?? (this.total > 0 ? Math.min(1, this.taken / this.total) : 0);
  }

  /** What is being fitted and how far it is, in words. */
  get fittingText(): string {
    const t = this.bench.text;
    if (!this.fitting) {
      return "";
    }
    const { what, pictures, share } = this.fitting;
    const of = t.common.count.pictures(pictures);
    // Never 100% of what still goes on.
    const done = t.percent(Math.floor(share * 100) / 100, 0);
    return `${what === "features" ? t.train.featuresOf(of) : t.train.fittingTo(t.train.fittedTo[what], of)}: ${done}`;
  }

  /** Seconds until all is fitted. */
  get fittingLeft(): number | null {
    return this.fitting && !this.paused ? this.#fittingTime.seconds : null;
  }

  /** Seconds until the present run ends, as far as its speed tells; validation comes on top. */
  get secondsLeft(): number | null {
    const { latest, run, total, taken } = this;
    const pictures = this.bench.data.info?.splits.train ?? 0;
    // Steps may come to have other sizes, so pictures are what is counted.
    return latest && run && latest.imagesPerSecond > 0 ? ((total - taken) * pictures) / (this.#stepsToCome ?? latest.steps) / latest.imagesPerSecond : null;
  }

  /** Steps of each epoch after this one, where the batch size was changed. */
  get #stepsToCome(): number | null {
    const pictures = this.bench.data.info?.splits.train ?? 0;
    return this.nextBatchSize === null ? null : Math.ceil(pictures / this.nextBatchSize);
  }

  /** Takes the options that a preset's lesson trains it with. */
  adopt(preset: Preset): void {
    Object.assign(this.bench.settings, optionsOf(preset));
  }

  /**
   * Takes those of a network's options in whose place nothing was chosen: what the attributes
   * say or a person typed differs from `before`, the options so far.
   */
  adoptUnchosen(of: Partial<Settings>, before: Partial<Settings> = defaults): void {
    const { settings, given } = this.bench;
    const options = { ...of };
    for (const key of Object.keys(options) as (keyof Settings)[]) {
      if (key in given || JSON.stringify(settings[key]) !== JSON.stringify(before[key])) {
        Reflect.deleteProperty(options, key);
      }
    }
    // A watcher that was chosen stays, and then no schedule can be adopted.
    if (options.schedule && settings.reduceOnPlateau) {
      delete options.schedule;
    }
    Object.assign(settings, options);
  }

  chooseOptimizer(name: string): void {
    const { settings } = this.bench;
    const { learningRate } = optimizers.find((known) => known.name === name) ?? settings;
    Object.assign(settings, { optimizer: name, optimizerOptions: {}, learningRate });
    this.bench.changed();
  }

  /** The learning rate, also of the run under way. */
  async setLearningRate(learningRate: number): Promise<void> {
    this.bench.settings.learningRate = learningRate;
    await this.#update({ learningRate });
  }

  /** Pictures a step; in a run under way, from the next epoch on. */
  async setBatchSize(batchSize: number): Promise<void> {
    this.bench.settings.batchSize = batchSize;
    await this.#update({ batchSize });
  }

  /** How many epochs to train; a run under way ends after so many of its own. */
  async setEpochs(epochs: number): Promise<void> {
    this.bench.settings.epochs = epochs;
    const first = this.run?.info?.epoch;
    if (first !== undefined) {
      await this.#update({ epochs: first + epochs - 1 });
    }
  }

  async #update(change: TrainUpdate): Promise<void> {
    const { run } = this;
    if (run) {
      await this.bench.try(() => this.#tell(run, change));
    } else if (this.resumable) {
      Object.assign(this.#changed, change);
    }
    this.bench.changed();
  }

  /** Tells a run of a change, and notes what comes of it. */
  async #tell(run: TrainRun, change: TrainUpdate): Promise<void> {
    await run.update(change);
    this.lastEpoch = change.epochs ?? this.lastEpoch;
    // More than there are is all there are.
    this.nextBatchSize = change.batchSize ?? this.nextBatchSize;
    const { latest } = this;
    if (latest) this.#count(latest);
    else if (change.epochs !== undefined && run.info) this.total = (change.epochs - run.info.epoch + 1) * run.info.stepsPerEpoch;
  }

  /** How far the run is, and how far it goes. */
  #count({ epoch, step, steps, globalStep }: StepEvent): void {
    const { info } = this.run ?? {};
    this.taken = Math.max(0, globalStep - (info?.step ?? 0));
    if (!this.#onlySteps) {
      this.total = this.taken + (steps - step) + Math.max(0, (this.lastEpoch ?? epoch) - epoch) * (this.#stepsToCome ?? steps);
    }
  }

  /** The main button. */
  async main(): Promise<void> {
    switch (this.mainAction) {
      case "pause":
        await this.pause();
        break;
      case "continue":
        if (this.run) {
          this.resume();
        } else if (this.bench.sessions.lacks !== null) {
          this.bench.fail({ code: "data-missing", message: this.bench.sessions.lacks });
        } else {
          await this.#begin({ resume: true });
        }
        break;
      case "train":
        await this.#begin({});
        break;
      case "loading":
        break;
    }
  }

  async pause(): Promise<void> {
    const { run } = this;
    if (run) {
      this.#pausing = true;
      await this.bench.try(() => run.pause());
      this.#pausing = false;
      this.bench.changed();
    }
  }

  resume(): void {
    // What was slow because it stood still says nothing of what is left.
    this.#fittingTime = new TimeLeft();
    this.run?.resume();
    this.bench.changed();
  }

  /** One training step; where nothing goes on, the first of a new run or the next of a stopped one. */
  async step(): Promise<void> {
    const { run } = this;
    if (run) {
      await this.bench.try(() => run.step());
    } else {
      await this.#begin({ resume: this.resumable, steps: 1 });
    }
  }

  /** Ends the run where it is; it can go on later. */
  async stop(): Promise<void> {
    const { run } = this;
    if (run) {
      await this.bench.try(() => run.stop());
    }
  }

  /** What a fresh run is asked for, as the settings are now. */
  get options(): TrainOptions {
    return trainOptions(this.bench.settings);
  }

  /** Loads what is missing, then trains. */
  async #begin(extra: TrainOptions): Promise<void> {
    if (this.active) {
      return;
    }
    this.#starting = true;
    this.bench.changed();
    try {
      const lab = await this.bench.ready;
      if (await this.bench.data.load()) {
        await this.bench.network.takeBase(lab);
        // A run that goes on keeps its options, but for what was changed while it stood still.
        const run = lab.train(extra.resume ? extra : { ...this.options, ...extra });
        const info = await run.started;
        const change = this.#changed;
        this.#changed = {};
        this.#onlySteps = extra.steps !== undefined;
        this.lastEpoch = info.epochs;
        this.taken = 0;
        this.total = info.totalSteps;
        this.run = run;
        if (!extra.resume) {
          this.nextBatchSize = null;
        } else if (Object.keys(change).length > 0) {
          await this.#tell(run, change).catch(() => undefined);
        }
        this.#told = () => "";
        this.resumable = false;
        if (this.diverged) {
          // The weights went back to where they were good, and the curves go on from there.
          this.diverged = "";
          this.#redrawHistory();
        }
        this.bench.vitals.began();
        void this.#follow(run);
      }
    } catch (error) {
      this.bench.fail(error);
    } finally {
      this.#starting = false;
      this.bench.changed();
    }
  }

  /** Shows what happens in a run until it ends. */
  async #follow(run: TrainRun): Promise<void> {
    try {
      for await (const event of run) {
        this.#take(event);
      }
    } catch (error) {
      // The weights and the place in the run are still there.
      this.resumable = this.latest !== null && this.fitting === null;
      this.bench.fail(error);
    }
    this.fitting = null;
    this.run = null;
    this.#drawCharts();
    this.bench.inside.refresh();
    this.bench.changed();
  }

  #take(event: TrainEvent): void {
    switch (event.type) {
      case "fitting":
        this.#fittingTime.add(event.share, 1, performance.now());
        // That it has begun is said at once.
        this.#takeFitting(event, this.fitting ? 20_000 : 0);
        this.bench.changedSoon();
        break;
      case "step":
        if (event.epoch !== this.latest?.epoch) {
          this.nextBatchSize = null;
        }
        this.latest = event;
        this.#count(event);
        this.curves.step(event);
        this.measure.learnedOn();
        this.#drawChartsSoon();
        this.bench.inside.refreshSoon();
        this.bench.vitals.stepped();
        this.#speak(20_000);
        this.bench.changedSoon();
        break;
      case "epoch":
        this.curves.epoch(event);
        this.#drawCharts();
        this.#speak(4_000);
        this.bench.vitals.epochEnded();
        this.bench.tell({ name: "epoch", detail: event });
        break;
      case "warning":
        if (event.code === "diverged") {
          this.diverged = event.message;
        } else if (!isLost(event)) {
          // The lab tells of those itself, with or without a run.
          this.bench.warn(event);
        }
        // Steps since the checkpoint come again, and the curves go on from there.
        this.#redrawHistory();
        break;
      case "checkpoint":
        break;
      case "done":
        this.resumable = (event.reason === "stopped" && !this.fitting) || (this.#onlySteps && event.reason === "finished" && !this.#atEnd);
        this.#told = this.#outcomeOf(event);
        if (this.fitting) {
          this.spoken = this.outcome;
        } else {
          this.#speak(0);
        }
        this.bench.vitals.ended(event.reason);
        this.bench.tell({ name: "done", detail: { ...this.#figures, ...event } });
        break;
    }
  }

  /** What a page is told at the end of a run. */
  get #figures(): Figures {
    const { lab } = this.bench;
    return { ...lab?.history.epochs.at(-1), parameters: lab?.summary?.totalParams ?? 0 };
  }

  get #atEnd(): boolean {
    const { latest } = this;
    return latest !== null && latest.epoch === this.lastEpoch && latest.step === latest.steps;
  }

  /** As things stand at its end: they have changed by the time another language asks. */
  #outcomeOf({ reason, restoredEpoch }: DoneEvent): Phrase {
    const { diverged } = this;
    const fitting = this.fitting !== null;
    const onlySteps = this.#onlySteps;
    const monitor = this.bench.settings.earlyStopping?.monitor ?? "val_loss";
    return (t) => {
      const restored = restoredEpoch === undefined ? "" : t.train.restored(restoredEpoch);
      switch (reason) {
        case "diverged":
          return this.bench.says(diverged);
        case "stopped":
          return fitting ? t.train.stoppedBefore : t.train.stopped;
        case "early-stopping":
          return t.train.stoppedEarly(monitor, restored || t.train.lastStand);
        case "finished":
          return onlySteps ? t.train.oneStep : t.train.finished(restored);
      }
    };
  }

  #redrawHistory(): void {
    const history = this.bench.lab?.history;
    if (history) {
      this.curves = Curves.of(history, this.run?.info?.stepsPerEpoch);
      this.#drawCharts();
    }
  }

  #drawChartsSoon(): void {
    this.#chartTimer ??= setTimeout(() => this.#drawCharts(), chartEvery);
  }

  #drawCharts(): void {
    clearTimeout(this.#chartTimer);
    this.#chartTimer = undefined;
    this.lossLines = this.curves.lossLines();
    this.accuracyLines = this.curves.accuracyLines();
    this.bench.changed();
  }

  /** Speaks of the progress, unless that was done less than `calm` milliseconds ago. */
  #speak(calm: number): void {
    const t = this.bench.text;
    const now = performance.now();
    const { loss, accuracy } = this.curves;
    if (now - this.#spokenAt < calm || !this.latest || loss === null || accuracy === null) {
      return;
    }
    this.#spokenAt = now;
    const { epoch } = this.latest;
    this.spoken =
      t.train.spokenLoss(this.outcome, epoch, this.lastEpoch ?? epoch, loss) +
      t.train.spokenAccuracy(accuracy * 100);
  }

  /** Takes how far the fitting is, and speaks of it unless that was done within `calm` milliseconds. */
  #takeFitting(event: FittingEvent, calm: number): void {
    const t = this.bench.text;
    this.fitting = event.share < 1 ? event : null;
    const now = performance.now();
    if (this.fitting && now - this.#spokenAt >= calm) {
      this.#spokenAt = now;
      const left = this.fittingLeft;
      this.spoken = `${this.fittingText}${left === null ? "" : t.common.andAboutLeft(left)}.`;
    }
  }

  /** Layers were frozen or set free: a run that was stopped cannot go on, and another one begins where it is. */
  refrozen(): void {
    this.resumable = false;
    this.#changed = {};
    this.#told = () => "";
    this.bench.changed();
  }

  /** There are fresh weights: the curves so far become those of the run before. */
  forget(): void {
    if (!this.curves.empty) {
      this.before = { loss: this.lossLines, accuracy: this.accuracyLines };
    }
    this.curves = new Curves();
    this.lossLines = noLines;
    this.accuracyLines = noLines;
    this.latest = null;
    this.lastEpoch = null;
    this.taken = 0;
    this.total = 0;
    this.nextBatchSize = null;
    this.#changed = {};
    this.diverged = "";
    this.resumable = false;
    this.fromFile = false;
    this.#told = () => "";
    this.measure.forget();
    this.bench.vitals.forget();
    this.bench.sessions.forget();
    this.bench.changed();
  }

  /** Measures the network on the test pictures. */
  async evaluate(): Promise<void> {
    await this.measure.evaluate("test");
  }

  cancelEvaluation(): void {
    this.measure.cancel();
  }

  /** Takes a checkpoint that a person chose, in place of the present network. */
  async load(file: Blob): Promise<void> {
    const lab = await this.bench.ready;
    const { held } = this.bench;
    if (held) {
      this.bench.fail({ code: "state", message: held });
      return;
    }
    await this.bench.try(async () => {
      await lab.load(file);
      const { savedRun: run } = lab;
      if (run) {
        const { settings } = this.bench;
        settings.batchSize = run.batchSize;
        if (settings.optimizer !== run.optimizer) {
          settings.optimizer = run.optimizer;
          settings.optimizerOptions = {};
        }
        settings.learningRate = run.learningRate;
      }
      this.bench.network.loaded();
      this.restored();
    });
  }

  /** Shows the training that the lab has from a checkpoint now. */
  restored(): void {
    const { lab } = this.bench;
    if (!lab) {
      return;
    }
    const { savedRun: run, history } = lab;
    this.forget();
    this.fromFile = true;
    this.curves = Curves.of(history);
    this.resumable = run !== null && !run.finished;
    this.lastEpoch = run?.epochs ?? null;
    const { resumable } = this;
    this.#told = (t) => (!run ? t.train.fileLoaded : resumable ? t.train.loadedIn(run.epoch, run.epochs) : t.train.loadedAfter(run.epochs));
    this.#drawCharts();
  }
}

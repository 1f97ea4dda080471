import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { largestSeed } from "../../api/check";
import { clips, optimizers, optionsOfOptimizer, type ScheduleOption, schedules } from "../../api/keras";
import type { LearningRateSchedule, Monitor } from "../../api/types";
import "../../view/plot";
import { numberOf } from "../builder/values";
import { define } from "../define";
import { dialogStyles, Modal } from "../dialog";
import "../help";
import { Watch } from "../observable";
import { button } from "../parts";
import { defaults, startsItself, trainingChanges } from "../settings";
import { base } from "../styles";
import type { Workbench } from "../workbench";
import { aboutOptimizer, clipTitles, monitorTitles, optionHelp, plateauFields, scheduleTitles, stoppingFields } from "./catalogue";
import { curveOf, fitted, type Length, scheduleFor } from "./schedule";
import { Search } from "./search";
import "../../text/en/options";

/** A number that can be typed: what it may be, and what it is where nothing is typed. */
type NumberField = {
  id: string;
  label: string;
  help?: string | undefined;
  value: number | null;
  /** What stands for an empty field; absent: it may not be empty. */
  rest?: number | null;
  least?: number;
  /** Only above `least`. */
  above?: boolean;
  below?: number;
  whole?: boolean;
  why?: string | undefined;
  /** Not one of Keras's names. */
  plain?: boolean;
  set: (value: number | null) => void;
};

/** All that can be chosen of training, and the search for a learning rate. */
@define("cnn-lab-options")
export class OptionsDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;

  #search: Search | null = null;
  readonly #modal = new Modal(this, () => this.bench, "options", () => this.#search?.cancel());

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 1000px; height: min(820px, calc(100dvh - 24px)); }
      dialog > .body { position: relative; display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px 32px; align-content: start; align-items: start; }
      .column, section { display: flex; flex-direction: column; gap: 8px; min-width: 0; }
      .column { gap: 20px; }
      h3 { font-size: 14px; line-height: 20px; color: var(--lab-text); }
      .fields { grid-template-columns: repeat(auto-fill, minmax(136px, 1fr)); align-items: start; }
      .fields label.keras, .check label.keras { font: 12px/20px var(--lab-mono); }
      .fields.pair { grid-template-columns: minmax(96px, 1fr) minmax(0, 2fr); }
      .field > .caption { min-height: 24px; }
      .check { gap: 2px; font-size: 12px; min-height: 28px; }
      .check input { margin-right: 6px; }
      .check.under { align-self: end; min-height: 32px; }
      .inset { padding-left: 12px; border-left: 2px solid var(--lab-line); }
      .error { font-size: 12px; line-height: 16px; color: var(--lab-bad); overflow-wrap: anywhere; }
      .weights { max-height: 264px; overflow: auto; padding: 2px 2px 2px 12px; }
      .status { min-height: 32px; }
      .found { font-size: 16px; line-height: 24px; font-weight: 650; }
      cnn-lab-plot { height: 168px; }
      @media (max-width: 760px) {
        dialog > .body { grid-template-columns: minmax(0, 1fr); }
        footer .grow { flex-basis: 100%; }
      }
    `,
  ];

  override render(): TemplateResult {
    const t = this.bench.text;
    const changes = trainingChanges(this.bench.settings);
    const why = this.#why;
    return html`<dialog id="options-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open
        ? html`${this.#modal.head(t.options.title)}
            <div class="body" role="region" aria-label=${t.options.options} tabindex="0">
              <div class="column">${this.#optimizer()} ${this.#gradients()} ${this.#stopping()} ${this.#pictures()}</div>
              <div class="column">${this.#rate()} ${this.#finder()}</div>
            </div>
            <footer>
              <span class="grow small muted">${why ?? (changes === 0 ? t.options.allAsKeras : t.options.changed(changes))}</span>
              ${button({ id: "options-none", label: t.options.asKeras, why: why ?? (changes === 0 ? t.options.alreadySo : undefined), onClick: () => this.#reset() })}
              ${button({ id: "options-done", label: t.common.done, kind: "primary", onClick: this.#modal.closed })}
            </footer>`
        : nothing}
    </dialog>`;
  }

  /** Why what a run keeps cannot be changed now. */
  get #why(): string | undefined {
    const { training } = this.bench;
    return training.active || training.resumable ? this.bench.text.common.runKeeps : undefined;
  }

  #set(change: Partial<Workbench["settings"]>): void {
    Object.assign(this.bench.settings, change);
    this.bench.changed();
  }

  #reset(): void {
    const { optimizerOptions, schedule, reduceOnPlateau, earlyStopping, shuffle, validate } = defaults;
    const { classWeight } = this.bench.settings;
    this.#set({ optimizerOptions, schedule, reduceOnPlateau, earlyStopping, shuffle, validate, classWeight: Array.isArray(classWeight) ? null : classWeight });
  }

  /** How long the run to come is, as far as it is known. */
  get #length(): Length | null {
    const { data, settings } = this.bench;
    const { info, chosen } = data;
    const loaded = data.upToDate ? info?.splits.train : undefined;
    const share = 1 - settings.validation;
    const pictures = loaded ?? (chosen ? Math.round(Math.min(chosen.train, settings.limit ?? Infinity) * share) : (info?.splits.train ?? 0));
    if (pictures === 0) return null;
    const stepsPerEpoch = Math.ceil(pictures / settings.batchSize);
    return { stepsPerEpoch, steps: stepsPerEpoch * settings.epochs, rate: settings.learningRate };
  }

  /** A number under its name. What is no such number gives way to the last that was. */
  #number({ id, label, help, value, rest, least = 0, above, below = Infinity, whole, why, plain, set }: NumberField): TemplateResult {
    const t = this.bench.text;
    const empty = rest === null ? t.options.noneGiven : rest === undefined ? "" : figure(rest);
    const shown = value === null ? "" : figure(value);
    return html`<div class="field">
      <div class="caption"><label class=${plain ? "" : "keras"} for=${id}>${label}</label>${help ? html`<cnn-lab-help .text=${this.bench.text} about=${label}>${help}</cnn-lab-help>` : nothing}</div>
      <input id=${id} type="text" inputmode="decimal" autocomplete="off" placeholder=${empty} .value=${shown} ?disabled=${why !== undefined} title=${why ?? nothing}
        @change=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          const text = input.value.trim();
          const typed = numberOf(text);
          if (text === "" && rest !== undefined) set(null);
          else if (typed !== null && typed >= least && !(above && typed === least) && typed < below && (!whole || Number.isSafeInteger(typed))) set(typed);
          else input.value = shown;
        }} /></div>`;
  }

  #flag({ id, label, help, value, why, plain, under, set }: { id: string; label: string; help?: string | undefined; value: boolean; why?: string | undefined; plain?: boolean; under?: boolean; set: (value: boolean) => void }): TemplateResult {
    return html`<div class="check ${under ? "under" : ""}" title=${why ?? nothing}>
      <input type="checkbox" id=${id} .checked=${live(value)} ?disabled=${why !== undefined} @change=${(event: Event) => set((event.target as HTMLInputElement).checked)} />
      <label class=${plain ? "" : "keras"} for=${id}>${label}</label>${help ? html`<cnn-lab-help .text=${this.bench.text} about=${label}>${help}</cnn-lab-help>` : nothing}
    </div>`;
  }

  #choice({ id, label, help, values, value, why, plain, set }: { id: string; label: string; help?: string | undefined; values: readonly { name: string; title: string }[]; value: string; why?: string | undefined; plain?: boolean; set: (value: string) => void }): TemplateResult {
    return html`<div class="field">
      <div class="caption"><label class=${plain ? "" : "keras"} for=${id}>${label}</label>${help ? html`<cnn-lab-help .text=${this.bench.text} about=${label}>${help}</cnn-lab-help>` : nothing}</div>
      <select id=${id} ?disabled=${why !== undefined} title=${why ?? nothing} @change=${(event: Event) => set((event.target as HTMLSelectElement).value)}>
        ${values.map(({ name, title }) => html`<option value=${name} .selected=${live(name === value)}>${title}</option>`)}
      </select></div>`;
  }

  /** Sets an option of the optimizer; Keras's own value is left out. */
  #setOption(key: string, value: number | boolean | null): void {
    const { settings } = this.bench;
    const { [key]: _before, ...kept } = settings.optimizerOptions;
    const resting = value === null || value === optionsOfOptimizer(settings.optimizer)[key];
    this.#set({ optimizerOptions: resting ? kept : { ...kept, [key]: value } });
  }

  #optimizer(): TemplateResult {
    const t = this.bench.text;
    const { settings, training } = this.bench;
    const why = this.#why;
    const own = optimizers.find(({ name }) => name === settings.optimizer)?.options ?? {};
    return html`<section aria-labelledby="of-optimizer">
      <h3 id="of-optimizer">${t.common.optimizer}</h3>
      ${this.#choice({ id: "choose-optimizer", label: t.options.optimizerHelp, plain: true, values: optimizers, value: settings.optimizer, why, set: (name) => training.chooseOptimizer(name) })}
      <p class="small muted">${aboutOptimizer[settings.optimizer]?.(t)}</p>
      <div class="fields">
        ${Object.entries(own).filter(([key]) => key !== "weight_decay").map(([key, rest]) => {
          const value = settings.optimizerOptions[key] ?? null;
          const id = `of-${key}`;
          const help = optionHelp[key]?.(t);
          if (typeof rest === "boolean") {
            return this.#flag({ id, label: key, help, under: true, value: value === null ? rest : value === true, why, set: (to) => this.#setOption(key, to) });
          }
          const below = /^(momentum|rho|beta)/.test(key) ? 1 : Infinity;
          return this.#number({ id, label: key, help, value: value as number | null, rest, below, why, set: (to) => this.#setOption(key, to) });
        })}
      </div>
    </section>`;
  }

  #gradients(): TemplateResult {
    const t = this.bench.text;
    const { settings } = this.bench;
    const { optimizerOptions: options } = settings;
    const why = this.#why;
    const clip = clips.find((key) => key in options);
    const { weight_decay: decay = null } = optionsOfOptimizer(settings.optimizer);
    const clipBy = (name: string, limit: number): void => {
      const { clipvalue: _1, clipnorm: _2, global_clipnorm: _3, ...kept } = options;
      this.#set({ optimizerOptions: name === "" ? kept : { ...kept, [name]: limit } });
    };
    return html`<section aria-labelledby="of-gradients">
      <h3 id="of-gradients">${t.options.weightsAndGradients}</h3>
      <div class="fields pair">
        ${this.#number({ id: "of-weight_decay", label: "weight_decay", help: optionHelp["weight_decay"]?.(t), value: (options["weight_decay"] as number | undefined) ?? null, rest: decay as number | null, why, set: (to) => this.#setOption("weight_decay", to) })}
        ${this.#choice({
          id: "of-clip", label: t.options.clip, plain: true, why, value: clip ?? "",
          help: t.options.clipHelp,
          values: [{ name: "", title: t.options.notAtAll }, ...clips.map((name) => ({ name, title: clipTitles[name](t) }))],
          set: (name) => clipBy(name, name === "clipvalue" ? 0.5 : 1),
        })}
        ${clip ? this.#number({ id: "of-clip-limit", label: clip, value: options[clip] as number, above: true, why, set: (to) => clipBy(clip, to ?? 1) }) : nothing}
      </div>
    </section>`;
  }

  #stopping(): TemplateResult {
    const t = this.bench.text;
    const { settings } = this.bench;
    const { earlyStopping, reduceOnPlateau } = settings;
    const why = this.#why;
    return html`<section aria-labelledby="of-stopping">
      <h3 id="of-stopping">${t.options.whenNothing}</h3>
      ${this.#flag({
        id: "early-stopping", label: t.options.stopEarly, plain: true, value: earlyStopping !== null, why,
        help: t.options.stopEarlyHelp,
        set: (on) => this.#set({ earlyStopping: on ? { patience: 3, restoreBestWeights: true } : null }),
      })}
      ${earlyStopping
        ? html`<div class="fields inset">
            ${this.#monitor("stopping-monitor", earlyStopping.monitor, (monitor) => this.#set({ earlyStopping: { ...earlyStopping, monitor } }))}
            ${stoppingFields.map(({ keras, key, rest, epochs }) => this.#number({
              id: `stopping-${keras}`, label: keras, help: optionHelp[keras]?.(t), value: earlyStopping[key] ?? null, rest, whole: epochs, why,
              set: (to) => this.#set({ earlyStopping: without(earlyStopping, key, to) }),
            }))}
            ${this.#flag({
              id: "stopping-restore", label: "restore_best_weights", help: optionHelp["restore_best_weights"]?.(t), under: true, value: earlyStopping.restoreBestWeights ?? false, why,
              set: (restoreBestWeights) => this.#set({ earlyStopping: { ...earlyStopping, restoreBestWeights } }),
            })}
          </div>`
        : nothing}
      ${this.#flag({
        id: "plateau", label: t.options.reduce, plain: true, value: reduceOnPlateau !== null,
        why: why ?? (settings.schedule && !reduceOnPlateau ? t.options.scheduleSets : undefined),
        help: t.options.reduceHelp,
        set: (on) => this.#set({ reduceOnPlateau: on ? { factor: 0.5, patience: 2 } : null }),
      })}
      ${reduceOnPlateau
        ? html`<div class="fields inset">
            ${this.#monitor("plateau-monitor", reduceOnPlateau.monitor, (monitor) => this.#set({ reduceOnPlateau: { ...reduceOnPlateau, monitor } }))}
            ${plateauFields.map(({ keras, key, rest, epochs }) => this.#number({
              id: `plateau-${keras}`, label: keras, help: optionHelp[keras]?.(t), value: reduceOnPlateau[key] ?? null, rest, whole: epochs, why,
              ...(key === "factor" && { below: 1 }),
              set: (to) => this.#set({ reduceOnPlateau: without(reduceOnPlateau, key, to) }),
            }))}
          </div>`
        : nothing}
      ${this.#unmeasured()}
    </section>`;
  }

  #monitor(id: string, monitor: Monitor | undefined, set: (monitor: Monitor) => void): TemplateResult {
    const t = this.bench.text;
    const values = Object.entries(monitorTitles).map(([name, title]) => ({ name, title }));
    return this.#choice({ id, label: "monitor", help: optionHelp["monitor"]?.(t), values, value: monitor ?? "val_loss", why: this.#why, set: (to) => set(to as Monitor) });
  }

  /** What is watched and will not be measured. */
  #unmeasured(): TemplateResult | typeof nothing {
    const { settings, data } = this.bench;
    const watched = [settings.earlyStopping, settings.reduceOnPlateau].flatMap((watcher) => (watcher ? [watcher.monitor ?? "val_loss"] : []));
    const pictures = data.upToDate && data.info ? data.info.splits.validation : settings.validation;
    const missing = watched.find((monitor) => monitor.startsWith("val_"));
    return missing && !(settings.validate && pictures > 0)
      ? html`<p class="error" role="status">${this.bench.text.options.notValidated(missing, missing.slice(4))}</p>`
      : nothing;
  }

  #pictures(): TemplateResult {
    const t = this.bench.text;
    const { settings, data } = this.bench;
    const why = this.#why;
    const { classWeight } = settings;
    const classes = (data.useOwn ? data.own?.info : data.chosen)?.classes ?? data.info?.classes ?? [];
    const byHand = Array.isArray(classWeight) ? classWeight : null;
    const kinds = [{ name: "none", title: t.options.eachPicture }, { name: "balanced", title: t.options.eachClass }, { name: "hand", title: t.options.byHand }];
    return html`<section aria-labelledby="of-pictures">
      <h3 id="of-pictures">${t.common.pictures}</h3>
      ${this.#choice({
        id: "class-weight", label: t.options.classWeights, plain: true, values: kinds, value: byHand ? "hand" : classWeight === null ? "none" : "balanced", why,
        help: t.options.classWeightsHelp,
        set: (kind) => this.#set({ classWeight: kind === "hand" ? classes.map(() => 1) : kind === "balanced" ? "balanced" : null }),
      })}
      ${byHand && byHand.length !== classes.length
        ? html`<p class="error" role="status">${t.options.weightsFor(byHand.length, classes.length)} ${button({ id: "weights-anew", label: t.options.beginAnew, why, onClick: () => this.#set({ classWeight: classes.map(() => 1) }) })}</p>`
        : nothing}
      ${byHand
        ? html`<div class="fields inset weights">${byHand.map((weight, i) => this.#number({
            id: `weight-${i}`, label: classes[i] ?? t.common.classNumber(i), plain: true, value: weight, why,
            set: (to) => this.#set({ classWeight: byHand.map((other, at) => (at === i ? (to ?? 1) : other)) }),
          }))}</div>`
        : nothing}
      ${this.#flag({ id: "shuffle", label: t.options.shuffle, plain: true, value: settings.shuffle, why, help: t.options.shuffleHelp, set: (shuffle) => this.#set({ shuffle }) })}
      ${this.#flag({ id: "validate", label: t.options.validate, plain: true, value: settings.validate, why, help: t.options.validateHelp, set: (validate) => this.#set({ validate }) })}
      <div class="fields">
        ${this.#number({
          id: "train-seed", label: t.common.seed, plain: true, value: settings.seed, whole: true, below: largestSeed + 1, why: this.#whyNotSeed,
          help: t.options.seedHelp,
          set: (seed) => void this.bench.useSeed(seed ?? settings.seed),
        })}
      </div>
    </section>`;
  }

  get #whyNotSeed(): string | undefined {
    const t = this.bench.text;
    const { bench } = this;
    const { training, data, network } = bench;
    return (
      this.#why ??
      (network.holdsLearned ? t.options.seedOfBase
      : training.trained ? t.options.seedFixed
      : bench.switching ? t.options.labReady
      : data.loading ? t.common.loading
      : bench.held)
    );
  }

  #rate(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { settings, training } = bench;
    const { schedule } = settings;
    const why = this.#why;
    const length = this.#length;
    const own = startsItself(schedule);
    return html`<section aria-labelledby="of-rate">
      <h3 id="of-rate">${t.common.learningRate}</h3>
      <div class="fields pair">
        ${this.#number({
          id: "start-rate", label: schedule ? t.options.beginsAt : t.options.rateLabel, plain: true, value: settings.learningRate, set: (to) => void training.setLearningRate(to ?? settings.learningRate),
          why: own && !training.active ? t.options.ownRates : undefined,
          help: t.options.rateHelp,
        })}
        ${this.#choice({
          id: "schedule", label: t.options.schedule, plain: true, value: schedule?.name ?? "", values: [{ name: "", title: t.options.constant }, ...scheduleTitles.map(({ name, title }) => ({ name, title: title(t) }))],
          why: why ?? (schedule ? undefined : settings.reduceOnPlateau ? t.common.startOverHint : length ? undefined : t.common.loadFirst),
          help: t.options.scheduleHelp,
          set: (name) => {
            // Without pictures it can be ended, and no other be fitted to the run: the one that was chosen stays.
            this.#set(name === "" ? { schedule: null } : length ? { schedule: scheduleFor(name as LearningRateSchedule["name"], length) } : {});
          },
        })}
      </div>
      ${schedule ? this.#schedule(schedule, length, why) : nothing}
    </section>`;
  }

  #schedule(schedule: LearningRateSchedule, length: Length | null, why: string | undefined): TemplateResult {
    const t = this.bench.text;
    const { settings } = this.bench;
    const given = schedule as unknown as Record<string, unknown>;
    const set = (key: string, to: unknown): void => this.#set({ schedule: without(given, key, to) as unknown as LearningRateSchedule });
    const fitting = length && fitted(schedule, length);
    const fits = JSON.stringify(fitting) === JSON.stringify(schedule);
    const steps = length?.steps ?? 0;
    return html`<div class="fields inset">
        ${Object.entries(schedules[schedule.name] ?? {}).map(([key, option]) => this.#scheduleOption(key, option, given[key], why, (to) => set(key, to)))}
      </div>
      ${steps > 0
        ? html`<cnn-lab-plot .text=${t} name=${t.options.learningRateChart} across=${t.options.stepsChart} grounded .line=${curveOf(schedule, settings.learningRate, steps)} .span=${[0, Math.max(1, steps - 1)]}
              .formatX=${(x: number) => t.count(Math.round(x))} .formatY=${t.rate}></cnn-lab-plot>
            <div class="row between"><span class="small muted">${t.options.runTakes(steps, length?.stepsPerEpoch ?? 0)}</span>
              ${button({ id: "fit-schedule", label: t.options.fit, why: why ?? (fits ? t.options.fits : undefined), onClick: () => this.#set({ schedule: fitting }) })}</div>`
        : nothing}`;
  }

  #scheduleOption(key: string, { kind, rest, least = 0 }: ScheduleOption, value: unknown, why: string | undefined, set: (to: unknown) => void): TemplateResult {
    const id = `schedule-${key}`;
    const help = optionHelp[key]?.(this.bench.text);
    switch (kind) {
      case "flag":
        return this.#flag({ id, label: key, help, under: true, value: value === true, why, set: (to) => set(to ? true : null) });
      case "list": {
        const shown = (value as number[]).map(figure).join(", ");
        return html`<div class="field"><div class="caption"><label class="keras" for=${id}>${key}</label><cnn-lab-help .text=${this.bench.text} about=${key}>${help}</cnn-lab-help></div>
          <input id=${id} type="text" autocomplete="off" .value=${shown} ?disabled=${why !== undefined} title=${why ?? nothing}
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              const typed = input.value.split(/[\s,;]+/).filter(Boolean).map(numberOf);
              if (typed.every((number) => number !== null && number >= 0) && (typed.length > 0 || key === "boundaries")) this.#setList(key, typed as number[]);
              else input.value = shown;
            }} /></div>`;
      }
      default:
        return this.#number({ id, label: key, help, value: (value as number | undefined) ?? null, ...(rest !== undefined && { rest: rest as number | null }), least, above: kind === "steps", why, set });
    }
  }

  /** One of the two lists of a piecewise schedule; the other follows in length, so that they always belong together. */
  #setList(key: string, typed: number[]): void {
    const { schedule } = this.bench.settings;
    if (schedule?.name !== "PiecewiseConstantDecay") return;
    let { boundaries, values } = schedule;
    if (key === "boundaries") {
      boundaries = [...new Set(typed)].sort((a, b) => a - b);
      values = Array.from({ length: boundaries.length + 1 }, (_, i) => values[i] ?? (values.at(-1) ?? 0) / 10);
    } else {
      values = typed;
      const step = this.#length?.stepsPerEpoch ?? 100;
      boundaries = boundaries.slice(0, values.length - 1);
      while (boundaries.length < values.length - 1) boundaries.push((boundaries.at(-1) ?? 0) + step);
    }
    this.#set({ schedule: { ...schedule, boundaries, values } });
  }

  #finder(): TemplateResult {
    const t = this.bench.text;
    const { bench } = this;
    const { settings, training } = bench;
    const search = (this.#search ??= new Search(bench, () => this.requestUpdate()));
    const { points, suggestion, active } = search;
    const why =
      training.active ? t.common.stopFirst
      : bench.data.loading ? t.common.picturesLoading
      : bench.switching || !bench.lab ? t.common.deviceNotReady
      : bench.held;
    const taken = suggestion !== null && settings.learningRate === suggestion ? t.options.isRate : undefined;
    const asked = { plain: true, above: true, why: active ? t.options.searchUnderWay : undefined };
    return html`<section aria-labelledby="of-finder">
      <h3 id="of-finder">${t.options.find}</h3>
      <p class="small muted">${t.options.findHelp}</p>
      <div class="fields">
        ${this.#number({ ...asked, id: "finder-from", label: t.options.from, value: search.from, below: search.to, set: (to) => (search.from = to ?? search.from) })}
        ${this.#number({ ...asked, id: "finder-to", label: t.options.to, value: search.to, least: search.from, set: (to) => (search.to = to ?? search.to) })}
        ${this.#number({ ...asked, id: "finder-steps", label: t.options.steps, value: search.steps, least: 9, below: 10_001, whole: true, set: (to) => (search.steps = to ?? search.steps) })}
      </div>
      <div class="row status">
        ${active
          ? html`<progress class="grow" max=${search.steps} .value=${points.length} aria-label=${t.options.searching}></progress>
              <span class="small number">${t.percent(points.length / search.steps, 0)}</span>
              ${button({ id: "finder-cancel", label: t.common.cancel, onClick: () => search.cancel() })}`
          : html`${button({ id: "finder-start", label: points.length > 0 ? t.options.searchAgain : t.options.search, why, onClick: () => void search.start() })}
              <span class="grow"></span>
              ${suggestion === null
                ? nothing
                : html`<span class="found">${t.rate(suggestion)}</span>
                    ${button({
                      id: "finder-take", label: t.options.use, name: t.options.useRate(suggestion), kind: "primary",
                      why: settings.schedule?.name === "PiecewiseConstantDecay" ? t.options.ownRates : taken,
                      onClick: () => this.#take(suggestion),
                    })}`}`}
      </div>
      <p class="small muted" role="status">${search.outcome}<span class="sr">${suggestion === null || active ? "" : t.options.suggested(suggestion)}</span></p>
      <cnn-lab-plot .text=${t} name=${t.options.lossSmoothed} across=${t.options.learningRateChart} log .span=${search.span} .ceiling=${search.ceiling} .formatX=${t.rate} .formatY=${t.loss}
        .line=${{ x: points.map(({ learningRate }) => learningRate), y: points.map(({ smoothed }) => smoothed) }} .behind=${points.map((point) => point.loss)}
        .mark=${suggestion === null ? null : { x: suggestion, text: t.rate(suggestion) }}></cnn-lab-plot>
    </section>`;
  }

  #take(learningRate: number): void {
    const { schedule } = this.bench.settings;
    if (schedule && "initial_learning_rate" in schedule) {
      const { initial_learning_rate: _, ...rest } = schedule;
      this.bench.settings.schedule = rest;
    }
    void this.bench.training.setLearningRate(learningRate);
  }
}

/** An object with a field set, or without it where it is null. */
function without<T extends object>(of: T, key: string, value: unknown): T {
  const { [key]: _before, ...kept } = of as Record<string, unknown>;
  const changed: unknown = value === null ? kept : { ...kept, [key]: value };
  return changed as T;
}

/** A number as it is typed: with a point, without zeros behind; whole ones in full, such as a seed. */
function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-options": OptionsDialog;
  }
}

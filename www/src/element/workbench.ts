import { CnnLab } from "../api/cnn-lab";
import type { Device, DeviceChoice, WarningEvent } from "../api/types";
import { BuilderStep } from "./builder/builder-step";
import { DataStep } from "./data-step";
import type { DialogName } from "./dialogs";
import { InsideStep } from "./inside-step";
import { NetworkStep } from "./network-step";
import { isAbort, type Notice, noticeOf } from "./notices";
import { Observable } from "./observable";
import { OwnStep } from "./own-step";
import { SessionsStep } from "./sessions/sessions-step";
import { defaults, type Settings } from "./settings";
import type { Told } from "./told";
import { TrainStep } from "./train-step";
import { english } from "../text/en";
import { VitalsStep } from "./vitals/vitals-step";
import type { Texts } from "../text/texts";

/**
 * What the page shows and what its controls do, without a word on how it looks. It asks
 * everything of the public class, and keeps only what the class does not: what is chosen but
 * not yet done, what is under way, and what went wrong.
 */
export class Workbench extends Observable {
  readonly settings: Settings;
  /** All that is said, in the language of this lab. */
  text: Texts;
  /** What the element's attributes say. */
  readonly given: Partial<Settings>;
  /** The address that opens an experiment from its fragment; null: the lab's own page. */
  readonly page: string | null;
  readonly data: DataStep;
  readonly own: OwnStep;
  readonly network: NetworkStep;
  readonly builder: BuilderStep;
  readonly training: TrainStep;
  readonly inside: InsideStep;
  readonly vitals: VitalsStep;
  readonly sessions: SessionsStep;

  /** The lab in use; null until the first one is ready, and after it could not be had. */
  lab: CnnLab | null = null;
  /** The lab, once it is ready. */
  ready: Promise<CnnLab>;
  error: Notice | null = null;
  warnings: Notice[] = [];
  /** There is no lab, and there will be none. */
  failed = false;
  /** A lab on another device, or with another seed, is being made ready. */
  switching = false;
  /** Which training picture is shown augmented, and which draw of it. */
  augmentIndex = 0;
  augmentSeed = 0;
  /** How much of a cross-validation is done, 0 to 1; null: none goes on. */
  folding: number | null = null;
  /** The dialog that is asked for; null: none. */
  dialog: DialogName | null = null;

  readonly #tell: (told: Told) => void;
  /** The settings are a link's, made where there may be another device. */
  #linked: boolean;
  #closed = false;

  constructor(settings: Partial<Settings>, tell: (told: Told) => void, page: string | null = null, linked = false, keep = false, text = english) {
    super();
    this.text = text;
    this.page = page;
    this.#linked = linked;
    this.#tell = tell;
    this.given = settings;
    this.settings = { ...defaults, ...settings };
    this.data = new DataStep(this);
    this.own = new OwnStep(this);
    this.network = new NetworkStep(this);
    this.builder = new BuilderStep(this);
    this.training = new TrainStep(this);
    this.inside = new InsideStep(this);
    this.vitals = new VitalsStep(this);
    this.sessions = new SessionsStep(this, keep);
    this.ready = this.#begin();
  }

  #begin(): Promise<CnnLab> {
    const ready = this.#open();
    // Told by fail(); who waits for the lab is told as well.
    ready.catch(() => undefined);
    return ready;
  }

  tell(told: Told): void {
    this.#tell(told);
  }

  async #open(): Promise<CnnLab> {
    try {
      const lab = await this.#createFirst();
      this.#adopt(lab);
      this.sessions.adopt(lab);
      // Without its list of sets a lab still has networks, and can load a saved one.
      await Promise.all([this.try(() => this.data.list(lab)), this.network.list(lab)]);
      void this.own.listRemembered();
      void this.sessions.look(lab);
      this.tell({ name: "ready", detail: { lab } });
      this.changed();
      return lab;
    } catch (error) {
      this.failed = true;
      this.fail(error);
      throw error;
    }
  }

  /** A link that asks for WebGPU still opens where there is none. */
  async #createFirst(): Promise<CnnLab> {
    try {
      return await this.#create();
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (!this.#linked || (code !== "webgpu-unavailable" && code !== "webgpu-failed")) {
        throw error;
      }
      this.settings.device = "auto";
      this.warn({ message: this.text.lab.linkWantsWebgpu });
      return this.#create();
    }
  }

  async #create(): Promise<CnnLab> {
    const { device, seed, workers } = this.settings;
    const lab = await CnnLab.create({ device, seed, ...(workers !== null && { workers }) });
    if (this.#closed) {
      lab.dispose();
    }
    return lab;
  }

  #adopt(lab: CnnLab): void {
    this.lab = lab;
    lab.addEventListener("warning", (event) => this.warn((event as CustomEvent<WarningEvent>).detail));
    lab.addEventListener("device", () => this.changed());
    this.changed();
  }

  /** Why what would end a cross-validation cannot be done now. */
  get held(): string | undefined {
    return this.folding === null ? undefined : this.text.lab.held;
  }

  /** Why what is learned, and how, cannot be chosen here. */
  get fixed(): string | undefined {
    return this.settings.controls === "fixed" ? this.text.lab.fixed : undefined;
  }

  /** What the network's outputs stand for: its own classes, or those of the pictures. */
  get classes(): readonly string[] {
    return this.network.classes ?? this.data.info?.classes ?? [];
  }

  get device(): Device | null {
    return this.lab?.device ?? null;
  }

  /**
   * Goes on with another device: a lab is made ready there, with the same data, and the
   * network and its training move over in a checkpoint. Where that fails, the old one stays.
   */
  async useDevice(device: DeviceChoice): Promise<void> {
    await this.#renew({ device });
  }

  /**
   * Goes on with another seed, in a lab with the same data. Since the seed gives the first
   * weights, the network moves without them; one that has learned something stays.
   */
  async useSeed(seed: number): Promise<void> {
    if (!this.training.learned) {
      await this.#renew({ seed });
    }
  }

  async #renew(change: Partial<Pick<Settings, "device" | "seed">>): Promise<void> {
    const old = await this.ready.catch(() => null);
    const { settings } = this;
    const { device, seed } = settings;
    const wanted = { device, seed, ...change };
    if ((wanted.device === device && wanted.seed === seed) || this.switching || this.#closed) {
      return;
    }
    Object.assign(settings, wanted);
    this.switching = true;
    this.changed();
    if (!old) {
      await this.#beginAgain();
      return;
    }
    let fresh: CnnLab | null = null;
    try {
      await this.training.stop();
      fresh = await this.#create();
      await this.data.bringTo(fresh);
      if (old.spec) {
        // A checkpoint brings the seed that it was made with, too.
        await (seed === settings.seed ? fresh.load(await old.save("checkpoint")) : fresh.setModel(old.spec));
      }
      this.#adopt(fresh);
      this.sessions.adopt(fresh, old.session?.id);
      if (seed !== settings.seed) {
        this.vitals.forget();
      }
      this.ready = Promise.resolve(fresh);
      old.dispose();
    } catch (error) {
      fresh?.dispose();
      Object.assign(settings, { device, seed });
      this.fail(error);
    } finally {
      this.switching = false;
      this.inside.refresh();
      this.changed();
    }
  }

  /** After no lab could be had: all from the start, with what is chosen now. */
  async #beginAgain(): Promise<void> {
    this.#linked = false;
    this.failed = false;
    this.error = null;
    this.ready = this.#begin();
    await this.ready.catch(() => undefined);
    this.switching = false;
    this.changed();
  }

  /** Shows what went wrong, in the one place for it. What a person cancelled is no error. */
  fail(error: unknown): void {
    if (this.#closed || isAbort(error)) {
      return;
    }
    const notice = noticeOf(this.text, error);
    this.error = notice;
    this.tell({ name: "error", detail: { error, code: notice.code, message: notice.message } });
    this.changed();
  }

  protected override covered(): boolean {
    return this.dialog !== null;
  }

  open(dialog: DialogName): void {
    this.dialog = dialog;
    this.changed();
  }

  close(): void {
    this.dialog = null;
    this.changed();
  }

  dismiss(): void {
    this.error = null;
    this.changed();
  }

  warn(warning: { code?: string; message: string; file?: string }): void {
    this.warnings = [...this.warnings, noticeOf(this.text, warning)];
    this.changed();
  }

  /** An error or a warning in the language of this lab; all is drawn again once its words are there. */
  says(message: string): string {
    return this.text.core.message(message, this.#again);
  }

  readonly #again = (): void => this.changed();

  /** Goes on in another language. What the page itself told stays as it was told. */
  speak(text: Texts): void {
    this.text = text;
    this.vitals.judge();
    this.changed();
  }

  /** Does something that may fail, and shows where it did. */
  async try(action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.fail(error);
    }
    this.changed();
  }

  end(): void {
    this.#closed = true;
    this.inside.close();
    this.sessions.end();
    this.lab?.dispose();
  }
}

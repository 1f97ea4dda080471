import type { CnnLab } from "../../api/cnn-lab";
import type { Session } from "../../api/types";
import { own } from "../network-step";
import { attributesOf, settingsOf, type Settings } from "../settings";
import type { Workbench } from "../workbench";
import { Awake } from "./awake";

/** Where the person's wish to keep nothing is noted. */
const offKey = "cnn-lab-keep";
/** For so long it is said that training went on in the background, in milliseconds. */
const saidFor = 15_000;

/** What the page keeps beside a network: what is chosen on it. */
type Note = { settings: Record<string, string>; network: string };

/** Training that is kept in this browser: offered after a visit that ended in its middle, and listed. */
export class SessionsStep {
  /** The latest training, where it is not at its end; null: none, or not now. */
  offer: Session | null = null;
  /** The session that is being restored. */
  restoring: string | null = null;
  /** Whether what is trained is kept. */
  keeping = false;
  /** A training that is back without its pictures; they have to be given before it can go on. */
  waiting: Session | null = null;
  /** That training went on while the page was in the background, for a while after it. */
  wentOn = "";
  readonly awake: Awake;
  #hidden: { since: number; step: number } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopWatching: (() => void) | undefined;

  /** `asked`: the element is to keep what it trains; on someone else's page it does only then. */
  constructor(
    private readonly bench: Workbench,
    readonly asked: boolean,
  ) {
    this.keeping = asked && !isOff();
    this.awake = new Awake(
      () => bench.training.run !== null && !bench.training.paused,
      () => bench.changed(),
    );
    if (asked && typeof document !== "undefined") {
      document.addEventListener("visibilitychange", this.#seen);
      this.#stopWatching = bench.watch(this.awake.update);
    }
  }

  /** Keeps what a lab trains; one that takes another's place goes on with its session. */
  adopt(lab: CnnLab, id?: string): void {
    if (this.keeping) {
      lab.keepSessions({ note: () => this.#note(), ...(id !== undefined && { id }) });
    }
    if (this.asked) {
      lab.addEventListener("sessions", () => this.bench.changedSoon());
    }
  }

  /** Looks once whether the last visit ended in the middle of training. */
  async look(lab: CnnLab): Promise<void> {
    if (!this.asked) {
      return;
    }
    // Where nothing can be kept there is nothing to offer; the first save says so.
    const [last] = (await lab.sessions().catch(() => [])).filter(({ open }) => open !== "elsewhere");
    if (last?.unfinished && last.open === null && !this.bench.training.learned) {
      this.offer = last;
      this.bench.changed();
    }
  }

  /** Not in this visit. */
  decline(): void {
    this.offer = null;
    this.bench.changed();
  }

  keep(on: boolean): void {
    this.keeping = on;
    noteOff(!on);
    const { lab } = this.bench;
    if (on && lab) {
      this.adopt(lab);
    } else {
      lab?.keepSessions(false);
    }
    this.bench.changed();
  }

  #note(): Note {
    const { settings, network } = this.bench;
    const model = network.chosen === own ? settings.model : network.chosen;
    return { settings: attributesOf({ ...settings, model }), network: network.chosen };
  }

  /** Brings the page to where a training was saved, and goes on with it. */
  async resume(session: Session): Promise<void> {
    const { bench } = this;
    if (this.restoring !== null || bench.training.active || bench.held) {
      return;
    }
    this.restoring = session.id;
    bench.changed();
    await bench.try(async () => {
      const { settings, network } = readNote(session.note);
      if (settings.device && settings.device !== bench.settings.device) {
        await bench.useDevice(settings.device);
      }
      const lab = await bench.ready;
      const restored = await bench.data.restore((o) => lab.restoreSession(session.id, o));
      delete settings.device;
      Object.assign(bench.settings, settings);
      this.offer = null;
      // What does not fit its pictures yet must not be taken anew with the next ones.
      await bench.network.restored(lab, restored.dataset ? network : own);
      bench.training.restored();
      bench.close();
      if (restored.missing !== null) {
        this.waiting = restored.dataset ? null : restored.session;
        bench.warn({ message: restored.missing });
      } else if (bench.training.resumable) {
        await bench.training.main();
      }
    });
    this.restoring = null;
    bench.changed();
  }

  /** Pictures were loaded: whether they are those that the training waits for, is said. */
  loaded(): void {
    const { waiting } = this;
    const info = this.bench.data.info;
    if (!waiting || !info) {
      return;
    }
    this.waiting = null;
    if (waiting.data && JSON.stringify(waiting.data.splits) !== JSON.stringify(info.splits)) {
      this.bench.warn({ message: this.bench.text.sessions.otherNumbers(waiting.name) });
    }
  }

  /** There is another network: nothing is waited for. */
  forget(): void {
    this.waiting = null;
  }

  /** Why training cannot go on yet. */
  get lacks(): string | null {
    return this.waiting && this.bench.text.sessions.picturesMissing(this.waiting.data?.name ?? this.waiting.name);
  }

  readonly #seen = (): void => {
    const t = this.bench.text;
    const { training } = this.bench;
    const step = training.latest?.globalStep ?? 0;
    this.awake.update();
    if (document.visibilityState === "hidden") {
      this.#hidden = training.run && !training.paused ? { since: Date.now(), step } : null;
    } else if (this.#hidden) {
      const { since, step: before } = this.#hidden;
      this.#hidden = null;
      if (step > before) {
        this.wentOn = t.sessions.background((Date.now() - since) / 1000);
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.wentOn = "";
          this.bench.changed();
        }, saidFor);
        this.bench.changed();
      }
    }
  };

  end(): void {
    clearTimeout(this.#timer);
    this.#stopWatching?.();
    this.awake.end();
    if (this.asked) {
      document.removeEventListener("visibilitychange", this.#seen);
    }
  }
}

/** What was chosen on the page; of another version of it, as much as can be read. */
function readNote(note: unknown): { settings: Partial<Settings>; network: string } {
  const { settings, network } = (note ?? {}) as Partial<Note>;
  try {
    return { settings: settingsOf(settings ?? {}), network: network ?? own };
  } catch {
    return { settings: {}, network: own };
  }
}

function isOff(): boolean {
  try {
    return localStorage.getItem(offKey) === "off";
  } catch {
    return false;
  }
}

function noteOff(off: boolean): void {
  try {
    if (off) localStorage.setItem(offKey, "off");
    else localStorage.removeItem(offKey);
  } catch {
    // Without storage it holds for this visit.
  }
}

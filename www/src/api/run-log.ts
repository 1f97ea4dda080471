/** Notes every run of a lab, while it goes on and when it is over. */
import { CnnLabError, stateError } from "./error";
import type { Memory } from "./recovery";
import { courseOf } from "./run-record";
import type { RunState } from "./run-state";
import { RunStore } from "./run-store";
import type { DeviceKind, RunInfo, RunRecord } from "./types";

/** A run is written with its first step, and while it goes on at most so often, in milliseconds. */
const WRITE_EVERY = 2000;

/** A run and its record, which a later run of the same weights may go on with. */
type Noted = { record: RunRecord; start: RunInfo; /** Seconds of the runs before that it goes on with. */ before: number; /** It stood in the storage once. */ written: boolean };

type Lab = { memory: Memory; device: () => DeviceKind; seed: number };

export class RunLog {
  #lab: Lab;
  #store: RunStore;
  /** Tells the labs of other tabs, and of this one, of a change. */
  #channel: BroadcastChannel | undefined;
  #onChange: () => void;
  /** The last run of the present weights. */
  #last: Noted | null = null;
  /** The run that goes on, or went on last; its record once there is one. */
  #going: { state: RunState; noted: Noted | null } | null = null;
  /** Writes, one after another. */
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(lab: Lab, keep: boolean, onChange: () => void) {
    this.#lab = lab;
    this.#store = new RunStore(keep);
    this.#onChange = onChange;
    if (keep && typeof BroadcastChannel !== "undefined") {
      this.#channel = new BroadcastChannel("cnn-lab-runs");
      this.#channel.onmessage = onChange;
    }
  }

  /** All records, the latest first. */
  async all(): Promise<RunRecord[]> {
    await this.#writing;
    const all = await this.#store.all();
    return all.sort((a, b) => b.started.localeCompare(a.started));
  }

  async rename(id: string, name: string): Promise<void> {
    return this.#write(async () => {
      const record = await this.#store.get(id);
      if (!record) throw unknown(id);
      await this.#store.put({ ...record, name });
    });
  }

  async delete(id: string): Promise<void> {
    if (this.#going && !this.#going.state.over && this.#going.noted?.record.id === id) {
      throw stateError("This run goes on; stop it before you delete it.");
    }
    return this.#write(async () => {
      if (!(await this.#store.get(id))) throw unknown(id);
      if (this.#last?.record.id === id) this.#last = null;
      await this.#store.delete(id);
    });
  }

  /** There are other weights now: no run goes on with the last one's record. */
  forget(): void {
    this.#last = null;
  }

  /** Notes a run from here on. One that fails before its first step leaves nothing behind. */
  follow(state: RunState): void {
    const { resume = false, ...options } = state.options;
    const former = resume ? this.#last : null;
    this.#going = { state, noted: former };
    let noted: Noted | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    state.listeners.push((event) => {
      if (event.type !== "step" && event.type !== "epoch") return;
      noted ??= former ?? this.#begin(state, options);
      noted.record.reason = null;
      this.#going = { state, noted };
      timer ??= setTimeout(() => {
        timer = undefined;
        if (noted && !state.over) this.#note(noted, state, null);
      }, noted.written ? WRITE_EVERY : 0);
    });
    const end = (reason: RunRecord["reason"]): void => {
      clearTimeout(timer);
      if (noted) {
        this.#note(noted, state, reason);
        noted.before += state.seconds;
      }
    };
    state.done.then(
      ({ reason }) => end(reason),
      (error: unknown) => end((error as CnnLabError).code === "aborted" ? "stopped" : "failed"),
    );
  }

  #begin(state: RunState, options: RunRecord["options"]): Noted {
    const { memory, device, seed } = this.#lab;
    const began = new Date(Date.now() - 1000 * state.seconds);
    const record: RunRecord = {
      // No identifier of the browser's: those need a secure page.
      id: `${began.getTime().toString(36)}-${Math.random().toString(36).slice(2, 10)}`,
      name: "",
      started: began.toISOString(),
      dataset: memory.dataset?.name ?? "",
      pictures: memory.dataset?.splits.train ?? 0,
      device: device(),
      seed,
      spec: memory.model?.spec ?? { input_shape: [], layers: [] },
      parameters: memory.model?.summary.totalParams ?? 0,
      options: structuredClone(options),
      epochs: [],
      steps: [],
      best: {},
      seconds: 0,
      reason: null,
    };
    const start = state.info ?? { epoch: 1, epochs: 1, step: 0, stepsPerEpoch: 1, totalSteps: 0, batchSize: 0, validationBatches: 0, fitting: false };
    return (this.#last = { record, start, before: 0, written: false });
  }

  /** Brings a run's record up to date, and writes it. */
  #note(noted: Noted, state: RunState, reason: RunRecord["reason"]): void {
    const { record, start, before } = noted;
    const course = courseOf(this.#lab.memory.history, start, state.info?.stepsPerEpoch ?? start.stepsPerEpoch);
    Object.assign(record, course, { seconds: before + state.seconds, reason });
    void this.#write(async () => {
      record.name ||= nextName(await this.#store.all());
      await this.#store.change(record.id, (kept) => {
        if (noted.written && kept === undefined) {
          // Deleted in another tab: it does not come back, and a later run is a record of its own.
          if (this.#last === noted) this.#last = null;
          return undefined;
        }
        noted.written = true;
        // It may have been renamed meanwhile.
        record.name = kept?.name ?? record.name;
        // A copy: the run may go on meanwhile.
        return { ...record };
      });
    });
  }

  /** Changes something, after what is being changed, and tells of it. */
  #write(change: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(change).then(() => {
      if (this.#closed) return;
      this.#channel?.postMessage(null);
      this.#onChange();
    });
    this.#writing = written.catch(() => undefined);
    return written;
  }

  close(): void {
    this.#closed = true;
    this.#channel?.close();
    // A run that ends with the lab is written first.
    void Promise.resolve().then(() => this.#writing).then(() => this.#store.close());
  }
}

/** "Run 8" where the highest so far is "Run 7". */
export function nextName(runs: readonly Pick<RunRecord, "name">[]): string {
  const numbers = runs.map(({ name }) => Number(/^Run (\d{1,9})$/.exec(name)?.[1] ?? 0));
  return `Run ${Math.max(0, ...numbers) + 1}`;
}

function unknown(id: string): CnnLabError {
  return new CnnLabError({ code: "option", field: "id", message: `No run of the id ${id} is kept here.` });
}

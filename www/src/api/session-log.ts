/** Keeps what a lab trains in this browser, as it goes, and reads what was kept. */
import { CnnLabError, stateError, toCnnLabError } from "./error";
import { Keeper } from "./keeper";
import type { Memory } from "./recovery";
import type { RunState } from "./run-state";
import { take, taken, whenFree } from "./session-lock";
import { DATABASE, givingWay, sessionOf, type Saving } from "./session-record";
import type { DatasetEdit, KeepOptions, Session, SessionData } from "./session-types";
import type { DeviceKind, StepEvent } from "./types";

/** The session that this lab writes. */
type Current = {
  id: string;
  started: string;
  /** Lets go of its lock; null: another lab has it. */
  lock: Promise<(() => void) | null>;
  /** As it was written last, by this lab or the one before; null: nothing was yet. */
  session: Session | null;
};

/** A run, its last step, and whether something of it is left to do. */
type Followed = { state: RunState; last: StepEvent | null; unfinished: boolean };

type Lab = { memory: Memory; device: () => DeviceKind; onChange: () => void; onWarning: (error: CnnLabError) => void };

export class SessionLog {
  #lab: Lab;
  #keeper = new Keeper();
  /** Null: nothing is kept. */
  #keep: KeepOptions | null = null;
  #current: Current | null = null;
  /** The run that goes on, or went on last. */
  #run: Followed | null = null;
  /** A checkpoint waits to be written; of several the last one is. */
  #due = false;
  #writing: Promise<void> | null = null;
  /** What was said of a failure, which is said once. */
  #said = "";
  #channel: BroadcastChannel | undefined;
  #closed = false;

  constructor(lab: Lab) {
    this.#lab = lab;
    if (typeof BroadcastChannel !== "undefined") {
      this.#channel = new BroadcastChannel("cnn-lab-sessions");
      this.#channel.onmessage = lab.onChange;
    }
  }

  /** The session that is being written, once something of it is there. */
  get session(): Session | null {
    return this.#current?.session ?? null;
  }

  /** Keeps what is trained from now on; null: no longer. What was kept stays. */
  keep(o: KeepOptions | null): void {
    this.#keep = o;
    if (!o) this.forget();
    else if (o.id !== undefined && o.id !== this.#current?.id) this.#takeOver(o.id, null, take(o.id));
  }

  /** There are other weights now: they are none of this session's. */
  forget(): void {
    const { lock } = this.#current ?? {};
    this.#current = null;
    this.#due = false;
    void lock?.then((release) => release?.());
  }

  /** A checkpoint came: it is written, unless one is being written; then after that. */
  checkpointed(): void {
    if (!this.#keep || this.#closed) return;
    this.#due = true;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = null));
  }

  /** Layers were frozen or set free: the run before is none to go on with any more. */
  frozen(): void {
    if (this.#run) this.#run.unfinished = false;
    this.checkpointed();
  }

  /** Notes how far a run is, for what is said of its checkpoints. */
  follow(state: RunState): void {
    const run: Followed = { state, last: null, unfinished: true };
    this.#run = run;
    state.listeners.push((event) => {
      if (event.type === "step") run.last = event;
      if (event.type === "done") run.unfinished = event.reason === "stopped" || (event.reason === "finished" && stopsShort(run));
    });
    const over = (): void => {
      if (!run.unfinished && this.#run === run) void this.#tellFinished();
    };
    state.done.then(over, over);
  }

  /** The last checkpoint may have been written before the run was over, and none come after. */
  async #tellFinished(): Promise<void> {
    await this.#writing;
    const current = this.#current;
    if (!current?.session || this.#closed) return;
    const head = await this.#keeper.call("change", { id: current.id, unfinished: false }).catch(() => null);
    if (head && !this.#writing) current.session = sessionOf(head, "here");
    this.#changed();
  }

  async #writeAll(): Promise<void> {
    while (this.#due && !this.#closed) {
      this.#due = false;
      try {
        await this.#write();
        this.#said = "";
      } catch (thrown) {
        const error = toCnnLabError(thrown);
        if (error.code !== "aborted" && error.message !== this.#said) this.#lab.onWarning(error);
        this.#said = error.message;
      }
    }
  }

  async #write(): Promise<void> {
    const current = (this.#current ??= begin());
    if (!(await current.lock)) throw inOtherTab("This training");
    const { checkpoint } = this.#lab.memory;
    // Other weights were taken while the lock was waited for.
    if (!checkpoint || current !== this.#current) return;
    const saving = this.#saving(checkpoint.step);
    // Another checkpoint took its place meanwhile, and follows.
    if (!(await this.#keeper.hand(checkpoint.bytes))) return;
    const { id, started } = current;
    const isNew = current.session === null;
    current.session = sessionOf(await this.#keeper.call("write", { id, started, saving }), "here");
    if (isNew) await this.#makeRoom();
    this.#changed();
  }

  /** What is said of the checkpoint after a step. */
  #saving(step: number): Saving {
    const { memory, device } = this.#lab;
    const { state, unfinished } = this.#run ?? { state: null, unfinished: false };
    const epoch = memory.history.steps[step - 1]?.epoch ?? memory.history.steps.at(-1)?.epoch ?? 1;
    let note: unknown = null;
    try {
      // As data: what could not be stored must not keep the rest from it.
      note = structuredClone(this.#keep?.note?.() ?? null);
    } catch {
      // It is left out.
    }
    return {
      saved: new Date().toISOString(), step, epoch, unfinished, note,
      epochs: state?.epochs ?? memory.savedRun?.epochs ?? epoch,
      data: dataOf(memory), device: device(),
      parameters: memory.model?.summary.totalParams ?? 0,
    };
  }

  async #makeRoom(): Promise<void> {
    const [heads, open] = await Promise.all([this.#keeper.call("list", undefined), taken()]);
    for (const id of givingWay(heads, open)) await this.#keeper.call("remove", id);
  }

  /** All sessions, the latest first. */
  async all(): Promise<Session[]> {
    // A first visit needs no worker to learn that there are none.
    if (!this.#current && !(await isThere())) return [];
    const [heads, open] = await Promise.all([this.#keeper.call("list", undefined), taken()]);
    const all = heads.map((head) => sessionOf(head, this.#openIn(head.id, open)));
    for (const session of all) if (session.open === "elsewhere") whenFree(session.id, () => this.#changed());
    return all.sort((a, b) => b.saved.localeCompare(a.saved));
  }

  #openIn(id: string, open: ReadonlySet<string>): Session["open"] {
    return this.#current?.id === id ? "here" : open.has(id) ? "elsewhere" : null;
  }

  async rename(id: string, name: string): Promise<void> {
    const head = await this.#keeper.call("change", { id, name });
    if (!head) throw unknown(id);
    if (this.#current?.id === id) this.#current.session = sessionOf(head, "here");
    this.#changed();
  }

  async delete(id: string): Promise<void> {
    const session = (await this.all()).find((one) => one.id === id);
    if (!session) throw unknown(id);
    if (session.open === "elsewhere") throw inOtherTab(`“${session.name}”`);
    if (this.#current?.id === id) {
      if (this.#run && !this.#run.state.over) throw stateError("This training goes on; stop it before you delete what is kept of it.");
      this.forget();
      await this.#writing;
    }
    await this.#keeper.call("remove", id);
    this.#changed();
  }

  /** The latest checkpoint that is whole. */
  async read(id: string): Promise<{ session: Session; bytes: Uint8Array<ArrayBuffer>; older: boolean }> {
    const found = await this.#keeper.call("read", id);
    if (!found) throw unknown(id);
    const { head, save, bytes } = found;
    // What is said of it is what belongs to these bytes.
    const saves = [save, ...head.saves.filter((other) => other !== save && other.slot !== save.slot)];
    return { bytes, older: head.saves[0]?.slot !== save.slot, session: sessionOf({ ...head, saves }, this.#openIn(id, await taken())) };
  }

  /** Goes on with a session; gives what lets go of it again where that fails. Rejects where another lab has it. */
  async claim(session: Session): Promise<(taken: boolean) => void> {
    const { id } = session;
    if (!this.#keep) return () => undefined;
    // Its own: other weights let go of it, and these take it again.
    if (this.#current?.id === id) {
      return (stays) => {
        if (stays) this.#takeOver(id, session, take(id));
      };
    }
    const release = await take(id);
    if (!release) throw inOtherTab(`“${session.name}”`);
    return (stays) => {
      if (!stays) release();
      else this.#takeOver(id, { ...session, open: "here" }, Promise.resolve(release));
    };
  }

  #takeOver(id: string, session: Session | null, lock: Current["lock"]): void {
    this.forget();
    this.#current = { id, started: session?.started ?? new Date().toISOString(), lock, session };
    this.#changed();
  }

  #changed(): void {
    if (this.#closed) return;
    this.#channel?.postMessage(null);
    this.#lab.onChange();
  }

  close(): void {
    this.#closed = true;
    this.#channel?.close();
    // What is being written is written to its end.
    void Promise.resolve(this.#writing).then(() => {
      this.forget();
      this.#keeper.close();
    });
  }
}

function begin(): Current {
  const now = new Date();
  // No identifier of the browser's: those need a secure page.
  const id = `${now.getTime().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
  return { id, started: now.toISOString(), lock: take(id), session: null };
}

/** Whether anything was ever kept here, as far as the browser says; where it does not, the keeper will. */
async function isThere(): Promise<boolean> {
  try {
    return (await indexedDB.databases()).some(({ name }) => name === DATABASE);
  } catch {
    return true;
  }
}

/** A run of so many steps ends before its epochs do. */
function stopsShort({ state, last }: { state: RunState; last: StepEvent | null }): boolean {
  return state.options.steps !== undefined && last !== null && !(last.epoch === state.epochs && last.step === last.steps);
}

/** How a later visit gets the present pictures. */
export function dataOf({ source, edits, remembered, dataset }: Memory): SessionData | null {
  if (!source || !dataset) return null;
  const { name, classes, splits } = dataset;
  const since = edits.slice(remembered?.edits ?? 0);
  const kept: SessionData["source"] | null = remembered
    ? { kind: "remembered", name: remembered.name }
    : source.kind === "bundled"
      ? { kind: "bundled", name: source.name, limit: source.limit }
      : null;
  // Pictures that were added are nowhere but in this tab.
  const data = since.filter((edit): edit is DatasetEdit => edit.kind !== "add");
  const whole = kept !== null && data.length === since.length;
  return { name, classes, splits, source: whole ? kept : { kind: "own" }, edits: whole ? data : [] };
}

function inOtherTab(what: string): CnnLabError {
  return stateError(`${what} is open in another tab, which is the one that keeps it. Go on there, or close that tab and try again.`);
}

function unknown(id: string): CnnLabError {
  return new CnnLabError({ code: "option", field: "id", message: `No session of the id ${id} is kept here.` });
}

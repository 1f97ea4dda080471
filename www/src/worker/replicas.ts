/**
 * The replicas: workers that compute shares of each batch beside the one that trains.
 *
 * What is late or gone is computed by the core itself, to the last bit the same, so nothing
 * here decides what a run gives, only how long it takes. A replica whose core is busy with
 * something else is left alone for a while, longer each time.
 */
import type { DeviceKind } from "../api/types";
import type { Brief, ShareTask } from "./core";
import { bytesOf, Mailbox, type Said } from "./mailbox";
import type { FromReplica, ToReplica } from "./replica";

/** A step's other shares are waited for as long as it has taken so far, and at least so long. */
const LEAST_WAIT_MS = 20;
/** Steps that a replica is left alone after it was late, the first time and at the most. */
const FIRST_REST = 2;
const LONGEST_REST = 256;
/** A replica that has not answered for so long is gone. */
const GONE_MS = 30_000;
/** A replica that died is replaced so often in a run; after that the core does its part. */
const MOST_DEATHS = 3;

/** Room for tasks, in such as the first: of blended pictures one has more than another. */
const ROOM = 2;

/** What of a `Worker` is used. */
export type ReplicaPort = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

export type Site = {
  base: string;
  device: DeviceKind;
  spawn: () => ReplicaPort;
  /** Whether memory can be shared between workers: the page is cross-origin isolated. */
  shared: boolean;
  /** Told when a replica died. */
  onDeath: (reason: string) => void;
};

class Replica {
  port: ReplicaPort;
  /** It can be given a task. */
  free = false;
  /** Steps that it is left alone. */
  rest = 0;
  nextRest = FIRST_REST;
  /** The task under way, and when it was given. */
  id = -1;
  since = Infinity;
  /** How it tells of what it found, where memory is shared. */
  mailbox: Mailbox | undefined;

  constructor(port: ReplicaPort) {
    this.port = port;
  }
}

type Wanted = { replica: Replica | undefined; found: Float32Array | undefined };

export class Replicas {
  #site: Site;
  #count: number;
  #replicas: Replica[] = [];
  #brief: Brief | undefined;
  /** Counts the runs that were told of. */
  #briefs = 0;
  #deaths = 0;
  /** The weights of the present step. */
  #weights: Float32Array = new Float32Array(0);
  /** Counts the steps' hand-outs. */
  #id = 0;
  #wanted: Wanted[] = [];
  #began = 0;
  /** Ends the waiting when all is there. */
  #complete: (() => void) | undefined;

  /** So many beside the worker that trains; they begin with the first run. */
  constructor(site: Site, count: number) {
    this.#site = site;
    this.#count = count;
  }

  /** A run begins: its replicas are made, where there are none yet, and told of it. */
  tell(brief: Brief): void {
    this.#brief = brief;
    this.#briefs += 1;
    this.#deaths = 0;
    for (const replica of this.#replicas) this.#introduce(replica);
    while (this.#replicas.length < this.#count) this.#spawn();
  }

  /** A run begins that they are not told of: they help with none before the next. */
  forget(): void {
    this.#brief = undefined;
    this.#briefs += 1;
    for (const replica of this.#replicas) this.#introduce(replica);
  }

  /** A place for the weights of the next step. */
  weights(length: number): Float32Array {
    if (this.#weights.length !== length) this.#weights = this.#room(length);
    return this.#weights;
  }

  /** Hands out a step's tasks at the present weights, as far as there is somebody free: for each whether there is. */
  begin(tasks: ShareTask[]): boolean[] {
    this.#id += 1;
    this.#began = performance.now();
    for (const replica of this.#replicas) this.#hear(replica);
    const gone = this.#replicas.filter(({ free, since }) => !free && this.#began - since > GONE_MS);
    for (const replica of gone) this.#died(replica, "it did not answer any more");
    const free = this.#replicas.filter((replica) => replica.free && replica.rest-- <= 0);
    this.#wanted = tasks.map((task, at) => {
      const replica = free[at];
      if (replica) this.#hand(replica, task);
      return { replica, found: undefined };
    });
    return this.#wanted.map(({ replica }) => replica !== undefined);
  }

  /** The next that came of each task, what was found or what is asked about; `undefined` where the core has to do it. */
  async gather(): Promise<(Float32Array | undefined)[]> {
    const wait = Math.max(LEAST_WAIT_MS, performance.now() - this.#began);
    const until = performance.now() + wait;
    if (this.#site.shared) {
      for (const { replica } of this.#wanted) if (replica) this.#hear(replica, Math.max(0, until - performance.now()));
    } else if (!this.#isComplete()) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#complete = resolve;
        timer = setTimeout(resolve, wait);
      });
      clearTimeout(timer);
      this.#complete = undefined;
    }
    for (const { replica, found } of this.#wanted) {
      if (!replica) continue;
      if (found) {
        replica.nextRest = FIRST_REST;
      } else {
        replica.rest = replica.nextRest;
        replica.nextRest = Math.min(2 * replica.nextRest, LONGEST_REST);
      }
    }
    const found = this.#wanted.map((wanted) => wanted.found);
    for (const wanted of this.#wanted) wanted.found = undefined;
    return found;
  }

  /** Answers all that asked. */
  spread(numbers: Float32Array): void {
    for (const { replica } of this.#wanted) {
      if (replica?.mailbox) replica.mailbox.answer(numbers);
      else if (replica) this.#post(replica, { kind: "answer", id: this.#id, numbers });
    }
  }

  /** The step is done without them. */
  leave(): void {
    for (const { replica } of this.#wanted) {
      if (replica?.mailbox) replica.mailbox.leave(this.#id);
      else if (replica) this.#post(replica, { kind: "leave", id: this.#id });
    }
    this.#wanted = [];
  }

  end(): void {
    for (const replica of this.#replicas) replica.port.terminate();
    this.#replicas = [];
  }

  #room(length: number): Float32Array {
    const bytes = 4 * length;
    return new Float32Array(this.#site.shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  }

  #spawn(): void {
    const replica = new Replica(this.#site.spawn());
    replica.port.addEventListener("message", ({ data }: MessageEvent<FromReplica>) => {
      if (data.kind === "failed") this.#died(replica, data.reason);
      else if (data.kind === "ready") replica.free = data.id === this.#briefs;
      else this.#came(replica, data.id, data.kind, data.kind === "left" ? undefined : data.numbers);
    });
    replica.port.addEventListener("error", (event) => {
      event.preventDefault();
      this.#died(replica, (event).message);
    });
    this.#replicas.push(replica);
    this.#introduce(replica);
  }

  /** Tells a replica of the run, where there is something to tell; it answers `ready`. */
  #introduce(replica: Replica): void {
    const { base, device } = this.#site;
    replica.free = false;
    [replica.rest, replica.nextRest] = [0, FIRST_REST];
    replica.since = Infinity;
    // What it may still say there is of another run.
    replica.mailbox?.leave(replica.id);
    replica.mailbox?.close();
    replica.mailbox = undefined;
    if (this.#brief) this.#post(replica, { kind: "brief", id: this.#briefs, base, device, brief: this.#brief });
  }

  #hand(replica: Replica, task: ShareTask): void {
    replica.free = false;
    [replica.id, replica.since] = [this.#id, this.#began];
    if (replica.mailbox && !replica.mailbox.fits(task)) {
      replica.mailbox.close();
      replica.mailbox = undefined;
    }
    // Who has a mailbox was sent a task of the run, and knows where the weights are.
    if (replica.mailbox?.give(this.#id, task)) return;
    // Where memory is not shared, each gets a copy of its own.
    const weights = this.#site.shared ? this.#weights : this.#weights.slice();
    // Loss and gradients, and what normalisations saw, which is less than the gradients where they learn anything.
    const length = 2 * this.#weights.length + 4096;
    if (this.#site.shared) replica.mailbox ??= Mailbox.of(length, ROOM * bytesOf(task));
    const mailbox = replica.mailbox && { memory: replica.mailbox.memory, length };
    const transfer = [task.pixels.buffer, ...(this.#site.shared ? [] : [weights.buffer as ArrayBuffer])];
    this.#post(replica, { kind: "task", id: this.#id, task, weights, mailbox }, transfer);
  }

  /** Looks what a replica says through shared memory, for at most so long. */
  #hear(replica: Replica, ms = 0): void {
    const heard = replica.mailbox?.hear(ms);
    if (heard) this.#came(replica, heard.id, heard.what, heard.numbers);
  }

  #came(replica: Replica, id: number, what: Said, numbers: Float32Array | undefined): void {
    if (id !== replica.id) return;
    if (what !== "asks") replica.free = true;
    const wanted = this.#wanted.find((one) => one.replica === replica);
    if (!wanted || id !== this.#id || what === "left") return;
    wanted.found = numbers;
    if (this.#isComplete()) this.#complete?.();
  }

  #isComplete(): boolean {
    return this.#wanted.every(({ replica, found }) => !replica || found);
  }

  #died(replica: Replica, reason: string): void {
    const at = this.#replicas.indexOf(replica);
    if (at < 0) return;
    replica.port.terminate();
    this.#replicas.splice(at, 1);
    for (const wanted of this.#wanted) if (wanted.replica === replica) wanted.replica = undefined;
    if (this.#isComplete()) this.#complete?.();
    this.#deaths += 1;
    this.#site.onDeath(reason);
    if (this.#deaths <= MOST_DEATHS) this.#spawn();
  }

  #post(replica: Replica, message: ToReplica, transfer: Transferable[] = []): void {
    replica.port.postMessage(message, transfer);
  }
}

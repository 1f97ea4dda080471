/** The worker behind a lab: one after another, if need be. */
import { Connection, type CallOptions, type Port } from "./connection";
import { CnnLabError, stateError, toCnnLabError } from "./error";
import { isFatal, type Args, type FromWorker, type Method, type Result } from "./protocol";
import { emptyMemory, Failures, isDeviceFailure, restore } from "./recovery";
import { release } from "./release";
import type { RunState } from "./run-state";
import type { Device, DeviceChoice, RunInfo, WarningEvent } from "./types";

export type HostOptions = {
  /** Starts a worker. */
  spawn: () => Port;
  base: string;
  seed: number;
  /** Workers that train side by side; one a core where it is left open. */
  workers: number | undefined;
  onWarning: (warning: WarningEvent) => void;
  onDevice: (device: Device) => void;
  /** There is a checkpoint that a run can go on from, in the memory. */
  onCheckpoint?: () => void;
};

export class Host {
  readonly memory = emptyMemory();
  device: Device;
  /** The run under way. */
  run: RunState | null = null;
  /** Counts the workers there were: a fresh one knows nothing of what another was told. */
  worker = 0;

  #o: HostOptions;
  #connection: Connection | null = null;
  /** The one that is being brought up. */
  #opening: Connection | null = null;
  #restoring: Promise<void> | null = null;
  #failures = new Failures();
  #disposed = false;

  private constructor(o: HostOptions, device: Device) {
    this.#o = o;
    this.device = device;
  }

  /** Starts a worker on a device; for `auto`, on the CPU where WebGPU fails. */
  static async open(o: HostOptions, choice: DeviceChoice): Promise<Host> {
    const host = new Host(o, { kind: "cpu", name: "", workers: 1, reason: "" });
    try {
      host.#connection = await host.#connect(choice);
    } catch (thrown) {
      const error = webGpuError(toCnnLabError(thrown), choice);
      if (choice !== "auto" || !isDeviceFailure(error)) throw error;
      host.#connection = await host.#connect("cpu");
      // One sentence of what it said; the advice after that has been taken.
      const [said = error.message] = /^.*?[.](?=\s|$)/.exec(error.message) ?? [];
      host.device = { ...host.device, reason: `Training runs on the CPU: ${said}` };
    }
    return host;
  }

  /** Calls the worker; where it was lost, once a fresh one has taken over. */
  async call<M extends Method>(method: M, args: Args<M>, o?: CallOptions<M>): Promise<Result<M>> {
    const connection = await this.#live();
    return connection.call(method, args, o);
  }

  /**
   * Calls the worker with what may be said twice: where the worker is lost over it, its
   * successor is told again. A run that is over by then needs no control.
   */
  async control<M extends "pause" | "resume" | "stop" | "update">(
    method: M,
    args: Args<M>,
  ): Promise<void> {
    const run = this.run;
    while (run && !run.over) {
      try {
        await this.call(method, args);
        return;
      } catch (error) {
        if (isOver(run)) return;
        if (!(error instanceof CnnLabError && isFatal(error))) throw error;
      }
    }
  }

  /** Begins a run. What goes wrong is told to the run. */
  async start(run: RunState): Promise<void> {
    try {
      const connection = await this.#live();
      // Only now: a recovery that was under way must not begin it too.
      this.run = run;
      this.#begin(run, await connection.call("train", [{ options: run.options, paused: run.paused }]));
    } catch (thrown) {
      const error = toCnnLabError(thrown);
      // After a lost worker the run is begun again on the next.
      if (isFatal(error) && this.#restoring) return;
      this.#endRun(run, error);
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    const error = new CnnLabError({ code: "aborted", message: "The lab was disposed of." });
    this.#connection?.close(error);
    this.#connection = null;
    this.#opening?.close(error);
    if (this.run) this.#endRun(this.run, error);
  }

  /** The worker, after any recovery. */
  async #live(): Promise<Connection> {
    for (;;) {
      if (this.#disposed) throw stateError("The lab was disposed of; create another.");
      if (!this.#restoring && this.#connection) return this.#connection;
      await (this.#restoring ?? this.#recover());
    }
  }

  async #connect(choice: DeviceChoice): Promise<Connection> {
    const connection: Connection = new Connection(this.#o.spawn(), {
      message: (message) => this.#hear(message),
      fatal: (error) => this.#lost(connection, error),
    });
    this.#opening = connection;
    this.worker += 1;
    const { base, seed, workers } = this.#o;
    try {
      this.device = await connection.call("open", [{ base, device: choice, seed, workers }]);
      return connection;
    } catch (error) {
      connection.close(toCnnLabError(error));
      throw error;
    }
  }

  #hear(message: Extract<FromWorker, { kind: "events" | "checkpoint" | "failed" }>): void {
    const { memory, run } = this;
    switch (message.kind) {
      case "failed":
        if (run) this.#endRun(run, new CnnLabError(message.error));
        break;
      case "checkpoint":
        if (memory.checkpoint) release(memory.checkpoint.bytes);
        memory.checkpoint = { bytes: message.bytes, step: message.step };
        // One that comes before the run has begun was still being made for the run before.
        if (run?.info) {
          run.checkpoint = message.step;
          // What was changed before is in it, and a rate that was reduced since is not undone.
          run.changes = {};
          run.push({ type: "checkpoint", step: message.step });
        }
        this.#o.onCheckpoint?.();
        break;
      case "events":
        for (const event of message.events) {
          if (event.type === "step") {
            if (run && event.globalStep > run.furthest) {
              run.furthest = event.globalStep;
              this.#failures.clear();
            }
            const { epoch, loss, accuracy, learningRate } = event;
            memory.history.steps.push({ epoch, loss, accuracy, learningRate });
          } else if (event.type === "epoch") {
            const { type, seconds, ...record } = event;
            memory.history.epochs.push(record);
          } else if (event.type === "fitting") {
            if (event.share === 1) memory.savedRun = null;
          } else if (event.type === "done") {
            this.run = null;
          }
          run?.push(event);
        }
    }
  }

  /** A worker is lost: say so, and let a fresh one take over. */
  #lost(connection: Connection, error: CnnLabError): void {
    // While one is being brought up, its own calls tell of its failure.
    if (connection !== this.#connection) return;
    this.#connection = null;
    this.#failures.add(this.device.kind);
    if (this.#failures.hopeless && this.run) this.#endRun(this.run, hopeless(error));
    const { checkpoint } = this.memory;
    const next = this.#failures.next(this.device.kind);
    const where = next === this.device.kind ? "" : " on the CPU";
    const step = checkpoint?.step ?? 0;
    const warning: WarningEvent = {
      type: "warning",
      code: error.code,
      message: this.run
        ? `${error.message} A fresh worker takes over${where}; training goes on from step ${step}.`
        : `${error.message} A fresh worker takes over${where}; the network is as it was at step ${step}.`,
    };
    this.#o.onWarning(warning);
    this.run?.push(warning);
    // Where this fails, the next call tries again.
    this.#recover().catch(() => undefined);
  }

  /** The data cannot be had again; the network goes on without it. */
  #missing({ code, message }: CnnLabError): void {
    const warning: WarningEvent = {
      type: "warning",
      code,
      message: `The pictures could not be loaded again: ${message} Load them anew; the network is still there.`,
    };
    this.#o.onWarning(warning);
    this.run?.push(warning);
  }

  #recover(): Promise<void> {
    this.#restoring = this.#takeOver().finally(() => (this.#restoring = null));
    return this.#restoring;
  }

  /** Brings up a fresh worker where the old one stood, its run included. */
  async #takeOver(): Promise<void> {
    if (this.#failures.hopeless) this.#failures.clear();
    for (;;) {
      const { kind, reason } = this.device;
      const next = this.#failures.next(kind);
      let connection: Connection | null = null;
      try {
        connection = await this.#connect(next);
        const why = next === kind ? reason : "WebGPU failed twice, so training runs on the CPU.";
        this.device = { ...this.device, reason: why };
        if (next !== kind) this.#o.onDevice(this.device);
        await restore(connection, this.memory, (error) => this.#missing(error));
        await this.#resumeRun(connection);
        this.#connection = connection;
        return;
      } catch (thrown) {
        const error = toCnnLabError(thrown);
        connection?.close(error);
        if (this.#disposed) throw error;
        this.#failures.add(isDeviceFailure(error) ? next : null);
        if (!this.#failures.hopeless) continue;
        if (this.run) this.#endRun(this.run, hopeless(error));
        throw error;
      }
    }
  }

  async #resumeRun(connection: Connection): Promise<void> {
    const { run } = this;
    if (!run) {
      this.#failures.clear();
      return;
    }
    try {
      const options = run.optionsToGoOn();
      this.#begin(run, await connection.call("train", [{ options, paused: run.paused }]));
      if (Object.keys(run.changes).length > 0) await connection.call("update", [run.changes]);
    } catch (thrown) {
      const error = toCnnLabError(thrown);
      if (isFatal(error)) throw error;
      this.#endRun(run, error);
    }
  }

  #begin(run: RunState, info: RunInfo): void {
    run.begin(info);
    // A run that diverged went back to its last good weights, and its history with them.
    const { history } = this.memory;
    if (history.steps.length > info.step) {
      history.steps.length = info.step;
      history.epochs = history.epochs.filter(({ epoch }) => epoch < info.epoch);
    }
    // While something is being fitted, a loaded run can still be gone on with instead.
    if (!info.fitting) this.memory.savedRun = null;
  }

  #endRun(run: RunState, error: CnnLabError): void {
    if (this.run === run) this.run = null;
    run.fail(error);
  }
}

/** A core that panics while WebGPU is being tried means that WebGPU does not work. */
function webGpuError(error: CnnLabError, choice: DeviceChoice): CnnLabError {
  if (!isFatal(error) || (choice !== "auto" && choice !== "webgpu")) return error;
  const message = `WebGPU failed at its first training step: ${error.message} Choose the device cpu.`;
  return new CnnLabError({ code: "webgpu-failed", message });
}

function hopeless(error: CnnLabError): CnnLabError {
  return new CnnLabError({
    code: error.code,
    message: `${error.message} Training was ended, because it failed three times without finishing a step between. The data and the last checkpoint are still there.`,
  });
}

/** Asked anew: a run can end while one waits. */
function isOver(run: RunState): boolean {
  return run.over;
}

import type { DoneEvent, Vitals } from "../../api/types";
import { isLost } from "../notices";
import type { Workbench } from "../workbench";
import { diagnose, type Finding } from "./diagnose";

/** Kept of each layer. */
const most = 200;
/** While steps are taken, signs are looked for at most so often, in milliseconds. */
const lookEvery = 3000;
/** At the ends of epochs, which may last less than a blink: every chart is drawn anew then. */
const epochEvery = 500;
/** And after so many times as long as the last look took, so that training loses less than a twentieth. */
const timesCost = 20;

/** Training's vital signs, taken from when somebody first looks at them in a run; and what they and the curves say. */
export class VitalsStep {
  /** Oldest first, by rising step. */
  snapshots: Vitals[] = [];
  findings: Finding[] = [];
  /** A new problem, for a screen reader: each is said once. */
  spoken = "";
  /** Signs are being taken. */
  taking = false;
  /** Somebody looked: in this run, or, between runs, since the last one. */
  #watched = false;
  #outcome: DoneEvent["reason"] | null = null;
  #told = new Set<string>();
  #lookedAt = -Infinity;
  #cost = 0;
  #again = false;
  /** Counts the networks, so that a look at one that is gone by its end is known. */
  #network = 0;

  constructor(private readonly bench: Workbench) {}

  /** The dialog was opened. */
  opened(): void {
    this.#watched = true;
    this.judge();
    void this.#look();
  }

  /** A run began. */
  began(): void {
    this.#outcome = null;
    this.judge();
    if (this.#watched) void this.#look();
  }

  stepped(): void {
    if (this.#due(lookEvery)) void this.#look();
  }

  epochEnded(): void {
    this.judge();
    if (this.#due(epochEvery)) void this.#look();
  }

  ended(reason: DoneEvent["reason"]): void {
    this.#outcome = reason;
    this.judge();
    if (this.#watched) void this.#look();
    this.#watched = this.bench.dialog === "vitals";
  }

  /** The network was replaced. */
  forget(): void {
    this.#network += 1;
    this.snapshots = [];
    this.findings = [];
    this.spoken = "";
    this.#told.clear();
    this.#outcome = null;
    // Who has it before the eyes sees the new one's.
    if (this.bench.dialog === "vitals") void this.#look();
  }

  #due(every: number): boolean {
    return this.#watched && !this.taking && performance.now() - this.#lookedAt >= Math.max(every, timesCost * this.#cost);
  }

  async #look(): Promise<void> {
    const { lab } = this.bench;
    if (!lab?.spec || !lab.dataset) {
      return;
    }
    if (this.taking) {
      this.#again = true;
      return;
    }
    this.taking = true;
    const network = this.#network;
    const began = performance.now();
    try {
      const vitals = await lab.vitals();
      // A network that is there no more has no say.
      if (network === this.#network) {
        this.snapshots = withLatest(this.snapshots, vitals);
        this.judge();
      }
    } catch (error) {
      if (lab === this.bench.lab && !isLost(error)) {
        // Said once, not every few seconds.
        this.#watched = false;
        this.bench.fail(error);
      }
    }
    this.taking = false;
    this.#lookedAt = performance.now();
    this.#cost = this.#lookedAt - began;
    if (this.#again) {
      this.#again = false;
      void this.#look();
    }
    this.bench.changed();
  }

  /** Says what is found, in the language of the lab. */
  judge(): void {
    const { lab } = this.bench;
    const { dataset } = lab ?? {};
    const outputs = lab?.summary?.layers.at(-1)?.outputShape.at(-1);
    const counts = dataset?.counts.train ?? [];
    const all = counts.reduce((sum, n) => sum + n, 0);
    this.findings = lab
      ? diagnose(this.bench.text, {
          history: lab.history,
          vitals: this.snapshots,
          classes: dataset?.classes.length ?? outputs ?? 2,
          largestShare: all > 0 ? Math.max(...counts) / all : undefined,
          outcome: this.#outcome,
        })
      : [];
    const fresh = this.findings.filter(({ kind, severity }) => severity !== "good" && !this.#told.has(kind));
    if (fresh.length > 0) {
      fresh.forEach(({ kind }) => this.#told.add(kind));
      this.spoken = fresh.map((finding) => `${finding.message} ${finding.try}`).join(" ");
    }
    this.bench.changed();
  }
}

/** The snapshots with one more. A run that went back to earlier weights goes on from there, and nothing is kept twice. */
export function withLatest(snapshots: readonly Vitals[], latest: Vitals): Vitals[] {
  return [...snapshots.filter(({ step }) => step < latest.step), latest].slice(-most);
}

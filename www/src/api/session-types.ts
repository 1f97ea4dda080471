/** The part of the public contract that is about kept training; `types.ts` has it too. */
import type { DatasetInfo, DeviceKind, LoadOptions, Split, SplitOptions, Summary } from "./types";

/** A change to a loaded set, as plain data. */
export type DatasetEdit =
  | { kind: "split"; options: SplitOptions }
  | { kind: "rename"; label: number; name: string }
  | { kind: "merge"; from: number; into: number }
  | { kind: "drop"; label: number }
  | { kind: "exclude"; split: Split; index: number }
  | { kind: "relabel"; split: Split; index: number; label: number };

/** The pictures that a session learns from, and how a later visit gets them. */
export type SessionData = {
  name: string;
  classes: string[];
  splits: Record<Split, number>;
  /** `own`: they are the person's, and not kept in this browser; they have to be given again. */
  source: { kind: "bundled"; name: string; limit: number | undefined } | { kind: "remembered"; name: string } | { kind: "own" };
  /** What was changed since, in order. */
  edits: DatasetEdit[];
};

/** A training that is kept in this browser. It is plain data. */
export type Session = {
  id: string;
  /** "Session 3" at first. */
  name: string;
  /** It was given a name, and stays until it is deleted; of the others only the latest ten do. */
  named: boolean;
  /** When it began, and when it was saved last, as in `Date.toISOString()`. */
  started: string;
  saved: string;
  /** Training steps over the life of the weights, when it was saved last. */
  step: number;
  epoch: number;
  /** Its run's last epoch. */
  epochs: number;
  /** Whether `train({ resume: true })` has something left to do. */
  unfinished: boolean;
  data: SessionData | null;
  device: DeviceKind;
  /** Trainable parameters or not. */
  parameters: number;
  /** What it takes of the browser's storage. */
  bytes: number;
  /** What `KeepOptions.note` gave. */
  note: unknown;
  /** The lab that is writing it: this one, or one of another tab; null: none. */
  open: "here" | "elsewhere" | null;
  /** Why it cannot be restored, as a sentence; null: it can, as far as is known without reading all of it. */
  problem: string | null;
};

export type KeepOptions = {
  /** Something of one's own to keep beside, asked for with each save: plain data. */
  note?: (() => unknown) | undefined;
  /** The session to go on with, where the lab has its network already; else a new one begins with the next run. */
  id?: string | undefined;
};

export type RestoreOptions = Omit<LoadOptions, "limit">;

export type RestoredSession = {
  session: Session;
  summary: Summary;
  /** The pictures; null where they could not be had. */
  dataset: DatasetInfo | null;
  /** What is missing to go on as if nothing had happened, and what to do; null: nothing. */
  missing: string | null;
};

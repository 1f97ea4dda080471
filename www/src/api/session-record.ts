/**
 * What is stored of a session, and how to tell whether it is whole. A session has two slots for
 * its checkpoints, and a head that says what is in them: a save goes into the slot of the older
 * one, in the same transaction as its head, so that one good save is there at any moment.
 */
import type { Session } from "./session-types";

/** A database of its own: the one of the runs keeps its version, and a tab of an older lab its access. */
export const DATABASE = "cnn-lab-sessions";
/** Of what is stored. */
export const FORMAT = 1;
/** So many sessions that nobody has named stay; the oldest give way. */
export const MOST_UNNAMED = 10;

/** A checkpoint in a slot. */
export type Save = Pick<Session, "saved" | "step" | "epoch" | "epochs" | "unfinished" | "data" | "device" | "parameters" | "note"> & {
  slot: number;
  length: number;
  crc32: number;
};

/** What a save says that is to be written. */
export type Saving = Omit<Save, "slot" | "length" | "crc32">;

export type Head = Pick<Session, "id" | "name" | "named" | "started"> & {
  format: number;
  /** The latest first; at most two. */
  saves: Save[];
};

/** The slot that the next save goes into. */
export function freeSlot(saves: readonly Pick<Save, "slot">[]): number {
  return saves[0]?.slot === 0 ? 1 : 0;
}

/** A head as the class gives it. */
export function sessionOf(head: Head, open: Session["open"]): Session {
  const { id, name, named, started, saves, format } = head;
  const [last] = saves as Save[] | [];
  const known = format === FORMAT && last !== undefined;
  const { saved, step, epoch, epochs, unfinished, data, device, parameters, note } = last ?? nothing;
  return {
    id, name, named, started, saved, step, epoch, epochs, data, device, parameters, note, open,
    unfinished: known && unfinished,
    bytes: saves.reduce((sum, { length }) => sum + length, 0),
    problem: known ? null : `“${name}” was kept by another version of this lab, which alone can read it. Open that one, or delete it.`,
  };
}

const nothing: Saving = { saved: "", step: 0, epoch: 0, epochs: 0, unfinished: false, data: null, device: "cpu", parameters: 0, note: null };

/** A head out of the storage, whatever lies there; null where it is none at all. */
export function headOf(value: unknown): Head | null {
  const { id, name, named, started, saves, format } = (value ?? {}) as Partial<Head>;
  if (typeof id !== "string") return null;
  const text = (of: unknown): string => (typeof of === "string" ? of : "");
  return {
    id, name: text(name) || id, named: named === true, started: text(started),
    format: format ?? 0,
    saves: format === FORMAT && Array.isArray(saves) ? saves : [],
  };
}

/** "Session 8" where the highest so far is "Session 7". */
export function nextName(heads: readonly Pick<Head, "name">[]): string {
  const numbers = heads.map(({ name }) => Number(/^Session (\d{1,9})$/.exec(name)?.[1] ?? 0));
  return `Session ${Math.max(0, ...numbers) + 1}`;
}

/** The sessions that give way: the oldest that nobody has named and no lab has open. */
export function givingWay(heads: readonly Head[], open: ReadonlySet<string>): string[] {
  const savedAt = ({ saves, started }: Head): string => saves[0]?.saved ?? started;
  return heads
    .filter(({ named }) => !named)
    .sort((a, b) => savedAt(b).localeCompare(savedAt(a)))
    .slice(MOST_UNNAMED)
    .flatMap(({ id }) => (open.has(id) ? [] : [id]));
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The checksum of zip and PNG. (The browser's digests are there on secure pages only.) */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  // By its index: going through a hundred megabytes by an iterator takes ten times as long.
  let at = 0;
  while (at < bytes.length) sum = (sum >>> 8) ^ (table[(sum ^ (bytes[at++] ?? 0)) & 0xff] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Whether what was read is what was written. */
export function isWhole(bytes: unknown, { length, crc32: sum }: Pick<Save, "length" | "crc32">): bytes is Uint8Array<ArrayBuffer> {
  return bytes instanceof Uint8Array && bytes.length === length && crc32(bytes) === sum;
}

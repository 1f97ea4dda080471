import { expect, test } from "vitest";
import { crc32, FORMAT, freeSlot, givingWay, headOf, isWhole, MOST_UNNAMED, nextName, sessionOf, type Head, type Save } from "./session-record";

const save = (o: Partial<Save>): Save => ({
  slot: 0, length: 3, crc32: 0, saved: "2026-01-01T00:00:00Z", step: 5, epoch: 1, epochs: 2, unfinished: true, data: null, device: "cpu", parameters: 7, note: null, ...o,
});
const head = (o: Partial<Head>): Head => ({ id: "a", name: "Session 1", named: false, started: "2026-01-01T00:00:00Z", format: FORMAT, saves: [save({})], ...o });

test("a save takes the slot that the latest is not in", () => {
  expect(freeSlot([])).toBe(0);
  expect(freeSlot([{ slot: 0 }])).toBe(1);
  expect(freeSlot([{ slot: 1 }, { slot: 0 }])).toBe(0);
});

test("bytes that are cut off, changed or gone are told from whole ones", () => {
  // The check value that every description of this checksum gives.
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  const bytes = new Uint8Array([1, 2, 3]);
  const written = { length: 3, crc32: crc32(bytes) };
  expect(isWhole(bytes, written)).toBe(true);
  expect(isWhole(bytes.slice(0, 2), written)).toBe(false);
  expect(isWhole(new Uint8Array([1, 2, 4]), written)).toBe(false);
  expect(isWhole(undefined, written)).toBe(false);
});

test("a session says what its latest save says, and takes what both take", () => {
  const session = sessionOf(head({ saves: [save({ step: 9 }), save({ slot: 1, step: 5, length: 4 })] }), "here");
  expect(session).toMatchObject({ step: 9, bytes: 7, unfinished: true, problem: null, open: "here" });
});

test("what another version kept is listed with its name, and cannot be restored", () => {
  const strange = headOf({ id: "x", name: "Old", format: 7, saves: "elsewhere" });
  expect(sessionOf(strange!, null)).toMatchObject({ name: "Old", unfinished: false, problem: expect.stringContaining("another version") as string });
  expect(sessionOf(headOf({ id: "y" })!, null).name).toBe("y");
  expect(headOf({})).toBeNull();
  expect(headOf(null)).toBeNull();
});

test("names count on", () => {
  expect(nextName([])).toBe("Session 1");
  expect(nextName([{ name: "Session 7" }, { name: "Mine" }, { name: "Session 2" }])).toBe("Session 8");
});

test("the oldest give way, but none that was named or is open", () => {
  const many = Array.from({ length: MOST_UNNAMED + 4 }, (_, i) =>
    head({ id: `s${i}`, named: i === 1, saves: [save({ saved: `2026-01-${String(i + 1).padStart(2, "0")}T00:00:00Z` })] }),
  );
  expect(givingWay(many, new Set()).sort()).toEqual(["s0", "s2", "s3"]);
  expect(givingWay(many, new Set(["s2"])).sort()).toEqual(["s0", "s3"]);
  expect(givingWay(many.slice(0, MOST_UNNAMED), new Set())).toEqual([]);
});

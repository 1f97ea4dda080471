import { expect, test } from "vitest";
import { mostReaders, readInOrder, Schedule } from "./chunks";

type Lanes = (number | null)[];

/** Repeatable numbers from 0 up to 1. */
function draws(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
}

/** Reads with delays that a seed decides, and notes who read what when. */
async function read(lanes: Lanes, readers: number, ahead: number, seed: number): Promise<{ taken: number[]; by: number[][]; most: number }> {
  const draw = draws(seed);
  const by: number[][] = Array.from({ length: readers }, () => []);
  const taken: number[] = [];
  let held = 0;
  let most = 0;
  await readInOrder({
    lanes,
    readers,
    ahead,
    read: async (reader, chunk) => {
      by[reader]!.push(chunk);
      most = Math.max(most, ++held);
      await new Promise((resolve) => setTimeout(resolve, draw() * 3));
      return chunk;
    },
    take: async (result, chunk) => {
      expect(result).toBe(chunk);
      await new Promise((resolve) => setTimeout(resolve, draw() * 2));
      taken.push(chunk);
      held -= 1;
    },
  });
  return { taken, by, most };
}

const free: Lanes = Array.from({ length: 30 }, () => null);
const mixed: Lanes = [0, null, 0, 1, null, 1, 0, null, 1, null, null, 2, 0, 2, null, 1];

test.each([
  ["free chunks", free],
  ["two streams among them", mixed],
  ["one stream", free.map(() => 0)],
])("%s are taken in order, whatever the number of readers", async (_, lanes) => {
  for (const readers of [1, 2, 4]) {
    for (const seed of [1, 2, 3]) {
      const { taken } = await read(lanes, readers, 2 * readers, seed);
      expect(taken).toEqual(lanes.map((_, chunk) => chunk));
    }
  }
});

test("a stream stays with one reader, which reads it in order", async () => {
  for (const seed of [1, 2, 3, 4]) {
    const { by } = await read(mixed, 3, 6, seed);
    for (const lane of [0, 1, 2]) {
      const chunks = by.map((chunks) => chunks.filter((chunk) => mixed[chunk] === lane)).filter((chunks) => chunks.length > 0);
      expect(chunks).toHaveLength(1);
      expect(chunks[0]).toEqual([...chunks[0]!].sort((a, b) => a - b));
    }
  }
});

test("no more chunks are held than agreed, even behind a slow one", async () => {
  const held = new Set<number>();
  let most = 0;
  let slow: (() => void) | undefined;
  const reading = readInOrder({
    lanes: free,
    readers: 4,
    ahead: 6,
    read: async (_, chunk) => {
      held.add(chunk);
      most = Math.max(most, held.size);
      if (chunk === 2) await new Promise<void>((resolve) => (slow = resolve));
      return chunk;
    },
    take: (_, chunk) => {
      held.delete(chunk);
      return Promise.resolve();
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  // 0 and 1 are taken; 2 is slow, so nothing past 2 + 6 was begun.
  expect([...held].sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7]);
  slow?.();
  await reading;
  expect(most).toBe(6);
});

test("the first failure ends it, of reading as of taking", async () => {
  for (const fault of ["read", "take"]) {
    const taken: number[] = [];
    await expect(
      readInOrder({
        lanes: free,
        readers: 2,
        ahead: 4,
        read: (_, chunk) => (fault === "read" && chunk === 5 ? Promise.reject(new Error("read")) : Promise.resolve(chunk)),
        take: (_, chunk) => {
          if (fault === "take" && chunk === 5) return Promise.reject(new Error("take"));
          taken.push(chunk);
          return Promise.resolve();
        },
      }),
    ).rejects.toThrow(fault);
    const before = taken.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(taken).toHaveLength(before);
    expect(taken).not.toContain(5);
  }
});

test("nothing to read is done at once", async () => {
  await readInOrder({ lanes: [], readers: 2, ahead: 4, read: () => Promise.reject(new Error()), take: () => Promise.reject(new Error()) });
});

test("no more readers than can have work", () => {
  expect(mostReaders([0, 0, 0])).toBe(1);
  expect(mostReaders([0, 1, 0, null])).toBe(3);
  expect(mostReaders(free)).toBe(30);
});

test("a reader is done when what is left belongs to others", () => {
  const schedule = new Schedule([0, 0, 1], 10);
  expect(schedule.next(0)).toBe(0);
  expect(schedule.next(1)).toBe(2);
  expect(schedule.next(1)).toBe("over");
  expect(schedule.next(0)).toBe(1);
  expect(schedule.next(0)).toBe("over");
});

import { expect, test } from "vitest";
import { TimeLeft } from "./time-left";

function after(...samples: [done: number, total: number, at: number][]): number | null {
  const time = new TimeLeft();
  samples.forEach((sample) => time.add(...sample));
  return time.seconds;
}

test("an even rate gives what is left", () => {
  expect(after([0, 1000, 0], [100, 1000, 1000], [200, 1000, 2000])).toBeCloseTo(8);
});

test("the rate is that of the last seconds", () => {
  const samples = Array.from({ length: 21 }, (_, s): [number, number, number] => [
    // 100 a second for ten seconds, then 10 a second.
    s <= 10 ? 100 * s : 1000 + 10 * (s - 10), 2000, 1000 * s,
  ]);
  expect(after(...samples)).toBeCloseTo((2000 - 1100) / 10);
});

test("nothing is said too early, without a total, or while it stands still", () => {
  expect(after()).toBeNull();
  expect(after([0, 10, 0], [1, 10, 100])).toBeNull();
  expect(after([5, 0, 0], [50, 0, 5000])).toBeNull();
  expect(after([5, 10, 0], [5, 10, 5000])).toBeNull();
});

test("another total begins anew, and so does going back", () => {
  expect(after([0, 10, 0], [5, 10, 5000], [0, 200, 5100])).toBeNull();
  expect(after([0, 10, 0], [5, 10, 5000], [1, 10, 5100])).toBeNull();
});

test("when all is done nothing is left", () => {
  expect(after([0, 10, 0], [10, 10, 5000])).toBe(0);
});

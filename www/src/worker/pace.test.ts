import { expect, test } from "vitest";
import { Pace, Speed } from "./pace";

/** Lets a pace settle on steps that take `ms` each; returns the number in one go. */
function settle(pace: Pace, ms: number): number {
  for (let turn = 0; turn < 20; turn++) pace.took(pace.n * ms);
  return pace.n;
}

test("one go settles at about 50 ms, whatever a step takes", () => {
  expect(settle(new Pace(), 10)).toBe(5);
  expect(settle(new Pace(), 51)).toBe(1);
  expect(settle(new Pace(), 3000)).toBe(1);
  expect(settle(new Pace(), 0.0001)).toBe(256);
});

test("it grows at most twofold a turn and falls at once", () => {
  const pace = new Pace();
  pace.took(1);
  expect(pace.n).toBe(2);
  pace.took(2);
  expect(pace.n).toBe(4);
  pace.took(400);
  expect(pace.n).toBe(1);
});

test("the speed is exact when steady and follows a change within seconds", () => {
  const speed = new Speed();
  for (let turn = 0; turn < 100; turn++) expect(speed.add(64, 64)).toBeCloseTo(1000);
  for (let turn = 0; turn < 100; turn++) speed.add(32, 64);
  expect(speed.add(32, 64)).toBeCloseTo(500, -1);
});

test("the first figures are means, not guesses from zero", () => {
  const speed = new Speed();
  expect(speed.add(10, 100)).toBeCloseTo(100);
  expect(speed.add(30, 100)).toBeCloseTo(200);
});

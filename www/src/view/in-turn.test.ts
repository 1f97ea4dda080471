import { beforeEach, expect, test, vi } from "vitest";
import { inTurn, outOfTurn } from "./in-turn";

let frames: (() => void)[] = [];

/** Lets a frame pass, and what comes after it. */
async function frame(): Promise<void> {
  const due = frames;
  frames = [];
  for (const callback of due) callback();
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => frames.push(callback));
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test("a few are drawn after each frame, in their order, none twice, and none that was taken back", async () => {
  const drawn: number[] = [];
  const draws = Array.from({ length: 8 }, (_, i) => () => void drawn.push(i));
  for (const draw of [...draws, ...draws]) inTurn(draw);
  outOfTurn(draws[1]!);
  expect(drawn).toEqual([]);
  await frame();
  expect(drawn).toEqual([0, 2, 3]);
  await frame();
  expect(drawn).toEqual([0, 2, 3, 4, 5, 6]);
  await frame();
  expect(drawn).toEqual([0, 2, 3, 4, 5, 6, 7]);
  expect(frames).toEqual([]);
});

test("what takes long, and what changes the document, is the last before the next frame", async () => {
  const drawn: string[] = [];
  inTurn(() => {
    vi.advanceTimersByTime(5);
    drawn.push("long");
  });
  inTurn(() => Promise.resolve().then(() => drawn.push("change")));
  inTurn(() => void drawn.push("last"));
  await frame();
  expect(drawn).toEqual(["long"]);
  await frame();
  expect(drawn).toEqual(["long", "change"]);
  await frame();
  expect(drawn).toEqual(["long", "change", "last"]);
});

test("one that fails does not keep the others from their turn", async () => {
  const failed: unknown[] = [];
  process.once("unhandledRejection", (reason) => failed.push(reason));
  const drawn: string[] = [];
  inTurn(() => {
    throw new Error("no canvas");
  });
  inTurn(() => void drawn.push("next"));
  await frame();
  await frame();
  expect(drawn).toEqual(["next"]);
  await vi.waitFor(() => expect(failed).toHaveLength(1));
});

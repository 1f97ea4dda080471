/** What is said through shared memory, by both ends; one of them on another thread, where it has to wait. */
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import type { ShareTask } from "./core";
import { bytesOf, Mailbox } from "./mailbox";

test("what is said is heard once, in order, and only as many numbers as were said", () => {
  const mailbox = Mailbox.of(8);
  const other = new Mailbox(mailbox.memory, 8);
  expect(mailbox.hear()).toBeUndefined();
  other.numbers.set([1, 2, 3]);
  other.say("found", 1, 3);
  expect(mailbox.hear()).toEqual({ what: "found", id: 1, numbers: Float32Array.of(1, 2, 3) });
  expect(mailbox.hear()).toBeUndefined();
  expect(mailbox.hear(5)).toBeUndefined();
  other.say("left", 2);
  expect(mailbox.hear(5)).toEqual({ what: "left", id: 2, numbers: new Float32Array() });
});

test("nobody asks in a task that is done without it", () => {
  const mailbox = Mailbox.of(8);
  const other = new Mailbox(mailbox.memory, 8);
  mailbox.leave(4);
  expect(other.ask(4, Float32Array.of(1))).toBeUndefined();
  expect(mailbox.hear()).toBeUndefined();
});

test("who asks waits on its own thread for the answer, or until it is left", async () => {
  const mailbox = Mailbox.of(8);
  // Waits as `ask` does, without the module, which is not JavaScript before it is bundled.
  const thread = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     const words = new Int32Array(workerData, 0, 16);
     const numbers = new Float32Array(workerData, 64);
     for (const id of [7, 8]) {
       const before = Atomics.load(words, 3);
       numbers.set([id, 2]);
       Atomics.store(words, 1, 1);
       Atomics.store(words, 2, 2);
       Atomics.add(words, 0, 1);
       Atomics.notify(words, 0);
       Atomics.wait(words, 3, before, 5000);
       parentPort.postMessage(Atomics.load(words, 4) >= id ? "left" : [...numbers.subarray(0, 2)]);
     }`,
    { eval: true, workerData: mailbox.memory },
  );
  const told: unknown[] = [];
  thread.on("message", (message) => told.push(message));
  const ended = new Promise((resolve) => thread.on("exit", resolve));
  expect(mailbox.hear(5000)).toMatchObject({ what: "asks", numbers: Float32Array.of(7, 2) });
  mailbox.answer(Float32Array.of(5, 6));
  expect(mailbox.hear(5000)?.what).toBe("asks");
  mailbox.leave(8);
  await ended;
  expect(told).toEqual([[5, 6], "left"]);
});

const task = (pictures: number): ShareTask => ({
  step: 70_000,
  epoch: 3,
  batch: 64,
  cuts: Uint32Array.of(32, 48, 64),
  numbers: Uint32Array.of(5, 1),
  pictures: Uint32Array.from({ length: pictures }, (_, at) => at),
  labels: Uint16Array.from({ length: pictures }, (_, at) => 500 + at),
  pixels: Uint8Array.from({ length: 3 * pictures }, (_, at) => 7 * at),
});

test("a task is given to who waits for one, whole, and to nobody else", () => {
  const mailbox = Mailbox.of(8, bytesOf(task(5)));
  const other = new Mailbox(mailbox.memory, 8);
  // It has not done any yet, and listens to messages.
  expect(mailbox.give(1, task(5))).toBe(false);
  for (const [id, pictures] of [[2, 5], [3, 2], [4, 0]] as const) {
    other.say("found", id - 1, 1);
    expect(mailbox.give(id, task(pictures))).toBe(true);
    expect(mailbox.give(id + 1, task(pictures))).toBe(false);
    expect(other.next(5)).toEqual({ id, task: task(pictures) });
    expect(mailbox.give(id + 1, task(pictures))).toBe(false);
  }
  // Asking ends none.
  other.say("asks", 4, 1);
  expect(mailbox.give(5, task(5))).toBe(false);
  // Who has waited in vain listens to messages.
  other.say("left", 4);
  expect(other.next(5)).toBeUndefined();
  expect(mailbox.give(6, task(5))).toBe(false);
  expect([task(5), task(6), { ...task(5), step: 2 ** 31 }].map((one) => mailbox.fits(one))).toEqual([true, false, false]);
});

test.each(["waits", "was given one", "computes"])("who %s when the mailbox is closed listens to messages", (state) => {
  const mailbox = Mailbox.of(8, bytesOf(task(5)));
  const other = new Mailbox(mailbox.memory, 8);
  if (state !== "computes") other.say("found", 1, 1);
  if (state === "was given one") expect(mailbox.give(2, task(5))).toBe(true);
  mailbox.close();
  if (state === "computes") other.say("found", 1, 1);
  // Would wait for longer than a test may take.
  expect(other.next(60_000)).toBeUndefined();
  expect(mailbox.give(3, task(5))).toBe(false);
});

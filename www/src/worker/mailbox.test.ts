/** What is said through shared memory, by both ends; one of them on another thread, where it has to wait. */
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Mailbox } from "./mailbox";

test("what is said is heard once, in order, and only as many numbers as were said", () => {
  const mailbox = Mailbox.of(8);
  const other = new Mailbox(mailbox.memory);
  expect(mailbox.hear()).toBeUndefined();
  other.numbers.set([1, 2, 3]);
  other.say("found", 3);
  expect(mailbox.hear()).toEqual({ what: "found", numbers: Float32Array.of(1, 2, 3) });
  expect(mailbox.hear()).toBeUndefined();
  expect(mailbox.hear(5)).toBeUndefined();
  other.say("left");
  expect(mailbox.hear(5)).toEqual({ what: "left", numbers: new Float32Array() });
});

test("nobody asks in a task that is done without it", () => {
  const mailbox = Mailbox.of(8);
  const other = new Mailbox(mailbox.memory);
  mailbox.leave(4);
  expect(other.ask(4, Float32Array.of(1))).toBeUndefined();
  expect(mailbox.hear()).toBeUndefined();
});

test("who asks waits on its own thread for the answer, or until it is left", async () => {
  const mailbox = Mailbox.of(8);
  // Waits as `ask` does, without the module, which is not JavaScript before it is bundled.
  const thread = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     const words = new Int32Array(workerData, 0, 8);
     const numbers = new Float32Array(workerData, 32);
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
  expect(mailbox.hear(5000)).toEqual({ what: "asks", numbers: Float32Array.of(7, 2) });
  mailbox.answer(Float32Array.of(5, 6));
  expect(mailbox.hear(5000)?.what).toBe("asks");
  mailbox.leave(8);
  await ended;
  expect(told).toEqual([[5, 6], "left"]);
});

/** Which batches are asked for, and what becomes of them. */
import { expect, test } from "vitest";
import type { BatchToPrepare, Core } from "./core";
import type { ToPreparer } from "./preparer";
import { Preparing } from "./preparing";
import { SerialQueue } from "./serial-queue";

class FakePort extends EventTarget {
  asked: number[] = [];
  ended = false;

  postMessage(message: ToPreparer): void {
    if ("batch" in message) this.asked.push(message.batch.step);
  }

  terminate(): void {
    this.ended = true;
  }

  answer(step: number): void {
    this.dispatchEvent(new MessageEvent("message", { data: { step, values: new Float32Array(1) } }));
  }
}

function preparing(last: number): { port: FakePort; queue: SerialQueue; supplied: number[]; ask: (step: number, n: number) => void; end: () => void } {
  const port = new FakePort();
  const queue = new SerialQueue();
  const supplied: number[] = [];
  let now = 0;
  const core = {
    recipe: () => ({ recipe: new Uint8Array(1), shape: new Uint32Array(3), count: 9 }),
    batchToPrepare: (ahead: number): BatchToPrepare | undefined =>
      now + ahead > last
        ? undefined
        : { step: now + ahead, epoch: 1, numbers: new Uint32Array(1), pictures: new Uint32Array(1), pixels: new Uint8Array(1) },
    supply: (step: number) => supplied.push(step) > 0,
  } as unknown as Core;
  const made = new Preparing({ core, queue, base: "", spawn: () => port as never });
  const ask = (step: number, n: number): void => {
    now = step;
    made.ask(step, n);
  };
  return { port, queue, supplied, ask, end: () => made.end() };
}

test("each step after the next is asked for once, a few at a time, and none past the end", () => {
  const { port, ask } = preparing(12);
  ask(0, 1);
  expect(port.asked).toEqual([1, 2]);
  ask(1, 1);
  expect(port.asked).toEqual([1, 2, 3]);
  ask(2, 100);
  expect(port.asked).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  ask(9, 9);
  expect(port.asked.slice(-3)).toEqual([10, 11, 12]);
});

test("what was prepared goes to the core, until the end or a failure", async () => {
  const { port, queue, supplied, ask, end } = preparing(9);
  ask(0, 1);
  port.answer(1);
  await queue.run(() => undefined);
  expect(supplied).toEqual([1]);
  port.answer(2);
  end();
  await queue.run(() => undefined);
  expect(supplied).toEqual([1]);
  expect(port.ended).toBe(true);

  const failing = preparing(9);
  failing.port.dispatchEvent(new Event("error"));
  failing.ask(0, 1);
  expect(failing.port.asked).toEqual([]);
});

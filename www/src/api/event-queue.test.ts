import { expect, test } from "vitest";
import { EventQueue } from "./event-queue";
import type { StepEvent, TrainEvent } from "./types";

function step(globalStep: number): StepEvent {
  return { type: "step", epoch: 1, step: globalStep, steps: 9999, globalStep, loss: 1, accuracy: 0, images: 1, learningRate: 0.001, imagesPerSecond: 1 };
}

async function drain(queue: EventQueue): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for (;;) {
    const { value, done } = await queue.next();
    if (done) return events;
    events.push(value);
  }
}

test("events come in order to whoever asks, before or after they happen", async () => {
  const queue = new EventQueue();
  queue.push(step(1));
  const [first, second, third] = [queue.next(), queue.next(), queue.next()];
  queue.push(step(2));
  queue.end();
  expect((await first).value).toMatchObject({ globalStep: 1 });
  expect((await second).value).toMatchObject({ globalStep: 2 });
  expect(await third).toEqual({ value: undefined, done: true });
  expect((await queue.next()).done).toBe(true);
});

test("an error comes after the events before it, every time one asks", async () => {
  const queue = new EventQueue();
  const waiting = queue.next();
  queue.end({ error: new Error("lost") });
  await expect(waiting).rejects.toThrow("lost");
  const other = new EventQueue();
  other.push(step(1));
  other.end({ error: new Error("lost") });
  expect((await other.next()).done).toBe(false);
  await expect(other.next()).rejects.toThrow("lost");
  await expect(other.next()).rejects.toThrow("lost");
});

test("without anybody asking, old steps go and everything else stays, in order", async () => {
  const queue = new EventQueue();
  for (let number = 1; number <= 20_000; number++) {
    queue.push(step(number));
    if (number % 1000 === 0) queue.push({ type: "checkpoint", step: number });
  }
  queue.end();
  const events = await drain(queue);
  const steps = events.flatMap((event) => (event.type === "step" ? [event.globalStep] : []));
  expect(events.filter((event) => event.type === "checkpoint")).toHaveLength(20);
  expect(steps.length).toBeGreaterThanOrEqual(1024);
  expect(steps.length).toBeLessThanOrEqual(2048);
  expect(steps.at(-1)).toBe(20_000);
  expect(steps).toEqual(steps.map((_, index) => 20_000 - steps.length + 1 + index));
  expect(events.at(-1)).toEqual({ type: "checkpoint", step: 20_000 });
});

import { expect, test } from "vitest";
import { SerialQueue } from "./serial-queue";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("tasks run one at a time, in order, and a failing one holds up none", async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const task = (name: string, ms: number) => async () => {
    log.push(`${name} begins`);
    await sleep(ms);
    log.push(`${name} ends`);
    return name;
  };
  const first = queue.run(task("first", 20));
  const second = queue.run(() => Promise.reject(new Error("second")));
  const third = queue.run(() => {
    throw new Error("third");
  });
  const fourth = queue.run(task("fourth", 1));
  await expect(second).rejects.toThrow("second");
  await expect(third).rejects.toThrow("third");
  expect(await Promise.all([first, fourth])).toEqual(["first", "fourth"]);
  expect(log).toEqual(["first begins", "first ends", "fourth begins", "fourth ends"]);
});

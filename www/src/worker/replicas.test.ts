/** Who is given a share, how long it is waited for, and what a death costs. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Brief, ShareTask } from "./core";
import type { FromReplica, ToReplica } from "./replica";
import { Mailbox } from "./mailbox";
import { Replicas } from "./replicas";

class FakePort extends EventTarget {
  messages: ToReplica[] = [];
  ended = false;

  postMessage(message: ToReplica): void {
    this.messages.push(message);
  }

  terminate(): void {
    this.ended = true;
  }

  say(data: FromReplica): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /** Answers what it was asked last. */
  ready(): void {
    const last = this.messages.findLast(({ kind }) => kind === "brief");
    if (last?.kind === "brief") this.say({ kind: "ready", id: last.id });
  }

  /** Finds something in its last task, which through shared memory may be another than that of its last message. */
  found(value: number, id?: number): void {
    const last = this.messages.findLast(({ kind }) => kind === "task");
    if (last?.kind !== "task") throw new Error("it has no task");
    if (!last.mailbox) {
      this.say({ kind: "found", id: last.id, numbers: new Float32Array([value]) });
      return;
    }
    const mailbox = new Mailbox(last.mailbox.memory, last.mailbox.length);
    mailbox.numbers[0] = value;
    mailbox.say("found", id ?? mailbox.next(0)?.id ?? last.id, 1);
  }

  asks(value: number): void {
    const last = this.messages.findLast(({ kind }) => kind === "task");
    if (last?.kind === "task") this.say({ kind: "asks", id: last.id, numbers: new Float32Array([value]) });
  }

  get tasks(): number {
    return this.messages.filter(({ kind }) => kind === "task").length;
  }
}

const brief: Brief = { spec: "{}", recipe: new Uint8Array(), shape: new Uint32Array(3), count: 1, classWeights: new Float32Array(), frozen: new Float32Array() };
const task = (): ShareTask => ({
  step: 0,
  epoch: 1,
  batch: 8,
  cuts: new Uint32Array(),
  numbers: new Uint32Array(),
  pictures: new Uint32Array(),
  labels: new Uint16Array(),
  pixels: new Uint8Array(),
});

function team(count: number, shared = false): { replicas: Replicas; ports: FakePort[]; deaths: string[]; step: (n?: number) => Promise<(number | undefined)[]> } {
  const ports: FakePort[] = [];
  const deaths: string[] = [];
  const spawn = (): FakePort => {
    const port = new FakePort();
    ports.push(port);
    return port;
  };
  const replicas = new Replicas({ base: "", device: "cpu", spawn: spawn, shared, onDeath: (reason) => deaths.push(reason) }, count);
  /** Hands out a step; the first number of what was found. */
  const step = async (n = count): Promise<(number | undefined)[]> => {
    replicas.weights(3);
    replicas.begin(Array.from({ length: n }, task));
    return (await replicas.gather()).map((found) => found?.[0]);
  };
  return { replicas, ports, deaths, step };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("nothing is started before a run, and nobody is waited for who is not ready", async () => {
  const { replicas, ports, step } = team(2);
  expect(ports).toHaveLength(0);
  replicas.tell(brief);
  expect(ports).toHaveLength(2);
  expect(await step()).toEqual([undefined, undefined]);
  expect(ports.map(({ tasks }) => tasks)).toEqual([0, 0]);
});

test.each([false, true])("what was found comes in the order of the tasks (shared memory: %s)", async (shared) => {
  const { replicas, ports } = team(2, shared);
  replicas.tell(brief);
  ports.forEach((port) => port.ready());
  replicas.weights(3);
  expect(replicas.begin([task(), task()])).toEqual([true, true]);
  ports[1]!.found(7);
  ports[0]!.found(5);
  expect((await replicas.gather()).map((found) => found?.[0])).toEqual([5, 7]);
  const weights = ports.map(({ messages }) => messages.findLast(({ kind }) => kind === "task"));
  const [first, second] = weights.map((one) => (one?.kind === "task" ? one.weights.buffer : undefined));
  // Shared, all read the same; else each has its own.
  expect(first === second).toBe(shared);
});

test("who is late is left alone for a while, and what it finds then is not taken for something else", async () => {
  const { replicas, ports, step } = team(1);
  replicas.tell(brief);
  ports[0]!.ready();
  const late = step();
  await vi.advanceTimersByTimeAsync(25);
  expect(await late).toEqual([undefined]);
  // Still busy: it is neither asked nor waited for.
  expect(await step()).toEqual([undefined]);
  ports[0]!.found(5);
  expect(ports[0]!.tasks).toBe(1);
  // Two steps of rest, then it may help again.
  expect(await step()).toEqual([undefined]);
  expect(await step()).toEqual([undefined]);
  expect(ports[0]!.tasks).toBe(1);
  const again = step();
  ports[0]!.found(9);
  expect(await again).toEqual([9]);
  expect(ports[0]!.tasks).toBe(2);
});

test("who is late through shared memory is heard of at the next step", async () => {
  const { replicas, ports, step } = team(1, true);
  replicas.tell(brief);
  ports[0]!.ready();
  // Waits in place.
  expect(await step()).toEqual([undefined]);
  ports[0]!.found(5);
  for (let rests = 0; rests < 2; rests += 1) expect(await step()).toEqual([undefined]);
  replicas.weights(3);
  expect(replicas.begin([task()])).toEqual([true]);
  ports[0]!.found(9);
  expect((await replicas.gather()).map((found) => found?.[0])).toEqual([9]);
});

test("who dies is replaced, a few times a run, and nobody waits for it", async () => {
  const { replicas, ports, deaths, step } = team(1);
  replicas.tell(brief);
  ports[0]!.ready();
  const found = step();
  ports[0]!.say({ kind: "failed", reason: "out of memory" });
  expect(await found).toEqual([undefined]);
  expect(ports[0]!.ended).toBe(true);
  expect(ports).toHaveLength(2);
  ports[1]!.ready();
  const next = step();
  ports[1]!.found(3);
  expect(await next).toEqual([3]);
  for (const at of [1, 2, 3]) ports[at]!.dispatchEvent(new Event("error", { cancelable: true }));
  expect(ports).toHaveLength(4);
  expect(deaths).toHaveLength(4);
  expect(await step()).toEqual([undefined]);
  // The next run begins with as many as ever.
  replicas.tell(brief);
  expect(ports).toHaveLength(5);
});

test("who does not answer any more is replaced", async () => {
  const { replicas, ports, deaths, step } = team(1);
  replicas.tell(brief);
  ports[0]!.ready();
  const found = step();
  await vi.advanceTimersByTimeAsync(25);
  await found;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await step()).toEqual([undefined]);
  expect(deaths).toEqual(["it did not answer any more"]);
  expect([ports[0]!.ended, ports.length]).toEqual([true, 2]);
});

test("who is ready for an earlier run is not asked in this one", async () => {
  const { replicas, ports, step } = team(1);
  replicas.tell(brief);
  const [first] = ports[0]!.messages;
  replicas.tell(brief);
  if (first?.kind === "brief") ports[0]!.say({ kind: "ready", id: first.id });
  expect(await step()).toEqual([undefined]);
  ports[0]!.ready();
  const found = step();
  ports[0]!.found(1);
  expect(await found).toEqual([1]);
  replicas.end();
  expect(ports[0]!.ended).toBe(true);
});

test("what a share of an earlier run says through shared memory makes nobody free in this one", async () => {
  const { replicas, ports, step } = team(1, true);
  replicas.tell(brief);
  ports[0]!.ready();
  expect(await step()).toEqual([undefined]);
  replicas.tell(brief);
  ports[0]!.found(5);
  expect(await step()).toEqual([undefined]);
  expect(ports[0]!.tasks).toBe(1);
  ports[0]!.ready();
  replicas.weights(3);
  expect(replicas.begin([task()])).toEqual([true]);
  ports[0]!.found(9);
  expect((await replicas.gather()).map((found) => found?.[0])).toEqual([9]);
});

test("who has just found something gets its next task through shared memory, and the first by a message", async () => {
  const { replicas, ports } = team(1, true);
  replicas.tell(brief);
  ports[0]!.ready();
  const theirs = (): Mailbox => {
    const last = ports[0]!.messages.findLast(({ kind }) => kind === "task");
    if (last?.kind !== "task" || !last.mailbox) throw new Error("it has no mailbox");
    return new Mailbox(last.mailbox.memory, last.mailbox.length);
  };
  const round = async (step: number, one: ShareTask): Promise<void> => {
    replicas.weights(3);
    expect(replicas.begin([{ ...one, step }])).toEqual([true]);
    if (ports[0]!.tasks === 1 && step > 0) expect(theirs().next(0)).toEqual({ id: step + 1, task: { ...one, step } });
    ports[0]!.found(step, step + 1);
    expect((await replicas.gather()).map((numbers) => numbers?.[0])).toEqual([step]);
  };
  for (const step of [0, 1, 2]) {
    await round(step, task());
    expect(ports[0]!.tasks).toBe(1);
  }
  // A larger one has no room there: who waits has to listen, and gets larger memory with it.
  const small = theirs();
  await round(3, { ...task(), pixels: new Uint8Array(100) });
  expect(small.next(60_000)).toBeUndefined();
  expect(ports[0]!.tasks).toBe(2);
  await round(4, { ...task(), pixels: new Uint8Array(120) });
  expect(ports[0]!.tasks).toBe(2);
  // Told of another run it has to listen, and is sent its first task of that.
  const before = theirs();
  replicas.tell(brief);
  expect(before.next(60_000)).toBeUndefined();
  ports[0]!.ready();
  replicas.weights(3);
  expect(replicas.begin([task()])).toEqual([true]);
  expect(ports[0]!.tasks).toBe(3);
});

test("what is said of an earlier task is not taken for the present one", async () => {
  const { replicas, ports, step } = team(1, true);
  replicas.tell(brief);
  ports[0]!.ready();
  // The first was late, and is heard of; then there is a second.
  expect(await step()).toEqual([undefined]);
  ports[0]!.found(5, 1);
  for (let rests = 0; rests < 2; rests += 1) expect(await step()).toEqual([undefined]);
  replicas.weights(3);
  expect(replicas.begin([task()])).toEqual([true]);
  ports[0]!.found(6, 1);
  expect(await replicas.gather()).toEqual([undefined]);
});

test("nobody helps with a run that they were not told of", async () => {
  const { replicas, ports, step } = team(2);
  replicas.tell(brief);
  // One of them gets ready too late.
  ports[0]!.ready();
  replicas.forget();
  ports[1]!.ready();
  expect(await step()).toEqual([undefined, undefined]);
  expect(ports.map(({ tasks }) => tasks)).toEqual([0, 0]);
  // Who dies meanwhile is replaced, and told with the others.
  ports[0]!.say({ kind: "failed", reason: "out of memory" });
  expect(ports[2]!.messages).toEqual([]);
  replicas.tell(brief);
  ports.slice(1).forEach((port) => port.ready());
  replicas.weights(3);
  expect(replicas.begin([task(), task()])).toEqual([true, true]);
});

test("what the shares have to agree about is gathered, answered, and goes on to what was found", async () => {
  const { replicas, ports } = team(2);
  replicas.tell(brief);
  ports.forEach((port) => port.ready());
  replicas.weights(3);
  expect(replicas.begin([task(), task()])).toEqual([true, true]);
  const first = async (): Promise<(number | undefined)[]> => (await replicas.gather()).map((found) => found?.[0]);
  for (const numbers of [[1, 2], [3, 4]]) {
    const asked = first();
    ports.forEach((port, at) => port.asks(numbers[at]!));
    expect(await asked).toEqual(numbers);
    replicas.spread(new Float32Array([9]));
    for (const { messages } of ports) expect(messages.at(-1)).toMatchObject({ kind: "answer", numbers: new Float32Array([9]) });
  }
  const found = first();
  ports.forEach((port, at) => port.found(at));
  expect(await found).toEqual([0, 1]);
});

test("who does not ask in time is left, and is free again when it has noticed", async () => {
  const { replicas, ports, step } = team(2);
  replicas.tell(brief);
  ports.forEach((port) => port.ready());
  replicas.weights(3);
  replicas.begin([task(), task()]);
  const asked = replicas.gather();
  ports[0]!.asks(1);
  await vi.advanceTimersByTimeAsync(25);
  expect((await asked).map((found) => found?.[0])).toEqual([1, undefined]);
  replicas.leave();
  const left = ports.map(({ messages }) => messages.at(-1));
  for (const one of left) expect(one?.kind).toBe("leave");
  // Nobody has answered yet, so nobody is asked.
  expect(await step()).toEqual([undefined, undefined]);
  for (const [at, one] of left.entries()) if (one?.kind === "leave") ports[at]!.say({ kind: "left", id: one.id });
  // The first was not late.
  replicas.weights(3);
  expect(replicas.begin([task(), task()])).toEqual([true, false]);
});

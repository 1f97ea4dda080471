/**
 * Memory that the worker that trains and a replica share, to tell each other of a step without messages: a message
 * takes a quarter of a millisecond to come, and a step with normalisations dozens of them.
 *
 * Both wait in place, which workers may: the replica for an answer and, a moment, for its next task, the other for a
 * bounded time.
 */
import type { ShareTask } from "./core";

/** Words: how often the replica has said something, what and how many numbers; how often it was answered; the last task that is done without it. */
const [SAID, WHAT, LENGTH, ANSWERED, LEFT] = [0, 1, 2, 3, 4] as const;
/** And of its next task: whether it waits for one, the number, and what it is, with the lengths of its arrays. */
const [NEXT, ID, STEP, EPOCH, BATCH, LENGTHS] = [5, 6, 7, 8, 9, 10] as const;
/** The task in which the replica has said what it said. */
const OF = 15;
const WORDS = 16;
/** How the replica gets its next task: by a message, here, where it waits for one or has been given one, or no more here. */
const [LISTENS, WAITS, GIVEN, CLOSED] = [0, 1, 2, 3] as const;
/** So often, a fifth of a millisecond or so, it is looked before the thread goes to sleep, from which it takes a while to wake. */
const LOOKS = 20_000;
/** Nobody answers any more who has not for so long. */
const LONGEST_MS = 60_000;

/** What a replica says: its share is found, it asks for the whole batch's numbers, or it has left a task that was done without it. */
export type Said = "found" | "asks" | "left";
const SAYINGS: readonly Said[] = ["found", "asks", "left"];

/** The arrays of a task: the longest elements first, so that each begins where it may. */
const arraysOf = ({ cuts, numbers, pictures, labels, pixels }: ShareTask<ArrayBufferLike>) => [cuts, numbers, pictures, labels, pixels] as const;

/** Bytes of a task's arrays. */
export const bytesOf = (task: ShareTask): number => arraysOf(task).reduce((sum, { byteLength }) => sum + byteLength, 0);

export class Mailbox {
  readonly memory: SharedArrayBuffer;
  /** What is said, either way. */
  readonly numbers: Float32Array<SharedArrayBuffer>;
  #words: Int32Array<SharedArrayBuffer>;
  /** Where the arrays of a task lie. */
  #task: number;
  /** Of what the replica said, how much was heard. */
  #heard: number;

  /** Of memory with room for so many numbers, and after them for a task. */
  constructor(memory: SharedArrayBuffer, length: number) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.numbers = new Float32Array(memory, 4 * WORDS, length);
    this.#task = 4 * (WORDS + length);
    this.#heard = Atomics.load(this.#words, SAID);
  }

  /** One with room for so many numbers, and for a task of so many bytes. */
  static of(length: number, bytes = 0): Mailbox {
    const mailbox = new Mailbox(new SharedArrayBuffer(4 * (WORDS + length) + bytes), length);
    Atomics.store(mailbox.#words, LEFT, -1);
    return mailbox;
  }

  /** The replica's: says something in the task of this number, with the numbers that lie there. What ends one can be followed by the `next`. */
  say(what: Said, id: number, length = 0): void {
    if (what !== "asks") Atomics.compareExchange(this.#words, NEXT, LISTENS, WAITS);
    Atomics.store(this.#words, OF, id);
    Atomics.store(this.#words, WHAT, SAYINGS.indexOf(what));
    Atomics.store(this.#words, LENGTH, length);
    this.#tell(SAID);
  }

  /** The replica's: asks in the task of this number, and waits; `undefined` where the task is done without it. */
  ask(id: number, numbers: Float32Array): Float32Array<ArrayBuffer> | undefined {
    const before = Atomics.load(this.#words, ANSWERED);
    if (Atomics.load(this.#words, LEFT) >= id) return undefined;
    this.numbers.set(numbers);
    this.say("asks", id, numbers.length);
    const answered = this.#change(ANSWERED, before, LONGEST_MS);
    if (!answered || Atomics.load(this.#words, LEFT) >= id) return undefined;
    return Float32Array.from(this.numbers.subarray(0, numbers.length));
  }

  /**
   * The replica's, after it has ended a task: the next one, waited for at most so long, which lies there until it is
   * ended. `undefined`: it is to listen to messages.
   */
  next(ms: number): { id: number; task: ShareTask<ArrayBufferLike> } | undefined {
    this.#change(NEXT, WAITS, ms);
    Atomics.compareExchange(this.#words, NEXT, WAITS, LISTENS);
    if (Atomics.compareExchange(this.#words, NEXT, GIVEN, LISTENS) !== GIVEN) return undefined;
    const word = (at: number): number => Atomics.load(this.#words, at);
    let end = this.#task;
    const place = (at: number, size: number): [SharedArrayBuffer, number, number] => {
      const length = word(LENGTHS + at);
      end += size * length;
      return [this.memory, end - size * length, length];
    };
    const cuts = new Uint32Array(...place(0, 4));
    const numbers = new Uint32Array(...place(1, 4));
    const pictures = new Uint32Array(...place(2, 4));
    const labels = new Uint16Array(...place(3, 2));
    const pixels = new Uint8Array(...place(4, 1));
    return { id: word(ID), task: { step: word(STEP), epoch: word(EPOCH), batch: word(BATCH), cuts, numbers, pictures, labels, pixels } };
  }

  /** Whether there is room for a task. */
  fits(task: ShareTask): boolean {
    return this.#task + bytesOf(task) <= this.memory.byteLength && task.step < 2 ** 31;
  }

  /** The other's: gives the replica a task that fits; false where it listens to messages. */
  give(id: number, task: ShareTask): boolean {
    if (Atomics.load(this.#words, NEXT) !== WAITS) return false;
    for (const [at, word] of [[ID, id], [STEP, task.step], [EPOCH, task.epoch], [BATCH, task.batch]] as const) Atomics.store(this.#words, at, word);
    let end = this.#task;
    for (const [at, array] of arraysOf(task).entries()) {
      Atomics.store(this.#words, LENGTHS + at, array.length);
      new Uint8Array(this.memory, end, array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      end += array.byteLength;
    }
    // Meanwhile it may have given up.
    if (Atomics.compareExchange(this.#words, NEXT, WAITS, GIVEN) !== WAITS) return false;
    Atomics.notify(this.#words, NEXT);
    return true;
  }

  /** The other's: no more tasks come here, and who waits for one listens to messages. */
  close(): void {
    Atomics.store(this.#words, NEXT, CLOSED);
    Atomics.notify(this.#words, NEXT);
  }

  /** The other's: what the replica says next, waited for at most so long. */
  hear(ms = 0): { what: Said; id: number; numbers: Float32Array } | undefined {
    if (!this.#change(SAID, this.#heard, ms)) return undefined;
    this.#heard = Atomics.load(this.#words, SAID);
    const what = SAYINGS[Atomics.load(this.#words, WHAT)] ?? "left";
    return { what, id: Atomics.load(this.#words, OF), numbers: this.numbers.subarray(0, Atomics.load(this.#words, LENGTH)) };
  }

  /** The other's: answers what was asked. */
  answer(numbers: Float32Array): void {
    this.numbers.set(numbers);
    this.#tell(ANSWERED);
  }

  /** The other's: the task of this number is done without the replica. */
  leave(id: number): void {
    Atomics.store(this.#words, LEFT, id);
    this.#tell(ANSWERED);
  }

  #tell(word: number): void {
    Atomics.add(this.#words, word, 1);
    Atomics.notify(this.#words, word);
  }

  /** Waits until a word is another than `before`, at most so long; whether it is. */
  #change(word: number, before: number, ms: number): boolean {
    if (ms > 0) {
      for (let looks = 0; looks < LOOKS && Atomics.load(this.#words, word) === before; looks += 1);
      Atomics.wait(this.#words, word, before, ms);
    }
    return Atomics.load(this.#words, word) !== before;
  }
}

/**
 * Memory that the worker that trains and a replica share, to tell each other of a step without messages: a message
 * takes a quarter of a millisecond to come, and a step with normalisations dozens of them.
 *
 * Both wait in place, which workers may: the replica for an answer, the other for a bounded time.
 */

/** Words: how often the replica has said something, what and how many numbers; how often it was answered; the last task that is done without it. */
const [SAID, WHAT, LENGTH, ANSWERED, LEFT] = [0, 1, 2, 3, 4] as const;
const WORDS = 8;
/** So often, a fifth of a millisecond or so, it is looked before the thread goes to sleep, from which it takes a while to wake. */
const LOOKS = 20_000;
/** Nobody answers any more who has not for so long. */
const LONGEST_MS = 60_000;

/** What a replica says: its share is found, it asks for the whole batch's numbers, or it has left a task that was done without it. */
export type Said = "found" | "asks" | "left";
const SAYINGS: readonly Said[] = ["found", "asks", "left"];

export class Mailbox {
  readonly memory: SharedArrayBuffer;
  /** What is said, either way. */
  readonly numbers: Float32Array<SharedArrayBuffer>;
  #words: Int32Array<SharedArrayBuffer>;
  /** Of what the replica said, how much was heard. */
  #heard: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, WORDS);
    this.numbers = new Float32Array(memory, 4 * WORDS);
    this.#heard = Atomics.load(this.#words, SAID);
  }

  /** One with room for so many numbers. */
  static of(length: number): Mailbox {
    const mailbox = new Mailbox(new SharedArrayBuffer(4 * (WORDS + length)));
    Atomics.store(mailbox.#words, LEFT, -1);
    return mailbox;
  }

  /** The replica's: says something, with the numbers that lie there. */
  say(what: Said, length = 0): void {
    Atomics.store(this.#words, WHAT, SAYINGS.indexOf(what));
    Atomics.store(this.#words, LENGTH, length);
    this.#tell(SAID);
  }

  /** The replica's: asks in the task of this number, and waits; `undefined` where the task is done without it. */
  ask(id: number, numbers: Float32Array): Float32Array<ArrayBuffer> | undefined {
    const before = Atomics.load(this.#words, ANSWERED);
    if (Atomics.load(this.#words, LEFT) >= id) return undefined;
    this.numbers.set(numbers);
    this.say("asks", numbers.length);
    const answered = this.#change(ANSWERED, before, LONGEST_MS);
    if (!answered || Atomics.load(this.#words, LEFT) >= id) return undefined;
    return Float32Array.from(this.numbers.subarray(0, numbers.length));
  }

  /** The other's: what the replica says next, waited for at most so long. */
  hear(ms = 0): { what: Said; numbers: Float32Array } | undefined {
    if (!this.#change(SAID, this.#heard, ms)) return undefined;
    this.#heard = Atomics.load(this.#words, SAID);
    const what = SAYINGS[Atomics.load(this.#words, WHAT)] ?? "left";
    return { what, numbers: this.numbers.subarray(0, Atomics.load(this.#words, LENGTH)) };
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

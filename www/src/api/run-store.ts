/**
 * The records of runs, in IndexedDB. Where the browser has none, as in some private windows,
 * or will not take any more, they last as long as the lab.
 */
import type { RunRecord } from "./types";

const NAME = "cnn-lab";
const STORE = "runs";

export class RunStore {
  #database: Promise<IDBDatabase | null> | undefined;
  /** Those that could not be written. */
  #unkept = new Map<string, RunRecord>();

  constructor(private readonly keep: boolean) {}

  /** All records, in no order. */
  async all(): Promise<RunRecord[]> {
    const kept = (await this.#ask("readonly", (store) => store.getAll() as IDBRequest<RunRecord[]>)) ?? [];
    return [...kept.filter(({ id }) => !this.#unkept.has(id)), ...this.#unkept.values()];
  }

  /** Undefined where there is none of that id; null where the storage does not say. */
  async get(id: string): Promise<RunRecord | undefined | null> {
    return this.#unkept.get(id) ?? (await this.#ask("readonly", (store) => store.get(id) as IDBRequest<RunRecord | undefined>));
  }

  /**
   * Writes a record in place of the one that is kept, in one go: a tab that is closed in between loses
   * neither. `next` is told of that one as by {@link get}; nothing is written where it gives nothing.
   */
  async change(id: string, next: (kept: RunRecord | undefined | null) => RunRecord | undefined): Promise<void> {
    const here = this.#unkept.get(id);
    const found = here ? null : await this.#ask("readwrite", (store) => {
      const asked = store.get(id) as IDBRequest<RunRecord | undefined>;
      asked.addEventListener("success", () => {
        const record = next(asked.result);
        if (record) store.put(record);
      });
      return asked;
    });
    if (found !== null) return;
    const record = next(here ?? null);
    if (record) this.#unkept.set(id, record);
  }

  /** Writes a record, new or in place of the one before. */
  async put(record: RunRecord): Promise<void> {
    const written = await this.#ask("readwrite", (store) => store.put(record));
    if (written === null) this.#unkept.set(record.id, record);
    else this.#unkept.delete(record.id);
  }

  async delete(id: string): Promise<void> {
    this.#unkept.delete(id);
    await this.#ask("readwrite", (store) => store.delete(id));
  }

  /** Null where there is no storage, or it refused. */
  async #ask<T>(mode: IDBTransactionMode, request: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
    try {
      const database = await (this.#database ??= this.#open());
      if (!database) return null;
      const transaction = database.transaction(STORE, mode);
      const answer = request(transaction.objectStore(STORE));
      // Only then is it written: a full disk ends the transaction after its request.
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new Error("The storage gave up."));
      });
      return answer.result;
    } catch {
      return null;
    }
  }

  async #open(): Promise<IDBDatabase | null> {
    if (!this.keep || typeof indexedDB === "undefined") return null;
    const opening = indexedDB.open(NAME, 1);
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE, { keyPath: "id" });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error ?? new Error("The storage cannot be opened."));
    });
    // A later version of the lab, or the browser clearing the site's data, must not wait for this one.
    database.onversionchange = () => this.close();
    database.onclose = () => (this.#database = undefined);
    return database;
  }

  close(): void {
    void this.#database?.then((database) => database?.close(), () => undefined);
    this.#database = undefined;
  }
}

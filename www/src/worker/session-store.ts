/** Sessions in IndexedDB: heads, and the bytes of their checkpoints by session and slot. */
import { CnnLabError, quotaError } from "../api/error";
import { crc32, DATABASE, FORMAT, freeSlot, headOf, isWhole, nextName, type Head, type Save, type Saving } from "../api/session-record";

const HEADS = "heads";
const BYTES = "bytes";

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    // Where the browser forbids all storage, the call itself may throw.
    const request = indexedDB.open(DATABASE, FORMAT);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(HEADS, { keyPath: "id" });
      request.result.createObjectStore(BYTES);
    };
    request.onsuccess = () => {
      const database = request.result;
      const gone = (): void => (opened = undefined);
      // A later version of the lab, or the browser clearing the site's data, must not wait for this one.
      database.onversionchange = () => {
        database.close();
        gone();
      };
      database.onclose = gone;
      resolve(database);
    };
    request.onerror = () => reject(request.error ?? new Error("The storage cannot be opened."));
  });
  // The next call tries again.
  opened.catch(() => (opened = undefined));
  return opened;
}

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The storage gave no answer."));
  });

/** Does something in one transaction: all of it is written, or nothing. */
async function within<T>(mode: IDBTransactionMode, action: (heads: IDBObjectStore, bytes: IDBObjectStore) => Promise<T>): Promise<T> {
  try {
    const database = await open();
    // Strict: it is on the disk when the transaction says so, also where the power fails then.
    const transaction = database.transaction([HEADS, BYTES], mode, { durability: "strict" });
    const over = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error("The storage gave up."));
    });
    over.catch(() => undefined);
    try {
      const result = await action(transaction.objectStore(HEADS), transaction.objectStore(BYTES));
      await over;
      return result;
    } catch (error) {
      if (transaction.error) throw transaction.error;
      // What was done before the mistake must not stand alone.
      try {
        transaction.abort();
      } catch {
        // It is over already.
      }
      throw error;
    }
  } catch (error) {
    throw storageError(error);
  }
}

function storageError(error: unknown): CnnLabError {
  if (error instanceof CnnLabError) return error;
  const { name, message } = error as Partial<DOMException>;
  if (name === "QuotaExceededError") {
    return quotaError(
      "The browser’s storage is full, so this training is not saved any more; what was saved before stays. Delete sessions that you do not need, or free some disk space. “Save” in Train keeps it in a file.",
    );
  }
  if (name === "VersionError") {
    return new CnnLabError({ code: "storage", message: "What is kept in this browser was written by a later version of this lab. Reload the page, or open that one." });
  }
  return new CnnLabError({
    code: "storage",
    message: `This browser lets the lab keep nothing here (${message ?? String(error)}), as in some private windows, so training is lost with this tab. “Save” in Train keeps it in a file.`,
  });
}

export async function list(): Promise<Head[]> {
  return within("readonly", async (heads) => (await answer(heads.getAll())).flatMap((value: unknown) => headOf(value) ?? []));
}

/** Writes a checkpoint beside the one before it, and begins the session where there is none. */
export async function write({ id, started, saving, bytes }: { id: string; started: string; saving: Saving; bytes: Uint8Array<ArrayBuffer> }): Promise<Head> {
  const sum = crc32(bytes);
  return within("readwrite", async (heads, slots) => {
    const all = (await answer(heads.getAll())).flatMap((value: unknown) => headOf(value) ?? []);
    const before = all.find((head) => head.id === id) ?? { id, name: nextName(all), named: false, started, format: FORMAT, saves: [] };
    if (before.format !== FORMAT) throw unreadable(before.name);
    const save: Save = { ...saving, slot: freeSlot(before.saves), length: bytes.length, crc32: sum };
    // Only the other slot's save is still there.
    const head: Head = { ...before, saves: [save, ...before.saves.filter(({ slot }) => slot !== save.slot)] };
    slots.put(bytes, [id, save.slot]);
    await answer(heads.put(head));
    return head;
  });
}

/** Changes a head; null where there is none. */
export async function change(id: string, by: { name?: string; unfinished?: boolean }): Promise<Head | null> {
  return within("readwrite", async (heads) => {
    const head = headOf(await answer(heads.get(id)));
    if (!head) return null;
    if (head.format !== FORMAT) throw unreadable(head.name);
    const { name, unfinished } = by;
    const saves = head.saves.map((save, i) => (i === 0 && unfinished !== undefined ? { ...save, unfinished } : save));
    const changed = { ...head, saves, ...(name !== undefined && { name, named: true }) };
    await answer(heads.put(changed));
    return changed;
  });
}

export async function remove(id: string): Promise<void> {
  await within("readwrite", async (heads, slots) => {
    heads.delete(id);
    await answer(slots.delete(IDBKeyRange.bound([id, 0], [id, Infinity])));
  });
}

/** A session with the latest of its checkpoints that is whole. */
export async function read(id: string): Promise<{ head: Head; save: Save; bytes: Uint8Array<ArrayBuffer> } | null> {
  const head = await within("readonly", async (heads) => headOf(await answer(heads.get(id))));
  if (!head) return null;
  if (head.format !== FORMAT) throw unreadable(head.name);
  for (const save of head.saves) {
    // Bytes that the browser itself cannot read any more are damaged, too.
    const bytes = await within("readonly", async (_, slots) => answer<unknown>(slots.get([id, save.slot]))).catch(() => null);
    if (isWhole(bytes, save)) return { head, save, bytes };
  }
  throw new CnnLabError({
    code: "storage",
    file: head.name,
    message: `What this browser keeps of “${head.name}” is damaged, and cannot be read any more. Nothing else was changed. Delete it in Kept.`,
  });
}

function unreadable(name: string): CnnLabError {
  return new CnnLabError({
    code: "storage",
    file: name,
    message: `“${name}” was kept by another version of this lab, which alone can read it. Nothing was changed. Open that one, or delete it in Kept.`,
  });
}

/**
 * The origin-private file system: pixels that are too many for memory, and remembered sets.
 * Everything of the lab's lies in one folder of it, which browsers show to no other site.
 */
import { CnnLabError, quotaError, toCnnLabError } from "../api/error";
import type { SyncFile } from "./core";

/** Files with this at the start of their name belong to a lab that is open, or was. */
const PAGES = "pages-";
/** Files with this at the start of their name are being written, or were left unfinished. */
const UNFINISHED = "unfinished-";

const FOLDER = "cnn-lab";

/** Names that only files in use by this lab or another one have. */
function passing(prefix: string): string {
  return prefix + crypto.randomUUID();
}

/** The lab's folder; undefined where the browser has no such storage, as in some private windows. */
export async function openFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(FOLDER, { create: true });
  } catch {
    return undefined;
  }
}

/** A file for pixels, locked for this lab as long as it is open. */
export type Pages = {
  file: SyncFile;
  /** Closes and deletes it. */
  remove: () => Promise<void>;
};

/** Makes a file that is to take so many bytes. `quota` where there is no room, as far as known. */
export async function openPages(bytes: number): Promise<Pages> {
  const folder = await openFolder();
  if (!folder) throw noStorage(`Pictures of ${megabytes(bytes)} do not fit into memory`);
  await checkRoom(bytes);
  const name = passing(PAGES);
  const file = await openSync(folder, name);
  return { file, remove: () => closeAndRemove(folder, name, file) };
}

/**
 * Deletes what labs left behind that ended without a chance to: a file that is still in use
 * is locked, and stays.
 */
export async function sweep(): Promise<void> {
  const folder = await openFolder();
  if (!folder) return;
  await alone(async () => {
    for await (const name of folder.keys()) {
      if (!name.startsWith(PAGES) && !name.startsWith(UNFINISHED)) continue;
      await folder.removeEntry(name).catch(() => undefined);
    }
  });
}

/** A file that is written under a passing name and gets its own when it is whole. */
export async function writeWhole(
  folder: FileSystemDirectoryHandle,
  name: string,
  write: (append: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<void> {
  const unfinished = passing(UNFINISHED);
  const file = await openSync(folder, unfinished);
  let at = 0;
  try {
    await write((bytes) => {
      if (file.write(bytes, { at }) < bytes.length) throw quotaError();
      at += bytes.length;
    });
    file.flush();
    file.close();
    const handle = await folder.getFileHandle(unfinished);
    // In every browser that has these files, but not in the types yet.
    await (handle as FileSystemFileHandle & { move(name: string): Promise<void> }).move(name);
  } catch (error) {
    await closeAndRemove(folder, unfinished, file);
    throw toCnnLabError(error);
  }
}

/** Rejects with `quota` where the browser says that it has less room than that. */
export async function checkRoom(bytes: number): Promise<void> {
  const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
  if (quota - usage >= bytes) return;
  throw quotaError(
    `These pictures need ${megabytes(bytes)} of the browser's storage, and it gives ${megabytes(Math.max(0, quota - usage))}. Nothing was changed. Choose smaller or fewer pictures, forget a remembered set, or free some disk space.`,
  );
}

export function noStorage(what: string): CnnLabError {
  return new CnnLabError({
    code: "unsupported",
    message: `${what}, and this browser has no storage for them here: use another window than a private one, smaller or fewer pictures, or another browser.`,
  });
}

async function openSync(folder: FileSystemDirectoryHandle, name: string): Promise<SyncFile> {
  return alone(async () => {
    const handle = await folder.getFileHandle(name, { create: true });
    // Only workers have this, and the types of the page's globals are in force.
    return (handle as FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncFile> }).createSyncAccessHandle();
  });
}

async function closeAndRemove(folder: FileSystemDirectoryHandle, name: string, file: SyncFile): Promise<void> {
  file.close();
  // Where this fails, the next lab sweeps it away.
  await folder.removeEntry(name).catch(() => undefined);
}

/** Between its making and its locking, no other tab may take a file for one left behind. */
async function alone<T>(task: () => Promise<T>): Promise<T> {
  return navigator.locks.request("cnn-lab-files", task);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MB`;
}

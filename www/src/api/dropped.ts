/**
 * Whatever files come in, as a list of files and the paths they lay at: file inputs, folder
 * inputs, drops, pastes and folder handles.
 */
import { abortedError, CnnLabError, optionError } from "./error";
import type { DroppedFile } from "./protocol";
import type { FileSource, FileWarning } from "./types";

export type Gathered = { files: DroppedFile[]; warnings: FileWarning[] };

type Search = {
  /** Ends the search; a drop cannot be searched again. */
  signal?: AbortSignal | undefined;
  /** Told how many files were found so far. */
  onFound?: ((files: number) => void) | undefined;
};

/** After so many files of a list the page has its turn: a folder may hold a million. */
const PAUSE = 4096;

/** Deeper folders are passed over: links can make a folder contain itself. */
const MOST_DEPTH = 64;

/**
 * Finds all files of a source. What a drop or a paste holds is asked before this first waits
 * for anything: browsers empty a `DataTransfer` when its event is over.
 *
 * Rejects with `files` where there are none, `option` for what is no source, `aborted`.
 */
export async function gather(source: FileSource, search: Search = {}): Promise<Gathered> {
  const found: Gathered = { files: [], warnings: [] };
  if (isTransfer(source)) await fromTransfer(source, found, search);
  else if (isFolder(source)) await walkHandle(source, source.name, found, search);
  else await fromList(source, found, search);
  if (found.files.length > 0) return found;
  const [first] = found.warnings;
  throw new CnnLabError({
    code: "files",
    ...(first && { file: first.file }),
    message: first
      ? `Nothing here can be read: ${first.message}`
      : "There are no files here. Choose or drop a folder of pictures, a zip, or a table.",
  });
}

function isTransfer(source: unknown): source is DataTransfer {
  return source !== null && typeof source === "object" && "files" in source && "getData" in source;
}

function isFolder(source: unknown): source is FileSystemDirectoryHandle {
  return source !== null && typeof source === "object" && "kind" in source && source.kind === "directory";
}

/** A path as the reader takes it, where a browser gives one at all. */
function pathOf(file: File): string {
  return file.webkitRelativePath || file.name;
}

async function fromList(source: unknown, found: Gathered, search: Search): Promise<void> {
  const wrong = (): CnnLabError =>
    optionError("files", "files is a list of files, a DataTransfer or a folder's handle.");
  if (source === null || typeof source !== "object" || !(Symbol.iterator in source)) throw wrong();
  // At once, because an input's list is emptied when the input is cleared.
  const list = Array.from(source as Iterable<unknown>);
  for (const [i, file] of list.entries()) {
    if (!(file instanceof File)) throw wrong();
    found.files.push({ path: pathOf(file), file });
    if (i % PAUSE === PAUSE - 1) await new Promise((resolve) => setTimeout(resolve));
    if (search.signal?.aborted) throw abortedError();
  }
}

/** Newer than the types; only Chromium has it. */
type WithHandle = { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

async function fromTransfer(transfer: DataTransfer, found: Gathered, search: Search): Promise<void> {
  // All of it before the first wait. What was pasted, or put there by a script, is only a file.
  const items = Array.from(transfer.items).filter((item) => item.kind === "file");
  const roots = items.map((item) => {
    const entry = item.webkitGetAsEntry();
    if (!entry?.isDirectory) return { file: item.getAsFile() };
    const handle = (item as WithHandle).getAsFileSystemHandle?.().catch(() => null);
    return { entry: entry as FileSystemDirectoryEntry, handle };
  });
  const loose = items.length > 0 ? [] : Array.from(transfer.files);
  for (const { file, entry, handle } of roots) {
    if (file) found.files.push({ path: pathOf(file), file });
    if (!entry) continue;
    // Where a browser has handles they are several times faster; entries, which every browser
    // has, hold up the page of Chromium for a second in a folder of some thousand files.
    const folder = await handle;
    if (folder && isFolder(folder)) await walkHandle(folder, folder.name, found, search);
    else await walkEntry(entry, 0, found, search);
  }
  for (const file of loose) found.files.push({ path: pathOf(file), file });
}

/** The files below a dropped folder. */
async function walkEntry(
  folder: FileSystemDirectoryEntry,
  depth: number,
  found: Gathered,
  search: Search,
): Promise<void> {
  const path = folder.fullPath.replace(/^\//, "");
  if (depth > MOST_DEPTH) {
    found.warnings.push({ file: path, message: tooDeep(path) });
    return;
  }
  const folders: FileSystemDirectoryEntry[] = [];
  const reader = folder.createReader();
  for (;;) {
    let entries: FileSystemEntry[];
    try {
      entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    } catch (error) {
      found.warnings.push({ file: path, message: unreadable(path, error) });
      break;
    }
    if (search.signal?.aborted) throw abortedError();
    // Chrome gives a hundred at a time, and none at the end.
    if (entries.length === 0) break;
    for (const entry of entries.filter((entry): entry is FileSystemFileEntry => entry.isFile)) {
      const file = await fileOf(entry, found);
      if (file) found.files.push(file);
    }
    folders.push(...entries.filter((entry): entry is FileSystemDirectoryEntry => entry.isDirectory));
    search.onFound?.(found.files.length);
  }
  for (const inner of folders) await walkEntry(inner, depth + 1, found, search);
}

async function fileOf(entry: FileSystemFileEntry, found: Gathered): Promise<DroppedFile | null> {
  const path = entry.fullPath.replace(/^\//, "");
  try {
    return { path, file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) };
  } catch (error) {
    found.warnings.push({ file: path, message: unreadable(path, error) });
    return null;
  }
}

/** So many files of a folder's handle are asked for at once. */
const AT_ONCE = 100;

/** The files below a folder's handle. */
async function walkHandle(
  folder: FileSystemDirectoryHandle,
  path: string,
  found: Gathered,
  search: Search,
  depth = 0,
): Promise<void> {
  if (depth > MOST_DEPTH) {
    found.warnings.push({ file: path, message: tooDeep(path) });
    return;
  }
  const asked: Promise<void>[] = [];
  const get = async (handle: FileSystemFileHandle, inner: string): Promise<void> => {
    try {
      found.files.push({ path: inner, file: await handle.getFile() });
    } catch (error) {
      found.warnings.push({ file: inner, message: unreadable(inner, error) });
    }
  };
  try {
    for await (const [name, handle] of folder.entries()) {
      if (search.signal?.aborted) throw abortedError();
      const inner = path ? `${path}/${name}` : name;
      if (handle.kind === "directory") {
        await walkHandle(handle, inner, found, search, depth + 1);
        continue;
      }
      asked.push(get(handle, inner));
      if (asked.length < AT_ONCE) continue;
      await Promise.all(asked.splice(0));
      search.onFound?.(found.files.length);
    }
    await Promise.all(asked);
    search.onFound?.(found.files.length);
  } catch (error) {
    if (error instanceof CnnLabError) throw error;
    found.warnings.push({ file: path, message: unreadable(path, error) });
  }
}

function unreadable(path: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `${path} cannot be read (${why.replace(/[.]$/, "")}). It was passed over; check that it is still there and that you may read it.`;
}

function tooDeep(path: string): string {
  return `${path} lies more than ${MOST_DEPTH} folders deep, so it was passed over.`;
}

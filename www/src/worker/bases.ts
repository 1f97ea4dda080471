/** Pretrained networks of the site's `data/bases/`: the list, and their weights. */
import { CnnLabError } from "../api/error";
import type { Base, Progress, Summary } from "../api/types";
import type { Core } from "./core";
import { readBody } from "./shard";
import { address, fetchFile, keep, kept, keptAddresses } from "./store";

type BaseFile = Omit<Base, "cached"> & {
  /** Below `data/`. */
  file: string;
  /** In hexadecimal digits. */
  sha256: string;
};

type Watch = { signal: AbortSignal; onProgress: (progress: Progress) => void };

const LIST = "bases/bases.json";
/** A list that names a larger file is damaged: it is not worth trying for so much memory. */
const MOST_BYTES = 256 << 20;

/** The networks that can be trained on; none where the site was built without them. */
export async function bases(site: string): Promise<Base[]> {
  const [list, there] = await Promise.all([getList(site), keptAddresses()]);
  return list.map(({ file, sha256: _, ...base }) => ({ ...base, cached: there.has(address(site, file)) }));
}

/** The present list; without a connection, the one that was kept with the weights. */
async function getList(site: string, signal?: AbortSignal): Promise<BaseFile[]> {
  const url = address(site, LIST);
  try {
    const text = await (await fetchFile(url, `data/${LIST}`, "no-cache", signal)).text();
    const list = readBases(text);
    // Nobody waits for the disk.
    void keep(url, text);
    return list;
  } catch (error) {
    if (!(error instanceof CnnLabError)) throw error;
    if (error.code === "data-missing" && error.file === `data/${LIST}`) return [];
    const stored = error.code === "network" && (await kept(url));
    if (!stored) throw error;
    return readBases(await stored.text());
  }
}

/** Checks that a server's answer is the list: a wrong server often answers with a page. */
export function readBases(text: string): BaseFile[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (Array.isArray(value) && value.every(isBase)) return value;
  throw new CnnLabError({
    code: "network",
    file: `data/${LIST}`,
    message: "The server's list of pretrained networks is not one that this page can read. Build the data again, or reload the page if the server was updated.",
  });
}

function isBase(value: unknown): value is BaseFile {
  const base = (value ?? {}) as Record<keyof BaseFile, unknown>;
  const counts = [base.bytes, base.side, base.classes ?? 1];
  const texts = [base.name, base.title, base.layer, base.file, base.sha256, base.trainedOn, base.source, base.licence];
  return texts.every((text) => typeof text === "string") && counts.every((count) => Number.isInteger(count) && (count as number) > 0) && (base.bytes as number) <= MOST_BYTES;
}

/** The weights of a base: kept ones, or downloaded, at the second try past every cache. */
export async function getBase(site: string, name: string, o: Watch): Promise<Uint8Array<ArrayBuffer>> {
  const list = await getList(site, o.signal);
  const base = list.find((one) => one.name === name);
  if (!base) throw missing(name, list);
  const url = address(site, base.file);
  const stored = await kept(url);
  if (stored) {
    // Of an older version, or damaged, it is downloaded anew.
    const bytes = await read(stored, base, o).catch(() => undefined);
    o.signal.throwIfAborted();
    if (bytes) return bytes;
  }
  const download = async (cache: RequestCache): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await read(await fetchFile(url, base.file, cache, o.signal), base, o);
    await keep(url, bytes);
    return bytes;
  };
  try {
    return await download("no-cache");
  } catch (error) {
    o.signal.throwIfAborted();
    if (error instanceof CnnLabError && error.code === "data-missing") throw error;
    return download("reload");
  }
}

/** Reads a file and checks that it is the one of the list. */
async function read(response: Response, base: BaseFile, { signal, onProgress }: Watch): Promise<Uint8Array<ArrayBuffer>> {
  const onBytes = (done: number): void => onProgress({ done, total: base.bytes, unit: "bytes" });
  const bytes = await readBody(response, base, { signal, onBytes });
  if (await isSound(bytes, base.sha256)) return bytes;
  throw new CnnLabError({
    code: "shard-corrupt",
    file: base.file,
    message: `${base.file} was damaged on its way, or the server holds another version. Load it again; if it stays so, whoever runs the server has to build the data again.`,
  });
}

/** Browsers compute sums on secure pages only; elsewhere the length is checked, and every name and shape by the core. */
async function isSound(bytes: Uint8Array<ArrayBuffer>, sha256: string): Promise<boolean> {
  const { subtle } = crypto as Partial<Crypto>;
  if (!subtle) return true;
  const sum = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

function missing(name: string, list: BaseFile[]): CnnLabError {
  const names = list.map((base) => base.name).join(", ");
  return new CnnLabError({
    code: "data-missing",
    field: "base",
    message: `The weights of ${name} are not part of this copy of the lab; there is ${names || "no pretrained network"}. Whoever runs it has to build the data again, or choose weights: null for fresh ones.`,
  });
}

/** Takes a model and the weights of its base; where these are not those of the base, the model before stays. */
export async function setModelOn(core: Core, spec: string, name: string, weights: Uint8Array): Promise<Summary> {
  // Without a model there is nothing to go back to.
  const before = await core.save().catch(() => undefined);
  const summary = core.setModel(spec);
  try {
    core.takeBase(name, weights);
  } catch (error) {
    if (before) core.load(before);
    throw error;
  }
  return summary;
}

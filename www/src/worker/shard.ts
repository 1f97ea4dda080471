/** One shard: from the cache or the network to the bytes that the core reads. */
import { CnnLabError } from "../api/error";
import type { Shard } from "./manifest";
import { address, fetchFile, keep, kept } from "./store";

/** A shard's file: how to decompress it when its turn comes, and how to keep it once it proved good. */
export type ShardFile = { unpack: () => Promise<Uint8Array<ArrayBuffer>>; keep: () => Promise<void> };

/**
 * Gets a shard. `fresh` passes over every cache, for a second try. `onBytes` is told how
 * many of the file's bytes are there.
 */
export async function getShard(
  base: string,
  shard: Shard,
  o: { fresh: boolean; signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<ShardFile> {
  const url = address(base, shard.file);
  const stored = o.fresh ? undefined : await kept(url);
  const response =
    stored ?? (await fetchFile(url, shard.file, o.fresh ? "reload" : "default", o.signal));
  const file = await readBody(response, shard, o);
  return {
    unpack: () => (shard.compression === "gzip" ? gunzip(file, shard) : Promise.resolve(file)),
    keep: () => (stored ? Promise.resolve() : keep(url, file)),
  };
}

/** Reads a body of exactly the announced length, in place: a big file is never held twice. */
export async function readBody(
  response: Response,
  shard: Pick<Shard, "file" | "bytes">,
  o: { signal: AbortSignal; onBytes: (bytes: number) => void },
): Promise<Uint8Array<ArrayBuffer>> {
  const file = new Uint8Array(shard.bytes);
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (;;) {
      const chunk = (await reader?.read())?.value;
      o.signal.throwIfAborted();
      if (!chunk) break;
      if (length + chunk.length <= file.length) file.set(chunk, length);
      length += chunk.length;
      o.onBytes(Math.min(length, file.length));
    }
  } catch (error) {
    o.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new CnnLabError({
      code: "network",
      file: shard.file,
      message: `The download of ${shard.file} broke off (${why}). Check the connection and try again.`,
    });
  }
  if (length === file.length) return file;
  throw new CnnLabError({
    code: "shard-truncated",
    file: shard.file,
    message:
      `${shard.file} has ${length} bytes instead of ${file.length}: the download was cut off or ` +
      "the server holds another version. Load it again.",
  });
}

/**
 * Decompresses into the announced length. The chunks are written and read here, because a stream out of a
 * `Blob` into a `Response` carries each byte through the browser's own process twice and takes half as long again.
 */
async function gunzip(
  file: Uint8Array<ArrayBuffer>,
  shard: Shard,
): Promise<Uint8Array<ArrayBuffer>> {
  let length = 0;
  try {
    const bytes = new Uint8Array(shard.rawBytes);
    const stream = new DecompressionStream("gzip");
    const writer = stream.writable.getWriter();
    // What is wrong with them is told to whoever reads.
    writer.write(file).catch(() => undefined);
    writer.close().catch(() => undefined);
    const reader = stream.readable.getReader();
    for (;;) {
      const chunk = (await reader.read()).value;
      if (!chunk) break;
      // Throws where there is more than was announced.
      bytes.set(chunk, length);
      length += chunk.length;
    }
    // The core tells of less.
    return bytes.subarray(0, length);
  } catch {
    throw new CnnLabError({
      code: "shard-corrupt",
      file: shard.file,
      message: `${shard.file} was damaged on its way: it cannot be decompressed. Load the set again.`,
    });
  }
}

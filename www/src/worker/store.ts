/**
 * Files of the site's `data/` folder, kept in the browser's cache. Shards are named by their
 * content, so what is kept never goes stale; where there is no cache, each load downloads.
 */
import { CnnLabError } from "../api/error";

const CACHE = "cnn-lab-data";

/** A file's address. */
export function address(base: string, file: string): string {
  return new URL(`data/${file}`, base).href;
}

/** The lab's cache, where the browser has one (not in private windows or over plain HTTP). */
async function openCache(): Promise<Cache | undefined> {
  try {
    return typeof caches === "undefined" ? undefined : await caches.open(CACHE);
  } catch {
    return undefined;
  }
}

/** The addresses that are kept. */
export async function keptAddresses(): Promise<Set<string>> {
  const cache = await openCache();
  const requests = cache ? await cache.keys() : [];
  return new Set(requests.map((request) => request.url));
}

export async function kept(url: string): Promise<Response | undefined> {
  const cache = await openCache();
  return cache?.match(url);
}

/** Keeps a file. A full disk is no reason to stop: the file is downloaded again next time. */
export async function keep(url: string, body: BufferSource | string): Promise<void> {
  try {
    const cache = await openCache();
    await cache?.put(url, new Response(body));
  } catch {
    return;
  }
}

/**
 * Forgets shards below `base` that `wanted` does not name: older versions of the data. A pretrained
 * network keeps its name when it changes, so a new one takes the old one's place by itself.
 */
export async function forgetOthers(base: string, wanted: Set<string>): Promise<void> {
  const cache = await openCache();
  if (!cache) return;
  const folder = address(base, "");
  const bases = address(base, "bases/");
  for (const request of await cache.keys()) {
    const { url } = request;
    if (url.startsWith(folder) && !url.startsWith(bases) && !wanted.has(url)) await cache.delete(url);
  }
}

/**
 * Fetches a file. A missing one is `data-missing`, no answer or a server's failure is
 * `network`; both name the file.
 */
export async function fetchFile(
  url: string,
  file: string,
  cache: RequestCache,
  signal?: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { cache, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new CnnLabError({
      code: "network",
      file,
      message: `${file} could not be downloaded (${why}). Check the connection and try again.`,
    });
  }
  if (response.ok) return response;
  // Nothing of an error page is needed.
  await response.body?.cancel();
  if (response.status === 404 || response.status === 410) {
    throw new CnnLabError({
      code: "data-missing",
      file,
      message: `${file} is not on the server. Whoever runs it has to build the data again.`,
    });
  }
  throw new CnnLabError({
    code: "network",
    file,
    message: `The server refused ${file} (status ${response.status}). Try again later.`,
  });
}

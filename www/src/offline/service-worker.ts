/**
 * The service worker of the lab's page: after one visit the page works without a network.
 *
 * A version is a list of the site's files with their hashes, which `site-files.mjs` writes after
 * the build. Before a version may take over, its files come into a cache of its own, each checked
 * against its hash, and from then on pages are answered with files of that list alone: all code
 * that a page runs is of one version, whatever the server has meanwhile. What is not in the list,
 * such as other pages of the same host, is left to the network.
 */
import { buildOf, cpuFolder } from "../worker/core";
import { getManifest } from "../worker/dataset";
import { address, fetchFile, keep, keptAddresses } from "../worker/store";

/** What `site-files.js` says: each file's sha256 as base64, by its path. */
type Site = { version: string; files: Readonly<Record<string, string>> };

// What of a service worker's globals is used; the types of pages are in force.
type Event = { waitUntil(work: Promise<unknown>): void };
type FetchEvent = Event & { request: Request; respondWith(response: Promise<Response>): void };
type MessageEvent = Event & { data: FromPage; ports: readonly MessagePort[] };
type Scope = {
  siteFiles: Site;
  importScripts(file: string): void;
  registration: { scope: string; active: unknown; update(): Promise<unknown> };
  clients: { claim(): Promise<void>; matchAll(o: { type: "window"; includeUncontrolled: boolean }): Promise<readonly { url: string }[]> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Event) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
};

/** `keep`: a part of the site that was in use before this worker could see it. */
export type FromPage = { kind: "take-over" } | { kind: "keep"; what: keyof typeof parts };

const worker = self as unknown as Scope;
worker.importScripts("site-files.js");
const { version, files } = worker.siteFiles;
const { scope } = worker.registration;
// One origin may hold the lab in several folders.
const ours = `cnn-lab-site ${scope} `;
const cacheName = ours + version;
const page = "index.html";
/** There was a version before this one. */
const updating = worker.registration.active !== null;

/** Parts that no visitor needs all of. */
const parts = {
  full: (file: string): boolean => file.startsWith("pkg/full/"),
  /** All but English, in which the page comes: its texts, the lessons, the page about embedding. */
  languages: (file: string): boolean => file.startsWith("assets/languages/") || /^(lessons\/de\/|embed\.de\.)/.test(file),
};

/** Built for browsers that have other instructions. */
function isOtherBuild(file: string): boolean {
  const [, build] = /^pkg\/((?:cpu|data|analysis)[^/]*)\//.exec(file) ?? [];
  return build !== undefined && ![cpuFolder(), buildOf("data"), buildOf("analysis")].includes(build);
}

/** Kept when they are first used. */
function isLater(file: string): boolean {
  return isOtherBuild(file) || parts.full(file) || parts.languages(file);
}

/** The file of the list that an address asks for; undefined where it asks for none. */
function fileOf(url: string): string | undefined {
  const [path = ""] = url.split(/[?#]/, 1);
  if (!path.startsWith(scope)) return undefined;
  const asked = path.slice(scope.length);
  const file = asked === "" || asked.endsWith("/") ? asked + page : asked;
  return Object.hasOwn(files, file) ? file : undefined;
}

/** A file as the list has it, or nothing. */
async function fetchListed(file: string): Promise<Response> {
  // Some hosts send `index.html` on to its folder, and a page must not be answered with that.
  const url = scope + (file === page || file.endsWith(`/${page}`) ? file.slice(0, -page.length) : file);
  const integrity = `sha256-${files[file] ?? ""}`;
  try {
    return await fetch(url, { integrity });
  } catch {
    // A cache on the way may still have the file of another version.
    return fetch(url, { integrity, cache: "reload" });
  }
}

async function keepListed(names: readonly string[]): Promise<void> {
  const cache = await caches.open(cacheName);
  // One after another: the page may be loading or training at the same time.
  for (const file of names) {
    if (!(await cache.match(scope + file))) await cache.put(scope + file, await fetchListed(file));
  }
}

/** Keeps MNIST where the training worker looks for it. */
async function keepMnist(): Promise<void> {
  const { sets } = await getManifest(scope);
  const shards = sets.find(({ name }) => name === "mnist")?.shards ?? [];
  const there = await keptAddresses();
  for (const { file, bytes } of shards) {
    const url = address(scope, file);
    if (there.has(url)) continue;
    const body = await (await fetchFile(url, file, "default")).arrayBuffer();
    if (body.byteLength === bytes) await keep(url, body);
  }
}

/** Whether the version before this one keeps other languages: then this one has to, too. */
async function speaksOthers(): Promise<boolean> {
  const before = (await caches.keys()).filter((name) => name.startsWith(ours) && name !== cacheName);
  const kept = await Promise.all(before.map(async (name) => (await caches.open(name)).keys()));
  return kept.flat().some(({ url }) => url.startsWith(scope) && parts.languages(url.slice(scope.length)));
}

async function install(): Promise<void> {
  const spoken = await speaksOthers();
  await keepListed(Object.keys(files).filter((file) => !isLater(file) || (spoken && parts.languages(file))));
  // The page works without it, as far as its data were loaded.
  await keepMnist().catch(() => undefined);
}

async function activate(first: boolean): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(ours) && name !== cacheName).map((name) => caches.delete(name)));
  // The page of the first visit goes on with this version too, and what it loads is kept.
  if (first) await worker.clients.claim();
}

async function answer(file: string): Promise<Response> {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(scope + file);
  if (kept) return kept;
  try {
    const response = await fetchListed(file);
    await cache.put(scope + file, response.clone()).catch(() => undefined);
    return response;
  } catch {
    // No network, or the server has another version, which must not get into this one.
    void worker.registration.update().catch(() => undefined);
    return Response.error();
  }
}

/** Takes over at once, unless another tab still runs on the version before; says whether one does. */
async function takeOver(): Promise<boolean> {
  const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const others = tabs.filter(({ url }) => url.startsWith(scope)).length > 1;
  if (!others) await worker.skipWaiting();
  return others;
}

worker.addEventListener("install", (event) => event.waitUntil(install()));

worker.addEventListener("activate", (event) => event.waitUntil(activate(!updating)));

worker.addEventListener("fetch", (event) => {
  const file = event.request.method === "GET" ? fileOf(event.request.url) : undefined;
  if (file !== undefined) event.respondWith(answer(file));
});

worker.addEventListener("message", (event) => {
  const { data } = event;
  if (data.kind === "take-over") {
    event.waitUntil(takeOver().then((others) => event.ports[0]?.postMessage({ others })));
  } else {
    event.waitUntil(keepListed(Object.keys(files).filter(parts[data.what])).catch(() => undefined));
  }
});

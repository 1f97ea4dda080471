/**
 * An experiment in an address: what the element's attributes say, as JSON, deflated, in the
 * fragment. The browser sends a fragment to no server, so a link tells nobody anything.
 */
import type { Texts } from "../text/texts";

const prefix = "#lab=";
/** Of the format. */
const version = "1";
/** Characters of a link that are read: more than browsers pass on reliably is no link of ours. */
export const longestLink = 32_768;
/** Bytes that a link may inflate to. */
export const largestText = 262_144;

/** A link that cannot be opened, or made. */
export class LinkError extends Error {
  readonly code = "option";
  readonly field = "link";
}

/** Whether an address's fragment is meant as an experiment. */
export function isLink(fragment: string): boolean {
  return fragment.startsWith(prefix);
}

/** The fragment for what the attributes say. Throws a LinkError where it would be too long. */
export async function writeLink(t: Texts, attributes: Readonly<Record<string, string>>): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(attributes));
  const packed = await collect(t, new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw")), Infinity);
  const fragment = `${prefix}${version}.${toBase64Url(packed)}`;
  if (fragment.length > longestLink || text.length > largestText) {
    throw new LinkError(t.lab.tooLargeForLink);
  }
  return fragment;
}

/** What a link's attributes say; not yet whether they can be so. Throws a LinkError. */
export async function readLink(t: Texts, fragment: string): Promise<Record<string, string>> {
  if (fragment.length > longestLink) {
    throw new LinkError(t.lab.linkTooLong(longestLink));
  }
  const [given, packed, ...rest] = fragment.slice(prefix.length).split(".");
  if (/^\d+$/.test(given ?? "") && given !== version) {
    throw new LinkError(t.lab.linkVersion(given ?? "", version));
  }
  const bytes = fromBase64Url(packed ?? "");
  if (given !== version || rest.length > 0 || bytes === null) {
    throw new LinkError(t.lab.linkFails(t.lab.damaged));
  }
  let value: unknown;
  try {
    const text = await collect(t, new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")), largestText);
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError(t.lab.linkFails(t.lab.damaged));
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.values(value).every((text) => typeof text === "string")) {
    throw new LinkError(t.lab.linkEmpty(t.lab.damaged));
  }
  return value as Record<string, string>;
}

/** All bytes of a stream, which is ended past `most`. */
async function collect(t: Texts, stream: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      // What it does after that is nobody's concern.
      void reader.cancel().catch(() => undefined);
      throw new LinkError(t.lab.linkTooMuch(most));
    }
    chunks.push(value);
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    text += String.fromCharCode(byte);
  }
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]+$/.test(text)) {
    return null;
  }
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}

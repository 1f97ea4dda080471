/** A converter: a worker that writes one trained network in a format of others, or reads one. */
import type { Answer } from "../api/ask";
import { CnnLabError, fieldsOf, toCnnLabError } from "../api/error";
import type { ExportFormat, ExportOptions } from "../api/types";
import { loadFormats } from "./core";
import page from "./standalone.html?raw";

type Write = { kind: "write"; format: ExportFormat; checkpoint: Uint8Array<ArrayBuffer>; title: string; options: ExportOptions };
/** Weights without a model are those of `present`, a checkpoint. */
type Read = { kind: "read"; bytes: Uint8Array<ArrayBuffer>; present: Uint8Array<ArrayBuffer> | undefined };
export type ToConverter = { base: string } & (Write | Read);

export type FromConverter = Answer<Uint8Array<ArrayBuffer>, never>;

const scope = self as unknown as { postMessage: (message: FromConverter, transfer: Transferable[]) => void };

async function convert(asked: ToConverter): Promise<Uint8Array<ArrayBuffer>> {
  const { base } = asked;
  const formats = await loadFormats(base);
  if (asked.kind === "read") return formats.readFormat(asked.bytes, asked.present);
  const { format, checkpoint, title, options } = asked;
  if (format !== "html") return formats.writeFormat(format, checkpoint, options);
  const fetched = async (file: string): Promise<ArrayBuffer> => {
    const response = await fetch(new URL(file, base));
    if (!response.ok) {
      throw new CnnLabError({ code: "network", file, message: `The lab's program could not be loaded (${response.status}). Check the connection and try again.` });
    }
    return response.arrayBuffer();
  };
  // The build that every browser with SIMD runs: nobody knows where the page will be opened.
  const parts: [string, BufferSource][] = [
    ["__MODEL__", formats.writeFormat("network", checkpoint, {})],
    ["__PROGRAM__", await fetched("pkg/cpu/cnn_lab_bg.wasm")],
    ["__GLUE__", await fetched("pkg/cpu/cnn_lab.js")],
  ];
  const escaped = title.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  let whole = page.replaceAll("__TITLE__", () => escaped);
  for (const [place, bytes] of parts) {
    const text = await packed(bytes);
    whole = whole.replace(place, () => text);
  }
  return new TextEncoder().encode(whole);
}

/** Bytes as text that a page can hold, packed first. */
async function packed(bytes: BufferSource): Promise<string> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  const blob = await new Response(stream).blob();
  const reader = new FileReader();
  const address = await new Promise<string>((resolve, reject) => {
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error("the page is too large"));
    reader.readAsDataURL(blob);
  });
  return address.slice(address.indexOf(",") + 1);
}

self.addEventListener("message", ({ data }: MessageEvent<ToConverter>) => {
  convert(data).then(
    (result) => scope.postMessage({ kind: "result", result }, [result.buffer]),
    (error: unknown) => scope.postMessage({ kind: "error", error: fieldsOf(toCnnLabError(error)) }, []),
  );
});

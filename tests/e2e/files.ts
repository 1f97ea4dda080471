/** Files for the tests to drop: pictures, archives and tables, sound and damaged. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32, deflateRawSync, deflateSync } from "node:zlib";

const text = (words: string): Buffer => Buffer.from(words, "latin1");

function pngChunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([text(kind), data]);
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return chunk;
}

/** A PNG of 8 bits a channel; 1 channel is grey, 3 RGB, 4 RGBA. */
export function png(width: number, height: number, channels: 1 | 3 | 4, at: (x: number, y: number, channel: number) => number): Buffer {
  const rows = Buffer.alloc(height * (1 + width * channels));
  for (let y = 0; y < height; y += 1) {
    for (let i = 0; i < width * channels; i += 1) {
      rows[y * (1 + width * channels) + 1 + i] = at(Math.floor(i / channels), y, i % channels);
    }
  }
  return pngOf(width, height, { 1: 0, 3: 2, 4: 6 }[channels], deflateSync(rows));
}

/** A PNG whose header says what it likes. */
export function pngOf(width: number, height: number, colour: number, compressed: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(8, 8);
  header.writeUInt8(colour, 9);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, pngChunk("IHDR", header), pngChunk("IDAT", compressed), pngChunk("IEND", Buffer.alloc(0))]);
}

/** A picture of one colour with a mark that tells it from all others. */
export function marked(number: number, [red, green, blue]: [number, number, number], side = 12): Buffer {
  return png(side, side, 3, (x, y, channel) => (y === 0 && x < 8 ? ((number >> x) & 1) * 255 : [red, green, blue][channel]!));
}

export type Entry = { path: string; bytes: Buffer | string; flags?: number; deflate?: boolean; saysItHas?: number };

/** A zip of entries, each stored or deflated. */
export function zip(entries: Entry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { path, bytes, flags = 0x800, deflate = false, saysItHas } of entries) {
    const raw = Buffer.from(bytes);
    const data = deflate ? deflateRawSync(raw) : raw;
    const name = Buffer.from(path, "utf8");
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(deflate ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(raw), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(saysItHas ?? raw.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), fields, name, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), fields, tail, name]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}

/** IDX, as MNIST comes: pictures of a size, or labels. */
export function idx(dimensions: number[], bytes: Buffer): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt8(8, 2);
  header.writeUInt8(dimensions.length, 3);
  for (const [i, size] of dimensions.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, bytes]);
}

/** Writes a tree of files below a folder. */
export function writeTree(folder: string, files: Record<string, Buffer | string>): void {
  for (const [path, bytes] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
}

/** So many marked pictures of red and blue, in two folders: "cat/0.png", "dog/0.png" ... */
export function catsAndDogs(each: number): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < each; i += 1) {
    files[`cat/${i}.png`] = marked(i, [220, 30, 30]);
    files[`dog/${i}.png`] = marked(i, [30, 30, 220]);
  }
  return files;
}

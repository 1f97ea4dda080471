/** Any picture as RGBA bytes for the core. */
import { CnnLabError } from "../api/error";

/** Longer sides are scaled down first: a network looks at far less, and memory is finite. */
const MOST_PIXELS = 2048;

export type Rgba = { rgba: Uint8Array; width: number; height: number };

/** Decodes a picture, upright and in sRGB. What cannot be decoded is an `image` error. */
export async function toRgba(image: Blob | ImageBitmap): Promise<Rgba> {
  const bitmap = image instanceof Blob ? await decode(image) : image;
  const scale = Math.min(1, MOST_PIXELS / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (!context) throw new CnnLabError({ code: "image", message: "This browser gives no canvas to read the picture with." });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  // A canvas holds colours premultiplied by alpha; reading divides again. Opaque pixels come
  // out exactly, and what an almost transparent one loses is as good as invisible.
  const { data } = context.getImageData(0, 0, width, height, { colorSpace: "srgb" });
  return { rgba: new Uint8Array(data.buffer), width, height };
}

async function decode(file: Blob): Promise<ImageBitmap> {
  const name = file instanceof File ? file.name : undefined;
  try {
    return await createImageBitmap(file);
  } catch {
    throw new CnnLabError({
      code: "image",
      ...(name !== undefined && { file: name }),
      message: `${name ?? "This file"} is not a picture that this browser can read. Use PNG, JPEG or WebP.`,
    });
  }
}

/** A picture as a file that costs nothing to write: a plain pixmap, transparency over white. */
export function toNetpbm(bitmap: ImageBitmap): Blob {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new CnnLabError({ code: "image", message: "This browser gives no canvas to read the picture with." });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = data[from] ?? 0;
    rgb[to + 1] = data[from + 1] ?? 0;
    rgb[to + 2] = data[from + 2] ?? 0;
  }
  return new Blob([`P6\n${width} ${height}\n255\n`, rgb], { type: "image/x-portable-pixmap" });
}

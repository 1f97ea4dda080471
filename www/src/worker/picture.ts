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

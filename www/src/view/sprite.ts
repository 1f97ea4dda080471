import type { Preview, Shape } from "../api/types";

/** The pictures of a set's preview, each by itself. */
export async function previewPictures(preview: Preview, [height, width]: Shape): Promise<ImageData[]> {
  const image = new Image();
  image.src = preview.url;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = preview.columns * width;
  canvas.height = preview.rows * height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) {
    return [];
  }
  context.drawImage(image, 0, 0);
  return preview.labels.map((_, i) =>
    context.getImageData((i % preview.columns) * width, Math.floor(i / preview.columns) * height, width, height),
  );
}

import type { FeatureMaps } from "../../api/types";

/** Kernels over red, green and blue as one picture each, side by side: grey is zero, and a colour is what the kernel adds. */
export function kernelPictures({ data, count, height, width }: Pick<FeatureMaps, "data" | "count" | "height" | "width">): ImageData {
  const filters = Math.floor(count / 3);
  const columns = Math.min(filters, Math.ceil(Math.sqrt(filters * 2)));
  const rows = Math.ceil(filters / columns);
  const picture = new ImageData(columns * (width + 1) - 1, rows * (height + 1) - 1);
  const reach = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  for (let filter = 0; filter < filters; filter += 1) {
    const left = (filter % columns) * (width + 1);
    const top = Math.floor(filter / columns) * (height + 1);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const to = 4 * ((top + row) * picture.width + left + column);
        for (let channel = 0; channel < 3; channel += 1) {
          const value = data[((filter * 3 + channel) * height + row) * width + column] ?? 0;
          picture.data[to + channel] = 128 + (127 * value) / reach;
        }
        picture.data[to + 3] = 255;
      }
    }
  }
  return picture;
}

/**
 * Small marks put many thousand times onto one sheet of pixels, which is then shown at once: in a
 * frame's time where as many shapes or pictures of a canvas would take several.
 */
import { look, trace } from "./scatter-math";

/** The pixels of the stage, with a margin so that no mark ends beyond them. */
export type Sheet = { image: ImageData; pixels: Uint32Array; width: number; margin: number; ratio: number };
/** Which pixels about a place have which colour. */
export type Stamp = { offsets: Int32Array; colours: Uint32Array };

/** An empty sheet, the one before where that fits; sizes in CSS pixels. */
export function sheetOf(before: Sheet | null, width: number, height: number, margin: number): Sheet {
  const ratio = devicePixelRatio;
  const edge = Math.ceil(margin * ratio) + 1;
  const [wide, tall] = [Math.round(width * ratio) + 2 * edge, Math.round(height * ratio) + 2 * edge];
  if (before?.width === wide && before.image.height === tall && before.margin === edge) {
    before.pixels.fill(0);
    return before;
  }
  const image = new ImageData(wide, tall);
  return { image, pixels: new Uint32Array(image.data.buffer), width: wide, margin: edge, ratio };
}

function made(sheet: Sheet, draw: (pen: CanvasRenderingContext2D) => void): Stamp {
  const side = 2 * sheet.margin - 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const offsets: number[] = [];
  const colours: number[] = [];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen) {
    pen.translate(side / 2, side / 2);
    pen.scale(sheet.ratio, sheet.ratio);
    draw(pen);
    new Uint32Array(pen.getImageData(0, 0, side, side).data.buffer).forEach((colour, i) => {
      if (colour >>> 24 > 16) {
        offsets.push((Math.floor(i / side) - sheet.margin + 1) * sheet.width + (i % side) - sheet.margin + 1);
        colours.push(colour);
      }
    });
  }
  return { offsets: Int32Array.from(offsets), colours: Uint32Array.from(colours) };
}

/** A class's mark. */
export function classStamp(label: number, isDark: boolean, r: number, sheet: Sheet): Stamp {
  const { colour, shape } = look(label, isDark);
  return made(sheet, (pen) => {
    pen.fillStyle = colour;
    pen.beginPath();
    trace(pen, shape, 0, 0, r);
    pen.fill();
  });
}

export function ringStamp(colour: string, r: number, sheet: Sheet): Stamp {
  return made(sheet, (pen) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 1.25;
    pen.beginPath();
    pen.arc(0, 0, r + 2, 0, 2 * Math.PI);
    pen.stroke();
  });
}

/** Puts a mark at a place in CSS pixels. What shines through is only drawn where nothing is yet. */
export function press({ pixels, width, margin, ratio, image }: Sheet, { offsets, colours }: Stamp, x: number, y: number): void {
  const [column, row] = [Math.round(x * ratio) + margin, Math.round(y * ratio) + margin];
  if (!(column >= margin - 1 && row >= margin - 1 && column <= width - margin && row <= image.height - margin)) return;
  const at = row * width + column;
  for (let i = 0; i < offsets.length; i += 1) {
    const place = at + (offsets[i] ?? 0);
    const colour = colours[i] ?? 0;
    if (colour >>> 24 > 127 || pixels[place] === 0) pixels[place] = colour;
  }
}

export function show({ image, margin }: Sheet, pen: CanvasRenderingContext2D): void {
  pen.putImageData(image, -margin, -margin);
}

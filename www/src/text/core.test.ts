import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { german } from "./de";
import { known } from "./de/core";

const root = new URL("../../../", import.meta.url);
const sources = ["src/model/preset.rs", "src/device.rs", "www/src/worker/device.ts", ...readdirSync(new URL("xtask/src/data/", root)).map((name) => `xtask/src/data/${name}`)]
  .map((file) => readFileSync(new URL(file, root), "utf8"))
  // A long literal of Rust goes on in the next line.
  .map((text) => text.replace(/\\\n\s*/g, ""))
  .join("\n");

test.each(Object.keys(known))("below the page still stands: %s", (text) => {
  // The device's reason is put together.
  const parts = text.split(", so training runs on the CPU.");
  for (const part of parts) expect(sources).toContain(part);
});

test("several sentences and what is not known", () => {
  expect(german.core.says("You chose the CPU. 3 workers share each batch.")).toBe("Gewählt ist die CPU. 3 Worker teilen sich jeden Batch.");
  expect(german.core.says("A network of tomorrow.")).toBe("A network of tomorrow.");
});

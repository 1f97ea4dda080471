import { afterEach, expect, test, vi } from "vitest";
import { copy } from "./parts";

afterEach(() => vi.unstubAllGlobals());

test("copying says whether it was done, also where there is no clipboard", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  expect(await copy("text")).toBe(true);
  expect(writeText).toHaveBeenCalledWith("text");
  vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("No.")) } });
  expect(await copy("text")).toBe(false);
  // A page that came over plain HTTP.
  vi.stubGlobal("navigator", {});
  expect(await copy("text")).toBe(false);
});

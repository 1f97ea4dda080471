import { expect, test } from "@playwright/test";
import { openLab } from "./lab";

test("cpu is taken where there is no adapter, says so, and never loads the WebGPU module", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await openLab(page);
  await expect(page.locator("#reason")).toContainText(/WebGPU.*CPU/);
  expect(asked.some((url) => url.includes("/pkg/cpu/"))).toBe(true);
  expect(asked.filter((url) => url.includes("/pkg/full/"))).toEqual([]);
});

import { expect, test } from "@playwright/test";
import { openLab, openModule } from "./lab";

test("cpu is taken where there is no adapter, says so, and never loads the WebGPU module", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await openLab(page);
  await expect(page.locator("#reason")).toContainText(/WebGPU.*CPU/);
  expect(asked.some((url) => url.includes("/pkg/cpu-relaxed/"))).toBe(true);
  expect(asked.filter((url) => url.includes("/pkg/full/"))).toEqual([]);
});

test("a browser without relaxed SIMD is told so, and trains alike with the build that needs none", async ({ browser }) => {
  const run = async (relaxed: boolean): Promise<{ asked: string[]; reason: string; losses: number[] }> => {
    const page = await browser.newPage();
    const asked: string[] = [];
    page.context().on("request", (request) => asked.push(new URL(request.url()).pathname));
    if (!relaxed) {
      // What a browser does that lacks the instructions of which it is asked; 133 is of them alone.
      const lacks = "WebAssembly.validate = ((validate) => (module) => !module.includes(133) && validate(module))(WebAssembly.validate);";
      await page.context().route("**/assets/*.js", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: lacks + (await response.text()) });
      });
    }
    await openModule(page);
    const found = await page.evaluate(async () => {
      const lab = await cnnLab.CnnLab.create({ device: "cpu", workers: 1, seed: 4 });
      await lab.loadBundled("mnist", { limit: 640 });
      await lab.setModel((await lab.presets())[0]!.spec);
      const losses: number[] = [];
      for await (const event of lab.train({ batchSize: 32, epochs: 1, validate: false })) {
        if (event.type === "step") losses.push(event.loss);
      }
      return { reason: lab.device.reason, losses };
    });
    await page.close();
    return { asked, ...found };
  };
  const [fused, plain] = [await run(true), await run(false)];
  expect(fused.asked.filter((path) => path.includes("/pkg/cpu/"))).toEqual([]);
  expect(fused.reason).not.toContain("SIMD");
  expect(plain.asked.filter((path) => path.includes("/pkg/cpu-relaxed/"))).toEqual([]);
  expect(plain.reason).toContain("no relaxed SIMD");
  expect(plain.losses).toHaveLength(20);
  expect(plain.losses.at(-1)).toBeLessThan(plain.losses[0]! * 0.8);
  for (const [step, loss] of plain.losses.entries()) expect(Math.abs(loss - fused.losses[step]!)).toBeLessThan(1e-3);
});

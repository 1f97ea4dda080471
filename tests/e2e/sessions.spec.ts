import { expect, type Page, test } from "@playwright/test";
import { openModule } from "./lab";

/** The losses of some steps on the CPU: of a kept training from its first step on, or of what is kept of it. */
async function losses(page: Page, o: { steps: number; from?: string | undefined }): Promise<{ losses: number[]; id: string }> {
  return page.evaluate(async ({ steps, from }) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 7 });
    lab.keepSessions();
    if (from !== undefined) {
      const { missing } = await lab.restoreSession(from);
      if (missing !== null) throw new Error(missing);
    } else {
      await lab.loadBundled("mnist", { limit: 5000 });
      await lab.split({ validation: 0.1, seed: 7 });
      await lab.relabel("train", 3, 8);
      const [convnet] = await lab.presets();
      await lab.setModel(convnet!.spec);
    }
    const found: number[] = [];
    const run = lab.train(from === undefined ? { epochs: 3, batchSize: 64, steps } : { resume: true, steps });
    for await (const event of run) {
      if (event.type === "step") found.push(event.loss);
    }
    // The last checkpoint is on its way to the disk.
    while (lab.session?.step !== lab.history.steps.length) await new Promise((resolve) => lab.addEventListener("sessions", resolve, { once: true }));
    const { id } = lab.session;
    lab.dispose();
    return { losses: found, id };
  }, o);
}

test("the class goes on with a kept training in another tab, at the very step, to the last bit", async ({ page, context }) => {
  await openModule(page);
  const whole = await losses(page, { steps: 100 });
  const half = await losses(page, { steps: 50 });
  await page.close();
  const tab = await context.newPage();
  await openModule(tab);
  const listed = await tab.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    const sessions = await lab.sessions();
    lab.dispose();
    return sessions;
  });
  expect(listed).toMatchObject([
    { id: half.id, name: "Session 2", step: 50, epoch: 1, epochs: 3, unfinished: true, open: null, problem: null, named: false },
    { id: whole.id, name: "Session 1", step: 100, epoch: 2, epochs: 3 },
  ]);
  // 70 steps make an epoch, so the continued run also crosses into the second.
  const rest = await losses(tab, { steps: 50, from: half.id });
  expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
  expect(rest.id).toBe(half.id);
});

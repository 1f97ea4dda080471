import { expect, type Page, test } from "@playwright/test";
import { openModule } from "./lab";

/** The losses of some augmented steps on the CPU. */
async function losses(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 4 });
    await lab.loadBundled("mnist", { limit: 320 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const found: number[] = [];
    const augmentation = { rotation_range: 20, zoom_range: 0.2, width_shift_range: 0.1, mixup: 0.2 };
    for await (const event of lab.train({ epochs: 3, batchSize: 32, augmentation })) {
      if (event.type === "step") found.push(event.loss);
    }
    lab.dispose();
    return found;
  });
}

test("batches prepared beside training are those that the core prepares itself", async ({ page, context }) => {
  const asked: string[] = [];
  context.on("request", (request) => asked.push(request.url()));
  await openModule(page);
  const beside = await losses(page);
  expect(beside).toHaveLength(30);
  expect(asked.filter((url) => url.includes("preparer"))).toHaveLength(1);
  expect(asked.filter((url) => url.includes("pkg/data/"))).not.toEqual([]);
  // Without its module a preparer makes nothing, and the core does it all.
  const alone = await context.newPage();
  await context.route("**/pkg/data/**", (route) => route.abort());
  await openModule(alone);
  expect(await losses(alone)).toEqual(beside);
});

test("the same seed repeats a run and another does not; a wrong setting is named", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 4 });
    await lab.loadBundled("mnist", { limit: 20 });
    const shown = async (seed: number): Promise<string> => {
      const pictures = await lab.augmented(3, 4, { rotation_range: 40, horizontal_flip: true }, seed);
      return pictures.map(({ data }) => data.join()).join();
    };
    const [first, again, other] = [await shown(1), await shown(1), await shown(2)];
    const wrong = async (augmentation: object): Promise<string> =>
      lab.augmented(0, 1, augmentation).then(
        () => "nothing",
        (thrown: unknown) => {
          const { code, field } = thrown as InstanceType<typeof cnnLab.CnnLabError>;
          return `${code} ${field}`;
        },
      );
    const errors = [await wrong({ rotation_rage: 3 }), await wrong({ zoom_range: -2 }), await wrong({ fill_mode: "mirror" })];
    lab.dispose();
    return { same: first === again, other: first === other, errors };
  });
  expect(found).toEqual({
    same: true,
    other: false,
    errors: ["option rotation_rage", "option zoom_range", "option fill_mode"],
  });
});

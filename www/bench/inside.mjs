/* global module, setTimeout */
/** Training while one looks inside and without, in turn; and evaluation. */
import { inBrowser, open } from "./browser.mjs";

/** The MNIST convnet, batch 64, on the CPU. */
export async function inside() {
  const found = await inBrowser(async (browser) => (await open(browser)).evaluate(async () => {
    const lab = await module.CnnLab.create({ device: "cpu", seed: 1 });
    await lab.loadBundled("mnist", { limit: 10_000 });
    const [{ spec }] = await lab.presets();
    const { layers } = await lab.setModel(spec);
    const pictures = layers.filter(({ outputShape }) => outputShape.length === 4).map(({ name }) => name);
    const { pixels } = await lab.image("test", 0);
    const measure = async (looks) => {
      const run = lab.train({ batchSize: 64, epochs: 1, validate: false });
      const began = performance.now();
      let updates = 0;
      let over = false;
      const watch = async () => {
        while (looks && !over) {
          const next = performance.now() + 250;
          await Promise.all([lab.predict(pixels), lab.featureMaps(pixels, pictures)]);
          updates += 1;
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
        }
      };
      const watching = watch();
      await run.done;
      const seconds = (performance.now() - began) / 1000;
      over = true;
      await watching;
      return { speed: 10_000 / seconds, updates: updates / seconds };
    };
    await measure(false);
    const rows = [];
    for (let i = 0; i < 5; i += 1) {
      const [without, looking] = [await measure(false), await measure(true)];
      const began = performance.now();
      await lab.evaluate("test");
      rows.push({ without: without.speed, with: looking.speed, updates: looking.updates, evaluation: 10_000 / ((performance.now() - began) / 1000) });
    }
    lab.dispose();
    return rows;
  }));
  console.log("training, images/s: without   with maps   ratio   updates/s   evaluation, images/s   time of an epoch's");
  for (const row of found) {
    const figures = [row.without.toFixed(0).padStart(27), row.with.toFixed(0).padStart(11), (row.with / row.without).toFixed(3).padStart(7), row.updates.toFixed(1).padStart(11)];
    console.log([...figures, row.evaluation.toFixed(0).padStart(22), (row.without / row.evaluation).toFixed(3).padStart(19)].join(" "));
  }
  const median = (of) => found.map(of).sort((a, b) => a - b)[2];
  const ratios = { maps: median((row) => row.with / row.without), evaluation: median((row) => row.without / row.evaluation) };
  console.log(`median ratio with maps ${ratios.maps.toFixed(3)}, evaluation ${ratios.evaluation.toFixed(3)} of an epoch's time`);
  return { rows: found, ...ratios };
}


/* global document, module */
/** Training with augmentation and without, in turn. */
import { inBrowser, open } from "./browser.mjs";

export async function augmentation(files) {
  const rows = await inBrowser(async (browser) => (await open(browser, files[0])).evaluate(async () => {
    const lab = await module.CnnLab.create({ device: "cpu", seed: 1 });
    await lab.loadFiles(document.querySelector("input").files, { size: [150, 150] });
    const presets = await lab.presets();
    await lab.setModel(presets.find(({ name }) => name === "photo-convnet").spec);
    const lesson = { rotation_range: 40, width_shift_range: 0.2, height_shift_range: 0.2, shear_range: 0.2, zoom_range: 0.2, horizontal_flip: true };
    const measure = async (augmentation) => {
      const steps = 8;
      const began = performance.now();
      await lab.train({ batchSize: 20, steps, validate: false, ...(augmentation && { augmentation }) }).done;
      return (20 * steps * 1000) / (performance.now() - began);
    };
    await measure();
    const found = [];
    for (let i = 0; i < 4; i += 1) found.push({ without: await measure(), with: await measure(lesson) });
    lab.dispose();
    return found;
  }));
  console.log("pictures/s without   with   ratio");
  for (const row of rows) {
    console.log([row.without.toFixed(1).padStart(18), row.with.toFixed(1).padStart(6), (row.with / row.without).toFixed(3).padStart(7)].join(" "));
  }
  const ratios = rows.map((row) => row.with / row.without).sort((a, b) => a - b);
  const median = (ratios[1] + ratios[2]) / 2;
  console.log(`median ratio ${median.toFixed(3)}`);
  return { rows, median };
}


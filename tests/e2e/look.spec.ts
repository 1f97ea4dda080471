import { expect, test } from "@playwright/test";
import { openModule } from "./lab";

// What the public class finds inside a network that has learned a little, while it goes on learning.
test("the class explains a decision, a filter and a step, and maps a split", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const { CnnLab } = globalThis.cnnLab;
    const lab = await CnnLab.create({ device: "cpu", seed: 1 });
    await lab.loadBundled("mnist", { limit: 2000 });
    const [preset] = await lab.presets();
    await lab.setModel(preset!.spec);
    let steps = 0;
    for await (const event of lab.train({ epochs: 2, batchSize: 64 })) steps += event.type === "step" ? 1 : 0;
    const { pixels, label } = await lab.image("test", 4);
    const code = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: unknown) => String((error as { code?: unknown }).code));

    // A run goes on beside all that follows, and its losses are its own.
    const run = lab.train({ epochs: 40, batchSize: 64, validate: false });
    const explained = await Promise.all(
      (["grad-cam", "grad-cam++", "saliency", "smooth-grad", "integrated-gradients", "occlusion"] as const).map(async (method) => {
        const { label: of, height, width, data, completeness } = await lab.explain(pixels, { method, label });
        return { method, of, values: data.length === height * width, some: data.some((value) => value > 0), completeness };
      }),
    );
    const cam = await lab.gradCam(pixels);
    const [one, two] = await lab.featureMaps(pixels, ["conv2d", 2]);
    const filters = await lab.filters("conv2d");
    const progress: number[] = [];
    const dream = await lab.maximizeActivation({ layer: "conv2d_1", filter: 5, steps: 40, onProgress: ({ done }) => progress.push(done) });
    const exciting = await lab.exciting("conv2d_1");
    const vitals = await lab.vitals();
    const slow = await lab.slowMotion(pixels, label);
    await run.stop();

    const evaluation = await lab.evaluate("test");
    const curves = await lab.curves(evaluation, 3);
    const hidden = await lab.hidden("test", { limit: 300 });
    const pca = await lab.embed(hidden);
    const shares: number[] = [];
    const tsne = await lab.embed(hidden, { method: "tsne", iterations: 300, onProgress: ({ share }) => shares.push(share) });
    const controller = new AbortController();
    const given = lab.embed(hidden, { method: "tsne", iterations: 10_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 300);
    const aborted = new AbortController();
    const occlusion = lab.explain(pixels, { method: "smooth-grad", samples: 1000, signal: aborted.signal, onProgress: () => aborted.abort() });
    const errors = {
      embed: await code(given),
      explain: await code(occlusion),
      vector: await code(lab.featureMaps(pixels, "flatten")),
      label: await code(lab.explain(pixels, { label: 10 })),
      both: await code(lab.maximizeActivation({ layer: "conv2d", label: 1 })),
      option: await code(lab.explain(pixels, { methd: "saliency" } as object)),
      curve: await code(lab.curves(evaluation, 10)),
    };
    const { predictions, topK, calibration, confusion, accuracy } = evaluation;
    const right = predictions.labels.reduce((sum, truth, i) => sum + (truth === predictions.predicted[i] ? 1 : 0), 0);
    lab.dispose();
    return {
      steps, explained, cam: [cam.width, cam.height, cam.data.some((value, i) => i % 4 === 3 && value > 200)],
      maps: [one!.layer, one!.count, two!.layer], filters: [filters.count, filters.bias?.length],
      dream: [dream.pixels.width, dream.scores[1] > dream.scores[0] + 0.1, progress.length > 3 && progress.at(-1)! < 40],
      exciting: [exciting.filters, exciting.kept, exciting.indices.length, exciting.values[0]! >= exciting.values[8]!],
      vitals: vitals.layers.map(({ layer, dead, updateRatio }) => [layer, dead !== null, updateRatio! > 0]),
      slow: [slow.stages.length, slow.moves.length, slow.lossAfter < slow.loss],
      curves: [curves.roc.area! > 0.9, curves.roc.area! <= 1, curves.precisionRecall.average! > 0.8, curves.precisionRecall.precision.length === curves.precisionRecall.thresholds.length],
      hidden: [hidden.layer, hidden.length, hidden.labels.length],
      pca: [pca.positions.length, pca.explained![0] >= pca.explained![1]],
      tsne: [tsne.positions.length, tsne.positions.every(Number.isFinite), shares.at(-1)],
      errors,
      evaluation: [right === Math.round(accuracy * evaluation.count), topK[0] === accuracy, topK.length, calibration.bins.length, predictions.probabilities.length, confusion.flat().reduce((a, b) => a + b, 0)],
    };
  });
  expect(found.steps).toBe(2 * Math.ceil(2000 / 64));
  for (const { method, of, values, some } of found.explained) {
    expect([method, of, values, some]).toEqual([method, 4, true, true]);
  }
  const { completeness } = found.explained.find(({ method }) => method === "integrated-gradients")!;
  expect(Math.abs(completeness![0] - completeness![1])).toBeLessThanOrEqual(0.01 * Math.abs(completeness![1]));
  expect(found.cam).toEqual([28, 28, true]);
  expect(found.maps).toEqual(["conv2d", 32, "conv2d_1"]);
  expect(found.filters).toEqual([32, 32]);
  expect(found.dream).toEqual([28, true, true]);
  expect(found.exciting).toEqual([64, 9, 576, true]);
  expect(found.vitals).toEqual([["conv2d", true, true], ["conv2d_1", true, true], ["conv2d_2", true, true], ["dense", true, true], ["dense_1", false, true]]);
  expect(found.slow[0]).toBeGreaterThan(6);
  expect(found.slow.slice(1)).toEqual([10, true]);
  expect(found.curves).toEqual([true, true, true, true]);
  expect(found.hidden).toEqual(["dense", 64, 300]);
  expect(found.pca).toEqual([600, true]);
  expect(found.tsne).toEqual([600, true, 1]);
  expect(found.errors).toEqual({ embed: "aborted", explain: "aborted", vector: "option", label: "option", both: "option", option: "option", curve: "option" });
  expect(found.evaluation).toEqual([true, true, 5, 15, 10 * 2000, 2000]);
});

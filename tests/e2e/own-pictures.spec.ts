/** The user's own files, real ones, through the real class and the real page. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import type { DatasetInfo, LoadFilesOptions } from "../../www/src/api/types";
import { catsAndDogs, idx, marked, png, pngOf, writeTree, zip } from "./files";
import { type Lab, mainButton, openLab, openModule, progress } from "./lab";
import { alone } from "./playwright.config";

/** An error of the class, or null where there was none. */
type Failure = { code: string; message: string; field?: string; file?: string; line?: number } | null;

declare global {
  /** The lab that `openOwn` made. */
  var own: Lab;
  /** The files that were last chosen. */
  var chosen: () => FileList;
  /** Settles a promise of the class to its failure. */
  var failure: (promise: Promise<unknown>) => Promise<Failure>;
  /** A digest of all pixels, labels and names of the loaded set. */
  var digest: () => Promise<string>;
  /** What the last drop on the page gave. */
  var dropped: Promise<DatasetInfo> | undefined;
}

const datasets = resolve(__dirname, "../../../shared/datasets");

/** A page with the public module, a lab, a file input and a folder input. */
async function openOwn(page: Page): Promise<void> {
  await openModule(page);
  await page.evaluate(async () => {
    document.body.innerHTML =
      '<input id="files" type="file" multiple><input id="folder" type="file" webkitdirectory multiple>';
    globalThis.chosen = () => {
      const inputs = [...document.querySelectorAll("input")];
      return inputs.find(({ files }) => files && files.length > 0)!.files!;
    };
    globalThis.failure = (promise) =>
      promise.then(
        () => null,
        (error: unknown) => {
          if (!(error instanceof cnnLab.CnnLabError)) throw error;
          const { code, message, field, file, line } = error;
          return { code, message, ...(field && { field }), ...(file && { file }), ...(line && { line }) };
        },
      );
    globalThis.digest = async () => {
      const parts: BlobPart[] = [];
      for (const split of ["train", "validation", "test"] as const) {
        for (let offset = 0; ; ) {
          const { total, pictures } = await own.gallery({ split, offset, count: 200 });
          for (const { index, label, pixels } of pictures) {
            parts.push(`${split} ${index} ${label}`, pixels.data);
          }
          offset += pictures.length;
          if (offset >= total || pictures.length === 0) break;
        }
      }
      const bytes = await new Blob(parts).arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    };
    globalThis.own = await cnnLab.CnnLab.create({ device: "cpu" });
  });
}

/** A folder on the disk. */
class Folder {
  constructor(readonly path: string) {}
}

/** Chooses files, given by their paths or as they are, or a folder by its path. */
async function choose(page: Page, what: string[] | Record<string, Buffer | string> | Folder): Promise<void> {
  await page.evaluate(() => {
    for (const input of document.querySelectorAll("input")) input.value = "";
  });
  if (Array.isArray(what)) await page.locator("#files").setInputFiles(what);
  else if (what instanceof Folder) await page.locator("#folder").setInputFiles(what.path);
  else {
    const files = Object.entries(what).map(([name, bytes]) => ({ name, mimeType: "", buffer: Buffer.from(bytes) }));
    await page.locator("#files").setInputFiles(files);
  }
}

/** Loads what was chosen. */
async function load(page: Page, o: LoadFilesOptions = {}): Promise<DatasetInfo> {
  return page.evaluate((options) => own.loadFiles(chosen(), options), o);
}

/** How loading what was chosen fails. */
async function fails(page: Page, o: LoadFilesOptions = {}): Promise<Failure> {
  return page.evaluate((options) => failure(own.loadFiles(chosen(), options)), o);
}

/** Drops files and folders of the disk on the page, as a person would. */
async function drop(page: Page, paths: string[], at: { x: number; y: number }): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, ...at, data });
  }
}

/** A folder of this test's own. */
function folder(name: string, files: Record<string, Buffer | string>): string {
  const path = test.info().outputPath(name);
  writeTree(path, files);
  return path;
}

const shared = join(datasets, "cats_dogs_downsampled.zip");

test("cats and dogs: as a zip, as a folder, as a drop of the folder, the same pictures", async ({ page }) => {
  test.setTimeout(240_000);
  if (!existsSync(shared)) console.log(`Skipped: ${shared} is not on this machine.`);
  test.skip(!existsSync(shared), "the photos are not on this machine");
  const unpacked = test.info().outputPath("cats-and-dogs");
  execFileSync("python3", ["-m", "zipfile", "-e", shared, unpacked]);
  await openOwn(page);
  const o: LoadFilesOptions = { size: [150, 150] };

  await choose(page, [shared]);
  const asZip = await load(page, o);
  expect(asZip.splits).toEqual({ train: 2140, validation: 420, test: 425 });
  expect(asZip.classes).toHaveLength(2);
  expect(asZip.warnings).toEqual([]);
  const pixels = await page.evaluate(() => digest());

  await choose(page, new Folder(unpacked));
  const asFolder = await load(page, o);
  expect({ ...asFolder, name: "" }).toEqual({ ...asZip, name: "" });
  expect(await page.evaluate(() => digest())).toBe(pixels);

  await listenForDrops(page, o);
  await drop(page, readdirSync(unpacked).map((name) => join(unpacked, name)), { x: 50, y: 50 });
  const asDrop = await page.evaluate(() => globalThis.dropped);
  expect({ ...asDrop, name: "" }).toEqual({ ...asZip, name: "" });
  expect(await page.evaluate(() => digest())).toBe(pixels);
});

/** From now on what is dropped on the page is loaded. */
async function listenForDrops(page: Page, o: LoadFilesOptions): Promise<void> {
  await page.evaluate((options) => {
    globalThis.dropped = undefined;
    document.documentElement.style.height = "100%";
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      globalThis.dropped = own.loadFiles(event.dataTransfer!, options);
    });
  }, o);
}

test("a dropped folder of more than a hundred files is read to its end, with the main thread free", { tag: alone }, async ({ page }) => {
  const path = folder("pets", catsAndDogs(450));
  await openOwn(page);
  await listenForDrops(page, { size: [12, 12] });
  await page.evaluate(() => {
    new PerformanceObserver((list) => {
      (globalThis as { blocked?: number[] }).blocked ??= [];
      (globalThis as { blocked?: number[] }).blocked!.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask" });
  });
  await drop(page, [path], { x: 50, y: 50 });
  await page.waitForFunction(() => globalThis.dropped !== undefined);
  const info = await page.evaluate(() => globalThis.dropped!);
  expect(info).toMatchObject({ classes: ["cat", "dog"], shape: [12, 12, 3], splits: { train: 900 }, warnings: [] });
  // A browser reports as long only what is above 50 ms.
  expect(await page.evaluate(() => (globalThis as { blocked?: number[] }).blocked ?? [])).toEqual([]);
});

test("both decoders give the same pixels for PNG: colours, greys, transparency, any size", async ({ page }) => {
  const wave = (x: number, y: number, channel: number): number => (x * 37 + y * 11 + channel * 83 + x * y) % 256;
  const files: Record<string, Buffer> = {};
  for (const kind of ["cat", "dog"]) {
    files[`${kind}/rgb.png`] = png(40, 30, 3, wave);
    files[`${kind}/grey.png`] = png(17, 23, 1, wave);
    // All or nothing: what shines through half-way is rounded differently by a canvas.
    files[`${kind}/cut-out.png`] = png(31, 33, 4, (x, y, channel) => (channel === 3 ? ((x + y) % 3 === 0 ? 0 : 255) : wave(x, y, channel)));
    files[`${kind}/wide.png`] = png(300, 7, 3, wave);
  }
  const path = folder("pictures", files);
  await openOwn(page);
  for (const o of [{ size: [24, 24] }, { size: [33, 20], fit: "pad" }, { size: [16, 16], fit: "crop", color: "grayscale", filter: "lanczos3" }] as LoadFilesOptions[]) {
    await choose(page, new Folder(path));
    const digests: string[] = [];
    for (const decoder of ["core", "browser"] as const) {
      expect(await load(page, { ...o, decoder })).toMatchObject({ splits: { train: 8 }, warnings: [] });
      digests.push(await page.evaluate(() => digest()));
    }
    expect(digests[0]).toBe(digests[1]);
  }
});

test("60,000 pictures in one zip load within 40 s, with the main thread free", { tag: alone }, async ({ page }) => {
  const path = join(datasets, "cifar10.zip");
  if (!existsSync(path)) console.log(`Skipped: ${path} is not on this machine.`);
  test.skip(!existsSync(path), "the pictures are not on this machine");
  await openOwn(page);
  await choose(page, [path]);
  const { info, seconds, blocked } = await page.evaluate(async () => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: "longtask" });
    const began = performance.now();
    const loaded = await own.loadFiles(chosen());
    return { info: loaded, seconds: (performance.now() - began) / 1000, blocked: tasks };
  });
  console.log(`60,000 pictures in ${seconds.toFixed(1)} s: ${Math.round(60_000 / seconds)} pictures/s`);
  expect(info).toMatchObject({ shape: [32, 32, 3], splits: { train: 50_000, validation: 0, test: 10_000 }, warnings: [] });
  expect(info.counts.train).toEqual(Array.from({ length: 10 }, () => 5000));
  expect(seconds).toBeLessThan(40);
  expect(blocked).toEqual([]);
});

test("a reader that fails is replaced, and every picture is there", async ({ page }) => {
  let fetched = 0;
  await page.route("**/pkg/data/cnn_lab.js", async (route) => {
    const response = await route.fetch();
    fetched += 1;
    // The first reader fails at its first chunk; its successors are sound.
    const fault = "Reader.prototype.read = () => { throw new WebAssembly.RuntimeError('unreachable'); };";
    await route.fulfill({ response, body: `${await response.text()}\n${fetched === 1 ? fault : ""}` });
  });
  await openOwn(page);
  await choose(page, new Folder(folder("pets", catsAndDogs(300))));
  expect(await load(page, { size: [12, 12] })).toMatchObject({ splits: { train: 600 }, warnings: [] });
  expect(fetched).toBeGreaterThan(1);
});

test("a second drop while the first loads takes its place; cancelling leaves what was there", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("first", catsAndDogs(600))));
  const results = await page.evaluate(async () => {
    const files = [...chosen()];
    const few = files.filter(({ name }) => /^\d[.]png$/.test(name));
    const first = failure(own.loadFiles(files, { size: [128, 128] }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await own.loadFiles(few, { size: [8, 8] });
    const controller = new AbortController();
    let seen = 0;
    const cancelled = failure(
      own.loadFiles(files, {
        size: [128, 128],
        signal: controller.signal,
        onProgress: ({ unit, done }) => {
          if (unit !== "pictures") return;
          seen = done;
          controller.abort();
        },
      }),
    );
    return { first: await first, second, cancelled: await cancelled, seen, after: own.dataset, pictures: (await own.gallery({ split: "train" })).total };
  });
  expect(results.first).toMatchObject({ code: "aborted" });
  expect(results.second.splits.train).toBe(20);
  expect(results.cancelled).toMatchObject({ code: "aborted" });
  expect(results.seen).toBeLessThan(1200);
  expect(results.after).toEqual(results.second);
  expect(results.pictures).toBe(20);
});

test("damaged pictures are warnings by their names, and the others load", async ({ page }) => {
  const sound = marked(1, [9, 99, 199]);
  const cut = png(64, 64, 3, (x, y) => (x * y) % 256);
  const path = folder("mixed", {
    ...catsAndDogs(3),
    "cat/cut.png": cut.subarray(0, cut.length / 2),
    "cat/words.jpg": "This is no picture.",
    "cat/empty.png": "",
    "cat/bomb.png": pngOf(20_000, 20_000, 2, gzipSync(Buffer.alloc(1000))),
    "dog/tiny.png": png(1, 1, 3, () => 200),
    // No browser reads these.
    "dog/plain.ppm": Buffer.concat([Buffer.from("P6\n2 2\n255\n"), Buffer.alloc(12, 99)]),
    "dog/猫 ürün.png": sound,
    "dog/.DS_Store": "junk",
    "__MACOSX/dog/._0.png": "junk",
    "dog/Thumbs.db": "junk",
  });
  await openOwn(page);
  for (const decoder of ["core", "browser"] as const) {
    await choose(page, new Folder(path));
    const { classes, splits, warnings } = await load(page, { size: [12, 12], decoder });
    expect(classes).toEqual(["cat", "dog"]);
    const told = warnings.map(({ file }) => file.split("/").at(-1)).sort();
    expect(told).toEqual(["bomb.png", "cut.png", "empty.png", "words.jpg"]);
    expect(splits.train).toBe(13 - told.length);
    expect(warnings.every(({ message }) => message.length > 10)).toBe(true);
    const names = await page.evaluate(async () => (await own.gallery({ split: "train" })).pictures.map(({ name }) => name));
    expect(names.some((name) => name.includes("猫 ürün"))).toBe(true);
  }
});

test("what nothing can be learned from is an error that says so, and changes nothing", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("pets", catsAndDogs(3))));
  await load(page, { size: [12, 12] });
  const before = await page.evaluate(() => digest());
  const sound = marked(1, [200, 0, 0]);
  const pictures = idx([2, 4, 4], Buffer.alloc(32, 7));
  const cases: [string, Record<string, Buffer | string>, RegExp][] = [
    ["words only", { "notes.txt": "hello" }, /picture|file/i],
    ["an empty zip", { "nothing.zip": zip([]) }, /./],
    ["no zip at all", { "broken.zip": "PK\x03\x04 and then nothing" }, /zip/i],
    ["a locked zip", { "locked.zip": zip([{ path: "cat/1.png", bytes: sound, flags: 1 }, { path: "dog/1.png", bytes: sound, flags: 1 }]) }, /encrypt|password/i],
    ["one class", { "one.zip": zip([{ path: "cat/1.png", bytes: sound }, { path: "cat/2.png", bytes: sound }]) }, /class/i],
    ["labels without pictures", { "train-labels-idx1-ubyte": idx([2], Buffer.from([0, 1])) }, /picture|image/i],
    ["an IDX that lies", { "train-images-idx3-ubyte": pictures.subarray(0, 30), "train-labels-idx1-ubyte": idx([2], Buffer.from([0, 1])) }, /idx|header|byte/i],
    ["a table of words", { "table.csv": "these,are,words\nand,no,numbers\n" }, /./],
  ];
  for (const [what, files, words] of cases) {
    await choose(page, files);
    const error = await fails(page);
    expect(error, what).not.toBeNull();
    expect(error!.code, `${what}: ${error!.message}`).toMatch(/^(files|data-missing|option|image)$/);
    expect(error!.message, what).toMatch(words);
    expect(await page.evaluate(() => own.dataset!.splits.train), what).toBe(6);
  }
  expect(await page.evaluate(() => digest())).toBe(before);
});

test("hostile archives and tables with faults take no harm and name what was wrong", async ({ page }) => {
  await openOwn(page);
  const red = marked(1, [200, 0, 0]);
  const bomb = Buffer.alloc(50_000_000);
  await choose(page, {
    "odd.zip": zip([
      { path: "set/cat/1.png", bytes: red, deflate: true },
      { path: "set/dog/1.png", bytes: marked(2, [0, 0, 200]) },
      { path: "../../outside/2.png", bytes: red },
      { path: "set/dog/bomb.png", bytes: bomb, deflate: true, saysItHas: 100 },
    ]),
  });
  const odd = await load(page, { size: [8, 8] });
  expect(odd.splits.train).toBeGreaterThanOrEqual(2);
  expect(odd.warnings.some(({ file }) => file.includes("bomb.png"))).toBe(true);

  const row = (label: number | string, count: number): string => `${label},${Array.from({ length: count }, (_, i) => i % 256).join(",")}`;
  const header = `label,${Array.from({ length: 784 }, (_, i) => `pixel${i + 1}`).join(",")}`;
  const rows = [row(0, 784), row(1, 784), row(3, 783), row(3, 784), row(4, 784).replace(",255", ",999")];
  await choose(page, { "sign_mnist_train.csv": `\ufeff${header}\r\n${rows.join("\r\n")}\r\n` });
  const table = await load(page);
  expect(table).toMatchObject({ shape: [28, 28, 1], splits: { train: 3 } });
  expect(table.warnings.map(({ file, message }) => `${file} ${message}`).join()).toMatch(/4[^]*6/);
});

test("IDX pairs and tables become the set that they hold", async ({ page }) => {
  await openOwn(page);
  const bytes = Buffer.from(Array.from({ length: 6 * 16 }, (_, i) => i));
  await choose(page, {
    "train-images-idx3-ubyte.gz": gzipSync(idx([4, 4, 4], bytes.subarray(0, 64))),
    "train-labels-idx1-ubyte.gz": gzipSync(idx([4], Buffer.from([0, 1, 2, 1]))),
    "t10k-images-idx3-ubyte": idx([2, 4, 4], bytes.subarray(64)),
    "t10k-labels-idx1-ubyte": idx([2], Buffer.from([2, 0])),
  });
  expect(await load(page)).toMatchObject({ shape: [4, 4, 1], splits: { train: 4, validation: 0, test: 2 }, given: { validation: false, test: true } });
  const picture = await page.evaluate(async () => {
    const { pixels, label } = await own.image("test", 0);
    return { label, red: Array.from(pixels.data).filter((_, i) => i % 4 === 0) };
  });
  expect(picture).toEqual({ label: 2, red: [...bytes.subarray(64, 80)] });
});

test("a look says what loading gives, with the suggested size, and changes nothing", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("pets", catsAndDogs(5))));
  const seen = await page.evaluate(async () => {
    const files = chosen();
    const looks = [await own.inspectFiles(files), await own.inspectFiles(files, { size: [20, 30], color: "grayscale", limit: 4 })];
    const nothing = own.dataset;
    const wrong = await failure(own.inspectFiles(files, { size: [0, 3] }));
    const loaded = await own.loadFiles(files, { size: [20, 30], color: "grayscale", limit: 4 });
    return { looks, nothing, wrong, loaded };
  });
  expect(seen.looks[0]).toMatchObject({ classes: ["cat", "dog"], shape: [12, 12, 3], memory: { paged: false, budget: 512 * 2 ** 20 } });
  expect(seen.looks[1]).toMatchObject({ shape: [20, 30, 1], splits: { train: 4 }, counts: { train: [2, 2] } });
  expect(seen.nothing).toBeNull();
  expect(seen.wrong).toMatchObject({ code: "option", field: "size" });
  expect(seen.loaded).toMatchObject({ shape: [20, 30, 1], splits: { train: 4 } });
});

test("classes and pictures can be changed, and the changes outlive the core", async ({ page }) => {
  let spoilt = false;
  await page.route("**/pkg/cpu-relaxed/cnn_lab.js", async (route) => {
    const response = await route.fetch();
    // The first worker's core fails when it is asked for the filters; its successor's is sound.
    const body = `${await response.text()}
      if (${!spoilt}) Core.prototype.filters = () => { throw new WebAssembly.RuntimeError("unreachable"); };`;
    spoilt = true;
    await route.fulfill({ response, body });
  });
  await openOwn(page);
  const pets = { ...catsAndDogs(6), "cow/1.png": marked(1, [0, 200, 0]), "cow/2.png": marked(1, [0, 200, 0]) };
  await choose(page, new Folder(folder("pets", pets)));
  await load(page, { size: [12, 12] });
  const seen = await page.evaluate(async () => {
    await own.renameClass(0, "Katze");
    await own.relabel("train", 0, 2);
    await own.exclude("train", 1);
    const merged = await own.mergeClasses(1, 2);
    const canvas = new OffscreenCanvas(100, 80);
    canvas.getContext("2d")!.fillRect(0, 0, 100, 80);
    const added = await own.addPictures([await canvas.convertToBlob(), canvas.transferToImageBitmap()], { className: "dark" });
    const divided = await own.split({ validation: 0.4, seed: 3 });
    const errors = [
      await failure(own.renameClass(9, "x")),
      await failure(own.renameClass(0, "dark")),
      await failure(own.exclude("train", 999)),
      await failure(own.relabel("train", 0, 9)),
      await failure(own.mergeClasses(0, 0)),
      await failure(own.addPictures([new Blob(["no picture"])], { className: "dark" })),
      await failure(own.addPictures([], { className: "dark" })),
    ];
    const before = await digest();
    const lost = await failure(own.filters(0));
    const after = await digest();
    return { merged, added, divided, errors, before, after, lost, dataset: own.dataset };
  });
  expect(seen.merged.classes).toEqual(["Katze", "dog"]);
  expect(seen.merged.splits.train).toBe(13);
  expect(seen.added.classes).toEqual(["Katze", "dog", "dark"]);
  expect(seen.added.counts.train[2]).toBe(2);
  expect(seen.divided.splits.validation).toBeGreaterThan(0);
  for (const error of seen.errors) expect(error?.code).toMatch(/^(option|files)$/);
  expect(seen.lost).toMatchObject({ code: "panic" });
  expect(seen.after).toBe(seen.before);
  expect(seen.dataset).toEqual(seen.divided);
});

test("statistics find the duplicates between splits, the sizes and the mean", async ({ page }) => {
  await openOwn(page);
  const path = folder("pets", {
    "train/cat/1.png": png(10, 10, 1, () => 255),
    "train/dog/1.png": png(20, 10, 1, () => 0),
    "test/cat/same.png": png(10, 10, 1, () => 255),
    "test/dog/2.png": png(10, 10, 1, () => 51),
  });
  await choose(page, new Folder(path));
  await load(page, { size: [10, 10] });
  const found = await page.evaluate(() => own.statistics());
  expect(found.mean).toEqual([0.5]);
  expect(found.std).toEqual([0.5]);
  expect(found.sizes).toEqual([{ width: 10, height: 10, count: 3 }, { width: 20, height: 10, count: 1 }]);
  expect(found.duplicates.total).toBe(1);
  expect(found.duplicates.groups).toMatchObject([[{ split: "train" }, { split: "test", name: expect.stringContaining("same.png") }]]);
});

test("the augmented picture is repeated by its seed, and training takes augmentation and weights", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("pets", catsAndDogs(10))));
  await load(page, { size: [12, 12] });
  const seen = await page.evaluate(async () => {
    const turned = { rotation_range: 90, horizontal_flip: true };
    const digits = (pictures: ImageData[]): string[] => pictures.map(({ data }) => data.join());
    const first = await own.augmented(0, 4, turned, 5);
    const summary = await own.setModel({
      input_shape: [12, 12, 3],
      layers: [{ layer: "Flatten" }, { layer: "Dense", units: 2, activation: "softmax" }],
    });
    const events: string[] = [];
    for await (const { type } of own.train({ epochs: 2, batchSize: 5, augmentation: turned, classWeight: [1, 2] })) events.push(type);
    return {
      size: [first[0]!.width, first[0]!.height],
      same: digits(first).join("|") === digits(await own.augmented(0, 4, turned, 5)).join("|"),
      kinds: new Set(digits(first)).size,
      plain: digits(await own.augmented(0, 1, {}))[0] === (await own.image("train", 0)).pixels.data.join(),
      wrong: await failure(own.augmented(0, 1, { rotation_range: -1 })),
      misspelt: await failure(own.augmented(0, 1, { rotate: 3 } as object)),
      weights: await failure(own.train({ classWeight: [1] }).done),
      params: summary.totalParams,
      events,
    };
  });
  expect(seen).toMatchObject({ size: [12, 12], same: true, plain: true });
  expect(seen.kinds).toBeGreaterThan(2);
  expect(seen.wrong).toMatchObject({ code: "option" });
  expect(seen.misspelt).toMatchObject({ code: "option", field: "rotate" });
  expect(seen.weights).toMatchObject({ code: "option" });
  expect(seen.events.at(-1)).toBe("done");
});

test("a set begun picture by picture needs two classes to train", async ({ page }) => {
  await openOwn(page);
  const seen = await page.evaluate(async () => {
    const frame = (colour: string): ImageBitmap => {
      const canvas = new OffscreenCanvas(64, 48);
      const context = canvas.getContext("2d")!;
      context.fillStyle = colour;
      context.fillRect(0, 0, 64, 48);
      return canvas.transferToImageBitmap();
    };
    const one = await own.addPictures([frame("red"), frame("red")], { className: "red", size: [16, 16] });
    await own.setModel({ input_shape: [16, 16, 3], layers: [{ layer: "Flatten" }, { layer: "Dense", units: 2, activation: "softmax" }] });
    const early = await failure(own.train({ epochs: 1 }).done);
    const two = await own.addPictures([frame("blue")], { className: "blue" });
    const done = await own.train({ epochs: 1 }).done;
    const { pixels } = await own.image("train", 2);
    return { one, early, two, done, blue: [...pixels.data.slice(0, 4)] };
  });
  expect(seen.one).toMatchObject({ classes: ["red"], shape: [16, 16, 3], splits: { train: 2 } });
  expect(seen.early).not.toBeNull();
  expect(seen.two).toMatchObject({ classes: ["red", "blue"], splits: { train: 3 } });
  expect(seen.done.reason).toBe("finished");
  expect(seen.blue).toEqual([0, 0, 255, 255]);
});

test("a set is remembered, opened again after a reload, and forgotten", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("Haustiere ü", catsAndDogs(30))));
  await load(page, { size: [12, 12] });
  const before = await page.evaluate(async () => {
    await own.exclude("train", 0);
    await own.split({ validation: 0.25, seed: 2 });
    await own.remember();
    // Once more takes its place.
    await own.remember();
    return { digest: await digest(), dataset: own.dataset, sets: await own.remembered() };
  });
  expect(before.sets).toMatchObject([{ name: before.dataset!.name, pictures: 59, shape: [12, 12, 3], classes: ["cat", "dog"] }]);

  await openOwn(page);
  const after = await page.evaluate(async (name) => {
    const dataset = await own.loadRemembered(name);
    const loaded = await digest();
    await own.forget(name);
    return {
      loaded,
      dataset,
      sets: await own.remembered(),
      gone: await failure(own.loadRemembered(name)),
      twice: await failure(own.forget(name)),
      stays: (await digest()) === loaded,
    };
  }, before.dataset!.name);
  expect(after.loaded).toBe(before.digest);
  expect(after.dataset).toEqual(before.dataset);
  expect(after.sets).toEqual([]);
  expect(after.gone).toMatchObject({ code: "data-missing", file: before.dataset!.name });
  expect(after.twice).toMatchObject({ code: "data-missing" });
  expect(after.stays).toBe(true);
});

test("a remembered set that was damaged is told, and nothing is changed", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("pets", catsAndDogs(3))));
  await load(page, { size: [12, 12] });
  const seen = await page.evaluate(async () => {
    await own.remember();
    const { name } = own.dataset!;
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("cnn-lab");
    for await (const [file, handle] of root.entries()) {
      if (!file.endsWith(".set")) continue;
      const writable = await (handle as FileSystemFileHandle).createWritable({ keepExistingData: true });
      await writable.truncate(300);
      await writable.close();
    }
    return { error: await failure(own.loadRemembered(name)), sets: await own.remembered(), train: own.dataset!.splits.train };
  });
  expect(seen.error).toMatchObject({ code: "storage" });
  expect(seen.sets).toEqual([]);
  expect(seen.train).toBe(6);
});

/** Pictures of 1,600 x 1,600 take 7.7 MB of pixels each, and few kB as files. */
function big(each: number): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let i = 0; i < each; i += 1) {
    files[`cat/${i}.png`] = png(16, 16, 3, (x, y, channel) => (x * y + 9 * channel + i) % 256);
    files[`dog/${i}.png`] = png(16, 16, 3, (x, y, channel) => 255 - ((x * y + 9 * channel + i) % 256));
  }
  return files;
}

/** The lab's files in the browser's storage. */
async function stored(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("cnn-lab", { create: true });
    const names: string[] = [];
    for await (const name of root.keys()) names.push(name);
    return names;
  });
}

test("past the memory budget pixels are paged from storage, and the file goes with the set", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("big", big(36))));
  const info = await load(page, { size: [1600, 1600], limit: 72 });
  expect(info).toMatchObject({ splits: { train: 72 }, bytes: 72 * 1600 * 1600 * 3, paged: true });
  expect(await stored(page)).toHaveLength(1);
  const gallery = await page.evaluate(async () => {
    const { pictures } = await own.gallery({ split: "train", label: 1, offset: 35, count: 5 });
    return pictures.map(({ name, label, pixels }) => ({ name, label, corner: pixels.data[0], side: pixels.width }));
  });
  expect(gallery).toEqual([{ name: expect.stringContaining("dog/"), label: 1, corner: expect.any(Number), side: 1600 }]);

  // A tab that is closed cannot tidy up; the next lab does.
  await openOwn(page);
  await expect.poll(() => stored(page)).toEqual([]);

  await choose(page, new Folder(folder("big", big(36))));
  await load(page, { size: [1600, 1600] });
  await choose(page, new Folder(folder("small", catsAndDogs(2))));
  await load(page, { size: [12, 12] });
  expect(await stored(page)).toEqual([]);
});

test("a disk that is full is told, and nothing is changed", async ({ page }) => {
  await openOwn(page);
  await choose(page, new Folder(folder("pets", catsAndDogs(3))));
  await load(page, { size: [12, 12] });
  const devtools = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 50_000_000 });
  await choose(page, new Folder(folder("big", big(36))));
  expect(await fails(page, { size: [1600, 1600] })).toMatchObject({ code: "quota" });
  await devtools.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100 });
  expect(await page.evaluate(() => failure(own.remember()))).toMatchObject({ code: "quota" });
  await devtools.send("Storage.overrideQuotaForOrigin", { origin });
  expect(await page.evaluate(() => own.dataset!.splits.train)).toBe(6);
  expect(await stored(page)).toEqual([]);
});

test("wrong arguments are named", async ({ page }) => {
  await openOwn(page);
  const fields = await page.evaluate(async () => {
    const files = [new File(["x"], "x.png")];
    const wrong = async (promise: Promise<unknown>): Promise<string | undefined> => (await failure(promise))?.field;
    const any = (value: unknown): never => value as never;
    return [
      await wrong(own.loadFiles(any(null))),
      await wrong(own.loadFiles(any(["x.png"]))),
      await wrong(own.loadFiles(files, { size: [0, 0] })),
      await wrong(own.loadFiles(files, { color: any("blue") })),
      await wrong(own.loadFiles(files, { fit: any("squeeze") })),
      await wrong(own.loadFiles(files, { filter: any("sharp") })),
      await wrong(own.loadFiles(files, { decoder: any("other") })),
      await wrong(own.loadFiles(files, { limit: 0 })),
      await wrong(own.loadFiles(files, { labelColumn: -1 })),
      await wrong(own.loadFiles(files, { className: "" })),
      await wrong(own.addPictures(files, any({}))),
      await wrong(own.addPictures(files, { className: "a", split: any("all") })),
      await wrong(own.gallery({ split: any("all") })),
      await wrong(own.renameClass(0, " ")),
      await wrong(own.train({ classWeight: any("heavy") }).done),
      await wrong(own.train({ augmentation: any(3) }).done),
      (await failure(own.statistics()))?.code,
      (await failure(own.remember()))?.code,
      (await failure(own.exclude("train", 0)))?.code,
    ];
  });
  expect(fields).toEqual([
    "files", "files", "size", "color", "fit", "filter", "decoder", "limit", "labelColumn", "className",
    "className", "split", "split", "name", "classWeight", "augmentation", "state", "state", "state",
  ]);
});

/** What the page's own lab holds. */
async function shown(page: Page): Promise<DatasetInfo | null> {
  return page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).dataset);
}

test("on the page: a folder is dropped on the data, looked at, loaded and trained on", async ({ page }) => {
  const path = folder("pets", { ...catsAndDogs(40), "cat/words.jpg": "no picture" });
  await openLab(page);
  const box = await page.locator("#own").boundingBox();
  await drop(page, [path], { x: box!.x + 20, y: box!.y + 10 });
  const dialog = page.locator("dialog#import");
  await expect(dialog).toContainText("pets");
  await expect(dialog).toContainText("a folder of pictures");
  for (const [side, size] of [["height", "28"], ["width", "32"]] as const) {
    await page.locator(`#own-${side}`).fill(size);
    await page.locator(`#own-${side}`).blur();
    await expect(page.locator("#load-own")).not.toHaveAttribute("aria-disabled", "true");
  }
  await page.locator("#load-own").click();
  await expect(dialog).toBeHidden();
  await expect(page.locator("#own")).toContainText("pets");
  await expect.poll(async () => (await shown(page))?.shape).toEqual([28, 32, 3]);
  const { classes, splits, warnings } = (await shown(page))!;
  expect(classes).toEqual(["cat", "dog"]);
  expect(splits.train + splits.validation + splits.test).toBe(80);
  expect(warnings).toMatchObject([{ file: expect.stringContaining("words.jpg") }]);

  await page.locator("#epochs").fill("1");
  await page.locator("#epochs").blur();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
});

test("on the page: a folder input, a zip and a table load as they are dropped", async ({ page }) => {
  await openLab(page);
  const dialog = page.locator("dialog#import");
  const take = async (kind: RegExp, pictures: number): Promise<void> => {
    await expect(dialog).toContainText(kind);
    await page.locator("#load-own").click();
    await expect(dialog).toBeHidden();
    await expect
      .poll(async () => {
        // Nothing is loaded at first.
        const splits = (await shown(page))?.splits;
        return splits && splits.train + splits.validation + splits.test;
      })
      .toBe(pictures);
  };
  await page.locator("#own-folder input").setInputFiles(folder("pets", catsAndDogs(4)));
  await take(/pets[^]*8 pictures/, 8);
  const entries = Object.entries(catsAndDogs(5)).map(([path, bytes]) => ({ path, bytes, deflate: true }));
  await page.locator("#own-files input").setInputFiles({ name: "pets.zip", mimeType: "application/zip", buffer: zip(entries) });
  await take(/pets[^]*10 pictures/, 10);
  const rows = Array.from({ length: 6 }, (_, i) => [i % 3, ...Array.from({ length: 784 }, (_, pixel) => (pixel * i) % 256)].join(","));
  await page.locator("#own-files input").setInputFiles({ name: "signs.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });
  await take(/table[^]*6 pictures/, 6);
});

test("on the page: a picture pasted on the data becomes a class", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await openLab(page);
  const dialog = page.locator("dialog#import");
  for (const [colour, name] of [["red", "warm"], ["blue", "cold"]] as const) {
    await page.evaluate(async (fill) => {
      const canvas = new OffscreenCanvas(50, 40);
      const pen = canvas.getContext("2d")!;
      pen.fillStyle = fill;
      pen.fillRect(0, 0, 50, 40);
      await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob() })]);
    }, colour);
    await page.locator("#own").hover();
    await page.keyboard.press("ControlOrMeta+V");
    await expect(dialog).toContainText("1 picture");
    await page.locator("#class-name").fill(name);
    await page.locator("#add-own").click();
    await expect(dialog).toBeHidden();
    await expect.poll(async () => (await shown(page))?.classes.includes(name)).toBe(true);
  }
  expect(await shown(page)).toMatchObject({ classes: ["warm", "cold"], shape: [64, 64, 3] });
});

test("on the page: files that cannot be used are told in a sentence, and what was loaded stays", async ({ page }) => {
  await openLab(page);
  const before = await shown(page);
  const dialog = page.locator("dialog#import");
  await page.locator("#own-files input").setInputFiles({ name: "broken.zip", mimeType: "application/zip", buffer: Buffer.from("no zip") });
  await expect(dialog).toContainText("broken.zip");
  await page.locator("#cancel-own").click();
  await expect(dialog).toBeHidden();
  expect(await shown(page)).toEqual(before);
});

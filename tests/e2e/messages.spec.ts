/** What goes wrong is told in German on a German page, and in English to programs. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { idx, marked, zip } from "./files";
import { choose, mainButton, progress, violations } from "./lab";

test.use({ locale: "de-DE" });

/** Words of the messages that no German sentence has. */
const english = /\b(the|and|with|your|cannot|this|that|was|were|there|it is|must|which)\b/i;

async function open(page: Page): Promise<void> {
  await page.goto("./");
  await expect(mainButton(page)).toHaveText("Trainieren");
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
}

/** Hands the page a file as if it were a saved network, and gives what it says of it. */
async function refused(page: Page, name: string, buffer: Buffer): Promise<string> {
  await page.locator("#checkpoint").setInputFiles({ name, mimeType: "application/octet-stream", buffer });
  const told = page.locator("cnn-lab [role=alert] .error p").first();
  await expect(told).toHaveText(/Datei|Checkpoint/);
  const said = await told.innerText();
  await page.locator("#dismiss").click();
  return said;
}

test("files that are no networks: another file, a checkpoint that was cut off, a damaged Keras file", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await page.addInitScript(() => {
    Object.assign(globalThis, { heard: [] as string[] });
    document.addEventListener("cnn-lab-error", ({ detail }) => (globalThis as unknown as { heard: string[] }).heard.push(detail.message));
  });
  await open(page);
  await choose(page, { limit: 500, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Fertig.", { timeout: 60_000 });
  // Nothing went wrong yet.
  const words = (): string[] => fetched.filter((path) => path.includes("/languages/de-messages-"));
  expect(words()).toEqual([]);
  const download = page.waitForEvent("download");
  await page.locator("#save").click();
  const checkpoint = readFileSync(await (await download).path());

  expect(await refused(page, "notizen.txt", Buffer.from("kein Netz, nur ein paar Worte"))).toMatch(/^Diese Datei ist kein Checkpoint dieses Labors, oder sie wurde abgeschnitten \(.+\)\. Eine Datei wählen, die „Sichern“ geschrieben hat\.$/);
  expect(words()).toHaveLength(1);
  const cut = await refused(page, "halb.safetensors", checkpoint.subarray(0, checkpoint.length / 2));
  expect(cut).toContain("der Kopf passt nicht zur Länge der Datei");
  const keras = await refused(page, "netz.keras", zip([{ path: "anderes.txt", bytes: "nichts" }]));
  expect(keras).toBe("Diese Datei lässt sich nicht als Netz lesen: es ist kein config.json darin.");
  expect(words()).toHaveLength(1);
  // Who listens to the element is told as the class has it.
  const heard = await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);
  expect(heard).toHaveLength(3);
  expect(heard[0]).toContain("This file is not a checkpoint of this lab");
  expect(heard[2]).toContain("there is no config.json in it");
});

test("pictures: a damaged zip, one with damaged and stray pictures, and IDX files that do not belong together", async ({ page }) => {
  await open(page);
  const files = page.locator("#own-files input");
  const dialog = page.locator("cnn-lab-import dialog[open]");
  const sound = zip(Array.from({ length: 6 }, (_, i) => ({ path: `${i % 2 ? "Hund" : "Katze"}/${i}.png`, bytes: marked(i, [200, 40 * i, 9]) })));

  await files.setInputFiles({ name: "Tiere.zip", mimeType: "application/zip", buffer: sound.subarray(0, sound.length / 2) });
  await expect(dialog.locator(".body [role=alert]")).toContainText("Tiere.zip: Dieses Zip lässt sich nicht lesen: kein gültiges Zip: sein Ende fehlt. Vielleicht ist es abgeschnitten");
  await dialog.locator("#cancel-own").click();
  await expect(dialog).toBeHidden();

  const mixed = zip([
    ...Array.from({ length: 6 }, (_, i) => ({ path: `${i % 2 ? "Hund" : "Katze"}/${i}.png`, bytes: marked(i, [200, 40 * i, 9]) })),
    { path: "Hund/kaputt.png", bytes: marked(7, [1, 2, 3]).subarray(0, 60) },
    { path: "Hund/geheim.png", bytes: marked(8, [1, 2, 3]), flags: 0x801 },
    { path: "liesmich.doc", bytes: "nur Text" },
    { path: "mehr.doc", bytes: "mehr Text" },
  ]);
  await files.setInputFiles({ name: "gemischt.zip", mimeType: "application/zip", buffer: mixed });
  await expect(dialog.locator(".lead")).toContainText("ein Ordner von Bildern");
  const warnings = dialog.locator(".warnings li");
  await dialog.locator(".warnings summary").click();
  await expect(warnings.filter({ hasText: "geheim" })).toContainText("Sie ist verschlüsselt; sie wird weggelassen. Das Zip mit seinem Passwort entpacken.");
  await expect(warnings.filter({ hasText: ".doc" })).toContainText("2 Dateien, die weder Bilder noch bekannte Tabellen sind, wurden weggelassen; dies ist die erste.");
  for (const said of await warnings.allInnerTexts()) expect(said).not.toMatch(english);
  await dialog.locator("#load-own").click();
  await expect(dialog).toBeHidden();
  // What cannot be decoded is found while loading.
  const told = page.locator("cnn-lab-train .warnings li");
  await expect(told.filter({ hasText: "kaputt.png" })).toContainText(/Das Bild ist (beschädigt oder )?abgeschnitten|Die Datei ist/);
  for (const said of await told.allInnerTexts()) expect(said.replace(/\(.*|: Fehler im Format.*/, "")).not.toMatch(english);

  const ten = idx([10, 4, 4], Buffer.alloc(160, 7));
  await files.setInputFiles([
    { name: "train-images-idx3-ubyte", mimeType: "", buffer: ten },
    { name: "train-labels-idx1-ubyte", mimeType: "", buffer: idx([1], Buffer.from([1])) },
  ]);
  await expect(dialog.locator(".body [role=alert]")).toContainText("Es gibt 1 Klassenangabe zu 10 Bildern von train-images-idx3-ubyte; sie gehören nicht zusammen.");
});

test("a network: a wrong line of Keras, a window that does not fit, and a rate that is much too high", async ({ page }) => {
  await open(page);
  await page.locator("#paste-code").click();
  const text = page.locator("#spec");
  const verdict = page.locator("#verdict");
  await text.fill("model = Sequential()\nmodel.add(Input(shape=(28, 28, 1)))\nmodel.add(Conv2D(8, 3, paddding='same'))\n");
  await expect(verdict).toContainText("Zeile 3: Conv2D hat hier kein paddding. Bekannt sind filters,");
  await expect(page.locator("#go-to-line")).toHaveText("Zu Zeile 3");
  await text.fill("model = Sequential([Input(shape=(28, 28, 1)), Flatten(), Dense(n)])");
  await expect(verdict).toContainText(/units lässt sich aus diesem Text nicht erkennen/);
  await expect(verdict).not.toContainText(english);
  await text.fill('{"input_shape": [28, 28, 1], "layers": [{"layer": "Conv2D", "name": "breit", "filters": 8, "kernel_size": 29}, {"layer": "Flatten"}, {"layer": "Dense", "units": 10, "activation": "softmax"}]}');
  await expect(verdict).toContainText('Schicht breit: Ein Fenster von 29 x 29 passt nicht in 28 x 28. kernel_size verkleinern, padding "same" nehmen oder vor dieser Schicht weniger poolen.');
  await text.fill('{"input_shape": [28, 28, 1], "layers": [}');
  await expect(verdict).toContainText("Das Netz ist kein gültiges JSON: hier fehlt ein Wert (Zeile 1, Spalte 41).");
  // What a text says and the lab does otherwise is told below.
  await text.fill('model = Sequential([Input(shape=(28, 28, 1)), Flatten(), Dense(10, activation="softmax")])\nmodel.compile(metrics=["accuracy", "mse"])\nmodel.fit(x, y, steps_per_epoch=5)\n');
  await expect(verdict.locator("li").first()).toBeVisible();
  const notes = await verdict.locator("li").allInnerTexts();
  expect(notes.join(" ")).toContain("steps_per_epoch wird weggelassen: Eine Epoche nimmt jedes Trainingsbild einmal.");
  for (const note of notes) expect(note).not.toMatch(english);
  await page.locator("#close").click();
  await page.locator("#discard, #use-sure, #close-sure").or(page.getByRole("button", { name: "Verwerfen" })).first().click();

  await choose(page, { limit: 500, epochs: 3 });
  await page.locator("#learning-rate").fill("100000000");
  await page.locator("#learning-rate").blur();
  await mainButton(page).click();
  await expect(progress(page)).toContainText(/Verlust|Gewichte/, { timeout: 60_000 });
  await expect(progress(page)).toContainText("ist wohl zu hoch: noch einmal trainieren mit", { timeout: 60_000 });
  await expect(progress(page)).not.toContainText(english);
});

test("attributes that make no sense are told on a German element, and the event has English", async ({ page }) => {
  await page.goto("embed.html");
  const told = await page.evaluateHandle(async () => {
    await import(new URL("cnn-lab.js", location.href).href);
    const told: string[] = [];
    document.addEventListener("cnn-lab-error", ({ detail }) => told.push(detail.message));
    const attributes = [`batch-size="0"`, `epochs="viele"`, `optimizer="adamm"`, `early-stopping='{"patience": 0.5}'`, `class-weight="[1, -2]"`, `schedule="{}" reduce-on-plateau="3"`];
    document.body.innerHTML = `<main>${attributes.map((given) => `<cnn-lab ${given} language="de" model="dense-net" limit="200" device="cpu" steps="train"></cnn-lab>`).join("")}</main>`;
    return told;
  });
  const alerts = page.locator("cnn-lab [role=alert] .error p:first-child");
  await expect(alerts).toHaveText([
    'Das Attribut batch-size="0" ist nicht möglich; möglich ist: eine ganze Zahl ab 1.',
    'Das Attribut epochs="viele" ist nicht möglich; möglich ist: eine ganze Zahl ab 1.',
    /^Das Attribut optimizer="adamm" ist nicht möglich; möglich ist: eines von rmsprop, adam, /,
    'Das Attribut early-stopping="{"patience": 0.5}" ist nicht möglich; möglich ist: Optionen von Keras als JSON, etwa {"patience": 3}, oder true; earlyStopping.patience ist eine ganze Zahl ab 0; angegeben ist 0.5.',
    /^Das Attribut class-weight="\[1, -2\]" ist nicht möglich; möglich ist: balanced, none, oder eine Liste mit einer Zahl je Klasse, etwa \[1, 2\.5\]; classWeight ist/,
    /^Das Attribut reduce-on-plateau="3" ist nicht möglich; möglich ist: Optionen von Keras als JSON/,
  ]);
  expect(await told.jsonValue()).toContain('The attribute epochs="viele" cannot be used: give a whole number from 1.');
});

test("where the words cannot be had a message is told in English, and in German with a later one", async ({ page }) => {
  await page.route("**/languages/de-messages-*", (route) => route.abort());
  await open(page);
  const told = page.locator("cnn-lab [role=alert] .error p").first();
  const hand = (name: string): Promise<void> => page.locator("#checkpoint").setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(`kein Netz: ${name}`) });
  await hand("notizen.txt");
  await expect(told).toContainText("This file is not a checkpoint of this lab");
  await page.unroute("**/languages/de-messages-*");
  await expect(async () => {
    await page.locator("#dismiss").click();
    await hand("mehr.txt");
    await expect(told).toContainText("Diese Datei ist kein Checkpoint dieses Labors", { timeout: 1_000 });
  }).toPass();
  expect(await violations(page)).toEqual([]);
});

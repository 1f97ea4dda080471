/** Labs on other people's pages. */
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { progress, violations } from "./lab";
import { type Mirror, mirror } from "./mirror";

/** What README.md and embed.html say is enough. */
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob:";
const notIsolated = { "cross-origin-opener-policy": null, "cross-origin-embedder-policy": null, "cross-origin-resource-policy": null };

const open: Mirror[] = [];
test.afterEach(async () => {
  await Promise.all(open.splice(0).map((site) => site.close()));
});

/** A host of the lab with a course page of its own, `body` in it. */
async function course(lab: string, body: string, o: Parameters<typeof mirror>[1] = {}): Promise<Mirror> {
  const site = await mirror(lab, { headers: { ...notIsolated, "content-security-policy": policy }, ...o });
  open.push(site);
  site.files.set("course.html", `<!doctype html><html lang="en"><title>A course</title><link rel="icon" href="favicon.svg" /><script type="module" src="cnn-lab.js"></script><main><h1>A course</h1>${body}</main></html>`);
  return site;
}

test("two labs on one page train at once, each what it says", async ({ page, baseURL }) => {
  const lab = (id: string, seed: number): string =>
    `<cnn-lab id="${id}" dataset="mnist" model="dense-net" device="cpu" limit="3000" epochs="3" seed="${seed}" steps="train" autoplay></cnn-lab>`;
  const site = await course(baseURL!, lab("one", 1) + lab("two", 2));
  await page.goto(`${site.url}course.html`);
  const said = await page.evaluate(async () => {
    const [one, two] = ["one", "two"].map((id) => document.getElementById(id)!);
    const seen: string[] = [];
    const done = [one!, two!].map(
      (lab) =>
        new Promise<{ valAccuracy?: number; parameters: number }>((resolve) => {
          lab.addEventListener("cnn-lab-epoch", () => seen.push(lab.id));
          lab.addEventListener("cnn-lab-done", ({ detail }) => resolve(detail));
        }),
    );
    return { figures: await Promise.all(done), seen };
  });
  expect(said.seen.filter((id) => id === "one")).toHaveLength(3);
  expect(said.seen.filter((id) => id === "two")).toHaveLength(3);
  // At once: neither was over before the other had begun.
  expect(new Set(said.seen.slice(0, 4)).size).toBe(2);
  for (const { valAccuracy, parameters } of said.figures) {
    expect(valAccuracy).toBeGreaterThan(0.5);
    expect(parameters).toBeGreaterThan(10_000);
  }
  expect(said.figures[0]).not.toEqual(said.figures[1]);
});

test("in a frame of another origin, without isolation, the lab trains on several cores and tells the figures", async ({ page, baseURL }) => {
  const inner = await mirror(baseURL!, { host: "127.0.0.1", headers: { ...notIsolated, "content-security-policy": `${policy}; frame-ancestors *` } });
  open.push(inner);
  const address = `${inner.url}frame.html?dataset=mnist&amp;limit=1500&amp;epochs=1&amp;device=cpu&amp;workers=2&amp;steps=train+inside&amp;onclick=alert(1)`;
  const outer = await course(baseURL!, `<iframe src="${address}" width="1000" height="800" title="cnn-lab"></iframe>`, {
    headers: { ...notIsolated, "content-security-policy": `${policy}; frame-src *` },
  });
  await page.goto(`${outer.url}course.html`);
  const frame = page.frameLocator("iframe");
  await page.evaluate(() => {
    Object.assign(globalThis, { told: [] as unknown[] });
    addEventListener("message", ({ data }) => (globalThis as unknown as { told: unknown[] }).told.push(data));
  });
  await expect(frame.locator("#reason")).toContainText("2 workers share each batch, by messages: the page is not cross-origin isolated");
  expect(await frame.locator("cnn-lab").getAttribute("onclick")).toBeNull();
  await frame.locator("#main").click();
  await expect(frame.locator("cnn-lab-train .progress")).toContainText("Finished", { timeout: 60_000 });
  const told = await page.evaluate(() => (globalThis as unknown as { told: { type: string; detail: Record<string, unknown> }[] }).told);
  expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(["cnn-lab-epoch", "cnn-lab-done"]));
  expect(told.find(({ type }) => type === "cnn-lab-done")?.detail).toMatchObject({ reason: "finished", epoch: 1, parameters: 93322 });
  expect(page.frames()[1]?.url()).toContain("127.0.0.1");
});

test("under default-src 'self' and what the README states, all of it works, and nothing complains", async ({ page, baseURL }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  const site = await course(baseURL!, '<cnn-lab dataset="mnist" limit="1000" epochs="1" device="cpu" workers="2" theme="dark" height="700"></cnn-lab>');
  const response = await page.goto(`${site.url}course.html`);
  expect(response?.headers()["content-security-policy"]).toBe(policy);
  await page.locator("#main").click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#evaluate").click();
  await expect(page.locator(".test .big")).toHaveText(/%$/);
  // A picture of one's own, and what needs the other modules.
  await page.locator("#picture").setInputFiles({ name: "dot.png", mimeType: "image/png", buffer: await page.locator("cnn-lab-draw-pad").screenshot() });
  await expect(page.locator(".answer")).toContainText("dot.png");
  await page.locator("#evaluation").click();
  await page.locator("cnn-lab-evaluation #tab-confusion").click();
  await page.keyboard.press("Escape");
  await page.locator("#augment").click();
  await expect(page.locator("cnn-lab-augment h2").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await page.locator("#build").click();
  await expect(page.locator("cnn-lab-builder h2").first()).toBeVisible();
  await page.keyboard.press("Escape");
  expect(complaints).toEqual([]);
  const box = await page.locator("cnn-lab").boundingBox();
  expect(box?.height).toBe(700);
  expect(await page.locator("cnn-lab").evaluate((lab) => getComputedStyle(lab).colorScheme)).toBe("dark");
});

const keras = `
  model = Sequential()
  model.add(Flatten(input_shape=(28, 28, 1)))
  model.add(Dense(12, activation='relu'))
  model.add(Dense(10, activation='softmax'))
  model.compile(optimizer='adam', loss='sparse_categorical_crossentropy')
  model.fit(x_train, y_train, epochs=2, batch_size=32)
`;

test("the network comes from between the tags or from a file, the teacher's words go to their steps, and fixed is fixed", async ({ page, baseURL }) => {
  const site = await course(
    baseURL!,
    `<cnn-lab id="code" dataset="mnist" limit="800" device="cpu" controls="fixed">
      <p slot="before">Exercise 1.</p><p slot="data">Look at the digits.</p><p slot="network">Count the weights.</p>
      <p slot="train">Press Train. How good is it?</p><p slot="inside">Draw a seven.</p><p slot="after">Go on to exercise 2.</p>
      ${keras}
    </cnn-lab>
    <cnn-lab id="file" model="./nets/small.py" steps="network train">Training needs JavaScript.</cnn-lab>`,
  );
  site.files.set("nets/small.py", keras);
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.goto(`${site.url}course.html`);
  const [code, file] = [page.locator("#code"), page.locator("#file")];
  for (const lab of [code, file]) {
    await expect(lab.locator("cnn-lab-network tr.total").first()).toContainText("9\u202f550");
    await expect(lab.locator("#epochs")).toHaveValue("2");
    await expect(lab.locator("#batch-size")).toHaveValue("32");
  }
  for (const words of ["Exercise 1.", "Look at the digits.", "Count the weights.", "Press Train. How good is it?", "Draw a seven.", "Go on to exercise 2."]) {
    await expect(code.getByText(words)).toBeVisible();
  }
  const fixed = ["#epochs", "#batch-size", "#learning-rate", "#optimizer", "#device", "#preset", "#limit", "#validation-share"];
  for (const id of fixed) await expect(code.locator(id)).toBeDisabled();
  for (const id of ["#build", "#paste-code", "#augment", "#options", "#cross-validate", "#open", "#runs"]) await expect(code.locator(id)).toHaveAttribute("aria-disabled", "true");
  await expect(code.locator(".set")).toHaveCount(1);
  await expect(file.locator("#epochs")).toBeEnabled();
  // One's panels are called as the other's are.
  await file.evaluate((lab) => lab.remove());
  const screenshots = join(test.info().project.testDir, "../../target/screenshots");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `${screenshots}/course-${colorScheme}.png` });
  }
  await code.locator("#main").click();
  await expect(code.locator("cnn-lab-train .progress")).toContainText("Finished", { timeout: 60_000 });
  await code.locator("#evaluate").click();
  await expect(code.locator(".test .big")).toHaveText(/%$/);
});

test("nonsense in attributes is told in a sentence, and the rest works", async ({ page, baseURL }) => {
  const wrong: [attributes: string, said: RegExp][] = [
    ['controls="locked"', /The attribute controls="locked" cannot be used: give one of free, fixed\./],
    ['height="tall"', /The attribute height="tall" cannot be used: give a height such as 640/],
    ['theme="pink"', /The attribute theme="pink" cannot be used: give one of auto, light, dark\./],
    ['workers="none"', /The attribute workers="none" cannot be used: give a whole number from 1\./],
    ['model="./not-there.json"', /not-there\.json could not be had \(status 404\)/],
    ['model="resnet-5000"', /There is no network "resnet-5000" here/],
    ['dataset="imagenet"', /There is no data set "imagenet" here/],
  ];
  const site = await course(baseURL!, "");
  for (const [attributes, said] of wrong) {
    site.files.set("course.html", `<!doctype html><script type="module" src="cnn-lab.js"></script><cnn-lab ${attributes} device="cpu" steps="network train"></cnn-lab>`);
    await page.goto(`${site.url}course.html`);
    await expect(page.locator("cnn-lab [role=alert]").first()).toContainText(said);
    await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
    await expect(page.locator("#main")).not.toHaveAttribute("aria-disabled", "true");
  }
  site.files.set("course.html", `<!doctype html><script type="module" src="cnn-lab.js"></script><cnn-lab model="lenet" device="cpu">model = Sequential(</cnn-lab>`);
  await page.goto(`${site.url}course.html`);
  await expect(page.locator("cnn-lab [role=alert]").first()).toContainText('The attribute model="lenet" cannot be used: give the network once');
});

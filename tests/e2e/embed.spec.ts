import { expect, test } from "@playwright/test";
import { type Module, progress } from "./lab";

for (const [name, said] of [["embed.html", "of 5000 test pictures right"], ["embed.de.html", "von 5000 Testbildern richtig"]] as const) {
  test(`${name} works under the strict content policy, and its own script hears the events`, async ({ page }) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    const response = await page.goto(name);
    const policy = response?.headers()["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)'/);
    await page.locator("#main").click();
    await expect(page.locator("output")).toContainText(said, { timeout: 60_000 });
    expect(complaints).toEqual([]);
  });
}

test("autoplay trains without a click, and the events carry what embed.html says", async ({ page }) => {
  await page.goto("embed.html");
  const heard = await page.evaluate(async () => {
    const { CnnLab } = (await import(new URL("cnn-lab.js", location.href).href)) as Module;
    document.body.innerHTML = '<cnn-lab model="dense-net" limit="500" epochs="2" batch-size="50" seed="4" device="cpu" validation="0.2" autoplay></cnn-lab>';
    const names: string[] = [];
    let epochs = 0;
    const details: Record<string, unknown> = {};
    const note = (name: "cnn-lab-ready" | "cnn-lab-epoch" | "cnn-lab-predict"): void =>
      document.addEventListener(name, ({ detail }) => {
        names.push(name);
        details[name] = detail;
      });
    note("cnn-lab-ready");
    note("cnn-lab-epoch");
    note("cnn-lab-predict");
    document.addEventListener("cnn-lab-epoch", () => (epochs += 1));
    const done = await new Promise<{ reason: string }>((resolve) => {
      document.addEventListener("cnn-lab-done", ({ detail }) => resolve(detail), { once: true });
    });
    // The picture in hand is looked at once more with the final weights.
    await new Promise((resolve) => document.addEventListener("cnn-lab-predict", resolve, { once: true }));
    const element = document.querySelector("cnn-lab")!;
    const lab = await element.lab;
    return {
      epochs,
      first: names[0],
      reason: done.reason,
      isLab: lab instanceof CnnLab,
      sameLab: (details["cnn-lab-ready"] as { lab: unknown }).lab === lab,
      epoch: details["cnn-lab-epoch"] as Record<string, number>,
      labels: (details["cnn-lab-predict"] as { label: string }[]).map(({ label }) => label).sort(),
      splits: lab.dataset!.splits,
    };
  });
  expect(heard).toMatchObject({ epochs: 2, first: "cnn-lab-ready", reason: "finished", isLab: true, sameLab: true });
  expect(heard.epoch).toMatchObject({ epoch: 2 });
  expect(heard.epoch["valAccuracy"]).toBeGreaterThan(0);
  expect(heard.labels).toEqual("0123456789".split(""));
  expect(heard.splits.train + heard.splits.validation).toBe(500);
  await expect(progress(page)).toContainText("Finished");
});

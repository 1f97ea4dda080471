/** Draws the icons of the installed page from public/favicon.svg: node icons.mjs, once it changed. */
import { existsSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const drawing = readFileSync(new URL("public/favicon.svg", import.meta.url), "utf8");
// A system cuts a shape out of this one, and nothing of the drawing may be lost.
const maskable = drawing.replace(' rx="5"', "").replace("<g ", '<g transform="translate(2.4 2.4) scale(.8)" ');
const browser = await chromium.launch({
  executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
  args: ["--no-sandbox"],
});
for (const [name, svg, size] of [["icon-192", drawing, 192], ["icon-512", drawing, 512], ["icon-maskable-512", maskable, 512]]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body { margin: 0; } svg { display: block; width: 100vw; height: 100vh; }</style>${svg}`);
  await page.screenshot({ path: new URL(`public/${name}.png`, import.meta.url).pathname, omitBackground: true });
  await page.close();
}
await browser.close();

/* global clearTimeout, setTimeout */
/**
 * Measures how fast other trainers train the network of the lab's MNIST lesson in headless
 * Chromium, each in a browser of its own, and prints one line of JSON for each. A step is a
 * batch of 64 pictures forward, back and into the weights, with RMSprop everywhere.
 *
 *   npm ci && npm run bench [-- convnetjs tfjs jaxjs-wasm jaxjs-webgpu]
 *
 * It needs www/node_modules too, for playwright-core. Whatever else the machine does slows peers
 * with threads by much more than its share: compare only figures of an idle machine.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { chromium } from "../../www/node_modules/playwright-core/index.mjs";

/** `warmup`: steps before the clock starts; jax-js compiles in the first. */
const peers = {
  convnetjs: { module: "./convnetjs.js", warmup: 1 },
  tfjs: { module: "./tfjs.js", option: "cpu", warmup: 1 },
  "jaxjs-wasm": { module: "./jaxjs.js", option: "wasm", warmup: 2 },
  "jaxjs-webgpu": { module: "./jaxjs.js", option: "webgpu", warmup: 2 },
};
/** Far more than any peer needs; one that hangs must not keep the others waiting. */
const MOST_MINUTES = 5;

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(peers);
const unknown = wanted.filter((name) => !(name in peers));
if (unknown.length > 0) {
  console.error(`There is no peer ${unknown.join(", ")}; known are ${Object.keys(peers).join(", ")}.`);
  process.exit(2);
}

const server = await serve(new URL(".", import.meta.url));
try {
  for (const name of wanted) {
    const result = await measure(peers[name]).catch((error) => ({ error: error.message }));
    console.log(JSON.stringify({ name, ...result }));
    if (result.error) process.exitCode = 1;
  }
} finally {
  server.close();
}

/** In a new browser, so that no peer runs beside what another left behind. */
async function measure(peer) {
  const browser = await chromium.launch({
    executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(peer.option === "webgpu" ? ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"] : []),
    ],
  });
  let timer;
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${server.address().port}/index.html`);
    const measured = page.evaluate(async (options) => (await import("./measure.js")).measure(options), peer);
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${MOST_MINUTES} minutes`)), MOST_MINUTES * 60_000);
    });
    return await Promise.race([measured, late]);
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

/** Serves a folder with the headers that SharedArrayBuffer, and so threads, need. */
async function serve(folder) {
  const types = { ".html": "text/html", ".js": "text/javascript" };
  const server = createServer(async (request, response) => {
    const headers = {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    };
    try {
      // A URL resolves ".." only up to its root, so this stays inside the folder.
      const { pathname } = new URL(request.url, "http://localhost");
      const content = await readFile(new URL(`.${pathname}`, folder));
      response.writeHead(200, { ...headers, "Content-Type": types[extname(pathname)] ?? "application/octet-stream" });
      response.end(content);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  return server;
}

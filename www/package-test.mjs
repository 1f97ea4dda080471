/**
 * Uses the npm package as others do: a Vite project, typed, built and in development, and a plain
 * page. Each trains on MNIST in headless Chromium, under the content policy that the README states.
 *
 *   node package-test.mjs
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, createServer } from "vite";

const www = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(www, "package.json"), "utf8"));
const tarball = join(www, `../target/cnn-lab-${version}.tgz`);
const project = join(www, "../target/package-test");
const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob: data:";
const types = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png" };

/** Serves a folder as a plain host does, without isolation; gives its address. */
async function serve(folder) {
  const server = createHttp((request, response) => {
    const { pathname } = new URL(request.url, "http://host");
    const path = join(folder, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (!existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": types[extname(path)] ?? "application/octet-stream", "content-security-policy": policy });
    response.end(readFileSync(path));
  });
  await new Promise((done) => server.listen(0, "localhost", done));
  return { address: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

/** Opens a page, and waits until its title says that it has trained. */
async function visit(browser, name, address) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  await page.waitForFunction(() => /^(trained|failed):/.test(globalThis.document.title), undefined, { timeout: 90_000 }).catch(() => undefined);
  const title = await page.title();
  console.log(`${name}: ${title}`);
  const accuracies = /^trained: (\S+?)(?:,|$)/.exec(title);
  if (!accuracies || !(Number(accuracies[1]) > 0.2)) throw new Error(`${name} did not train. ${complaints.join("\n")}`);
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join("\n")}`);
  await page.close();
}

rmSync(project, { recursive: true, force: true });
cpSync(join(www, "../tests/package"), project, { recursive: true });
execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", "--loglevel", "error", tarball], { cwd: project, stdio: "inherit" });
console.log(`${tarball.split("/").at(-1)}: ${(statSync(tarball).size / 1e6).toFixed(2)} MB`);
execFileSync(process.execPath, [join(www, "node_modules/typescript/bin/tsc"), "-p", project], { stdio: "inherit" });
console.log("types: as the package says");
await build({ root: project, logLevel: "warn" });

const browser = await chromium.launch({
  executablePath: process.env.CNN_LAB_CHROME ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync),
  args: ["--no-sandbox"],
});
const built = await serve(join(project, "dist"));
const plain = await serve(project);
const development = await createServer({ root: project, logLevel: "warn", server: { port: 0 } });
await development.listen();
try {
  await visit(browser, "a Vite project, built", built.address);
  await visit(browser, "a plain page", `${plain.address}plain.html`);
  await visit(browser, "a Vite project in development", development.resolvedUrls.local[0]);
} finally {
  await browser.close();
  built.close();
  plain.close();
  await development.close();
}

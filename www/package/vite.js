/**
 * The Vite plugin: `plugins: [cnnLab()]`.
 *
 * The lab is built already, and its files find each other by where they stand: the module, its
 * workers, the WebAssembly and the data. So they are left as they are, and stand together in one
 * folder of what Vite builds.
 */
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const module = "cnn-lab.js";
/** Stands for the module until it is known which file imports it. */
const placeholder = "cnn-lab:module";
/** What a page needs of the package. */
const parts = /^(cnn-lab\.js|assets|pkg|data)$/;

function copy(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      copy(source, target);
    } else {
      mkdirSync(to, { recursive: true });
      copyFileSync(source, target);
    }
  }
}

/** `folder`: where the lab's files go, below what Vite builds. */
export default function cnnLab({ folder = "cnn-lab" } = {}) {
  let out = "";
  let building = false;
  return {
    name: "cnn-lab",
    enforce: "pre",
    // Bundled with others, the lab would not find its files.
    config: () => ({ optimizeDeps: { exclude: ["cnn-lab"] } }),
    configResolved(config) {
      building = config.command === "build";
      out = resolve(config.root, config.build.outDir);
    },
    resolveId: (id) => (building && id === "cnn-lab" ? { id: placeholder, external: true } : null),
    renderChunk(code, chunk) {
      if (!code.includes(placeholder)) return null;
      const up = "../".repeat(chunk.fileName.split("/").length - 1) || "./";
      return { code: code.replaceAll(placeholder, `${up}${folder}/${module}`), map: null };
    },
    writeBundle() {
      for (const name of readdirSync(here).filter((name) => parts.test(name))) {
        const [from, to] = [join(here, name), join(out, folder)];
        mkdirSync(to, { recursive: true });
        if (name === module) copyFileSync(from, join(to, name));
        else copy(from, join(to, name));
      }
    },
  };
}

import { defineConfig, type Plugin } from "vite";

/** What embedders import by name; the build fails rather than losing one of them. */
const publicModule = "cnn-lab.js";
const publicNames = ["CnnLab", "CnnLabElement", "CnnLabError"];

/**
 * Puts in for `__SITE_BASE__` the way from each file to the site's root. `import.meta.url`
 * alone would not do: it is the address of whatever file the code was bundled into.
 */
function siteBase(): Plugin {
  return {
    name: "site-base",
    apply: "build",
    renderChunk(code, chunk) {
      if (!code.includes("__SITE_BASE__")) return null;
      const up = "../".repeat(chunk.fileName.split("/").length - 1) || "./";
      return code.replaceAll("__SITE_BASE__", `new URL("${up}", import.meta.url).href`);
    },
  };
}

/** Checks that the public module stands at the site's root, with its exports. */
function checkPublicModule(): Plugin {
  return {
    name: "check-public-module",
    generateBundle(_, bundle) {
      const chunk = bundle[publicModule];
      if (chunk?.type !== "chunk") {
        this.error(`The build made no ${publicModule} at the root of the site.`);
      }
      const missing = publicNames.filter((name) => !chunk.exports.includes(name));
      if (missing.length > 0) {
        this.error(`${publicModule} does not export ${missing.join(", ")}.`);
      }
    },
  };
}

/** Begun only when pictures are dropped or augmented, a network is exported or kept, or an evaluation is analysed. */
const laterWorkers = ["analyst", "converter", "keeper", "preparer", "reader"];

export default defineConfig({
  // Relative addresses: the site can be hosted in any folder.
  base: "./",
  plugins: [siteBase(), checkPublicModule()],
  worker: {
    format: "es",
    rolldownOptions: {
      output: {
        // A service worker answers for nothing above itself, and keeps its name for ever.
        entryFileNames: ({ name }) => {
          if (name === "service-worker") return "[name].js";
          return laterWorkers.includes(name) ? "assets/later/[name]-[hash].js" : "assets/[name]-[hash].js";
        },
      },
    },
  },
  build: {
    target: "es2022",
    // The strict content policy allows no data: addresses for scripts, and files cache better.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: "index.html", "cnn-lab": "src/cnn-lab.ts" },
      preserveEntrySignatures: "strict",
      output: {
        entryFileNames: (chunk) =>
          chunk.name === "cnn-lab" ? publicModule : "assets/[name]-[hash].js",
        // What is fetched only when it is asked for stands apart: `cargo xtask dist` counts it apart,
        // and the service worker keeps languages only when they are chosen.
        chunkFileNames: (chunk) => {
          const [, language, part] = /\/src\/text\/(\w+)(\/messages)?\/index\.ts$/.exec(chunk.facadeModuleId ?? "") ?? [];
          if (chunk.isDynamicEntry && language) return `assets/languages/${language}${part ? "-messages" : ""}-[hash].js`;
          // The charts' library is also a part of dialogs, which makes it an entry no more.
          const later = chunk.isDynamicEntry || chunk.name === "uplot";
          return later ? "assets/later/[name]-[hash].js" : "assets/[name]-[hash].js";
        },
      },
    },
  },
});

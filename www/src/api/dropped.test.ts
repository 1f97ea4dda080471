/**
 * What comes in, with entries and handles that behave as Chrome's: a hundred entries at a
 * time, and a `DataTransfer` that is empty once its event is over. The end-to-end tests drop
 * real folders.
 */
import { expect, test } from "vitest";
import { gather } from "./dropped";
import type { FileSource } from "./types";

/** A folder by its names: a text is a file, an object a folder, an error cannot be read. */
type Tree = { [name: string]: string | Error | Tree };

function entry(path: string, content: string | Error | Tree): FileSystemEntry {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (typeof content === "string" || content instanceof Error) {
    const file = (resolve: (file: File) => void, reject: (error: Error) => void): void =>
      content instanceof Error ? reject(content) : resolve(new File([content], name));
    return { isFile: true, isDirectory: false, fullPath: path, name, file } as unknown as FileSystemEntry;
  }
  const entries = Object.entries(content).map(([inner, below]) => entry(`${path}/${inner}`, below));
  const createReader = (): unknown => ({
    readEntries: (resolve: (some: FileSystemEntry[]) => void) => setTimeout(() => resolve(entries.splice(0, 100)), 0),
  });
  return { isFile: false, isDirectory: true, fullPath: path, name, createReader } as unknown as FileSystemEntry;
}

/** A folder's handle, or a file's. */
function handle(name: string, content: string | Error | Tree): unknown {
  if (typeof content === "string" || content instanceof Error) {
    const getFile = (): Promise<File> =>
      typeof content === "string" ? Promise.resolve(new File([content], name)) : Promise.reject(content);
    return { kind: "file", name, getFile };
  }
  const entries = async function* (): AsyncGenerator<[string, unknown]> {
    await Promise.resolve();
    for (const [inner, below] of Object.entries(content)) yield [inner, handle(inner, below)];
  };
  return { kind: "directory", name, entries };
}

/** A drop that holds what it holds only until the event is over. */
function drop(roots: Tree, pasted: File[] = []): DataTransfer {
  let over = false;
  setTimeout(() => (over = true), 0);
  const item = (get: () => FileSystemEntry | null, file: () => File | null): unknown => ({
    kind: "file",
    webkitGetAsEntry: () => (over ? null : get()),
    getAsFile: () => (over ? null : file()),
  });
  const items = [
    { kind: "string", webkitGetAsEntry: () => null, getAsFile: () => null },
    ...Object.entries(roots).map(([name, content]) =>
      item(() => entry(`/${name}`, content), () => (typeof content === "string" ? new File([content], name) : null)),
    ),
    ...pasted.map((file) => item(() => null, () => file)),
  ];
  return { items, files: [], getData: () => "" } as unknown as DataTransfer;
}

async function pathsOf(source: FileSource): Promise<string[]> {
  return (await gather(source)).files.map(({ path }) => path).sort();
}

test("a list's paths are those of a folder input, or the names alone", async () => {
  const inFolder = new File(["a"], "1.jpg");
  Object.defineProperty(inFolder, "webkitRelativePath", { value: "photos/cat/1.jpg" });
  expect(await pathsOf([inFolder, new File(["b"], "loose.png")])).toEqual(["loose.png", "photos/cat/1.jpg"]);
});

test("a dropped folder is read to its end, however many files it has and however deep", async () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}.jpg`, "x"]));
  const found: number[] = [];
  const { files, warnings } = await gather(
    drop({ photos: { cat: many, dog: { young: { "1.jpg": "y" } } }, "set.zip": "z" }),
    { onFound: (count) => found.push(count) },
  );
  const paths = files.map(({ path }) => path);
  expect(paths).toHaveLength(252);
  expect(paths).toEqual(expect.arrayContaining(["photos/cat/249.jpg", "photos/dog/young/1.jpg", "set.zip"]));
  expect(await files.find(({ path }) => path === "photos/dog/young/1.jpg")!.file.text()).toBe("y");
  expect(warnings).toEqual([]);
  expect(found.at(-1)).toBe(251);
});

test("a dropped folder's handle is taken where the browser gives one, else its entries", async () => {
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}.jpg`, "x"]));
  const item = (getAsFileSystemHandle: () => Promise<unknown>): DataTransfer =>
    ({
      items: [{ kind: "file", webkitGetAsEntry: () => entry("/photos", { "by-entry.jpg": "x" }), getAsFile: () => null, getAsFileSystemHandle }],
      files: [],
      getData: () => "",
    }) as unknown as DataTransfer;
  const { files } = await gather(item(() => Promise.resolve(handle("photos", { cat: many }))));
  expect(files).toHaveLength(250);
  expect(files[249]!.path).toMatch(/^photos\/cat\/\d+\.jpg$/);
  expect(await pathsOf(item(() => Promise.resolve(null)))).toEqual(["photos/by-entry.jpg"]);
  expect(await pathsOf(item(() => Promise.reject(new Error("not allowed"))))).toEqual(["photos/by-entry.jpg"]);
});

test("a search that is given up ends", async () => {
  const controller = new AbortController();
  const search = gather(drop({ cat: Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`${i}.jpg`, "x"])) }), {
    signal: controller.signal,
    onFound: () => controller.abort(),
  });
  await expect(search).rejects.toMatchObject({ code: "aborted" });
});

test("several folders at once, and pictures from the clipboard that have no entry", async () => {
  const source = drop({ cat: { "1.jpg": "x" }, dog: { "1.jpg": "x" } }, [new File(["p"], "image.png")]);
  expect(await pathsOf(source)).toEqual(["cat/1.jpg", "dog/1.jpg", "image.png"]);
});

test("a file that cannot be read any more is a warning that names it", async () => {
  const { files, warnings } = await gather(drop({ cat: { "gone.jpg": new Error("A file is not there."), "1.jpg": "x" } }));
  expect(files.map(({ path }) => path)).toEqual(["cat/1.jpg"]);
  expect(warnings).toEqual([{ file: "cat/gone.jpg", message: expect.stringContaining("A file is not there") as string }]);
});

test("where nothing is left, the error names the first file and why", async () => {
  await expect(gather(drop({ cat: { "gone.jpg": new Error("It is locked.") } }))).rejects.toMatchObject({
    code: "files",
    file: "cat/gone.jpg",
    message: expect.stringContaining("It is locked") as string,
  });
  for (const empty of [[], drop({}), drop({ empty: {} })]) {
    await expect(gather(empty)).rejects.toMatchObject({ code: "files" });
  }
});

test("a folder that contains itself comes to an end", async () => {
  // Each level is made when it is asked for.
  const endless = (path: string): FileSystemEntry => {
    let given = false;
    const readEntries = (resolve: (some: FileSystemEntry[]) => void): void => {
      resolve(given ? [] : [entry(`${path}/1.jpg`, "x"), endless(`${path}/again`)]);
      given = true;
    };
    return { isFile: false, isDirectory: true, fullPath: path, createReader: () => ({ readEntries }) } as unknown as FileSystemEntry;
  };
  const source = {
    items: [{ kind: "file", webkitGetAsEntry: () => endless("/loop"), getAsFile: () => null }],
    files: [],
    getData: () => "",
  } as unknown as DataTransfer;
  const { files, warnings } = await gather(source);
  expect(files.length).toBeLessThan(100);
  expect(warnings).toMatchObject([{ message: expect.stringContaining("folders deep") as string }]);
});

test("a folder's handle gives the same paths as its drop", async () => {
  const tree: Tree = { cat: { "1.jpg": "x", "gone.jpg": new Error("It went.") }, "labels.csv": "a,b" };
  const { files, warnings } = await gather(handle("photos", tree) as FileSystemDirectoryHandle);
  expect(files.map(({ path }) => path)).toEqual(["photos/cat/1.jpg", "photos/labels.csv"]);
  expect(warnings.map(({ file }) => file)).toEqual(["photos/cat/gone.jpg"]);
  expect(await pathsOf(drop({ photos: { cat: { "1.jpg": "x" }, "labels.csv": "a,b" } }))).toEqual(files.map(({ path }) => path));
});

test("what is no source is an error that names the argument", async () => {
  for (const wrong of [["text"], [{ name: "1.jpg" }], {}, 7, null]) {
    await expect(gather(wrong as never)).rejects.toMatchObject({ code: "option", field: "files" });
  }
});

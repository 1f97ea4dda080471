/** Where an element's network comes from: its attribute, an address, or the text between its tags. */
import { AttributeError } from "./settings";

/** Ends like a file that holds a network, or begins like an address. */
const anAddress = /^(https?:\/\/|\.{0,2}\/)\S+$|^[^\s{(]+\.(json|py|ipynb)$/i;

/**
 * The network of an element as text, or undefined where it says none. Throws where it says two,
 * or where an address cannot be fetched.
 */
export async function readModel(element: HTMLElement): Promise<string | undefined> {
  await parsed();
  const attribute = element.getAttribute("model")?.trim();
  const text = textBetween(element);
  // Words are for browsers that do not know the element.
  const between = /[({]/.test(text) ? text : "";
  if (attribute !== undefined && between !== "") {
    throw new AttributeError("model", attribute, "the network once: here, or as code between the tags");
  }
  if (between !== "") return between;
  return attribute !== undefined && anAddress.test(attribute) ? fetchText(attribute) : attribute;
}

/** While a page is being read, an element may be there before what it holds. */
async function parsed(): Promise<void> {
  if (document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
  }
}

/** All text that is not in one of the slots, with the indentation of the page taken away. */
function textBetween(element: HTMLElement): string {
  const nodes = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE || (node instanceof Element && !node.slot));
  return dedent(nodes.map((node) => node.textContent ?? "").join(""));
}

/** Takes away the white space that all lines begin with, for to Python it means something. */
export function dedent(text: string): string {
  const lines = text.replace(/^\s*\n/, "").trimEnd().split("\n");
  const widths = lines.flatMap((line) => (line.trim() === "" ? [] : [/^\s*/.exec(line)?.[0].length ?? 0]));
  const width = Math.min(...widths);
  return widths.length === 0 ? "" : lines.map((line) => line.slice(width)).join("\n");
}

const fetchText = async (address: string): Promise<string> => (await fetchFrom("model", address)).text();

/** Whether the attribute `base` is the address of a saved network: no pretrained one has such a name. */
export const isAddress = (base: string): boolean => /[./]/.test(base);

/** What an attribute's address leads to. Throws an AttributeError where it cannot be had. */
export async function fetchFrom(attribute: string, address: string): Promise<Response> {
  const url = new URL(address, document.baseURI).href;
  let why: string;
  try {
    const response = await fetch(url);
    if (response.ok) return response;
    why = `status ${response.status}`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  throw new AttributeError(attribute, address, `the address of a file with a network that this page may fetch; ${url} could not be had (${why})`);
}

/**
 * The lab's own page around the element: its few words, and the choice of a language, which this
 * browser remembers. It comes before the element, so that this begins in the right one.
 */
import "./text/en/page";
import { english } from "./text/en";
import { type Language, languageOf, languages, preferred, textsOf } from "./text/languages";
import type { Texts } from "./text/texts";

const key = "cnn-lab-language";
const lab = document.querySelector("cnn-lab");
/** What the page speaks. */
let now = english;
const choice = document.querySelector<HTMLSelectElement>("#language");

/** Storage may be forbidden; then the browser's language is taken at each visit. */
function remembered(): Language | null {
  try {
    return languageOf(localStorage.getItem(key) ?? "");
  } catch {
    return null;
  }
}

function remember(language: Language): void {
  try {
    localStorage.setItem(key, language);
  } catch {
    // It holds for this visit.
  }
}

export type PageText = keyof Texts["page"];

/** Gives an element one of the page's texts, now and in every language from now on. */
export function show(element: HTMLElement, text: PageText): void {
  element.dataset["text"] = text;
  element.textContent = now.page[text];
}

/** Elements name their texts; `index.html` has the English ones too, for those who read it without scripts. */
function showAll(t: Texts): void {
  now = t;
  document.documentElement.lang = t.language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = t.page[element.dataset["text"] as PageText];
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-label]")) {
    element.setAttribute("aria-label", t.page[element.dataset["label"] as PageText]);
  }
  // Pages of the site stand in a file for each language.
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-href]")) {
    link.href = t.page[link.dataset["href"] as PageText];
  }
}

async function speak(language: Language): Promise<void> {
  lab?.setAttribute("language", language);
  if (choice) choice.value = language;
  // Where the file cannot be had, the element says so.
  const t = await textsOf(language).catch(() => english);
  // Another one may have been chosen meanwhile.
  if (lab?.getAttribute("language") === language) showAll(t);
}

choice?.append(...Object.entries(languages).map(([language, name]) => {
  const option = new Option(name, language);
  option.lang = language;
  return option;
}));
choice?.addEventListener("change", () => {
  const language = languageOf(choice.value) ?? "en";
  remember(language);
  void speak(language);
});
void speak(remembered() ?? preferred());

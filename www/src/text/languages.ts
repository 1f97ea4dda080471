/** The languages that there are, and how one is fetched. */
import { CnnLabError } from "../api/error";
import { english } from "./en";
import type { Texts } from "./texts";

/** Each is named in itself. */
export const languages = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof languages;

/** English is there from the start. A folder here makes a chunk of its own, see `vite.config.ts`. */
const others: Record<Exclude<Language, "en">, () => Promise<Texts>> = {
  de: async () => (await import("./de")).german,
};

/** Ours of a language as browsers and pages name it, such as `de-AT`; null: it is none of ours. */
export function languageOf(tag: string): Language | null {
  const [name = ""] = tag.trim().toLowerCase().split("-", 1);
  return name in languages ? (name as Language) : null;
}

/** The first of the person's languages that is ours. */
export function preferred(): Language {
  return navigator.languages.map(languageOf).find((found) => found !== null) ?? "en";
}

/** Rejects with `network` where its file cannot be had. */
export async function textsOf(language: Language): Promise<Texts> {
  if (language === "en") {
    return english;
  }
  try {
    return await others[language]();
  } catch {
    throw new CnnLabError({ code: "network", message: english.lab.languageMissing(languages[language]) });
  }
}

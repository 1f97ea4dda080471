/**
 * Errors and warnings in German, a file of its own that is fetched when the first of them is shown.
 * Left is what stands in the sources, with `{}` for a value; right are `{1}` for a value as it is,
 * `{1:Bild|Bilder}` for a number with what it counts, and `<1>` for a value that is itself said in
 * German. `messages.test.ts` looks whether both sides are complete.
 */
import { translator } from "../../messages";
import { attributes } from "./attributes";
import { data } from "./data";
import { files } from "./files";
import { keras } from "./keras";
import { lab } from "./lab";
import { network } from "./network";
import { training } from "./training";

/** What stands in no source as one text: it is put together of several. */
export const composed: Readonly<Record<string, string>> = {
  // Of what a later phase of training sets free and freezes.
  "sets free {} and freezes {}": "gibt frei: <1>; friert ein: <2>",
  // Where a run diverged.
  "The loss is no longer a number after step {} of epoch {}.": "Nach Schritt {1} von Epoche {2} ist der Verlust keine Zahl mehr.",
  "The weights are no longer numbers after step {} of epoch {}.": "Nach Schritt {1} von Epoche {2} sind die Gewichte keine Zahlen mehr.",
  "The loss of the validation pictures is no number at the end of epoch {}.": "Am Ende von Epoche {1} ist der Verlust der Validierungsbilder keine Zahl.",
  // A training by its name, in the quotes of the language.
  "“{}”": "„{1}“",
  // The page's own frame around what an attribute can be, in a link.
  'Dieser Link lässt sich nicht öffnen: Er sagt {}="{}"; möglich ist: {}.': 'Dieser Link lässt sich nicht öffnen: Er sagt {1}="{2}"; möglich ist: <3>.',
};

/** What libraries and browsers say within our messages, as far as it is met often. */
export const ofLibraries: Readonly<Record<string, string>> = {
  "{} at line {} column {}": "<1> (Zeile {2}, Spalte {3})",
  "EOF while parsing a list": "der Text endet in einer Liste",
  "EOF while parsing an object": "der Text endet in einem Objekt",
  "EOF while parsing a string": "der Text endet in einem Text in Anführungszeichen",
  "EOF while parsing a value": "der Text endet vor einem Wert",
  "expected value": "hier fehlt ein Wert",
  "expected ident": "hier fehlt true, false oder null",
  "expected `:`": "hier fehlt `:`",
  "expected `,` or `]`": "hier fehlt `,` oder `]`",
  "expected `,` or `}`": "hier fehlt `,` oder `}`",
  "key must be a string": "ein Name steht in Anführungszeichen",
  "trailing comma": "ein Komma zu viel",
  "trailing characters": "Zeichen hinter dem Ende",
  "invalid Zip archive: {}": "kein gültiges Zip: <1>",
  "unsupported Zip archive: {}": "ein Zip, das nicht gelesen wird: <1>",
  "Could not find EOCD": "sein Ende fehlt",
  "header too large": "der Kopf ist zu groß",
  "header too small": "der Kopf ist zu klein",
  "invalid header length": "die Länge des Kopfs stimmt nicht",
  "invalid UTF-8 in header: {}": "kein UTF-8 im Kopf: <1>",
  "invalid JSON in header: {}": "kein JSON im Kopf: <1>",
  "incomplete metadata, file not fully covered": "der Kopf passt nicht zur Länge der Datei",
  "failed to fill whole buffer": "sie endet zu früh",
  "unexpected end of file": "unerwartetes Ende",
  "Format error decoding {}: {}": "Fehler im Format {1}: <2>",
  "Failed to fetch": "nicht zu erreichen",
};

export const messages: Readonly<Record<string, string>> = { ...attributes, ...data, ...files, ...keras, ...lab, ...network, ...training };

/** Says a message in German; what is not known stays as it is. */
export const translate = translator({ ...messages, ...composed, ...ofLibraries });

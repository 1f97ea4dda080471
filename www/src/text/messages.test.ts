/** Whether every message from below the page has its German, and every German one its message. */
import { expect, test } from "vitest";
import { known } from "./de/core";
import { composed, messages, ofLibraries, translate } from "./de/messages";
import { translator } from "./messages";
import { type Literal, literalsBelow, readsLikeWords, reasonsOfMissingSets, rustLiterals } from "./sources";

const literals: readonly Literal[] = [...literalsBelow(), ...reasonsOfMissingSets()];

/** Literals that are no messages, by where they stand; in the folder of code that is written, all but sentences. */
const files: readonly [start: string, is: (text: string) => boolean, why: string][] = [
  ["src/fast/gpu.rs", (text) => text.startsWith("const "), "shaders"],
  ["src/model/keras/write/", (text) => !/^\p{L}[^\n]*\.$/u.test(text), "Keras, PyTorch and Burn code, the same in every language"],
  ["src/web/core.rs", (text) => text.startsWith('{"input_shape"'), "the network that a device is tried with"],
];
/** Literals that are no messages, by what they are. */
const texts: Readonly<Record<string, string>> = {
  "{}, picture {}": "the name of a picture",
  "{}, row {}": "the name of a picture",
  "picture {}.{}": "the name of a file",
  "frame {}.ppm": "the name of a file",
  "{} files": "the name of a set",
  "My pictures": "the name of a set, which the person may change",
  "class {}": "the name of a class that has none",
  "Image classifier": "the title of a file that is written; the page gives it one in its language",
  "Run {}": "the name of a run, which is kept and may be changed",
  "Session {}": "the name of a session, which is kept and may be changed",
  "random_uniform, random_normal, truncated_normal, zeros, ones, constant": "names of Keras's",
  "not in": "an operator of Python's",
  "the class ": "what is cut off a text of the reader's own",
  "cnn-lab analyst": "the name of a worker",
  "cnn-lab converter": "the name of a worker",
  "cnn-lab keeper": "the name of a worker",
  "cnn-lab preparer": "the name of a worker",
  "cnn-lab reader": "the name of a worker",
  "cnn-lab replica": "the name of a worker",
  "CPU, burn-flex": "the same in every language",
  "CPU, burn-ndarray": "the same in every language",
  "{}, so training runs on the CPU.": "said with the titles, whole: `de/core.ts`",
  "{} workers share each batch": "said with the titles: `de/core.ts`",
  " {}, by messages: the page is not cross-origin isolated.": "said with the titles: `de/core.ts`",
  "The loss is no longer a number after step {}": "said together with the epoch: `composed`",
  "The weights are no longer numbers after step {}": "said together with the epoch: `composed`",
  "The loss of the validation pictures is no number at the end": "said together with the epoch: `composed`",
  "{} of epoch {}.": "said together with what comes before it: `composed`",
  "The element is not in a page.": "only to who writes a script for the element",
};

const isNone = ({ file, text }: Literal): boolean => text in texts || files.some(([start, is]) => file.startsWith(start) && is(text));
const hasGerman = (text: string): boolean => text in messages || text.trim() in known;

test("every message has its German", () => {
  const missing = literals.filter((literal) => readsLikeWords(literal.text) && !isNone(literal) && !hasGerman(literal.text));
  expect(missing.map(({ file, text }) => `${file}: ${text}`)).toEqual([]);
});

test("every German one has its message, and what is no message stands there", () => {
  const there = new Set(literals.map(({ text }) => text));
  expect(Object.keys(messages).filter((text) => !there.has(text))).toEqual([]);
  expect(Object.keys(texts).filter((text) => !there.has(text))).toEqual([]);
  expect(Object.keys(texts).filter((text) => text in messages)).toEqual([]);
  expect(files.filter(([start, is]) => !literals.some(({ file, text }) => file.startsWith(start) && is(text)))).toEqual([]);
});

test("a forgotten message is seen, in code of both kinds, and what ends the program is none", () => {
  const rust = `
    /// A comment "is none".
    fn read(name: &str) -> Result<()> {
        assert!(name.len() < 9, "the name is too long");
        let place = at.expect("there is a place");
        panic!("no such {name}");
        let quote = '"';
        Err(Error::spec(format!("No {name} of {:?} is \\
                                 here.", place)).field(r#"a "raw" field"#))
    }
    #[cfg(test)]
    mod tests { const NOT: &str = "what a test says"; }`;
  expect(rustLiterals(rust)).toEqual(["No {} of {} is here.", 'a "raw" field']);
  expect(["A layer {}.", "{} is empty", "no pixel from {}.", "said by {}"].map(readsLikeWords)).toEqual([true, true, true, true]);
  expect(["conv2d", "{} x {}", "#tab-map", "0x08", "input_shape"].map(readsLikeWords)).toEqual([false, false, false, false, false]);
});

/** How often each value goes into a German text: a hole may be used once. */
const holes = (text: string): number[] => [...text.matchAll(/\{(\d+)(?::[^{}]*)?\}|<(\d+)>/g)].map(([, number, inner]) => Number(number ?? inner));
const table = { ...messages, ...composed, ...ofLibraries };

test("each value of a message goes into the German one, once", () => {
  for (const [english, foreign] of Object.entries(table)) {
    const values = english.split("{}").slice(1).map((_, i) => i + 1);
    expect(holes(foreign).sort((a, b) => a - b), english).toEqual(values);
  }
});

test("begins and ends as in English: colons, full stops and gaps join messages", () => {
  for (const [english, foreign] of Object.entries(messages)) {
    const ends = (text: string): (string | undefined)[] => [/^[,;:]? /.exec(text)?.[0], /(: |[.])$/.exec(text)?.[0]];
    expect(ends(foreign), foreign).toEqual(ends(english));
  }
});

test.each(["1", "2", "17", "conv2d_1", "Bilder/Hund 7.png", "[28, 28, 1]"])("every template comes back through its own German twin, with %s in it", (value) => {
  for (const [english, foreign] of Object.entries(table)) {
    // Each value is another, so that none can take the place of another. With nothing but a gap behind it, it is a number.
    const given = english.split("{}").slice(1).map((behind, i) => (value === "1" ? value : behind === " " ? `7${i}` : `${value}${i}`));
    const message = english.split("{}").reduce((text, part, i) => text + (given[i - 1] ?? "") + part);
    const expected = foreign.replace(/\{(\d+)(?::([^|{}]*)\|([^{}]*))?\}|<(\d+)>/g, (_, number?: string, one?: string, many?: string, inner?: string) => {
      const put = given[Number(number ?? inner) - 1] ?? "";
      return many === undefined ? put : `${put} ${(value === "1" ? one : many) ?? ""}`;
    });
    expect(translate(message), english).toBe(expected);
  }
});

test.each([
  // Around each other: a layer, a file, a line.
  ["Layer conv2d: filters must be at least 1; it is 0.", "Schicht conv2d: filters ist mindestens 1; angegeben ist 0."],
  ["Layer 3 of the list: A layer is an object such as {\"layer\": \"Flatten\"}.", "Schicht 3 der Liste: Eine Schicht ist ein Objekt wie {\"layer\": \"Flatten\"}."],
  ["Layer Conv2D: line 7: strides is a whole number or a pair of them; it is \"a\".", "Schicht Conv2D: Zeile 7: strides ist eine ganze Zahl oder ein Paar davon; angegeben ist \"a\"."],
  ["tiere.zip: This zip cannot be read: invalid Zip archive: Could not find EOCD. It may be cut off or one part of several; download or pack it again.", "tiere.zip: Dieses Zip lässt sich nicht lesen: kein gültiges Zip: sein Ende fehlt. Vielleicht ist es abgeschnitten oder ein Teil von mehreren; es neu herunterladen oder packen."],
  ["Nothing here can be read: Hunde: eine Rasse/1.png cannot be read (gone). It was passed over; check that it is still there and that you may read it.", "Hier lässt sich nichts lesen: Hunde: eine Rasse/1.png lässt sich nicht lesen (gone) und wurde übergangen; prüfen, ob es noch da ist und gelesen werden darf."],
  ["“Mein Netz” cannot be restored: The checkpoint is damaged: Layer dense: units is missing; it has no default.", "„Mein Netz“ lässt sich nicht wiederherstellen: Der Checkpoint ist beschädigt: Schicht dense: units fehlt; es hat keine Vorgabe."],
  ["earlyStopping: patience is a whole number of epochs; it is 1.5.", "earlyStopping: patience ist eine ganze Zahl von Epochen; angegeben ist 1.5."],
  ["Layer Conv2D: line 3: Conv2D has no paddding here. Known are filters, kernel_size, strides, padding, data_format, dilation_rate.", "Schicht Conv2D: Zeile 3: Conv2D hat hier kein paddding. Bekannt sind filters, kernel_size, strides, padding, data_format, dilation_rate."],
  ["Row 7: it has 3 cells instead of 4; it is left out.", "Zeile 7: sie hat 3 Zellen statt 4; sie wird weggelassen."],
  ["Row 7 has 1 cells instead of 4; it is left out.", "Zeile 7 hat 1 Zelle statt 4; sie wird weggelassen."],
  ["Fold 2: The loss of the validation pictures is no number at the end of epoch 3.", "Fold 2: Am Ende von Epoche 3 ist der Verlust der Validierungsbilder keine Zahl."],
  ["“Tag 1” is open in another tab, which is the one that keeps it. Go on there, or close that tab and try again.", "In einem anderen Tab offen, der es speichert: „Tag 1“. Dort weitermachen, oder jenen Tab schließen und noch einmal versuchen."],
  // Put together.
  ["momentum is a number from 0 to 1; it is 2.", "momentum ist eine Zahl von 0 bis 1; angegeben ist 2."],
  ["rate is a number of at least 3; it is 2.", "rate ist eine Zahl ab 3; angegeben ist 2."],
  ["There is no option filter. Known here: filters, name.", "Eine Option filter gibt es nicht. Bekannt sind hier: filters, name."],
  ["This table has no column called Art; its columns are a, b, ....", "Diese Tabelle hat keine Spalte namens Art; ihre Spalten sind a, b, ...."],
  ["This table has no column number 9, counted from 0; it has 1 columns without names.", "Diese Tabelle hat keine Spalte Nummer 9, von 0 gezählt; sie hat 1 Spalte ohne Namen."],
  ["There is no picture in what was dropped. Drop a folder with one folder of pictures for each class, a zip of it, or a table. Files of this kind are not read; unpack them or save them as pictures.", "Im Hineingezogenen ist kein Bild. Einen Ordner mit einem Ordner von Bildern je Klasse hineinziehen, ein Zip davon oder eine Tabelle. Dateien dieser Art werden nicht gelesen; sie entpacken oder als Bilder speichern."],
  ["The loss is no longer a number after step 5 of epoch 2. The learning rate 10 is probably too high: train again with 1, or clip the gradients (clipnorm: 1). The weights are again what they were after epoch 1.", "Nach Schritt 5 von Epoche 2 ist der Verlust keine Zahl mehr. Die Lernrate 10 ist wohl zu hoch: noch einmal trainieren mit 1, oder die Gradienten kappen (clipnorm: 1). Die Gewichte sind wieder wie nach Epoche 1."],
  ["The text trains in phases; the first is taken. The next, on line 9, sets free a, b and freezes c, with a learning rate of 0.0001. When the first is done, do the same in the Network panel, set the learning rate, and train on.", "Der Text trainiert in Phasen; die erste wird genommen. Die nächste, in Zeile 9, gibt frei: a, b; friert ein: c, mit der Lernrate 0.0001. Nach der ersten dasselbe unter Netz tun, die Lernrate setzen und weitertrainieren."],
  ["line 4: this depends on a condition that the text does not tell, and it concerns the model (model). Write it in a simpler way, or take it out if the model does not need it.", "Zeile 4: das hier hängt von einer Bedingung ab, die der Text nicht verrät, und es betrifft das Netz (model). Es einfacher schreiben, oder herausnehmen, wenn das Netz es nicht braucht."],
  ["The device stopped in the middle of a computation (lost). A fresh worker takes over on the CPU; training goes on from step 12.", "Das Gerät blieb mitten in einer Rechnung stehen (lost). Ein neuer Worker übernimmt auf der CPU; das Training geht bei Schritt 12 weiter."],
  ['The attribute early-stopping="{"patience": 0.5}" cannot be used: give Keras\'s options as JSON, such as {"patience": 3}, or true; patience is a whole number from 0; it is 0.5.', 'Das Attribut early-stopping="{"patience": 0.5}" ist nicht möglich; möglich ist: Optionen von Keras als JSON, etwa {"patience": 3}, oder true; patience ist eine ganze Zahl ab 0; angegeben ist 0.5.'],
  ["A run is under way; stop it before you load other data.", "Ein Lauf ist im Gange; ihn erst anhalten, dann andere Daten laden."],
  ["The test split has 1 pictures, counted from 0; there is no picture 4.", "Die Teilmenge Test hat 1 Bild, von 0 gezählt; ein Bild 4 gibt es nicht."],
  // Counted.
  ["1 more like these.", "1 weitere dieser Art."],
  ["val_loss has not improved for 1 epochs: the learning rate is 0.0005 from now on.", "val_loss hat sich seit 1 Epoche nicht gebessert: Die Lernrate ist von jetzt an 0.0005."],
  ["val_loss has not improved for 3 epochs: the learning rate is 0.0005 from now on.", "val_loss hat sich seit 3 Epochen nicht gebessert: Die Lernrate ist von jetzt an 0.0005."],
  ["3 pictures lie in no class's folder and are left out; this is the first.", "3 Bilder liegen in keinem Klassenordner und werden weggelassen; dies ist das erste."],
  // Unknown, or known in part.
  ["A message of tomorrow, with and without words.", "A message of tomorrow, with and without words."],
  ["It cannot be read: something unheard of.", "Die Datei lässt sich nicht lesen: something unheard of."],
  ["Layer dense: A message of tomorrow.", "Schicht dense: A message of tomorrow."],
  ["A message of tomorrow. The file is empty.", "A message of tomorrow. Die Datei ist leer."],
  ["", ""],
])("in German: %s", (message, expected) => {
  expect(translate(message)).toBe(expected);
});

test("the template with the most words of its own is taken, wherever it stands in the table", () => {
  const general: [string, string] = ["{} is {}.", "{1} ist <2>."];
  const special: [string, string] = ["{} is a number of {}.", "{1} ist eine Zahl von {2}."];
  for (const order of [[general, special], [special, general]]) {
    expect(translator(Object.fromEntries(order))("x is a number of steps.")).toBe("x ist eine Zahl von steps.");
  }
});

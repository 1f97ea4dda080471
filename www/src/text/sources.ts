/**
 * For the tests: what is said below the page, read from the sources of the core and of the class.
 * A literal that reads like words is a message or a part of one, with `{}` where a value goes in.
 */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";

const root = new URL("../../../", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, root), "utf8");
const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}${name}`)
    .filter((name) => name.endsWith(ending))
    .sort();

/** A literal with the file that it stands in. */
export type Literal = { file: string; text: string };

/** Values side by side are one to whoever reads the message. */
const joined = (text: string): string => text.replace(/(\{\}){2,}/g, "{}");

/** Two words, of which a value may be one, and not only names. */
export function readsLikeWords(text: string): boolean {
  const plain = text.replaceAll("{}", "\uE000");
  return /\p{Ll}{2}/u.test(plain) && /[\p{L}\p{N}\uE000"')\]}.,;:”] ["'([{“]?[\p{L}\p{N}\uE000]/u.test(plain);
}

/** Calls whose words only a programmer sees: they end the program, or check what it believes of itself. */
const endings = /^(assert(_eq|_ne)?!|debug_assert(_eq|_ne)?!|panic!|unreachable!|expect|cfg|feature|#)$/;

/** The literals of a file of Rust, without comments, attributes, tests and what ends the program. */
export function rustLiterals(source: string): string[] {
  const found: string[] = [];
  /** What was opened: the name before the bracket. */
  const open: string[] = [];
  let before = "";
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) at += match[0].length;
    return match;
  };
  const keep = (text: string): void => {
    before = "";
    if (open.some((name) => endings.test(name))) return;
    found.push(joined(text.replace(/\{\w*(:[^{}]*)?\}/g, "{}").replaceAll("{{", "{").replaceAll("}}", "}")));
  };
  while (at < source.length) {
    if (take(/\/\/[^\n]*|\/\*[^]*?\*\//y)) continue;
    // A module of tests is the last of its file.
    if (take(/#\[cfg\((all\()?test\b[^\]]*\]\s*(pub(\(\w+\))? )?mod \w+ \{/y)) break;
    const raw = take(/b?r(#*)"([^]*?)"\1/y);
    if (raw) {
      keep(raw[2] ?? "");
      continue;
    }
    const text = take(/b?"((?:\\[^]|[^"\\])*)"/y);
    if (text) {
      const whole = (text[1] ?? "").replace(/\\\n\s*/g, "");
      keep(whole.replace(/\\(["'\\nt0])/g, (_, sign: string) => ({ n: "\n", t: "\t", 0: "\0" })[sign] ?? sign).replace(/\\u\{(\w+)\}/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16))));
      continue;
    }
    if (take(/b?'(\\[^']+|[^\\'])'/y)) continue;
    const sign = source[at] ?? "";
    at += 1;
    if ("([{".includes(sign)) {
      open.push(/([\w]+!?|#)$/.exec(before)?.[1] ?? "");
      before = "";
    } else if (")]}".includes(sign)) {
      open.pop();
      before = "";
    } else if (/\s/.test(sign)) {
      if (before !== "" && !/\s$/.test(before)) before += " ";
    } else {
      before = (before + sign).slice(-40).trimStart();
    }
  }
  return found;
}

/** The literals of a file of TypeScript; texts that are put together with `+` are one. */
export function scriptLiterals(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const isText = (node: ts.Node): boolean =>
    ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken && (isText(node.left) || isText(node.right)));
  const textOf = (node: ts.Node): string => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node)) {
      node.templateSpans.forEach((span) => visit(span.expression));
      return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join("{}");
    }
    if (ts.isBinaryExpression(node) && isText(node)) return textOf(node.left) + textOf(node.right);
    visit(node);
    return "{}";
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    if (ts.isTaggedTemplateExpression(node)) return;
    if (isText(node)) found.push(joined(textOf(node)));
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** All literals that read like words, of the core and of what is between it and the page. */
export function literalsBelow(): Literal[] {
  const core = filesBelow("src/", ".rs").filter((file) => !/\/tests\/|tests?\.rs$/.test(file));
  const scripts = [...filesBelow("www/src/api/", ".ts"), ...filesBelow("www/src/worker/", ".ts")].filter((file) => !file.endsWith(".test.ts"));
  const attributes = ["settings.ts", "model-source.ts", "pretrained/attribute.ts", "cnn-lab-element.ts"].map((file) => `www/src/element/${file}`);
  const of = (file: string, texts: readonly string[]): Literal[] => texts.map((text) => ({ file, text }));
  return [...core.flatMap((file) => of(file, rustLiterals(read(file)))), ...[...scripts, ...attributes].flatMap((file) => of(file, scriptLiterals(file)))];
}

/** Why a data set is not there, as the list of sets says it. */
export function reasonsOfMissingSets(): Literal[] {
  const file = "xtask/src/data/sources.rs";
  return [...read(file).matchAll(/\bmissing: ("(?:\\[^]|[^"\\])*")/g)].flatMap(([, literal = ""]) => rustLiterals(literal).map((text) => ({ file, text })));
}

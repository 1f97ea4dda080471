// What a lesson does: it starts a lab where the reader asks for one, writes down what each epoch
// gave, and checks answers against what the labs themselves said.
import "../cnn-lab.js";
import { texts } from "./texts.js";

const t = texts[document.documentElement.lang];

/**
 * What a page's address may say of all its labs, such as `mnist.html?limit=500&epochs=1`, to walk
 * through a lesson quickly or on another device. All else is the lesson's.
 */
const sayable = ["limit", "epochs", "device", "workers", "seed"];
const said = [...new URLSearchParams(location.search)].filter(([name]) => sayable.includes(name));

/**
 * What each lab said, by the id of its place: a run for each network that it trained, each with the
 * network's summary, its epochs and what it scored on the test pictures. It outlasts the lab.
 */
const runs = new Map();

const percent = (share) => (share === undefined ? "–" : t.percent(100 * share));
const nats = (loss) => (loss === undefined ? "–" : t.number(loss, 3));

/** The run that is going on in a place; a network that never learned anything gives way to the next. */
function begin(id, model) {
  const all = runs.get(id) ?? [];
  if (all.at(-1)?.epochs.length === 0) all.pop();
  all.push({ model, epochs: [], test: null });
  runs.set(id, all);
}

/** A table that says what each epoch gave, as Keras prints it, run below run. */
function makeLog() {
  const log = document.createElement("div");
  log.className = "log";
  log.hidden = true;
  // It scrolls when it is long, by keyboard too.
  log.tabIndex = 0;
  log.setAttribute("role", "group");
  log.setAttribute("aria-label", t.log);
  const table = document.createElement("table");
  table.createCaption().textContent = t.logCaption;
  const head = table.createTHead().insertRow();
  for (const title of t.logColumns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  log.append(table);
  const add = (run, { epoch, loss, accuracy, valLoss, valAccuracy }) => {
    const row = body.insertRow();
    for (const text of [run, epoch, nats(loss), percent(accuracy), nats(valLoss), percent(valAccuracy)]) {
      row.insertCell().textContent = text;
    }
    log.hidden = false;
    log.scrollTop = log.scrollHeight;
  };
  return { log, add };
}

/** Each lab has memory and workers of its own, so it begins at its button and ends there, too. */
function makePlace(place) {
  const { id } = place;
  const template = place.querySelector("template");
  const opener = place.querySelector(".opener");
  const button = document.createElement("button");
  button.type = "button";
  opener.id = `${id}-about`;
  button.setAttribute("aria-describedby", opener.id);
  const { log, add } = makeLog();
  let lab = null;
  const show = () => {
    button.textContent = lab ? t.close : t.open;
    button.classList.toggle("primary", !lab);
  };
  button.addEventListener("click", () => {
    if (lab) {
      lab.remove();
      lab = null;
    } else {
      lab = template.content.firstElementChild.cloneNode(true);
      for (const [name, value] of said) lab.setAttribute(name, value);
      opener.after(lab);
    }
    show();
  });
  show();
  opener.prepend(button);
  place.append(log);

  place.addEventListener("cnn-lab-model", ({ detail }) => begin(id, detail));
  place.addEventListener("cnn-lab-epoch", ({ detail }) => {
    const all = runs.get(id);
    all.at(-1).epochs.push(detail);
    add(all.length, detail);
  });
  place.addEventListener("cnn-lab-evaluate", ({ detail }) => {
    if (detail.split === "test") runs.get(id).at(-1).test = detail;
  });
}

const last = ({ epochs }) => epochs.at(-1);
/** The epochs of the lowest validation loss: of two that the table writes alike, both. */
function best({ epochs }) {
  const lowest = nats(Math.min(...epochs.map(({ valLoss }) => valLoss)));
  return epochs.filter(({ valLoss }) => nats(valLoss) === lowest).map(({ epoch }) => epoch);
}

/** What a question can ask about a run, and what has to be done before it can be answered. */
const { openFirst: opened, trainFirst: trained, evaluateFirst: evaluated } = t;
const figures = {
  parameters: { first: opened, of: ({ model }) => model.totalParams },
  "non-trainable": { first: opened, of: ({ model }) => model.totalParams - model.trainableParams },
  params: { first: opened, of: ({ model }, layer) => model.layers.at(layer)?.params },
  side: { first: opened, of: ({ model }, layer) => model.layers.at(layer)?.outputShape[1] },
  maps: { first: opened, of: ({ model }, layer) => model.layers.at(layer)?.outputShape.at(-1) },
  accuracy: { first: trained, of: (run) => 100 * last(run).accuracy },
  "validation-accuracy": { first: trained, of: (run) => 100 * last(run).valAccuracy },
  "validation-loss": { first: trained, of: (run) => last(run).valLoss },
  gap: { first: trained, of: (run) => 100 * (last(run).accuracy - last(run).valAccuracy) },
  "best-epoch": { first: trained, of: best },
  "test-accuracy": { first: evaluated, of: ({ test }) => 100 * test.accuracy },
  wrong: { first: evaluated, of: ({ test }) => Math.round(test.count * (1 - test.accuracy)) },
};

/** The numbers that are right, mostly one; what there is to do first where they are not known yet. */
function wanted({ answer, figure, lab, run }) {
  if (answer !== undefined) return { values: [Number(answer)] };
  const [name, layer] = figure.split(" ");
  const { first, of } = figures[name];
  const all = runs.get(lab) ?? [];
  const asked = run === undefined ? all.at(-1) : all[Number(run) - 1];
  if (!asked) return { first: all.length > 0 ? t.noRun(run) : opened };
  if (first === trained && asked.epochs.length === 0) return { first };
  if (first === evaluated && !asked.test) return { first };
  const values = [of(asked, Number(layer))].flat().filter(Number.isFinite);
  return values.length > 0 ? { values } : { first: trained };
}

/** A typed number: thousands may be grouped in whole ones, and a decimal comma is one. */
function numberOf(text, whole) {
  const plain = text.replace(/[\s%'\u202f]/g, "").replace("−", "-");
  if (plain === "") return NaN;
  return Number(whole ? plain.replace(/[,.](?=\d{3}(\D|$))/g, "") : plain.replace(",", "."));
}

/** What is said to an answer, and whether it is right: null where that is not known yet. */
function judge({ dataset }, text) {
  const within = Number(dataset.within ?? 0);
  const given = numberOf(text, within === 0);
  if (Number.isNaN(given)) return { right: null, words: t.giveNumber };
  const { values, first } = wanted(dataset);
  if (!values) return { right: null, words: t.checkedAgainst(first) };
  // Half a hair more, for numbers like 97.3 are not what they seem.
  const right = values.some((value) => Math.abs(given - value) <= within + 1e-9);
  const hint = dataset.hint ?? t.again;
  return { right, words: right ? `${t.right} ${dataset.right ?? ""}`.trim() : `${t.wrong} ${hint}` };
}

for (const place of document.querySelectorAll(".lab")) makePlace(place);

// The page in another language has the same labs.
for (const link of document.querySelectorAll("a[hreflang]")) link.search = location.search;

for (const form of document.querySelectorAll("form.ask")) {
  const output = form.querySelector("output");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { right, words } = judge(form, form.querySelector("input").value);
    output.className = right === null ? "" : right ? "right" : "wrong";
    output.textContent = words;
  });
}

// The lab alone, for an <iframe> of any site: its address says the element's attributes, and the
// page around it is told the figures by messages. No picture and no answer about one is among them.
import { CnnLabElement } from "./cnn-lab.js";

const lab = document.createElement("cnn-lab");
for (const [name, value] of new URLSearchParams(location.search)) {
  // Anybody can write an address, so what is no attribute of the lab's must not become one.
  if (CnnLabElement.choices.includes(name)) lab.setAttribute(name, value);
}
for (const type of ["model", "epoch", "evaluate", "done", "error"].map((name) => `cnn-lab-${name}`)) {
  lab.addEventListener(type, ({ detail }) => {
    // An error object may not be one that can be handed over; its code and message are.
    window.parent.postMessage({ type, detail: { ...detail, error: undefined } }, "*");
  });
}
document.body.append(lab);

/**
 * The page's side of the service worker: begins it, says that the page works offline,
 * and asks before a new version takes over. Only the lab's own page does this: an embedding page
 * belongs to somebody else. Where there are no service workers, or no storage for them, the page
 * works as it did.
 */
import { type PageText, show } from "../page";
import type { FromPage } from "./service-worker";
import address from "./service-worker?worker&url";

const said = document.querySelector<HTMLElement>("#offline");
const asked = document.querySelector("#update");
/** How often a tab that stays open looks for a new version. */
const every = 3_600_000;

async function begin(container: ServiceWorkerContainer): Promise<void> {
  // The first visit's own downloads come first.
  const lab = await document.querySelector("cnn-lab")?.lab.catch(() => undefined);
  const registration = await container.register(address, { updateViaCache: "none" });
  watch(registration, container);
  const { active } = await container.ready;
  if (said) show(said, "offline");
  // It was loaded before the worker could see it.
  if (lab && !["cpu", "flex"].includes(lab.device.kind) && active) send(active, { kind: "keep", what: "full" });
  if (document.documentElement.lang !== "en" && active) send(active, { kind: "keep", what: "languages" });
}

function send(worker: ServiceWorker, message: FromPage, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

/** Asks the person whenever a version is complete and waits. */
function watch(registration: ServiceWorkerRegistration, container: ServiceWorkerContainer): void {
  // Without a controller it is the first version that is coming.
  const ask = (): void => {
    if (registration.waiting && container.controller) offer(registration.waiting);
  };
  ask();
  registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", ask));
  let looked = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden || Date.now() - looked < every) return;
    looked = Date.now();
    // Without a network there is none.
    registration.update().catch(() => undefined);
  });
}

function offer(waiting: ServiceWorker): void {
  const sentence = document.createElement("span");
  show(sentence, "newVersion");
  const take = buttonOf("reload", () => takeOver(waiting, sentence));
  asked?.replaceChildren(sentence, take, buttonOf("later", () => asked.replaceChildren()));
}

function takeOver(waiting: ServiceWorker, sentence: HTMLElement): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<{ others: boolean }>) => {
    if (data.others) show(sentence, "otherTab");
  };
  waiting.addEventListener("statechange", () => {
    if (waiting.state === "activated") location.reload();
  });
  send(waiting, { kind: "take-over" }, [port2]);
}

function buttonOf(label: PageText, onClick: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  show(button, label);
  button.addEventListener("click", onClick);
  return button;
}

/** Whether the person asks to download no more than is needed; not every browser tells. */
function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData ?? false;
}

// In the types it is always there; on a page that is not secure it is not.
const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
if (container && !savesData()) {
  begin(container).catch(() => undefined);
}

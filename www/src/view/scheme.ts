/** Light and dark, for what CSS does not reach: canvases, and marks whose colour is computed. */
import type { ReactiveControllerHost } from "lit";

/** Calls `redraw` whenever the system turns light or dark, while `host` is on the page. */
export function onScheme(host: ReactiveControllerHost, redraw: () => void): void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  host.addController({
    hostConnected: () => scheme.addEventListener("change", redraw),
    hostDisconnected: () => scheme.removeEventListener("change", redraw),
  });
}

/** Whether an element's text is light, so that the page is dark, whatever the system's scheme is. */
export function isDark(element: Element): boolean {
  const [red = 0, green = 0, blue = 0] = (getComputedStyle(element).color.match(/[\d.]+/g) ?? []).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255 > 0.5;
}

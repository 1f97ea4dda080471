import { expect, test } from "vitest";
import { svgText } from "./figure";

test("a figure as a file", () => {
  const text = svgText({
    width: 10,
    height: 20,
    marks: [
      { kind: "rect", x: 1, y: 2, width: 3, height: 4.567, ink: "accent", opacity: 0.5 },
      { kind: "line", points: [[0, 0], [1, 2.005]], ink: "muted", dash: true },
      { kind: "text", x: 5, y: 6, text: "<a> & b", anchor: "end", turned: true },
      { kind: "dot", x: 1, y: 1, r: 2, ink: "bad" },
    ],
  });
  expect(text).toContain('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"');
  expect(text).toContain('height="4.57" fill="#0f6e66" fill-opacity="0.5"');
  expect(text).toContain('stroke-dasharray="4 4"');
  expect(text).toContain("&lt;a&gt; &amp; b</text>");
  expect(text).toContain('transform="rotate(-90 5 6)"');
  expect(text).not.toContain("style=");
});

/** The library that draws lines, a file of its own: nobody needs it before there is a line. */
export { default as uPlot } from "uplot";

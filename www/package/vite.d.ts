/** The Vite plugin: keeps the lab's files together in one folder of what Vite builds. */
export default function cnnLab(options?: {
  /** Where the lab's files go, below what Vite builds; `cnn-lab` unless it is said. */
  folder?: string;
}): {
  name: string;
  enforce: "pre";
};

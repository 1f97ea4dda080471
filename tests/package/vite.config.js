import cnnLab from "cnn-lab/vite";

// In a folder of a host, wherever that is.
export default { base: "./", plugins: [cnnLab()] };

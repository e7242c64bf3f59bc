export { default as Hls } from "hls.js";
export * from "../../dist/hls.js";

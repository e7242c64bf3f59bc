export { default as shaka } from "shaka-player";
export * from "../../dist/shaka.js";

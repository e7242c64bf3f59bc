export { default as videojs } from "video.js";
export * from "../../dist/videojs.js";
import "videojs-contrib-ads";

// The core and the HTML5 adapter, and nothing else: what the size budget is about.

export { configure, init, type Data, type Monitor, type Options } from "./core.js";
export { watchElement as monitor } from "./element.js";

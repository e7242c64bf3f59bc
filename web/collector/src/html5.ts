// The core and the HTML5 adapter, and nothing else: what the size budget is about.

export { configure, init, type Monitor, type Options } from "./core";
export { watchElement as monitor } from "./element";

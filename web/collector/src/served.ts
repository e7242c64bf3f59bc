// What the server serves as a module: everything for elements.

export * from "./index.js";

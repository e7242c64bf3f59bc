import * as dashjs from "dashjs";
export { dashjs };
export * from "../../dist/dash.js";

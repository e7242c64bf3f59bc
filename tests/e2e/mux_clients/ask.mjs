// Asks a server with the real npm client: `node ask.mjs BASE KEY` reads calls as JSON from stdin, prints their answers.
// A list is walked page by page to its end, as the client does by itself.
import Mux from "@mux/mux-node";
import { readFileSync } from "node:fs";

const [base, key] = process.argv.slice(2);
const client = new Mux({ tokenId: "any", tokenSecret: key, baseURL: base, maxRetries: 0 });
const found = [];
for (const [method, ...args] of JSON.parse(readFileSync(0, "utf8"))) {
  const names = method.split(".");
  const last = names.pop();
  const resource = names.reduce((at, name) => at[name], client.data);
  try {
    const asked = resource[last](...args);
    if (typeof asked[Symbol.asyncIterator] === "function") {
      const data = [];
      for await (const item of asked) data.push(item);
      found.push({ data });
    } else {
      found.push(await asked);
    }
  } catch (error) {
    if (error.status === undefined) throw error;
    found.push({ status: error.status, body: error.error });
  }
}
console.log(JSON.stringify(found));

// Asks a server with the real npm client: `node ask.mjs BASE KEY` reads calls as JSON from stdin, prints their answers.
import { Livepeer } from "livepeer";
import { readFileSync } from "node:fs";

const [base, key] = process.argv.slice(2);
const client = new Livepeer({ ...(key ? { apiKey: key } : {}), serverURL: base });
const found = [];
for (const [method, args] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    const { httpMeta, contentType, statusCode, rawResponse, ...rest } = await client.metrics[method](...args);
    const parts = Object.values(rest).filter((value) => value !== undefined);
    if (parts.length !== 1) throw new Error(`${method} answered ${JSON.stringify(rest)}`);
    found.push(parts[0]);
  } catch (error) {
    if (error.statusCode === undefined) throw error;
    found.push({ status: error.statusCode, body: JSON.parse(error.body) });
  }
}
console.log(JSON.stringify(found));

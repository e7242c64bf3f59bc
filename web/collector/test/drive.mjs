// Drives the built core with calls read from standard input, and prints the bodies that would be sent.
// [{player, calls: [[name, data, at] | ["$flush"]]}] → [[body, …], …]
import { readFileSync } from "node:fs";
import { init } from "../dist/core.js";

const sent = [];
globalThis.fetch = async (_url, { body }) => {
  sent.push(...[JSON.parse(body)].flat());
  return { status: 202, headers: new Map() };
};
const settled = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

const bodies = [];
for (const { player, calls } of JSON.parse(readFileSync(0, "utf8"))) {
  const monitor = init(player, { url: "http://127.0.0.1:9", key: "k", data: { player_name: player, session_id: "s" } });
  for (const [name, data, at] of calls) {
    if (name === "$flush") monitor.flush();
    else monitor.emit(name, data, at);
    await settled();
  }
  monitor.flush();
  await settled();
  bodies.push(sent.splice(0));
}
console.log(JSON.stringify(bodies));
process.exit(0);

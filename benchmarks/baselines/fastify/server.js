// A collector as it is often written for Node: fastify reads the body, PostgreSQL keeps it, many in one commit.
import Fastify from "fastify";
import pg from "pg";

const [port, url] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 4 });
const WAIT_MS = 3;
const MOST = 2000;
const LINES = /^application\/cmcd/; // lines of keys, kept as they are
const INSERT =
  "INSERT INTO beacons SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[])";

let batch = [];
let timer = null;

function flush() {
  timer = null;
  const rows = batch;
  batch = [];
  const column = (name) => rows.map((row) => row[name]);
  pool
    .query(INSERT, [column("at"), column("path"), column("agent"), column("body")])
    .then(() => rows.forEach((row) => row.done()))
    .catch((error) => rows.forEach((row) => row.fail(error)));
}

function keep(row) {
  return new Promise((done, fail) => {
    batch.push({ ...row, done, fail });
    if (batch.length >= MOST) flush();
    else timer ??= setTimeout(flush, WAIT_MS);
  });
}

const app = Fastify({ logger: false, bodyLimit: 1_000_000 });
const read = (request, body, done) => {
  try {
    if (!LINES.test(request.headers["content-type"] ?? "")) JSON.parse(body); // what is no JSON is refused
    done(null, body);
  } catch (error) {
    error.statusCode = 400;
    done(error);
  }
};
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "string" }, read);
app.get("/health", async (request, reply) => reply.code(204).send());
app.post("/*", async (request, reply) => {
  await keep({
    at: new Date(),
    path: request.url,
    agent: request.headers["user-agent"] ?? null,
    body: request.body,
  });
  return reply.code(204).send();
});
await app.listen({ port: Number(port), host: "127.0.0.1" });

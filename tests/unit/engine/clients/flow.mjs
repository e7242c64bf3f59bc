// Drives an engine through the flows of @clickhouse/client and prints what it saw as one JSON object.
import { createClient } from '@clickhouse/client'
import { Readable } from 'node:stream'

const [url, username, password, database] = process.argv.slice(2)
const plain = createClient({ url, username, password, database })
const packed = createClient({
  url, username, password, database,
  compression: { request: true, response: true },
  clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
})
const seen = {}

const refusal = async (work) => {
  try {
    await work()
    return null
  } catch (error) {
    return { code: error.code ?? null, type: error.type ?? null, message: String(error.message).slice(0, 200) }
  }
}

seen.ping = (await plain.ping()).success
seen.selectPing = (await plain.ping({ select: true })).success

const json = await plain.query({ query: 'SELECT 1 AS one, {name:String} AS name', query_params: { name: "it's\ttabbed \\ ü" } })
seen.json = (await json.json()).data
seen.hasQueryId = json.query_id.length > 0
seen.params = await (await plain.query({
  query: 'SELECT {list:Array(UInt32)} AS list, {flag:Bool} AS flag, {nothing:Nullable(String)} AS nothing, {at:DateTime64(3)} AS at',
  query_params: { list: [1, 2], flag: true, nothing: null, at: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678)) },
  format: 'JSONEachRow',
})).json()

await plain.command({ query: 'CREATE TABLE flow (id UInt64, text String) ENGINE = MergeTree ORDER BY id' })
const inserted = await plain.insert({ table: 'flow', values: [{ id: 1, text: 'a' }, { id: 2, text: 'b' }], format: 'JSONEachRow' })
seen.written = inserted.summary?.written_rows ?? null
await packed.insert({ table: 'flow', values: [{ id: 3, text: 'c' }], format: 'JSONEachRow' })
await packed.insert({
  table: 'flow',
  values: Readable.from((function* () { for (let id = 4; id < 5004; id++) yield { id, text: 'x'.repeat(20) } })()),
  format: 'JSONEachRow',
})
await plain.insert({ table: 'flow', values: Readable.from(['6000,csv\n6001,csv\n'], { objectMode: false }), format: 'CSV' })
seen.count = (await (await packed.query({ query: 'SELECT count() AS n FROM flow', format: 'JSONEachRow' })).json())[0].n

let streamed = 0
for await (const rows of (await packed.query({ query: 'SELECT number FROM numbers(300000)', format: 'JSONEachRow' })).stream()) {
  streamed += rows.length
}
seen.streamed = streamed
seen.csv = await (await plain.query({ query: 'SELECT 1, 2', format: 'CSVWithNames' })).text()
seen.settings = await (await plain.query({
  query: "SELECT value FROM system.settings WHERE name = 'max_block_size'",
  clickhouse_settings: { max_block_size: '1234' },
  format: 'JSONEachRow',
})).json()
seen.session = await (async () => {
  const held = createClient({ url, username, password, database, session_id: crypto.randomUUID() })
  await held.command({ query: 'CREATE TEMPORARY TABLE kept (id UInt8)' })
  await held.command({ query: 'INSERT INTO kept VALUES (7)' })
  const rows = await (await held.query({ query: 'SELECT id FROM kept', format: 'JSONEachRow' })).json()
  await held.close()
  return rows
})()

seen.syntax = await refusal(() => plain.query({ query: 'SELEC 1' }))
seen.unknownTable = await refusal(() => plain.query({ query: 'SELECT * FROM nowhere' }))
seen.badRow = await refusal(() => plain.insert({ table: 'flow', values: Readable.from(['x,y\n'], { objectMode: false }), format: 'CSV' }))
seen.badPassword = await refusal(() => createClient({ url, username, password: 'wrong' }).query({ query: 'SELECT 1' }))
seen.midStream = await refusal(async () => {
  const answer = await plain.query({ query: 'SELECT throwIf(number = 900000) AS n FROM numbers(1000000)', format: 'JSONEachRow' })
  let rows = 0
  for await (const part of answer.stream()) rows += part.length
  seen.midStreamRows = rows
})

await plain.close()
await packed.close()
console.log(JSON.stringify(seen))

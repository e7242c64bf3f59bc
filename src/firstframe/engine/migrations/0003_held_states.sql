-- Time within a range is asked for by every overview; of a view that lies in the range these tell as much as its spans do,
-- which take as long to read as all the rest of the question.
-- A bit for each state that the view was in, by its number in `spans.state`.
ALTER TABLE views ADD COLUMN IF NOT EXISTS held_states UInt16 MATERIALIZED arraySum(arrayMap(state -> bitShiftLeft(toUInt16(1), toUInt8(state)), arrayDistinct(`spans.state`)));
-- Whether any time passed from its first span's beginning to its last one's end.
ALTER TABLE views ADD COLUMN IF NOT EXISTS lasted Bool MATERIALIZED arraySum(`spans.gap_ms`) - `spans.gap_ms`[1] + arraySum(`spans.length_ms`) > 0;

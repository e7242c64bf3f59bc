-- Every question about startup asks for it, and a look into an array costs as much as all the rest of the question.
ALTER TABLE views ADD COLUMN IF NOT EXISTS startup_is_ready_time Bool MATERIALIZED has(approx, 'startup_is_ready_time');

-- Up to when each fold worker has made all visible: for roles on other machines, who cannot look into its data folder.
CREATE TABLE IF NOT EXISTS progress
(
    partitions UInt16,
    partition UInt16,
    fresh_as_of DateTime64(3, 'UTC'),
    told_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(told_at)
ORDER BY (partitions, partition);

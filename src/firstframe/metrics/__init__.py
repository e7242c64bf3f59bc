"""6 · What the numbers mean: metrics, dimensions, questions, and the SQL that answers them."""

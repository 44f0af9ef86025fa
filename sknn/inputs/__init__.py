"""How X enters: rows of features, images, tabular data. Each is validated, learned from, and given to the engine."""

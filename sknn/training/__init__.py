"""Training: epochs, validation, early stopping, history. Knows no layer and no estimator."""

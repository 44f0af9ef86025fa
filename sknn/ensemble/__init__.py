"""Ensembles of networks on tabular data: budget, members, calibration, attribution."""

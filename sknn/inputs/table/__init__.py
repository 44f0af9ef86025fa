"""Tabular data: numerical and categorical features, missing values, encoded for a network."""

from sknn.inputs.table.input import TableInput

__all__ = ["TableInput"]

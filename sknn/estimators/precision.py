"""What the parameter ``dtype`` means."""

#: float32, but training rounds the factors of its products to bfloat16
MIXED = "mixed_bfloat16"


def array_dtype(dtype):
    """The dtype of the fitted arrays; None follows X."""
    return "float32" if dtype == MIXED else dtype

"""The lecture by hand: the first neurons, filters, and sequences decoded from windows."""

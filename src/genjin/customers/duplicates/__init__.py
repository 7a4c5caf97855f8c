"""Cards that may be one customer (CU10): `rules` scores two of them, `finding` looks for them by
indexed keys, `sentences` says why. Merging is `customers.operations.merging`."""

"""A client of container registries, for verifying credentials: the distribution spec's `/v2/`. Knows no Django."""

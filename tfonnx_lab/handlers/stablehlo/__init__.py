"""StableHLO ops."""

"""Every test, not those of the conformance suite alone, counts for the rules that have to fire in some test."""

pytest_plugins = ["conformance.hooks", "selection"]

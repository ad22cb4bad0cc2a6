"""Rehearsing a rollback: production's twin, the staging rules, there and back under traffic."""

"""The emulator: a local Azure Resource Manager with real machines and a real load balancer.

A program of its own (`python -m pipeline.emulator`). It imports nothing else of this project and
nothing else imports it: what the pipeline and the emulator believe about Azure must be able to
disagree.
"""

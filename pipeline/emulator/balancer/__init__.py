"""Live TCP traffic over HAProxy. Knows addresses, ports and probes; knows nothing of ARM."""

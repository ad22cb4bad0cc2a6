"""The Azure SDKs for Go and JavaScript, which read what az made: `make conformance`."""

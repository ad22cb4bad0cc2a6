"""Talking to Azure: clients, resources, requests that can be resumed."""

"""The words of notices as data: versions that a second person publishes, and what public gateways have approved."""

"""Delivery: what letters and reminders tell goes into an outbox and out by channels, at least once, exposures once."""

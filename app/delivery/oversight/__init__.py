"""发送情况: what became of what an office sent, what a person finds out about it, and pauses of all sending."""

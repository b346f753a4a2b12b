"""Speed, memory, size and accuracy of budget, side by side with the published tools."""

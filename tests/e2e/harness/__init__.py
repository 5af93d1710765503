"""What the end-to-end tests and the demo share: a simulated confidential VM and everything around it."""

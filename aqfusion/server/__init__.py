"""What stands before the pages: who asks, how much, and what is answered; no page of it."""

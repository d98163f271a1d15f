"""What several reports say about one another: models side by side, and why one is slower."""

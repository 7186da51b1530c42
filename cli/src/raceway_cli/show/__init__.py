"""What commands print: pure functions from views to text."""

"""What is reported, in one shape: for baselines, SARIF, JUnit and the exit status."""

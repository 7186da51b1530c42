"""Reports for other programs: SARIF and JUnit XML."""
